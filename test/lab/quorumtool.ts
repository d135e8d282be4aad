/** `corosync-quorumtool -s` as data, and as one line that two programs' outcomes can be compared by. */

export interface Member {
  readonly nodeId: number;
  readonly votes: number;
  /** `A,V,NMW`, `NR`, ...; empty when the program printed no such column, as no member has a device. */
  readonly qdevice: string;
  readonly name: string;
}

export interface Reading {
  readonly nodeId: number;
  readonly ringId: string;
  readonly quorate: boolean;
  readonly totalVotes: number;
  readonly expectedVotes: number;
  readonly flags: readonly string[];
  readonly members: readonly Member[];
}

/** Undefined while corosync does not answer: the program then prints an error instead. */
export function parseQuorumtool(text: string): Reading | undefined {
  const field = (label: string): string | undefined => new RegExp(`^${label}:[ ]*(.*?) *$`, 'm').exec(text)?.[1];
  const nodeId = field('Node ID');
  const quorate = field('Quorate');
  const flags = field('Flags');
  const table = text.split(/^ +Nodeid .*$/m)[1];
  if (nodeId === undefined || quorate === undefined || flags === undefined || table === undefined) return undefined;
  const hasDeviceColumn = /^ +Nodeid +Votes +Qdevice +Name/m.test(text);
  const rows = table.split('\n').filter((row) => row.trim() !== '');
  return {
    nodeId: Number(nodeId),
    ringId: field('Ring ID') ?? '',
    quorate: quorate === 'Yes',
    totalVotes: Number(field('Total votes')),
    expectedVotes: Number(field('Expected votes')),
    flags: flags.split(' ').filter((word) => word !== ''),
    members: rows.map((row) => parseRow(row, hasDeviceColumn)).filter((member) => member.nodeId !== 0),
  };
}

/** The row of node id 0 is the device itself; it has no column of its own and no name that matters. */
function parseRow(row: string, hasDeviceColumn: boolean): Member {
  const [nodeId, votes, ...rest] = row.trim().split(/ +/);
  const qdevice = hasDeviceColumn ? rest.shift() : '';
  return { nodeId: Number(nodeId), votes: Number(votes), qdevice: qdevice ?? '', name: rest[0] ?? '' };
}

export interface Picture {
  readonly quorate: boolean;
  readonly totalVotes: number;
  readonly flags: readonly string[];
  readonly members: readonly Pick<Member, 'nodeId' | 'qdevice'>[];
}

/**
 * All that is alike in two runs: rings and dates are left out, members are sorted. Expected votes are left out too, because
 * corosync counts the device into them only once it, or a member that it meets, has had the device's vote since it started.
 */
export function pictureLine(picture: Picture | undefined): string {
  if (picture === undefined) return 'no answer';
  const members = [...picture.members].sort((a, b) => a.nodeId - b.nodeId);
  const columns = members.map(({ nodeId, qdevice }) => `${nodeId}:${qdevice === '' ? '-' : qdevice}`);
  const quorum = picture.quorate ? 'quorate' : 'blocked';
  return `${quorum} with ${picture.totalVotes} ${columns.join(' ')} [${picture.flags.join(' ')}]`;
}
