/**
 * The 18 messages, one row each, with the order in which upstream writes their options (order does not matter when
 * reading). Three traps: initReply has the error code first and the sequence number behind the lists; nodeListReply has
 * the ring before the vote while the other votes have it behind; serverError has the sequence number first.
 */
import type { NodeListType } from './enums.ts';
import type { OptionName } from './options.ts';

interface MessageRow {
  readonly code: number;
  /** As `corosync-qnetd -v` prints it. */
  readonly printedName: string;
  readonly from: 'client' | 'server';
  /** Every option the message may carry, in the order written. */
  readonly order: readonly OptionName[];
  /** What the receiver cannot do without. */
  readonly required: readonly OptionName[];
}

export const MESSAGES = {
  preinit: {
    code: 0,
    printedName: 'Preinit',
    from: 'client',
    order: ['msgSeqNumber', 'clusterName'],
    required: ['clusterName'],
  },
  preinitReply: {
    code: 1,
    printedName: 'Preinit reply',
    from: 'server',
    order: ['msgSeqNumber', 'tlsSupported', 'tlsClientCertRequired'],
    required: ['msgSeqNumber', 'tlsSupported', 'tlsClientCertRequired'],
  },
  startTls: { code: 2, printedName: 'StartTLS', from: 'client', order: ['msgSeqNumber'], required: [] },
  init: {
    code: 3,
    printedName: 'Init',
    from: 'client',
    order: [
      'msgSeqNumber',
      'supportedMessages',
      'supportedOptions',
      'nodeId',
      'decisionAlgorithm',
      'heartbeatIntervalMs',
      'tieBreaker',
      'ringId',
      'castBoundMs',
    ],
    required: ['nodeId', 'ringId', 'heartbeatIntervalMs', 'tieBreaker', 'decisionAlgorithm'],
  },
  initReply: {
    code: 4,
    printedName: 'Init reply',
    from: 'server',
    order: [
      'replyErrorCode',
      'supportedMessages',
      'supportedOptions',
      'msgSeqNumber',
      'serverMaximumRequestSize',
      'serverMaximumReplySize',
      'supportedDecisionAlgorithms',
    ],
    required: ['msgSeqNumber', 'replyErrorCode'],
  },
  serverError: {
    code: 5,
    printedName: 'Server error',
    from: 'server',
    order: ['msgSeqNumber', 'replyErrorCode'],
    required: ['replyErrorCode'],
  },
  setOption: {
    code: 6,
    printedName: 'Set option',
    from: 'client',
    order: ['msgSeqNumber', 'heartbeatIntervalMs', 'keepActivePartition', 'castBoundMs'],
    required: [],
  },
  setOptionReply: {
    code: 7,
    printedName: 'Set option reply',
    from: 'server',
    order: ['msgSeqNumber', 'heartbeatIntervalMs', 'keepActivePartition'],
    required: [],
  },
  echoRequest: {
    code: 8,
    printedName: 'Echo request',
    from: 'client',
    order: ['msgSeqNumber', 'voteWithdrawn'],
    required: [],
  },
  echoReply: {
    code: 9,
    printedName: 'Echo reply',
    from: 'server',
    order: ['msgSeqNumber'],
    required: ['msgSeqNumber'],
  },
  nodeList: {
    code: 10,
    printedName: 'Node list',
    from: 'client',
    order: ['msgSeqNumber', 'nodeListType', 'ringId', 'configVersion', 'quorate', 'nodeInfo', 'heuristics'],
    required: ['msgSeqNumber', 'nodeListType'],
  },
  nodeListReply: {
    code: 11,
    printedName: 'Node list reply',
    from: 'server',
    order: ['msgSeqNumber', 'nodeListType', 'ringId', 'vote'],
    required: ['msgSeqNumber', 'nodeListType', 'ringId', 'vote'],
  },
  askForVote: {
    code: 12,
    printedName: 'Ask for vote',
    from: 'client',
    order: ['msgSeqNumber'],
    required: ['msgSeqNumber'],
  },
  askForVoteReply: {
    code: 13,
    printedName: 'Ask for vote reply',
    from: 'server',
    order: ['msgSeqNumber', 'vote', 'ringId'],
    required: ['msgSeqNumber', 'vote', 'ringId'],
  },
  voteInfo: {
    code: 14,
    printedName: 'Vote info',
    from: 'server',
    order: ['msgSeqNumber', 'vote', 'ringId'],
    required: ['msgSeqNumber', 'vote', 'ringId'],
  },
  voteInfoReply: {
    code: 15,
    printedName: 'Vote info reply',
    from: 'client',
    order: ['msgSeqNumber'],
    required: ['msgSeqNumber'],
  },
  heuristicsChange: {
    code: 16,
    printedName: 'Heuristics change',
    from: 'client',
    order: ['msgSeqNumber', 'heuristics'],
    required: ['msgSeqNumber', 'heuristics'],
  },
  heuristicsChangeReply: {
    code: 17,
    printedName: 'Heuristics change reply',
    from: 'server',
    order: ['msgSeqNumber', 'vote', 'ringId', 'heuristics'],
    required: ['msgSeqNumber', 'vote', 'ringId', 'heuristics'],
  },
} as const satisfies Record<string, MessageRow>;

export type MessageName = keyof typeof MESSAGES;

/** What each kind of node list needs beyond the row of nodeList. An empty configuration is legal on the wire. */
export const NODE_LIST_REQUIRED: Readonly<Record<NodeListType, readonly OptionName[]>> = {
  initialConfig: [],
  changedConfig: [],
  membership: ['ringId'],
  quorum: ['quorate'],
};

/** What a reply to INIT needs beyond its row when it says yes. */
export const INIT_ACCEPTED_REQUIRED: readonly OptionName[] = [
  'supportedMessages',
  'supportedOptions',
  'serverMaximumRequestSize',
  'serverMaximumReplySize',
  'supportedDecisionAlgorithms',
];

/** What a peer that lists its abilities puts into option 4: every code, ascending. */
export const SUPPORTED_MESSAGES: readonly number[] = Object.values(MESSAGES).map((row) => row.code);
