/**
 * The node's half of a decision algorithm: what happens to the vote where the arbiter's word is missing. Everything
 * else is the same for all of them.
 */

import type { StandingVote } from '../voting.ts';

export interface MemberAlgorithm {
  /** The connection ended or could not be made: the vote from now on; undefined leaves it as it is. */
  onDisconnected(vote: StandingVote): StandingVote | undefined;
  /** The last heartbeat was not answered when the next is due. */
  onEchoMissing(): 'disconnect' | 'stay';
  /** Ring, quorum or node list changed while the arbiter is away. */
  onChangeUnconnected(vote: StandingVote): StandingVote | undefined;
  /** Too long without a decision although connected; undefined keeps waiting. */
  onNoAnswer(): StandingVote | undefined;
}
