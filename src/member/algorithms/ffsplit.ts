/**
 * Fifty-fifty split on the node: without the arbiter's word there is no vote. What is not granted is withheld, at once
 * and before the connection is given up.
 */

import { type MemberAlgorithm, withdrawnByChange } from './algorithm.ts';

export const ffsplit: MemberAlgorithm = {
  onDisconnected: () => 'nack',
  onEchoMissing: () => 'disconnect',
  onChangeUnconnected: withdrawnByChange,
  onNoAnswer: () => 'nack',
  staysAfterErrors: false,
};
