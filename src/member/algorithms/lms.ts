/**
 * Last man standing on the node as upstream has it. With quorum.wait_for_all a quorate node keeps its vote without an
 * arbiter, even where it finds the arbiter silent, until the membership or the quorum changes: the other side may be
 * granted the same vote meanwhile. Only for `vote_safety=upstream`; rules.ts says what holds otherwise.
 */

import { type MemberAlgorithm, type Standing, withdrawnByChange } from './algorithm.ts';

/** `waitForAll` is read once, when the daemon starts. */
export function lms(waitForAll: boolean): MemberAlgorithm {
  const goesOnAlone = ({ quorate }: Standing): boolean => waitForAll && quorate;
  return {
    onDisconnected: (standing) => (goesOnAlone(standing) ? undefined : 'nack'),
    onEchoMissing: (standing) => (goesOnAlone(standing) ? 'stay' : 'disconnect'),
    onChangeUnconnected: withdrawnByChange,
    onNoAnswer: () => undefined,
    staysAfterErrors: true,
  };
}
