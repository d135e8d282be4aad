/**
 * Facts that the arbiter states about what it did, one per change of state. The shell turns them into log lines; the
 * words for a rule are in status/, so that log and status say the same.
 */
import type { DecisionAlgorithm, ReplyCode } from '../protocol/enums.ts';
import type { ByteString, RingId } from '../protocol/values.ts';
import type { Dismissal } from './admission.ts';
import type { ClientId } from './events.ts';
import type { Blocker } from './safety/blockers.ts';

/** Why the last evaluation gave the vote to whom it gave it, or kept it from whom it did. */
export type DecidingRule =
  /** The partition has more than half of the configured nodes. */
  | 'majority'
  /** It is the only partition of at least half that the arbiter can see. */
  | 'onlyHalf'
  /** Equal halves: better score of connected nodes and heuristics. */
  | 'heuristics'
  /** Equal halves: more of its nodes are connected. */
  | 'connectedNodes'
  /** Equal halves: it held the vote before, and every node asked to keep it there. */
  | 'keepActive'
  /** Equal halves: it contains the tie-breaker's node. */
  | 'tieBreaker'
  /** Equal halves, and none contains the tie-breaker's node: the half with the lowest connected node. */
  | 'firstReported'
  /** lms: the connected nodes are all in one ring; corosync settles the rest. */
  | 'oneRing'
  /** lms, 2nodelms: it has just come, and somebody else holds the vote. */
  | 'newcomer'
  /** lms: more connected nodes and passed, fewer failed heuristics than every other partition. */
  | 'bestScore'
  /** lms: equal scores, more connected nodes than every other partition. */
  | 'mostConnected'
  /** lms, 2nodelms: nothing else tells the sides apart; lowest and highest mean connected nodes. */
  | 'lmsTieBreaker'
  /** 2nodelms: both nodes see each other. */
  | 'bothNodes'
  /** 2nodelms: the other node is not connected. */
  | 'lastMan'
  /** 2nodelms: its heuristics result against the other's. */
  | 'betterHeuristics'
  /** lms, 2nodelms, test: everybody who held it has left, and nobody has been judged since. */
  | 'holderLeft'
  /** test: whoever asks gets it. */
  | 'everybody'
  /** No partition has at least half of the configured nodes (more than half, where their number is odd). */
  | 'nobody';

export interface Decision {
  /** Node ids of the winning partition as its best-placed node sees it; empty if nobody wins. */
  readonly winner: readonly number[];
  readonly rule: DecidingRule;
  /** Connected nodes that are told NACK. */
  readonly withheldFrom: readonly number[];
}

interface OfClient {
  readonly client: ClientId;
  readonly cluster: ByteString | undefined;
}

/** `nodeId`: the node of the partition that it is about. */
interface OfPartition {
  readonly cluster: ByteString;
  readonly nodeId: number;
  readonly partition: readonly number[];
}

export type Report =
  | ({ readonly what: 'connected'; readonly address: string } & OfClient)
  | ({ readonly what: 'tooManyClients'; readonly address: string } & OfClient)
  /** Not let in, or sent away before it was a member; `dismissed`: how many were since the last time that it was told. */
  | ({
      readonly what: 'dismissed';
      readonly address: string | undefined;
      readonly why: Dismissal;
      readonly dismissed: number | undefined;
    } & OfClient)
  | ({
      readonly what: 'joined';
      readonly nodeId: number;
      readonly algorithm: DecisionAlgorithm;
      readonly heartbeatMs: number;
    } & OfClient)
  | ({ readonly what: 'left'; readonly nodeId: number | undefined; readonly reason: string } & OfClient)
  | ({ readonly what: 'silent'; readonly nodeId: number | undefined; readonly silentMs: number } & OfClient)
  /** A node that is connected came again: its first connection is asked whether it is still there. */
  | ({ readonly what: 'firstAsked'; readonly nodeId: number; readonly firstPeer: string } & OfClient)
  /** It is, and the second is refused. */
  | ({ readonly what: 'firstAnswered'; readonly nodeId: number | undefined } & OfClient)
  /** It does not answer and is closed. */
  | ({ readonly what: 'firstSilent'; readonly nodeId: number; readonly silentMs: number } & OfClient)
  /** A message was answered with an error code; the connection stays. */
  | ({ readonly what: 'refused'; readonly code: ReplyCode; readonly message: string } & OfClient)
  /** A plaintext client where TLS is required. */
  | ({ readonly what: 'plaintextRefused' } & OfClient)
  | ({ readonly what: 'certificateRefused'; readonly names: string } & OfClient)
  /** Its certificate is one of those that an operator has revoked. */
  | ({
      readonly what: 'certificateRevoked';
      readonly nodeId: number | undefined;
      readonly fingerprint: string;
    } & OfClient)
  | ({ readonly what: 'tlsNotOffered' } & OfClient)
  | ({ readonly what: 'replyTooLong'; readonly frameBytes: number } & OfClient)
  /** A membership as a node reports it. */
  | ({
      readonly what: 'membership';
      readonly nodeId: number;
      readonly ringId: RingId;
      readonly members: readonly number[];
    } & OfClient)
  /** The picture is contradictory: the nodes do not agree yet, nobody gets a new vote. */
  | { readonly what: 'unstable'; readonly cluster: ByteString }
  /** An evaluation named a winner; `changed` is false when winner and rule are those of the evaluation before. */
  | ({ readonly what: 'decided'; readonly cluster: ByteString; readonly changed: boolean } & Decision)
  /** lms, 2nodelms and test judge one node at a time; `changed`: who holds the vote, or why, is not what it was. */
  | ({
      readonly what: 'judged';
      readonly nodeId: number;
      readonly vote: 'ack' | 'nack';
      readonly rule: DecidingRule;
      readonly changed: boolean;
    } & OfClient)
  /** Every connected node has confirmed its vote. Left out: winners that a late confirmation kept from being told. */
  | {
      readonly what: 'settled';
      readonly cluster: ByteString;
      readonly holders: readonly number[];
      readonly leftOut: readonly number[];
    }
  /** A partition that won has to wait: somebody else may still be casting a vote. */
  | ({ readonly what: 'voteHeld'; readonly blockers: readonly Blocker[] } & OfPartition)
  /** It waits no more: its node has been told. */
  | ({ readonly what: 'voteFreed'; readonly waitedMs: number } & OfPartition)
  /** A node that may hold an older vote was asked to confirm that it is gone. */
  | ({ readonly what: 'revoking'; readonly nodeId: number } & OfClient)
  /** It did not confirm a refusal in time and is closed. */
  | ({ readonly what: 'unconfirmed'; readonly nodeId: number } & OfClient)
  /** An operator said that this node, which a partition waited for, casts nothing. */
  | { readonly what: 'released'; readonly cluster: ByteString; readonly nodeId: number }
  /** The vote is withheld because it could not be written down who gets it. */
  | { readonly what: 'recordFailed'; readonly cluster: ByteString; readonly reason: string }
  /** The code that decides for this cluster failed; its clients are closed, every other cluster goes on. */
  | { readonly what: 'clusterFailed'; readonly cluster: ByteString; readonly error: string };
