/** `qdevice nodes`: every node that corosync here knows, its votes and its device. */
import { deviceWords, quorumHere } from '../setup/commands/votes-commands.ts';
import type { QuorumView } from '../setup/facts/quorum-view.ts';
import { columns } from '../status/text-layout.ts';
import { allowReadersToLeave } from './output.ts';

export async function nodesCommand(json: boolean): Promise<number> {
  allowReadersToLeave();
  const view = await quorumHere();
  const text = json ? JSON.stringify(view, undefined, 2) : nodeLines(view).join('\n');
  process.stdout.write(`${text}\n`);
  return view.quorate ? 0 : 2;
}

/** For the end of a status: all nodes at a glance, and nothing where corosync does not answer. */
export async function nodesBelow(): Promise<string[]> {
  const view = await quorumHere().catch(() => undefined);
  return view === undefined ? [] : ['', ...nodeLines(view)];
}

/** A line for each member, and one for what they make together. */
function nodeLines(view: QuorumView): string[] {
  const rows = view.members.map(({ nodeId, name, votes, device }) => [
    String(nodeId),
    nodeId === view.nodeId ? `${name} (here)` : name,
    `${votes} vote${votes === 1 ? '' : 's'}`,
    device ?? '-',
    deviceWords(device),
  ]);
  const sum = `${view.totalVotes} of ${view.expectedVotes} votes are here, ${view.quorum} make a quorum: `;
  return [...columns(rows), `${sum}${view.quorate ? 'quorate.' : 'NOT quorate.'}`];
}
