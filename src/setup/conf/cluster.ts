/** What corosync.conf says about the cluster, as far as setting up a quorum device depends on it. */
import { type ConfDocument, ConfError, type KeyLine, lineNumberOf, valueAtPath } from './document.ts';
import { configVersionOf } from './edit.ts';

export interface ClusterConf {
  readonly clusterName: string | undefined;
  readonly configVersion: bigint | undefined;
  readonly transport: string;
  readonly nodes: readonly ConfNode[];
  readonly quorum: QuorumConf;
  readonly device: DeviceConf | undefined;
}

export interface ConfNode {
  readonly nodeId: number | undefined;
  readonly name: string | undefined;
  /** In the order of the rings; names or addresses. */
  readonly ringAddresses: readonly string[];
  readonly quorumVotes: number;
}

export interface QuorumConf {
  readonly provider: string | undefined;
  /** Keys directly in the section, such as `two_node`. */
  readonly keys: ReadonlyMap<string, ConfValue>;
}

export interface ConfValue {
  readonly value: string;
  readonly line: number;
}

export interface DeviceConf {
  readonly model: string | undefined;
  readonly votes: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly syncTimeoutMs: number | undefined;
  readonly net: ReadonlyMap<string, string>;
  readonly heuristics: ReadonlyMap<string, string>;
}

const U32_MAX = 2 ** 32 - 1;
const U8_MAX = 255;
/** Corosync refuses the file over a value of these that is no number, at start and at every reload. */
const QUORUM_NUMBERS: Readonly<Record<string, number>> = {
  expected_votes: U32_MAX,
  votes: U32_MAX,
  last_man_standing_window: U32_MAX,
  leaving_timeout: U32_MAX,
  two_node: U8_MAX,
  expected_votes_tracking: U8_MAX,
  allow_downscale: U8_MAX,
  wait_for_all: U8_MAX,
  auto_tie_breaker: U8_MAX,
  last_man_standing: U8_MAX,
};

/** Throws a ConfError on a number that corosync would refuse the file for. */
export function readCluster(document: ConfDocument): ClusterConf {
  const quorumKeys = keysIn(document, 'quorum');
  for (const [key, max] of Object.entries(QUORUM_NUMBERS)) number(quorumKeys.get(key), `quorum.${key}`, max);
  return {
    clusterName: valueAtPath(document, 'totem.cluster_name'),
    configVersion: configVersionOf(document),
    transport: valueAtPath(document, 'totem.transport') ?? 'knet',
    nodes: nodesOf(document),
    quorum: { provider: quorumKeys.get('provider')?.value, keys: quorumKeys },
    device: deviceOf(document),
  };
}

function nodesOf(document: ConfDocument): ConfNode[] {
  const blocks: KeyLine[][] = [];
  for (const line of document.lines) {
    if (line.kind === 'open' && line.path === 'nodelist.node') blocks.push([]);
    if (line.kind === 'key' && line.path.startsWith('nodelist.node.')) blocks.at(-1)?.push(line);
  }
  return blocks.map((block) => {
    const keys = keysOf(document, block, 'nodelist.node');
    const rings = [...keys].flatMap(([key, { value }]) => {
      const ring = /^ring(\d+)_addr$/.exec(key)?.[1];
      return ring === undefined ? [] : [{ ring: Number(ring), value }];
    });
    return {
      nodeId: number(keys.get('nodeid'), 'nodelist.node.nodeid', U32_MAX),
      name: keys.get('name')?.value,
      ringAddresses: rings.sort((a, b) => a.ring - b.ring).map(({ value }) => value),
      quorumVotes: number(keys.get('quorum_votes'), 'nodelist.node.quorum_votes', U32_MAX) ?? 1,
    };
  });
}

function deviceOf(document: ConfDocument): DeviceConf | undefined {
  const isThere = document.lines.some(
    (line) => line.kind !== 'blank' && (line.path === 'quorum.device' || line.path.startsWith('quorum.device.')),
  );
  if (!isThere) return undefined;
  const keys = keysIn(document, 'quorum.device');
  const of = (key: string) => number(keys.get(key), `quorum.device.${key}`, U32_MAX);
  return {
    model: keys.get('model')?.value,
    votes: of('votes'),
    timeoutMs: of('timeout'),
    syncTimeoutMs: of('sync_timeout'),
    net: valuesIn(document, 'quorum.device.net'),
    heuristics: valuesIn(document, 'quorum.device.heuristics'),
  };
}

function keysIn(document: ConfDocument, section: string): Map<string, ConfValue> {
  return keysOf(
    document,
    document.lines.filter((line): line is KeyLine => line.kind === 'key'),
    section,
  );
}

/** Directly in the section, later lines before earlier ones. */
function keysOf(document: ConfDocument, lines: readonly KeyLine[], section: string): Map<string, ConfValue> {
  const found = lines.flatMap((line) => {
    const key = line.path.startsWith(`${section}.`) ? line.path.slice(section.length + 1) : '';
    return key === '' || key.includes('.') ? [] : [{ key, value: line.value, line: lineNumberOf(document, line) }];
  });
  return new Map(found.map(({ key, value, line }) => [key, { value, line }]));
}

function valuesIn(document: ConfDocument, section: string): Map<string, string> {
  return new Map([...keysIn(document, section)].map(([key, { value }]) => [key, value]));
}

/** As strtoll reads it, whole and in range. */
function number(found: ConfValue | undefined, path: string, max: number): number | undefined {
  if (found === undefined) return undefined;
  const value = /^\s*[+-]?\d+$/.test(found.value) ? Number(found.value) : Number.NaN;
  if (value >= 0 && value <= max) return value;
  throw new ConfError(
    found.line,
    `Value of key "${path}" is expected to be integer in range (0..${max}), but "${found.value}" was given`,
  );
}
