/**
 * The enumerations of the QNet wire format: the word used inside this program on the left, the wire number on the
 * right. A wire number appears nowhere else. Source: corosync-qnetd 3.0.3 as seen on the wire.
 */

export const TLS_SUPPORT = { unsupported: 0, supported: 1, required: 2 } as const;
export type TlsSupport = keyof typeof TLS_SUPPORT;

/** Sent as a u16 that any value may fill; whether an algorithm is known is judged at INIT, not while decoding. */
export const DECISION_ALGORITHM = { test: 0, ffsplit: 1, twoNodeLms: 2, lms: 3 } as const;
export type DecisionAlgorithm = keyof typeof DECISION_ALGORITHM;

export const NODE_STATE = { member: 1, dead: 2, leaving: 3 } as const;
export type NodeState = keyof typeof NODE_STATE;

export const NODE_LIST_TYPE = { initialConfig: 0, changedConfig: 1, membership: 2, quorum: 3 } as const;
export type NodeListType = keyof typeof NODE_LIST_TYPE;

export const VOTE = { ack: 1, nack: 2, askLater: 3, waitForReply: 4, noChange: 5 } as const;
export type Vote = keyof typeof VOTE;

export const QUORATE = { inquorate: 0, quorate: 1 } as const;

export const TIE_BREAKER_MODE = { lowest: 1, highest: 2, nodeId: 3 } as const;

/** "Undefined" has no number on the wire: the option is left out. */
export const HEURISTICS = { pass: 1, fail: 2 } as const;
export type Heuristics = keyof typeof HEURISTICS;

export const KEEP_ACTIVE_PARTITION = { disabled: 0, enabled: 1 } as const;

/** Reply error codes (option 6). The name is ours, the number the wire's. */
export const REPLY_CODE = {
  noError: 0,
  unsupportedNeededMessage: 1,
  unsupportedNeededOption: 2,
  tlsRequired: 3,
  unsupportedMessage: 4,
  messageTooLong: 5,
  preinitRequired: 6,
  missingRequiredOption: 7,
  unexpectedMessage: 8,
  errorDecodingMessage: 9,
  internalError: 10,
  initRequired: 11,
  unsupportedDecisionAlgorithm: 12,
  invalidHeartbeatInterval: 13,
  unsupportedDecisionAlgorithmMessage: 14,
  tieBreakerDiffers: 15,
  algorithmDiffers: 16,
  duplicateNodeId: 17,
  invalidConfigNodeList: 18,
  invalidMembershipNodeList: 19,
} as const;
export type ReplyCode = keyof typeof REPLY_CODE;
