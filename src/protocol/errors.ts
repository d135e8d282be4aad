/**
 * A peer's mistake, as against our own. It carries the reply code that the peer is told; nobody matches on the text,
 * which is for the log.
 */
import type { ReplyCode } from './enums.ts';

export const REPLY_TEXT: Readonly<Record<ReplyCode, string>> = {
  noError: 'no error',
  unsupportedNeededMessage: 'a message that is needed is not supported',
  unsupportedNeededOption: 'an option that is needed is not supported',
  tlsRequired: 'TLS is required',
  unsupportedMessage: 'the message type is unknown',
  messageTooLong: 'the message is too long',
  preinitRequired: 'a preinit message has to come first',
  missingRequiredOption: 'a required option is missing',
  unexpectedMessage: 'the message is not expected here',
  errorDecodingMessage: 'the message cannot be decoded',
  internalError: 'an internal error happened',
  initRequired: 'an init message has to come first',
  unsupportedDecisionAlgorithm: 'the decision algorithm is not supported',
  invalidHeartbeatInterval: 'the heartbeat interval is out of range',
  unsupportedDecisionAlgorithmMessage: 'the decision algorithm has no use for this message',
  tieBreakerDiffers: 'the tie-breaker differs from that of other nodes of the cluster',
  algorithmDiffers: 'the decision algorithm differs from that of other nodes of the cluster',
  duplicateNodeId: 'a node with the same id is connected already',
  invalidConfigNodeList: 'the configuration node list is empty or lacks the sender',
  invalidMembershipNodeList: 'the membership node list is empty or lacks the sender',
};

export class PeerError extends Error {
  readonly code: ReplyCode;

  constructor(code: ReplyCode) {
    super(REPLY_TEXT[code]);
    this.name = 'PeerError';
    this.code = code;
  }
}
