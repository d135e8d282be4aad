/**
 * The node list as the arbiter is told it. Every entry counts that has an id, a name or an address: upstream passes
 * over one that has an id alone. An id is never guessed from a name.
 */
import { isIPv4 } from 'node:net';
import type { CmapValue } from '../corosync/port.ts';
import type { NodeInfo } from '../protocol/values.ts';
import { UINT32_MAX } from '../runtime/advanced-settings.ts';
import {
  type ConfigurationSource,
  type ConfiguredKeys,
  configurationError,
  shown,
  wrongValue,
} from './configured-keys.ts';

const PREFIX = 'nodelist.node.';
const KEY = /^nodelist\.node\.(\d+)\.(nodeid|name|ring0_addr|datacenterid)$/;
const NODE_ID = `a number from 1 to ${UINT32_MAX}`;
const HIGH_BIT = 0x8000_0000;

type Entry = Map<string, CmapValue>;

/** In corosync's order, which sorts entry 10 before entry 2. */
export function configuredNodes(source: ConfigurationSource, keys: ConfiguredKeys): readonly NodeInfo[] {
  const clearHighBit = keys.text('totem.clear_node_high_bit') === 'yes';
  const nodes: NodeInfo[] = [];
  for (const [index, entry] of entriesOf(source)) {
    const nodeId = nodeIdOf(`${PREFIX}${index}`, entry, clearHighBit);
    if (nodes.some((node) => node.nodeId === nodeId)) {
      keys.note('warn', `${PREFIX}${index} has the id ${nodeId} of another node and is not used.`);
      continue;
    }
    const dataCenterId = entry.get('datacenterid');
    // Corosync holds it as text, so that to upstream, and to the other nodes of the cluster, it is always 0.
    nodes.push({ nodeId, dataCenterId: typeof dataCenterId === 'number' ? dataCenterId : 0 });
  }
  if (nodes.length === 0) {
    throw configurationError('The nodelist of corosync.conf has no node, and must have every node of the cluster.');
  }
  return nodes;
}

function entriesOf(source: ConfigurationSource): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [key, value] of source.list(PREFIX)) {
    const [, index, name] = KEY.exec(key) ?? [];
    if (index === undefined || name === undefined) continue;
    const entry = entries.get(index) ?? new Map();
    entries.set(index, entry.set(name, value));
  }
  for (const [index, entry] of entries) {
    if (!entry.has('nodeid') && !entry.has('name') && !entry.has('ring0_addr')) entries.delete(index);
  }
  return entries;
}

function nodeIdOf(where: string, entry: Entry, clearHighBit: boolean): number {
  const nodeId = entry.get('nodeid');
  if (nodeId !== undefined) {
    if (typeof nodeId === 'number' && nodeId >= 1 && nodeId <= UINT32_MAX) return nodeId;
    throw wrongValue(`${where}.nodeid`, nodeId, NODE_ID);
  }
  const address = entry.get('ring0_addr');
  if (typeof address === 'string' && isIPv4(address)) return idOfAddress(address, clearHighBit);
  const otherwise =
    address === undefined ? '' : ` (${where}.ring0_addr, ${shown(address)}, is no IPv4 address to take it from)`;
  throw wrongValue(`${where}.nodeid`, undefined, `${NODE_ID}${otherwise}`);
}

/** As corosync itself numbers a node that has no id: the address read as one number. */
function idOfAddress(address: string, clearHighBit: boolean): number {
  const id = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return clearHighBit && id >= HIGH_BIT ? id - HIGH_BIT : id;
}
