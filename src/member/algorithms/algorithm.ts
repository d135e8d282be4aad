/**
 * The node's half of a decision algorithm: what happens to the vote where the arbiter's word is missing. Everything
 * else is the same for all of them.
 */

import type { StandingVote } from '../voting.ts';

/** What holds at the moment of the question. */
export interface Standing {
  readonly vote: StandingVote;
  /** By corosync's last word; false before the first. */
  readonly quorate: boolean;
}

export interface MemberAlgorithm {
  /** The connection ended or could not be made: the vote from now on; undefined leaves it as it is. */
  onDisconnected(standing: Standing): StandingVote | undefined;
  /** The last heartbeat was not answered when the next is due. */
  onEchoMissing(standing: Standing): 'disconnect' | 'stay';
  /** Ring, quorum or node list changed while the arbiter is away. */
  onChangeUnconnected(standing: Standing): StandingVote | undefined;
  /** Too long without a decision although connected; undefined keeps waiting. */
  onNoAnswer(): StandingVote | undefined;
  /** Tries again even after what would end the daemon, as long as corosync is there and nobody asked it to stop. */
  readonly staysAfterErrors: boolean;
}

/** What every algorithm makes of a change that the arbiter has not judged: a vote does not outlive it. */
export const withdrawnByChange = ({ vote }: Standing): StandingVote | undefined =>
  vote === 'ack' ? 'nack' : undefined;
