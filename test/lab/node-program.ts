/** The daemon that feeds votes into a node's corosync: Debian's or ours, node by node. */
import { existsSync } from 'node:fs';
import { built } from './arbiter.ts';

export interface NodeProgram {
  readonly name: 'debian' | 'ours';
  readonly daemon: readonly string[];
}

/** Which program serves a node. */
export type NodePrograms = (nodeId: number) => NodeProgram;

const NODE_CHOICES = ['debian', 'ours', 'mix'] as const;
/** mix: ours on odd nodes, Debian's on even ones. Of the halves 1|2 each has another program, the halves 12|34 have both. */
export type NodeChoice = (typeof NODE_CHOICES)[number];

const DEBIAN_NODE: NodeProgram = { name: 'debian', daemon: ['/usr/sbin/corosync-qdevice', '-f'] };
const OUR_NODE: NodeProgram = { name: 'ours', daemon: [process.execPath, built('corosync-qdevice'), '-f'] };

export function nodePrograms(choice: NodeChoice): NodePrograms {
  if (choice === 'debian') return () => DEBIAN_NODE;
  if (!existsSync(built('corosync-qdevice'))) throw new Error('dist is missing. Run npm run build first.');
  return choice === 'ours' ? () => OUR_NODE : (nodeId) => (nodeId % 2 === 1 ? OUR_NODE : DEBIAN_NODE);
}

/** LAB_NODE=ours or mix runs the arbiter's own tests with our daemon on the nodes. */
export function chosenNodes(): NodePrograms {
  const chosen = process.env['LAB_NODE'] ?? 'debian';
  const choice = NODE_CHOICES.find((candidate) => candidate === chosen);
  if (choice === undefined) throw new Error(`LAB_NODE=${chosen} is unknown. Use one of: ${NODE_CHOICES.join(', ')}.`);
  return nodePrograms(choice);
}
