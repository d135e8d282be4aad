/**
 * The two C libraries as typed functions. Nothing outside this folder may import koffi, and nothing outside this module
 * declares a C layout. The layouts below are those of x86-64 and are verified before the first call: on any surprise
 * this program refuses to run, because a wrong layout would corrupt votes silently.
 */
import koffi, { type TypeObject } from 'koffi';
import { OperatorError } from '../runtime/errors.ts';

/**
 * koffi runs C on a stack of its own. One dispatch holds a buffer of 1 MiB on it, and koffi's default of 2 MiB leaves
 * no margin; too small a stack ends in a crash of the whole process.
 */
const STACK_BYTES = 8 * 1024 * 1024;

/** The unversioned names exist only in development packages. */
const LIBVOTEQUORUM = 'libvotequorum.so.8';
const LIBCMAP = 'libcmap.so.4';

const QDEVICE_NAME_BYTES = 255;

/** Layouts as the C compiler sees them: total size, alignment, and where each field begins. */
const EXPECTED_LAYOUTS = {
  votequorum_info: {
    size: 292,
    align: 4,
    offsets: { nodeId: 0, totalVotes: 20, flags: 28, deviceVotes: 32, name: 36 },
  },
  votequorum_ring_id: { size: 16, align: 8, offsets: { nodeId: 0, seq: 8 } },
  votequorum_node: { size: 8, align: 4, offsets: { nodeId: 0, state: 4 } },
  votequorum_callbacks: { size: 24, align: 8, offsets: { quorum: 0, expectedVotes: 8, nodeList: 16 } },
  cmap_notify_value: { size: 24, align: 8, offsets: { type: 0, len: 8, data: 16 } },
} as const;

/** koffi gives a small u64 as number and a large one as bigint. */
type U64 = number | bigint;
export interface CRingId {
  readonly nodeId: number;
  readonly seq: U64;
}
export interface CNode {
  readonly nodeId: number;
  readonly state: number;
}
export interface CInfo {
  readonly nodeId: number;
  readonly nodeVotes: number;
  readonly expectedVotes: number;
  readonly totalVotes: number;
  readonly quorum: number;
  readonly flags: number;
  readonly deviceVotes: number;
}
export interface CNotifyValue {
  readonly type: number;
  readonly len: U64;
  readonly data: bigint | null;
}

export type OnQuorum = (h: U64, context: U64, quorate: number, count: number, nodes: bigint | null) => void;
export type OnExpectedVotes = (h: U64, context: U64, votes: number) => void;
export type OnNodeList = (h: U64, context: U64, ring: CRingId, count: number, nodeIds: bigint | null) => void;
export type OnKey = (h: U64, track: U64, event: number, key: string, now: CNotifyValue, old: CNotifyValue) => void;

/** Addresses of callbacks, made once per connection and kept as long as it lives. */
export interface VotequorumCallbacks {
  readonly quorum: bigint;
  readonly expectedVotes: bigint;
  readonly nodeList: bigint;
}

type Out<T> = T[];
type Code = number;

export interface Votequorum {
  readonly initialize: (handle: Out<U64>, callbacks: VotequorumCallbacks) => Code;
  readonly finalize: (handle: bigint) => Code;
  readonly fdGet: (handle: bigint, fd: Out<number>) => Code;
  readonly dispatch: (handle: bigint, kind: number) => Code;
  readonly register: (handle: bigint, name: string, done: (error: unknown, code: Code) => void) => void;
  readonly unregister: (handle: bigint, name: string) => Code;
  readonly poll: (handle: bigint, name: string, cast: number, ring: CRingId) => Code;
  readonly masterWins: (handle: bigint, name: string, allow: number) => Code;
  readonly getinfo: (handle: bigint, nodeId: number, info: Out<CInfo | null>) => Code;
  readonly trackstart: (handle: bigint, context: bigint, flags: number) => Code;
}

export interface Cmap {
  readonly initialize: (handle: Out<U64>) => Code;
  readonly finalize: (handle: bigint) => Code;
  readonly fdGet: (handle: bigint, fd: Out<number>) => Code;
  readonly dispatch: (handle: bigint, kind: number) => Code;
  readonly get: (handle: bigint, key: string, value: Buffer, len: Out<U64>, type: Out<number>) => Code;
  readonly iterInit: (handle: bigint, prefix: string, iterator: Out<U64>) => Code;
  readonly iterNext: (handle: bigint, iterator: bigint, key: Buffer, len: Out<U64>, type: Out<number>) => Code;
  readonly iterFinalize: (handle: bigint, iterator: bigint) => Code;
  readonly trackAdd: (
    handle: bigint,
    key: string,
    events: number,
    callback: bigint,
    userData: null,
    track: Out<U64>,
  ) => Code;
}

export interface Libraries {
  readonly votequorum: Votequorum;
  readonly cmap: Cmap;
  readonly callback: {
    readonly quorum: (on: OnQuorum) => bigint;
    readonly expectedVotes: (on: OnExpectedVotes) => bigint;
    readonly nodeList: (on: OnNodeList) => bigint;
    readonly key: (on: OnKey) => bigint;
    readonly forget: (address: bigint) => void;
  };
  /** Copies out of native memory; valid only inside the callback that was given the address. */
  readonly copy: {
    readonly nodes: (address: bigint, count: number) => CNode[];
    readonly nodeIds: (address: bigint, count: number) => number[];
    readonly integer: (value: CNotifyValue) => number | undefined;
  };
  readonly watch: (fd: number, onReadable: () => void) => DescriptorWatch;
}

/** Watches a descriptor on the event loop, level-triggered. Must be kept: a lost handle falls silent. */
export interface DescriptorWatch {
  readonly start: () => void;
  readonly stop: () => void;
  readonly close: () => void;
}

let loaded: Libraries | undefined;

/** Loads both libraries the first time; every connection of the process uses the same. */
export function loadLibraries(): Libraries {
  loaded ??= load();
  return loaded;
}

function load(): Libraries {
  koffi.config({ ...koffi.config(), sync_stack_size: STACK_BYTES }); // refused by koffi once a library is loaded
  const types = declareTypes();
  verifyLayouts(types);
  return {
    votequorum: bindVotequorum(open(LIBVOTEQUORUM), types),
    cmap: bindCmap(open(LIBCMAP), types),
    callback: callbackMakers(types),
    copy: copiers(types),
    watch: watchDescriptor,
  };
}

/** Starts at once. koffi swallows what a callback throws, so `onReadable` has to catch everything itself. */
function watchDescriptor(fd: number, onReadable: () => void): DescriptorWatch {
  const events = { readable: true, disconnect: true };
  const handle = koffi.node.poll(fd, events, onReadable);
  return {
    start: () => handle.start(events, onReadable),
    stop: () => handle.stop(),
    close: () => handle.close(),
  };
}

function declareTypes() {
  const u32 = 'uint32_t';
  const ringId = koffi.struct('votequorum_ring_id', { nodeId: u32, seq: 'uint64_t' });
  const notifyValue = koffi.struct('cmap_notify_value', { type: 'int', len: 'size_t', data: 'void *' });
  const handleAndContext = ['uint64_t', 'uint64_t'];
  const quorumProto = koffi.proto('void', [...handleAndContext, u32, u32, 'void *']);
  const expectedProto = koffi.proto('void', [...handleAndContext, u32]);
  const nodeListProto = koffi.proto('void', [...handleAndContext, ringId, u32, 'void *']);
  const keyArguments = ['uint64_t', 'uint64_t', 'int32_t', 'const char *', notifyValue, notifyValue, 'void *'];
  const keyProto = koffi.proto('void', keyArguments);
  const onQuorum = koffi.pointer(quorumProto);
  const onExpectedVotes = koffi.pointer(expectedProto);
  const onNodeList = koffi.pointer(nodeListProto);
  return {
    ringId,
    notifyValue,
    onQuorum,
    onExpectedVotes,
    onNodeList,
    onKey: koffi.pointer(keyProto),
    node: koffi.struct('votequorum_node', { nodeId: u32, state: u32 }),
    callbacks: koffi.struct('votequorum_callbacks', {
      quorum: onQuorum,
      expectedVotes: onExpectedVotes,
      nodeList: onNodeList,
    }),
    info: koffi.struct('votequorum_info', {
      nodeId: u32,
      nodeState: u32,
      nodeVotes: u32,
      expectedVotes: u32,
      highestExpected: u32,
      totalVotes: u32,
      quorum: u32,
      flags: u32,
      deviceVotes: u32,
      name: koffi.array('uint8_t', QDEVICE_NAME_BYTES, 'Typed'), // bytes: after a failed call it holds rubbish
    }),
  };
}

type Types = ReturnType<typeof declareTypes>;
/** A type as koffi accepts it: a name, a declared type, or one with a direction. */
type CType = Parameters<typeof koffi.out>[0];

function verifyLayouts({ info, ringId, node, callbacks, notifyValue }: Types): void {
  for (const type of [info, ringId, node, callbacks, notifyValue]) {
    const problem = layoutProblem(type);
    if (problem === undefined) continue;
    throw new OperatorError(
      `The memory layout of ${type.name} on this machine is not the one this program knows (${problem}).`,
      'Run it on x86-64 Linux with the koffi version it was released with.',
    );
  }
}

/** Exported for its test: a layout that differs must be noticed. */
export function layoutProblem(type: TypeObject): string | undefined {
  const expected = Object.entries(EXPECTED_LAYOUTS).find(([name]) => name === type.name)?.[1];
  if (expected === undefined) return 'unknown structure';
  if (type.size !== expected.size) return `size ${type.size} instead of ${expected.size}`;
  if (type.alignment !== expected.align) return `alignment ${type.alignment} instead of ${expected.align}`;
  for (const [field, offset] of Object.entries(expected.offsets)) {
    const actual = type.members?.[field]?.offset;
    if (actual !== offset) return `${field} at ${actual} instead of ${offset}`;
  }
  return undefined;
}

function open(soname: string) {
  try {
    return koffi.load(soname);
  } catch (cause) {
    const remedy = 'Install corosync from your distribution; its packages bring the library.';
    throw new OperatorError(`The library ${soname} cannot be loaded.`, remedy, 1, { cause });
  }
}

function bindVotequorum(library: ReturnType<typeof open>, { info, ringId, callbacks }: Types): Votequorum {
  const bind = (name: string, ...args: CType[]) => library.func(`votequorum_${name}`, 'int', ['uint64_t', ...args]);
  const outHandle = koffi.out(koffi.pointer('uint64_t'));
  const register = bind('qdevice_register', 'const char *');
  return {
    initialize: library.func('votequorum_initialize', 'int', [outHandle, koffi.pointer(callbacks)]),
    finalize: bind('finalize'),
    fdGet: bind('fd_get', koffi.out(koffi.pointer('int'))),
    dispatch: bind('dispatch', 'int'),
    register: (handle, name, done) => register.async(handle, name, done),
    unregister: bind('qdevice_unregister', 'const char *'),
    poll: bind('qdevice_poll', 'const char *', 'unsigned int', ringId),
    masterWins: bind('qdevice_master_wins', 'const char *', 'unsigned int'),
    getinfo: bind('getinfo', 'unsigned int', koffi.out(koffi.pointer(info))),
    trackstart: bind('trackstart', 'uint64_t', 'unsigned int'),
  };
}

function bindCmap(library: ReturnType<typeof open>, { onKey }: Types): Cmap {
  const bind = (name: string, ...args: CType[]) => library.func(`cmap_${name}`, 'int', ['uint64_t', ...args]);
  const outU64 = koffi.out(koffi.pointer('uint64_t'));
  const outLength = koffi.out(koffi.pointer('size_t'));
  const outInt = koffi.out(koffi.pointer('int'));
  return {
    initialize: library.func('cmap_initialize', 'int', [outU64]),
    finalize: bind('finalize'),
    fdGet: bind('fd_get', outInt),
    dispatch: bind('dispatch', 'int'),
    get: bind('get', 'const char *', 'void *', koffi.inout(koffi.pointer('size_t')), outInt),
    iterInit: bind('iter_init', 'const char *', outU64),
    iterNext: bind('iter_next', 'uint64_t', 'void *', outLength, outInt),
    iterFinalize: bind('iter_finalize', 'uint64_t'),
    trackAdd: bind('track_add', 'const char *', 'int32_t', onKey, 'void *', outU64),
  };
}

function callbackMakers({ onQuorum, onExpectedVotes, onNodeList, onKey }: Types): Libraries['callback'] {
  return {
    quorum: (on) => koffi.register(on, onQuorum),
    expectedVotes: (on) => koffi.register(on, onExpectedVotes),
    nodeList: (on) => koffi.register(on, onNodeList),
    key: (on) => koffi.register(on, onKey),
    forget: (address) => koffi.unregister(address),
  };
}

/** cmap's integer types up to 32 bits, in the order of their numbers (cmap_value_types_t 1 to 6). */
const INTEGER_TYPES = ['int8_t', 'uint8_t', 'int16_t', 'uint16_t', 'int32_t', 'uint32_t'] as const;

function copiers({ node }: Types): Libraries['copy'] {
  return {
    nodes: (address, count) => Array.from<CNode>(koffi.decode(address, node, count)),
    nodeIds: (address, count) => Array.from<number>(koffi.decode(address, 'uint32_t', count)),
    integer: ({ type, data }) => {
      const name = INTEGER_TYPES[type - 1];
      return name === undefined || data === null ? undefined : Number(koffi.decode(data, name));
    },
  };
}
