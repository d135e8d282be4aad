/** Any value, any option, any message: what properties draw from. */
import fc from 'fast-check';
import {
  HEURISTICS,
  KEEP_ACTIVE_PARTITION,
  NODE_LIST_TYPE,
  NODE_STATE,
  QUORATE,
  TLS_SUPPORT,
  VOTE,
} from '../../src/protocol/enums.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import { MESSAGES } from '../../src/protocol/messages.ts';
import type { OptionName, OptionValues } from '../../src/protocol/options.ts';
import type { NodeInfo, TieBreaker } from '../../src/protocol/values.ts';

/** Objects as a decoder makes them: deepEqual compares prototypes. */
const PLAIN = { noNullPrototype: true } as const;

export const anyU8 = fc.integer({ min: 0, max: 0xff });
export const anyU16 = fc.integer({ min: 0, max: 0xffff });
export const anyU32 = fc.integer({ min: 0, max: 0xffff_ffff });
export const anyU64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
export const anyByteString = fc.string({ unit: anyU8.map((code) => String.fromCharCode(code)), maxLength: 40 });
export const anyRingId = fc.record({ nodeId: anyU32, seq: anyU64 }, PLAIN);
export const anyTieBreaker: fc.Arbitrary<TieBreaker> = fc.oneof(
  fc.record({ mode: fc.constantFrom('lowest', 'highest') }, PLAIN),
  fc.record({ mode: fc.constant('nodeId' as const), nodeId: anyU32 }, PLAIN),
);
export const anyNodeInfo: fc.Arbitrary<NodeInfo> = fc.record(
  { nodeId: fc.integer({ min: 1, max: 0xffff_ffff }), dataCenterId: anyU32, state: wordOf(NODE_STATE) },
  { requiredKeys: ['nodeId', 'dataCenterId'], ...PLAIN },
);
const anyU16List = fc.array(anyU16, { maxLength: 30 });

function wordOf<W extends string>(table: Readonly<Record<W, number>>): fc.Arbitrary<W> {
  const words: W[] = [];
  for (const word in table) words.push(word);
  return fc.constantFrom(...words);
}

const ANY_OPTION: { readonly [K in OptionName]: fc.Arbitrary<NonNullable<OptionValues[K]>> } = {
  msgSeqNumber: anyU32,
  clusterName: anyByteString,
  tlsSupported: wordOf(TLS_SUPPORT),
  tlsClientCertRequired: anyU8,
  supportedMessages: anyU16List,
  supportedOptions: anyU16List,
  replyErrorCode: anyU16,
  serverMaximumRequestSize: anyU32,
  serverMaximumReplySize: anyU32,
  nodeId: anyU32,
  supportedDecisionAlgorithms: anyU16List,
  decisionAlgorithm: anyU16,
  heartbeatIntervalMs: anyU32,
  ringId: anyRingId,
  configVersion: anyU64,
  dataCenterId: anyU32,
  nodeState: wordOf(NODE_STATE),
  // A list of no nodes leaves no trace on the wire: it would come back as no list.
  nodeInfo: fc.array(anyNodeInfo, { minLength: 1, maxLength: 8 }),
  nodeListType: wordOf(NODE_LIST_TYPE),
  vote: wordOf(VOTE),
  quorate: wordOf(QUORATE),
  tieBreaker: anyTieBreaker,
  heuristics: wordOf(HEURISTICS),
  keepActivePartition: wordOf(KEEP_ACTIVE_PARTITION),
  castBoundMs: anyU32,
  voteWithdrawn: anyU8,
};

const ANY_OPTIONS = fc.record(ANY_OPTION, { requiredKeys: [] });

const messageNames: MessageName[] = [];
let name: MessageName;
for (name in MESSAGES) messageNames.push(name);
export const MESSAGE_NAMES: readonly MessageName[] = messageNames;

const optionNames: OptionName[] = [];
let option: OptionName;
for (option in ANY_OPTION) optionNames.push(option);
export const OPTION_NAMES: readonly OptionName[] = optionNames;

/** Any of the options that this message may carry, from none to all. */
export function anyOptionsOf(message: MessageName): fc.Arbitrary<OptionValues> {
  const carried: readonly OptionName[] = MESSAGES[message].order;
  return ANY_OPTIONS.map((all) => {
    const options: { -readonly [K in OptionName]?: OptionValues[K] } = { ...all };
    for (const option of OPTION_NAMES) if (!carried.includes(option)) delete options[option];
    return options;
  });
}

export const anyMessage: fc.Arbitrary<readonly [MessageName, OptionValues]> = fc
  .constantFrom(...MESSAGE_NAMES)
  .chain((message) => fc.tuple(fc.constant(message), anyOptionsOf(message)));

/** One option as bytes, right or wrong in every way there is. */
export const anyTlvBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 14 }), fc.uint8Array({ maxLength: 14 }))
  .map(([code, lengthSaid, value]) => Uint8Array.of(0, code, 0, lengthSaid, ...value));

export const anyBodyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.array(anyTlvBytes, { maxLength: 6 }).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part]))),
);
