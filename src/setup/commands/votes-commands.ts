/** `qdevice nodes` and `qdevice expected N`: what corosync on this node counts. */
import { OperatorError } from '../../runtime/errors.ts';
import { hasVote, type QuorumView, readQuorum } from '../facts/quorum-view.ts';
import { quoted } from '../host/host.ts';
import { LocalHost } from '../host/local-host.ts';
import { AFTERWARDS } from '../rules/sentences-later.ts';
import { asError } from './cluster-session.ts';
import type { CommandOutcome, Operator } from './report.ts';

export async function quorumHere(): Promise<QuorumView> {
  const { stdout, stderr } = await new LocalHost('this node').run('corosync-quorumtool -s');
  const view = readQuorum(stdout);
  if (view !== undefined) return view;
  const because = stderr.trim() === '' ? '' : ` (${stderr.trim().split('\n')[0]})`;
  throw new OperatorError(`Corosync does not answer on this node${because}.`, 'Start it: systemctl start corosync');
}

/** In words, what a node's three letters mean. */
export function deviceWords(device: string | undefined): string {
  if (device === undefined) return 'no quorum device';
  if (device === 'NR') return 'no daemon registered';
  if (device.startsWith('NA')) return 'daemon gone';
  return device.startsWith('A,V') ? 'has the vote' : 'has no vote';
}

export interface ExpectedRequest {
  readonly votes: number;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export async function expectedCommand(request: ExpectedRequest, operator: Operator): Promise<CommandOutcome> {
  const { votes, force } = request;
  const view = await quorumHere();
  const common = { operation: 'expected', findings: [], steps: [] };
  if (votes < view.totalVotes) throw asError(AFTERWARDS.F64({ votes, present: view.totalVotes }));
  const quorum = Math.floor(votes / 2) + 1;
  const lost = view.quorate && view.totalVotes < quorum;
  if (lost && !force) {
    throw new OperatorError(
      `With ${votes} expected votes ${quorum} make a quorum, and ${view.totalVotes} are here: the cluster would stop.`,
      'Expect fewer.',
    );
  }
  const step = { id: 'expected', title: `expect ${votes} votes, so that ${quorum} make a quorum` };
  if (request.dryRun) return { ...common, steps: [step], outcome: 'planned' };
  const question =
    `Expect ${votes} votes instead of ${view.expectedVotes}, so that ${quorum} make a quorum? ` +
    'If nodes that cannot be seen from here still run, both sides may then work on the same data.';
  if (!(await operator.agrees(question)))
    return { ...common, outcome: 'refused', problem: 'Nothing was changed.', remedy: '' };
  const result = await new LocalHost('this node').run(`corosync-quorumtool -e ${quoted(String(votes))}`);
  if (result.exitCode !== 0) {
    const said = `${result.stderr}${result.stdout}`.trim().split('\n')[0] ?? '';
    const device = hasVote(view) ? 'Stop corosync-qdevice first, or use a larger number.' : 'See its log.';
    return {
      ...common,
      outcome: 'refused',
      problem: `Corosync refuses ${votes} expected votes: ${said}.`,
      remedy: device,
    };
  }
  return { ...common, outcome: 'done', summary: `${votes} votes are expected until nodes come or go.` };
}
