/**
 * 2nodelms and test on the node as upstream has them: a vote outlives the connection that brought it, until the
 * membership or the quorum changes, and before the first connection nothing is said at all. Only for
 * `vote_safety=upstream`; rules.ts says what holds otherwise.
 */

import { type MemberAlgorithm, withdrawnByChange } from './algorithm.ts';

export const keeping: MemberAlgorithm = {
  onDisconnected: () => undefined,
  onEchoMissing: () => 'disconnect',
  onChangeUnconnected: withdrawnByChange,
  onNoAnswer: () => undefined,
  staysAfterErrors: false,
};
