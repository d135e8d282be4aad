/**
 * Defects of one line each, put into a copy of the core on purpose. Some are slips that anybody could make here, some are
 * defects that upstream had and mended. Each has to be caught by a suite; one whose text is no longer there is an error.
 */
import { OF_LAST_MEN, OF_UPSTREAMS_NODE } from './last-men.ts';
import type { Mutation } from './mutation.ts';

const FFSPLIT = 'src/arbiter/algorithms/ffsplit.ts';
const SELECTION = 'src/arbiter/algorithms/ffsplit-selection.ts';
const STABILITY = 'src/arbiter/algorithms/ffsplit-stability.ts';
const VIEW = 'src/arbiter/algorithms/ffsplit-view.ts';
const CLUSTERS = 'src/arbiter/clusters.ts';
const ARBITER = 'src/arbiter/arbiter.ts';

const OF_THE_ARBITER: readonly Mutation[] = [
  {
    name: 'ACK leaves together with NACK',
    file: FFSPLIT,
    search: "'nack', ringOf);\n  return { cluster: told, votes, reports, likely: told.winner };",
    replacement:
      "'nack', ringOf);\n  return { cluster: told, votes: [...votes, ...sendDue(told, 'ack', ringOf).votes], reports };",
  },
  {
    name: 'the first confirmed NACK counts for all',
    file: FFSPLIT,
    search: "settled.phase === 'nacking' && !anyDue(settled, 'nack')",
    replacement: "settled.phase === 'nacking'",
  },
  {
    name: 'a stale sequence number is accepted',
    file: FFSPLIT,
    search: 'if (seq !== from.voteSeq ||',
    replacement: 'if (seq > from.voteSeq ||',
  },
  {
    name: 'an unstable picture is decided',
    file: FFSPLIT,
    search: 'if (!isStable(picture)) {',
    replacement: 'if (!isStable(picture) && picture.views.length === 0) {',
  },
  {
    name: 'the ring of a partition is ignored',
    file: STABILITY,
    search: 'list !== other.list || !sameRing(view.ringId, other.view.ringId)',
    replacement: 'list !== other.list',
  },
  {
    name: 'different configurations do not matter',
    file: STABILITY,
    search: 'view.config.key !== config',
    replacement: 'view.config.key !== config && view.config.key === undefined',
  },
  {
    name: 'half is a majority',
    file: SELECTION,
    search: 'if (candidate.nodes > half) return true;',
    replacement: 'if (candidate.nodes >= half) return true;',
  },
  {
    name: 'an odd cluster has halves',
    file: SELECTION,
    search: 'if (candidate.configured % 2 === 1 || candidate.nodes < half) return false;',
    replacement: 'if (candidate.nodes < half) return false;',
  },
  {
    name: 'the tie-breaker is inverted',
    file: SELECTION,
    search: "tieBreaker.mode === 'lowest' ? nodeId < preferred : nodeId > preferred",
    replacement: "tieBreaker.mode === 'lowest' ? nodeId > preferred : nodeId < preferred",
  },
  {
    name: 'a failed heuristics result costs nothing',
    file: SELECTION,
    search: "- (result === 'fail' ? 1 : 0)",
    replacement: '',
  },
  {
    name: 'one node that keeps the active partition is enough',
    file: VIEW,
    search: 'listed.every((member) => member.keepActivePartition)',
    replacement: 'listed.some((member) => member.keepActivePartition)',
  },
  {
    name: 'a leaver is still asked',
    file: VIEW,
    search: "fresh === 'leaving' ? cluster.members.filter((each) => each !== trigger) : cluster.members",
    replacement: 'cluster.members',
  },
  {
    name: 'dead-peer detection is off',
    file: ARBITER,
    search: 'if (!this.#settings.deadPeerDetection || silenceMs === undefined) return;',
    replacement: 'if (this.#settings.deadPeerDetection || silenceMs === undefined) return;',
  },
  {
    name: 'a heartbeat is no sign of life',
    file: ARBITER,
    search: 'connection.heardAtMs = this.#nowMs;',
    replacement: '',
  },
  {
    name: 'the reply overtakes the votes that the request caused',
    file: CLUSTERS,
    search: 'outgoing.push({ to: from.client, bytes:',
    replacement: 'outgoing.unshift({ to: from.client, bytes:',
  },
  {
    name: 'strict: nobody who vanished is waited for',
    file: 'src/arbiter/safety/blockers.ts',
    search: 'if (areDisjoint(members, claim)) return true;',
    replacement: '',
  },
  {
    name: 'strict: what is in the way of one partition is taken for what is in the way of each',
    file: 'src/arbiter/safety/blockers.ts',
    search: 'this.#byClaim.get(member.members.key)',
    replacement: '[...this.#byClaim.values()][0]',
  },
  {
    name: 'strict: what is in the way of a partition is not looked for again when somebody has got the vote',
    file: 'src/arbiter/safety/blockers.ts',
    search: 'grants !== safety.grants || unknown !== safety.unknown',
    replacement: 'false',
  },
  {
    name: 'strict: a lease begins when the connection is found dead',
    file: 'src/arbiter/safety/lease.ts',
    search: 'return heardAtMs + leaseMs(member);',
    replacement: 'return nowMs + 1;',
  },
  {
    name: 'strict: a confirmation of an older refusal counts',
    file: 'src/arbiter/safety/guard.ts',
    search: 'return owed.seq === seq && sameRing(owed.ringId, member.ringId) ?',
    replacement: 'return sameRing(owed.ringId, member.ringId) ?',
  },
  {
    name: 'strict: ACK leaves while the record is being written',
    file: 'src/arbiter/safety/ledger.ts',
    search: 'return covers(durable, wanted) && (writing === undefined || covers(writing.grants, wanted));',
    replacement: 'return covers(durable, wanted) || (writing !== undefined && covers(writing.grants, wanted));',
  },
  {
    name: 'strict: a record is begun while nobody knows who held the vote before',
    file: 'src/arbiter/safety/ahead.ts',
    search: 'if (unknown !== undefined) return undefined;',
    replacement: '',
  },
  {
    name: 'strict: a record that is begun early leaves out those who still hold the vote',
    file: 'src/arbiter/safety/ahead.ts',
    search: 'return startWriting(ledger, grants, first',
    replacement: 'return startWriting(ledger, [], first',
  },
  {
    name: 'strict: without a record nobody waits',
    file: 'src/arbiter/safety/blockers.ts',
    search: 'untilMs !== undefined && untilMs > nowMs && safety.unknown !== undefined',
    replacement: 'untilMs !== undefined && untilMs < 0 && safety.unknown !== undefined',
  },
  {
    name: 'strict: a late confirmation cancels a vote',
    file: FFSPLIT,
    search: '(cluster.strict && isUnsent)',
    replacement: '(!cluster.strict && isUnsent)',
  },
  {
    name: 'strict: a leaver is counted',
    file: VIEW,
    search: 'cluster.strict ? present : cluster.members',
    replacement: 'cluster.members',
  },
  {
    name: 'a node id may be there twice',
    file: 'src/arbiter/init.ts',
    search: "if (member.nodeId === wanted.nodeId) return 'duplicateNodeId';",
    replacement: '',
  },
  {
    name: 'lms: a newcomer takes the vote',
    file: 'src/arbiter/algorithms/verdict.ts',
    search: 'if (member.judged !== undefined) return false;',
    replacement: 'if (member.judged === undefined) return false;',
  },
  {
    name: 'lms: a contradiction is judged',
    file: 'src/arbiter/algorithms/lms.ts',
    search: 'if (contradicts(cluster, asker, ringId) || groups.length === 0)',
    replacement: 'if (groups.length === 0)',
  },
  {
    name: '2nodelms: worse heuristics win',
    file: 'src/arbiter/algorithms/two-node-lms.ts',
    search: "vote: better > 0 ? 'ack' : 'nack'",
    replacement: "vote: better < 0 ? 'ack' : 'nack'",
  },
];

const MEMBER_FFSPLIT = 'src/member/algorithms/ffsplit.ts';
const VOTING = 'src/member/voting.ts';
const HEARTBEAT = 'src/member/heartbeat.ts';
const INCOMING = 'src/member/incoming.ts';

const OF_THE_NODE: readonly Mutation[] = [
  {
    name: 'node: the vote outlives the connection',
    file: MEMBER_FFSPLIT,
    search: "onDisconnected: () => 'nack'",
    replacement: 'onDisconnected: () => undefined',
  },
  {
    name: 'node: a missing heartbeat does not matter',
    file: MEMBER_FFSPLIT,
    search: "onEchoMissing: () => 'disconnect'",
    replacement: "onEchoMissing: () => 'stay'",
  },
  {
    name: 'node: a vote for another ring is followed',
    file: INCOMING,
    search: ' || !isSameRing(ringId, link.lastSentRing.ringId)',
    replacement: '',
  },
  {
    name: 'node: a NACK is confirmed before it is followed',
    file: INCOMING,
    search: `    followVote(member, link, options);
    if (options.msgSeqNumber !== undefined) member.send(member.conversation.confirmVote(options.msgSeqNumber));`,
    replacement: `    if (options.msgSeqNumber !== undefined) member.send(member.conversation.confirmVote(options.msgSeqNumber));
    followVote(member, link, options);`,
  },
  {
    name: 'node: votes are cast while a new membership is checked',
    file: VOTING,
    search: 'if (this.#paused || this.#ringId === undefined) return undefined;',
    replacement: 'if (this.#ringId === undefined) return undefined;',
  },
  {
    name: 'node: an undecided vote is cast as it was',
    file: VOTING,
    search: '    this.#vote = vote;\n',
    replacement: "    if (vote !== 'waitForReply') this.#vote = vote;\n",
  },
  {
    name: 'node: a vote is cast on however old a word of the arbiter',
    file: HEARTBEAT,
    search: 'nowMs - this.#heardMs <= this.#rhythm.castAgeMsMax',
    replacement: 'nowMs >= this.#heardMs',
  },
  {
    name: "node: the clock of a vote starts when the arbiter's answer comes, not when it was asked",
    file: HEARTBEAT,
    search: 'this.onHeard(this.#sentMs);',
    replacement: 'this.onHeard(nowMs);',
  },
  {
    name: 'node: a longer bound is used before the arbiter has heard of it',
    file: HEARTBEAT,
    search: "this.#untilAnswered = 'next';",
    replacement: '',
  },
  {
    name: 'node: the bound told to the arbiter forgets how old a word may be',
    file: HEARTBEAT,
    search: 'return rhythmOf(times).castAgeMsMax + times.timeoutMs;',
    replacement: 'return times.timeoutMs;',
  },
  {
    name: 'node: last man standing keeps its vote without an arbiter, as upstream has it',
    file: 'src/member/algorithms/rules.ts',
    search: 'return { ...ffsplit, staysAfterErrors: upstream.staysAfterErrors };',
    replacement: 'return upstream;',
  },
];

/** What upstream had and mended, by the version that mended it, or what its current version still has. */
const SECONDS = 'src/arbiter/second-connections.ts';

const OF_SECOND_CONNECTIONS: readonly Mutation[] = [
  {
    name: 'a first connection that answers is replaced all the same',
    file: SECONDS,
    search: 'if (this.#end(client, true)) this.#counts.answered += 1;',
    replacement: 'if (this.#counts.asked < 0) this.#end(client, true);',
  },
  {
    name: 'a second connection may come from anywhere',
    file: SECONDS,
    search: 'return hostOf(first.address) === hostOf(second.address);',
    replacement: 'return hostOf(first.address).length > 0;',
  },
  {
    name: 'a second connection may show another certificate of the cluster',
    file: SECONDS,
    search: 'certificate.fingerprint !== second.certificate?.fingerprint',
    replacement: 'certificate.commonName !== second.certificate?.commonName',
  },
  {
    name: 'a node is asked before it has sent its lists',
    file: SECONDS,
    search: '|| !canBeTold(member) ',
    replacement: '',
  },
  {
    name: 'a revoked certificate is let in again',
    file: ARBITER,
    search: '    closeIfRevoked(this.#host(), connection, this.#revoked);\n  }',
    replacement: '  }',
  },
];

const OF_UPSTREAM: readonly Mutation[] = [
  {
    name: 'upstream before 3.0.2: nodes in the order of their connections',
    file: 'src/arbiter/cluster.ts',
    search: '.sort((a, b) => a.nodeId - b.nodeId)',
    replacement: '',
  },
  {
    name: 'upstream before 3.0.1: the shutdown is decided as departures',
    file: ARBITER,
    search: "for (const client of this.#connections.keys()) this.#effects.push({ kind: 'close', on: client });",
    replacement: "for (const client of this.#connections.keys()) this.#close(client, 'shutdown');",
  },
  {
    name: 'upstream 3.0.3: a tie-breaker among nodes without a configuration crashes',
    file: SELECTION,
    search: '  return preferred;\n}',
    replacement: "  if (preferred === undefined) throw new Error('null pointer');\n  return preferred;\n}",
  },
  {
    name: 'upstream 3.0.3: a refused second INIT replaces the heartbeat of the first',
    file: 'src/arbiter/joining.ts',
    search: 'if (heartbeatMs !== undefined && session.cluster === undefined) {',
    replacement: 'if (heartbeatMs !== undefined) {',
  },
  {
    name: 'upstream 3.0.3: a vote before the lists ends the node',
    file: 'src/member/link.ts',
    search: "checking: new Set<MessageName>(['echoReply', 'voteInfo'])",
    replacement: "checking: new Set<MessageName>(['echoReply'])",
  },
];

export const MUTATIONS: readonly Mutation[] = [
  ...OF_THE_ARBITER,
  ...OF_LAST_MEN,
  ...OF_THE_NODE,
  ...OF_UPSTREAMS_NODE,
  ...OF_SECOND_CONNECTIONS,
  ...OF_UPSTREAM,
];
