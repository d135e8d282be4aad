/**
 * INIT in every shape: what is missing or out of range, what does not fit the nodes that are there already, and INIT at
 * the wrong time. Where two clients of one cluster have done nothing but INIT, the tie-breaker names a node: with any
 * other the leaving of one kills Debian's daemon.
 */
import { encodeMessage } from '../../src/protocol/encode.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import type { Conversation, Step } from './conversation.ts';
import { frame, option, seq, u32 } from './conversation.ts';

export function preinit(cluster: string, msgSeqNumber = 1): Uint8Array {
  return encodeMessage('preinit', { msgSeqNumber, clusterName: cluster });
}

const GOOD_INIT: OptionValues = {
  msgSeqNumber: 2,
  nodeId: 1,
  decisionAlgorithm: 1,
  heartbeatIntervalMs: 60_000,
  tieBreaker: { mode: 'nodeId', nodeId: 7 },
  ringId: { nodeId: 1, seq: 5n },
};

export function init(changes: OptionValues = {}): Uint8Array {
  return encodeMessage('init', { ...GOOD_INIT, ...changes });
}

export function nodeList(nodeListType: 'initialConfig' | 'changedConfig' | 'quorum' | 'membership', ids: number[]) {
  const extra: OptionValues =
    nodeListType === 'membership'
      ? { ringId: { nodeId: 1, seq: 8n } }
      : nodeListType === 'quorum'
        ? { quorate: 'quorate' }
        : {};
  const nodeInfo = ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));
  return encodeMessage('nodeList', { msgSeqNumber: 3, nodeListType, nodeInfo, ...extra });
}

const OPTIONAL: ReadonlyArray<readonly [words: string, options: readonly Uint8Array[]]> = [
  ['no interval', []],
  ['interval 60000', [option(12, u32(60_000))]],
  ['interval 5', [option(12, u32(5))]],
];
const ALGORITHMS: typeof OPTIONAL = [
  ['no algorithm', []],
  ['ffsplit', [option(11, [0, 1])]],
  ['algorithm 9', [option(11, [0, 9])]],
];
const NODE_ID: typeof OPTIONAL = [
  ['no node id', []],
  ['node id', [option(9, u32(1))]],
];
const RING: typeof OPTIONAL = [
  ['no ring', []],
  ['ring', [option(13, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5])]],
];
const TIE_BREAKER: typeof OPTIONAL = [
  ['no tie-breaker', []],
  ['tie-breaker', [option(21, [3, 0, 0, 0, 7])]],
];

/** Every combination of present, missing and bad options, with and without PREINIT before. */
export function initMatrix(): Conversation[] {
  const rows: Conversation[] = [];
  for (const introduced of [true, false]) {
    for (const choice of product([NODE_ID, ALGORITHMS, OPTIONAL, TIE_BREAKER, RING])) {
      const title = `INIT ${introduced ? 'after' : 'before'} PREINIT: ${choice.map(([words]) => words).join(', ')}`;
      const request = frame('init', seq(2), ...choice.flatMap(([, options]) => options));
      rows.push({
        title,
        steps: (cluster) => [...(introduced ? [['a', preinit(cluster)] satisfies Step] : []), ['a', request]],
      });
    }
  }
  return rows;
}

function product<T>(lists: ReadonlyArray<readonly T[]>): T[][] {
  return lists.reduce<T[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);
}

function afterPreinit(title: string, ...requests: readonly Uint8Array[]): Conversation {
  const steps = requests.map((request) => ['a', request] satisfies Step);
  return { title, steps: (cluster) => [['a', preinit(cluster)], ...steps] };
}

/** A first node is in, then others try. */
function besideOne(title: string, ...requests: readonly OptionValues[]): Conversation {
  return {
    title,
    steps: (cluster) => [
      ['a', preinit(cluster)],
      ['a', init()],
      ...requests.flatMap((changes, at): Step[] => [
        [`b${at}`, preinit(cluster)],
        [`b${at}`, init(changes)],
      ]),
    ],
  };
}

const TWICE = [seq(9), seq(2), ...[NODE_ID, RING, TIE_BREAKER].flatMap((rows) => rows[1]?.[1] ?? [])].concat(
  option(12, u32(5)),
  option(12, u32(60_000)),
  option(11, [0, 9]),
  option(11, [0, 1]),
);
const LOWEST = { tieBreaker: { mode: 'lowest' } } as const;
const OTHER_NODE = { tieBreaker: { mode: 'nodeId', nodeId: 8 } } as const;
const LMS = { decisionAlgorithm: 3 } as const;

export const INIT_CONVERSATIONS: readonly Conversation[] = [
  afterPreinit('INIT without a sequence number', frame('init', option(9, u32(1)))),
  afterPreinit('INIT with list of messages only', init({ supportedMessages: [0, 1, 2] })),
  afterPreinit('INIT with list of options only', init({ supportedOptions: [0, 1, 2, 99] })),
  afterPreinit('INIT with empty lists', init({ supportedMessages: [], supportedOptions: [] })),
  afterPreinit(
    'refused INIT with lists',
    init({ supportedMessages: [], supportedOptions: [1], heartbeatIntervalMs: 1 }),
  ),
  afterPreinit('INIT with the option between our own programs', init({ castBoundMs: 12_000 })),
  afterPreinit('INIT with node id 0', init({ nodeId: 0 })),
  afterPreinit(
    'INIT with the largest numbers',
    init({ nodeId: 0xffff_ffff, ringId: { nodeId: 0xffff_ffff, seq: 2n ** 64n - 1n } }),
  ),
  afterPreinit('INIT with interval 999', init({ heartbeatIntervalMs: 999 })),
  afterPreinit('INIT with interval 1000', init({ heartbeatIntervalMs: 1_000 })),
  afterPreinit('INIT with interval 120000', init({ heartbeatIntervalMs: 120_000 })),
  afterPreinit('INIT with interval 120001', init({ heartbeatIntervalMs: 120_001 })),
  afterPreinit('INIT with the largest interval', init({ heartbeatIntervalMs: 0xffff_ffff })),
  afterPreinit('INIT with algorithm 4', init({ decisionAlgorithm: 4 })),
  afterPreinit('INIT with algorithm 65535', init({ decisionAlgorithm: 65_535 })),
  afterPreinit('failed INIT, then a good one', init({ heartbeatIntervalMs: 5 }), init({ msgSeqNumber: 3 })),
  afterPreinit(
    'three failures, then a good one',
    init({ ...LMS, heartbeatIntervalMs: 5 }),
    init({ decisionAlgorithm: 9 }),
    frame('init', seq(1)),
    init(),
  ),
  afterPreinit('INIT twice', init(), init({ msgSeqNumber: 10 })),
  afterPreinit('INIT twice, the second without anything', init(), frame('init', seq(10))),
  afterPreinit('INIT twice, the second too fast', init(), init({ heartbeatIntervalMs: 5 })),
  afterPreinit('PREINIT again after INIT', init(), preinit('another name', 3), nodeList('initialConfig', [1, 2])),
  afterPreinit('PREINIT again before INIT', preinit('another name again', 2), init()),
  afterPreinit('repeated options: the last one counts', frame('init', ...TWICE)),
  besideOne('another node joins', { nodeId: 2 }),
  besideOne('the same node id', { nodeId: 1 }),
  besideOne('another tie-breaker mode', { nodeId: 2, ...LOWEST }),
  besideOne('another tie-breaker node', { nodeId: 2, ...OTHER_NODE }),
  besideOne('another algorithm', { nodeId: 2, ...LMS }),
  besideOne('same node id, another algorithm', { nodeId: 1, ...LMS }),
  besideOne('same node id, another tie-breaker', { nodeId: 1, ...LOWEST }),
  besideOne('another tie-breaker, another algorithm', { nodeId: 2, ...LOWEST, ...LMS }),
  besideOne('everything wrong', { nodeId: 1, ...OTHER_NODE, ...LMS, heartbeatIntervalMs: 1 }),
  besideOne('the same node id behind a second node', { nodeId: 2 }, { nodeId: 2 }, { nodeId: 1 }),
  besideOne('a lower node id joins later', { nodeId: 0 }, { nodeId: 0 }, { nodeId: 1 }),
];
