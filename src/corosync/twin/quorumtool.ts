/** `corosync-quorumtool -s` for the twin: the same lines, blanks and words as version 3.1.7 prints. */
import type { KeyTable } from './key-table.ts';
import type { EngineInfo, VotequorumEngine } from './votequorum-engine.ts';

const WIDTH = 10;
const padded = (value: string | number): string => `${String(value).padStart(WIDTH)} `;

export function renderQuorumtool(nodeId: number, engine: VotequorumEngine, keys: KeyTable, date: string): string {
  const { quorate, ringId, nodeIds } = engine.view;
  const own = engine.info(nodeId);
  if (own === undefined) throw new Error(`node ${nodeId} does not know itself`);
  const members = [...nodeIds].sort((a, b) => a - b).flatMap((id) => engine.info(id) ?? []);
  const lines = [
    'Quorum information',
    '------------------',
    `Date:             ${date}`,
    'Quorum provider:  corosync_votequorum',
    `Nodes:            ${nodeIds.length}`,
    `Node ID:          ${nodeId}`,
    `Ring ID:          ${ringId.nodeId.toString(16)}.${ringId.seq.toString(16)}`,
    `Quorate:          ${quorate ? 'Yes' : 'No'}`,
    '',
    'Votequorum information',
    '----------------------',
    `Expected votes:   ${own.expectedVotes}`,
    `Highest expected: ${own.highestExpected}`,
    `Total votes:      ${own.totalVotes}`,
    `Quorum:           ${own.quorum} ${own.quorate ? ' ' : 'Activity blocked'}`,
    `Flags:            ${flags(own)}`,
    '',
    'Membership information',
    '----------------------',
    ...membership(nodeId, members, own, keys),
  ];
  return `${lines.join('\n')}\n`;
}

function flags({ twoNode, quorate, waitForAll, deviceRegistered }: EngineInfo): string {
  const words = [
    [twoNode, '2Node'],
    [quorate, 'Quorate'],
    [waitForAll, 'WaitForAll'],
    [deviceRegistered, 'Qdevice'],
  ] as const;
  return words.map(([set, word]) => (set ? `${word} ` : '')).join('');
}

function membership(nodeId: number, members: readonly EngineInfo[], own: EngineInfo, keys: KeyTable): string[] {
  const withDevice = members.some(({ deviceRegistered }) => deviceRegistered);
  const heading = `${padded('Nodeid')}${padded('Votes')}${withDevice ? padded('Qdevice') : ''}Name`;
  const rows = members.map((node) => {
    const column = withDevice ? padded(deviceColumn(node)) : '';
    const local = node.nodeId === nodeId ? ' (local)' : '';
    return `${padded(node.nodeId)}${padded(node.nodeVotes)}${column}${nameOf(node.nodeId, keys)}${local}`;
  });
  if (!withDevice) return [heading, ...rows];
  const votes = own.deviceCasts ? own.deviceVotes : 0;
  const remark = own.deviceCasts ? '' : ` (votes ${own.deviceVotes})`;
  return [heading, ...rows, `${padded(0)}${padded(votes)}           ${own.deviceName}${remark}`];
}

function deviceColumn({ deviceRegistered, deviceAlive, deviceCasts, masterWins }: EngineInfo): string {
  if (!deviceRegistered) return 'NR';
  return `${deviceAlive ? 'A' : 'NA'},${deviceCasts ? 'V' : 'NV'},${masterWins ? 'MW' : 'NMW'}`;
}

function nameOf(nodeId: number, keys: KeyTable): string {
  for (const [key, value] of keys.list('nodelist.node.')) {
    if (!key.endsWith('.nodeid') || value !== nodeId) continue;
    const name = keys.get(`${key.slice(0, -'nodeid'.length)}name`);
    if (typeof name === 'string') return name;
  }
  return String(nodeId);
}
