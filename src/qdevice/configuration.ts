/**
 * What the node daemon is configured to do, from corosync's own table of keys: the daemon never opens corosync.conf.
 * Everything is read and checked before anything is registered; a reload is checked the same way and taken over whole
 * or not at all. Keys and defaults: corosync-qdevice(8).
 */

import { derivedTimes, type MemberSettings, type TlsWish } from '../member/settings.ts';
import type { DecisionAlgorithm } from '../protocol/enums.ts';
import type { NodeInfo, TieBreaker } from '../protocol/values.ts';
import { UINT32_MAX, wholeNumber } from '../runtime/advanced-settings.ts';
import { OperatorError } from '../runtime/errors.ts';
import { byteStringOf } from '../status/printable.ts';
import { configuredHeuristics } from './configured-heuristics.ts';
import {
  type ConfigurationSource,
  ConfiguredKeys,
  configurationError,
  type Note,
  wrongValue,
} from './configured-keys.ts';
import { configuredNodes } from './configured-nodes.ts';
import type { ConfigurationRanges, QdeviceOptions } from './options.ts';

export type { ConfigurationSource, Note } from './configured-keys.ts';

export interface Configuration {
  readonly settings: MemberSettings;
  /** Debug lines in the log. */
  readonly debug: boolean;
  /** quorum.wait_for_all, for the algorithm lms. */
  readonly waitForAll: boolean;
  /** Under which corosync knows the device. */
  readonly deviceName: string;
  readonly masterWins: boolean;
  /** For the log, each time the configuration is read. */
  readonly notes: readonly Note[];
}

const MODEL_KEY = 'quorum.device.model';
const NET = 'quorum.device.net.';
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_SYNC_TIMEOUT_MS = 30_000;
const DEFAULT_PORT = 5_403;
/** Upstream starts with any value and then fails: below, its timers come to nothing; above, they cannot be set. */
const TIMEOUT_MS = { min: 1_000, max: 36_000_000 };
const ALGORITHMS: Readonly<Record<string, DecisionAlgorithm>> = {
  ffsplit: 'ffsplit',
  lms: 'lms',
  '2nodelms': 'twoNodeLms',
  test: 'test',
};

/** False: corosync.conf has no quorum device, or not yet; setup tools start this daemon before their last reload. */
export function hasDevice(source: ConfigurationSource): boolean {
  return source.get(MODEL_KEY) !== undefined;
}

/** Throws an `OperatorError` that names key, value and what is allowed. */
export function readConfiguration(source: ConfigurationSource, options: QdeviceOptions): Configuration {
  const keys = new ConfiguredKeys(source);
  keys.requiredText(MODEL_KEY, 'net');
  keys.word(MODEL_KEY, ['net']);
  const settings = memberSettings(source, keys, options);
  checkForAlgorithm(source, keys, settings);
  return {
    settings,
    debug: options.debug || debugWish(keys),
    waitForAll: settings.algorithm === 'lms' && (keys.unsigned('quorum.wait_for_all') ?? 0) !== 0,
    deviceName: options.deviceName,
    masterWins: options.masterWins,
    notes: keys.notes,
  };
}

/** For a reload: what is wrong is told, and the daemon goes on as it is. */
export function rereadConfiguration(
  source: ConfigurationSource,
  options: QdeviceOptions,
): { readonly configuration: Configuration } | { readonly problem: string } {
  try {
    return { configuration: readConfiguration(source, options) };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { problem: error.problem };
  }
}

function memberSettings(source: ConfigurationSource, keys: ConfiguredKeys, options: QdeviceOptions): MemberSettings {
  const { ranges } = options;
  const timeoutMs = configuredTimeout(keys);
  const syncTimeoutMs = keys.unsigned('quorum.device.sync_timeout') ?? DEFAULT_SYNC_TIMEOUT_MS;
  const times = derivedTimes(timeoutMs, ranges.heartbeatMsMin, ranges.heartbeatMsMax);
  const wishedMs = Math.trunc(timeoutMs * 0.8);
  if (times.heartbeatMs !== wishedMs) {
    keys.note('warn', `The heartbeat interval of ${wishedMs} ms is out of range: ${times.heartbeatMs} ms are used.`);
  }
  const connectTimeouts = { min: ranges.connectTimeoutMsMin, max: ranges.connectTimeoutMsMax };
  return {
    nodeId: ownNodeId(keys),
    clusterName: byteStringOf(keys.requiredText('totem.cluster_name', 'the name of the cluster')),
    host: keys.requiredText(`${NET}host`, 'the name or address of the arbiter'),
    port: keys.number(`${NET}port`, { min: 1, max: 65_535 }) ?? DEFAULT_PORT,
    forceIpVersion: ipVersion(keys),
    tls: tlsWish(keys.onOffOr(`${NET}tls`, 'required')),
    algorithm: algorithm(keys, ranges),
    tieBreaker: tieBreaker(keys),
    voteSafety: options.voteSafety,
    keepActivePartition: keys.onOff(`${NET}keep_active_partition_tie_breaker`) ?? true,
    timeoutMs,
    syncTimeoutMs,
    ...times,
    connectTimeoutMs: keys.number(`${NET}connect_timeout`, connectTimeouts) ?? times.heartbeatMs,
    heuristics: configuredHeuristics(source, keys, ranges, { timeoutMs, syncTimeoutMs }),
    nodes: configuredNodes(source, keys),
    configVersion: keys.version('totem.config_version'),
    limits: options.limits,
  };
}

function configuredTimeout(keys: ConfiguredKeys): number {
  const key = 'quorum.device.timeout';
  const timeoutMs = keys.unsigned(key) ?? DEFAULT_TIMEOUT_MS;
  if (timeoutMs >= TIMEOUT_MS.min && timeoutMs <= TIMEOUT_MS.max) return timeoutMs;
  throw wrongValue(key, timeoutMs, `a number from ${TIMEOUT_MS.min} to ${TIMEOUT_MS.max} (milliseconds)`);
}

function ownNodeId(keys: ConfiguredKeys): number {
  const nodeId = keys.unsigned('runtime.votequorum.this_node_id');
  if (nodeId !== undefined) return nodeId;
  const problem =
    'runtime.votequorum.this_node_id is not set, and must be the id of this node: votequorum does not run.';
  throw new OperatorError(problem, 'Set quorum.provider to corosync_votequorum in corosync.conf and restart corosync.');
}

function ipVersion(keys: ConfiguredKeys): MemberSettings['forceIpVersion'] {
  const key = `${NET}force_ip_version`;
  const value = keys.text(key);
  if (value === undefined) return 0;
  switch (wholeNumber(value)) {
    case 0n:
      return 0;
    case 4n:
      return 4;
    case 6n:
      return 6;
    default:
      throw wrongValue(key, value, '0, 4 or 6');
  }
}

function tlsWish(value: boolean | 'required' | undefined): TlsWish {
  if (value === 'required') return value;
  return value === false ? 'off' : 'on';
}

function algorithm(keys: ConfiguredKeys, { testAlgorithmEnabled }: ConfigurationRanges): DecisionAlgorithm {
  const key = `${NET}algorithm`;
  const value = keys.text(key) ?? 'ffsplit';
  const found = Object.hasOwn(ALGORITHMS, value) ? ALGORITHMS[value] : undefined;
  if (found === 'test' && !testAlgorithmEnabled) {
    throw wrongValue(key, value, 'ffsplit, lms or 2nodelms (-S net_test_algorithm_enabled=on allows test)');
  }
  if (found === undefined) throw wrongValue(key, value, 'ffsplit, lms or 2nodelms');
  return found;
}

function tieBreaker(keys: ConfiguredKeys): TieBreaker {
  const key = `${NET}tie_breaker`;
  const value = keys.text(key) ?? 'lowest';
  if (value === 'lowest' || value === 'highest') return { mode: value };
  const nodeId = wholeNumber(value);
  if (nodeId !== undefined && nodeId >= 1 && nodeId <= UINT32_MAX) return { mode: 'nodeId', nodeId: Number(nodeId) };
  throw wrongValue(key, value, 'lowest, highest or the id of a node');
}

/** What one algorithm alone asks of a configuration. */
function checkForAlgorithm(source: ConfigurationSource, keys: ConfiguredKeys, settings: MemberSettings): void {
  const { algorithm: name, nodes } = settings;
  switch (name) {
    case 'ffsplit':
      checkVotes(source, nodes);
      if (nodes.length > 2 && nodes.length % 2 === 1) {
        const problem = `ffsplit runs with ${nodes.length} nodes, an odd number: the device makes this cluster weaker.`;
        keys.note('warn', `${problem} Run qdevice sync, add a node, or remove the device.`);
      }
      break;
    case 'twoNodeLms':
      if (nodes.length === 2) break;
      throw wrongValue(`${NET}algorithm`, '2nodelms', `lms or ffsplit for a cluster of ${nodes.length} nodes`);
    case 'test':
      keys.note('warn', 'The algorithm test gives its vote to every partition: no data is safe with it.');
      break;
    case 'lms':
      break;
  }
}

/** Fifty-fifty split weighs heads, not votes. */
function checkVotes(source: ConfigurationSource, nodes: readonly NodeInfo[]): void {
  const key = 'quorum.device.votes';
  const votes = source.get(key);
  if (votes !== 1) throw wrongValue(key, votes, '1 for the algorithm ffsplit');
  for (const { nodeId } of nodes) {
    // A node that corosync has not met yet is checked when it has.
    const info = source.info(nodeId);
    if (info === undefined) continue;
    if (info.nodeVotes !== 1) {
      throw configurationError(
        `Node ${nodeId} has quorum_votes ${info.nodeVotes}, and must have 1 for the algorithm ffsplit.`,
      );
    }
    if (info.deviceVotes !== 1) {
      const problem = `Corosync counts ${info.deviceVotes} votes for the quorum device on node ${nodeId}`;
      throw configurationError(`${problem}, and must count 1 (quorum.device.votes) for the algorithm ffsplit.`);
    }
  }
}

/** The key of the subsystem outweighs the general one; one that is wrong counts as not set. */
function debugWish(keys: ConfiguredKeys): boolean {
  const [general, own] = ['logging.debug', 'logging.logger_subsys.QDEVICE.debug'].map((key) => {
    try {
      return keys.onOffOr(key, 'trace');
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      keys.note('warn', error.problem);
      return undefined;
    }
  });
  return (own ?? general ?? false) !== false;
}
