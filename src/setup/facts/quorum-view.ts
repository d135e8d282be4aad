/** What `corosync-quorumtool -s` says on one node. */

export interface QuorumMember {
  readonly nodeId: number;
  readonly votes: number;
  /** `A,V,NMW`, `NR`, or undefined where no node has a device. */
  readonly device: string | undefined;
  readonly name: string;
}

export interface QuorumView {
  readonly nodeId: number;
  readonly quorate: boolean;
  readonly expectedVotes: number;
  readonly totalVotes: number;
  readonly quorum: number;
  readonly members: readonly QuorumMember[];
  /** Of the node itself: registered, alive, voting. */
  readonly device: string | undefined;
}

/** undefined: corosync did not answer. */
export function readQuorum(text: string): QuorumView | undefined {
  const number = (label: string) => Number(new RegExp(`^${label}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const nodeId = number('Node ID');
  if (Number.isNaN(nodeId)) return undefined;
  const members = readMembers(text.slice(text.indexOf('Membership information')));
  return {
    nodeId,
    quorate: /^Quorate:\s+Yes/m.test(text),
    expectedVotes: number('Expected votes'),
    totalVotes: number('Total votes'),
    quorum: number('Quorum'),
    members,
    device: members.find((member) => member.nodeId === nodeId)?.device,
  };
}

/** Alive and voting. */
export function hasVote(view: QuorumView | undefined): boolean {
  return view?.device?.startsWith('A,V') === true;
}

function readMembers(table: string): QuorumMember[] {
  const hasDevices = /^\s*Nodeid\s+Votes\s+Qdevice\s+Name/m.test(table);
  const members: QuorumMember[] = [];
  for (const line of table.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S.*)$/.exec(line);
    if (match === null || Number(match[1]) === 0) continue;
    const [, id, votes, rest = ''] = match;
    const [first = '', ...others] = rest.trim().split(/\s+/);
    const name = hasDevices ? others[0] : first;
    members.push({
      nodeId: Number(id),
      votes: Number(votes),
      device: hasDevices ? first : undefined,
      name: name ?? '',
    });
  }
  return members;
}
