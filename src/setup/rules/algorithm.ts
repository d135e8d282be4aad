/**
 * Which algorithm serves a cluster of this size, and with how many votes. An even cluster can split into halves, and one
 * vote more settles it. An odd one cannot: there the device only helps with as many votes as lets one node go on alone,
 * and then losing the arbiter costs more than it ever gave.
 */
import { counted, type Finding, refuse, unlessForced } from './finding.ts';
import { AFTERWARDS } from './sentences-later.ts';

export interface AlgorithmWish {
  readonly algorithm?: 'ffsplit' | 'lms' | undefined;
  /** Only with lms. */
  readonly votes?: number | undefined;
  readonly force: boolean;
}

export interface AlgorithmChoice {
  readonly algorithm: 'ffsplit' | 'lms';
  /** What the device adds to the votes of the nodes. */
  readonly deviceVotes: number;
  /** For quorum.device.votes. undefined: left out, so that corosync reckons one less than there are nodes. */
  readonly writtenVotes: number | undefined;
}

export interface AlgorithmAnswer {
  /** undefined: none fits, the findings say why. */
  readonly choice: AlgorithmChoice | undefined;
  readonly findings: readonly Finding[];
}

/** Every node has one vote. */
export function chooseAlgorithm(nodes: number, wish: AlgorithmWish): AlgorithmAnswer {
  const isOdd = nodes % 2 === 1;
  const algorithm = wish.algorithm ?? (isOdd ? 'lms' : 'ffsplit');
  const findings = [...problems(nodes, algorithm, wish)];
  if (findings.some(({ level }) => level === 'refuse' || (level === 'force' && !wish.force))) {
    return { choice: undefined, findings };
  }
  if (algorithm === 'ffsplit') return { choice: { algorithm, deviceVotes: 1, writtenVotes: 1 }, findings };
  const deviceVotes = wish.votes ?? nodes - 1;
  return {
    choice: { algorithm, deviceVotes, writtenVotes: wish.votes },
    findings: [...findings, AFTERWARDS.F73({ count: nodes })],
  };
}

/** After nodes came or went; undefined: what is configured fits, or only `force` would change it. */
export function adjustedAlgorithm(
  nodes: number,
  now: { readonly algorithm: string; readonly votes: number | undefined },
  force: boolean,
): AlgorithmChoice | undefined {
  if (now.algorithm !== 'ffsplit' && now.algorithm !== 'lms') return undefined;
  const isOdd = nodes % 2 === 1;
  if (now.algorithm === 'lms' && isOdd) {
    const tooMany = (now.votes ?? 0) >= nodes;
    return tooMany ? { algorithm: 'lms', deviceVotes: nodes - 1, writtenVotes: undefined } : undefined;
  }
  const { choice } = chooseAlgorithm(nodes, { force });
  return choice?.algorithm === now.algorithm ? undefined : choice;
}

/** Both drawbacks of a device with one vote less than there are nodes, in the numbers of this cluster. */
export function oddDrawbacks(nodes: number, deviceVotes: number): string {
  const total = nodes + deviceVotes;
  const quorum = Math.floor(total / 2) + 1;
  const spare = Math.floor((nodes - 1) / 2);
  const spareAlone = nodes - quorum;
  const alone =
    spareAlone <= 0
      ? 'losing the tiebreaker plus one node stops the cluster'
      : `while the tiebreaker is away only ${spareAlone} may fail`;
  return (
    `${nodes} nodes is odd: today any ${spare} of them may fail. The device would carry ${counted(deviceVotes, 'vote')} ` +
    `of ${total}, so ${alone}; and with it ${counted(Math.max(quorum - deviceVotes, 1), 'node')} would go on as the ` +
    `whole cluster, with all HA services of the other ${nodes - Math.max(quorum - deviceVotes, 1)}.`
  );
}

function* problems(nodes: number, algorithm: 'ffsplit' | 'lms', wish: AlgorithmWish): Generator<Finding> {
  if (nodes < 2) {
    yield refuse('F5', 'A single node has nobody to be split from; a device has no vote to add.', 'Add a node first.');
    return;
  }
  if (wish.votes !== undefined && algorithm === 'ffsplit') {
    yield* wish.votes === 1 ? [] : [refuse('F5', 'With ffsplit the device has exactly 1 vote.', 'Leave --votes out.')];
  }
  if (wish.votes !== undefined && algorithm === 'lms' && !(wish.votes >= 1 && wish.votes < nodes)) {
    const most = nodes - 1;
    yield refuse('F5', `With lms the device of ${nodes} nodes has 1 to ${most} votes.`, 'Choose another --votes.');
    return;
  }
  if (nodes % 2 === 0) return;
  if (algorithm === 'ffsplit') {
    const spare = Math.floor((nodes - 1) / 2);
    yield refuse(
      'F5',
      `${nodes} nodes is odd: they cannot split into halves, and with ffsplit ${counted(spare, 'node')} could only fail while the tiebreaker is there.`,
      'Run without a device, add a node, or choose --algorithm lms with --force.',
    );
    return;
  }
  yield unlessForced('F5', oddDrawbacks(nodes, wish.votes ?? nodes - 1), 'Add --force to accept, or add a node.');
}
