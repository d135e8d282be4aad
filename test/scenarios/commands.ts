/** What each command of a scenario makes a node send. Commands about connections and time are in run-case.ts. */
import assert from 'node:assert/strict';
import type { NodeState } from '../../src/protocol/enums.ts';
import type { MessageName } from '../../src/protocol/messages.ts';
import { SUPPORTED_MESSAGES } from '../../src/protocol/messages.ts';
import type { OptionValues } from '../../src/protocol/options.ts';
import { SUPPORTED_OPTIONS } from '../../src/protocol/options.ts';
import type { FakeNode } from './fake-node.ts';
import type { Case } from './script.ts';
import { keyValues } from './script.ts';
import { ALGORITHM_NUMBERS, parseHeuristics, parseIds, parseRing, parseTieBreaker } from './words.ts';

/** Long enough that no node of a scenario is ever found dead by accident. */
const HEARTBEAT_MS = 60_000;

/** The cluster line of a case, read. */
export interface ClusterLine {
  readonly nodes: readonly number[];
  readonly tieBreaker: string | undefined;
  readonly algorithm: string | undefined;
  readonly heartbeatMs: number;
  /** Node ids that switch the keep-active-partition tie-breaker on as they come up. */
  readonly keepActive: readonly number[];
}

export interface OutgoingMessage {
  readonly name: MessageName;
  readonly options: OptionValues;
}

type MessageCommand = (words: readonly string[], cluster: ClusterLine, node: FakeNode) => OutgoingMessage;

export function clusterLine(scenario: Case): ClusterLine {
  const { nodes: nodesText, 'keep-active': keepActiveText, heartbeat, ...rest } = scenario.cluster;
  const nodes = parseIds(`[${nodesText ?? ''}]`);
  assert(nodes !== undefined, `${scenario.file}: "${scenario.title}" needs cluster nodes=1,2,...`);
  const keepActive = keepActiveText === 'all' ? nodes : (parseIds(`[${keepActiveText ?? ''}]`) ?? []);
  const heartbeatMs = heartbeat === undefined ? HEARTBEAT_MS : Number(heartbeat);
  return { nodes, keepActive, tieBreaker: rest['tie-breaker'], algorithm: rest['algorithm'], heartbeatMs };
}

export const MESSAGE_COMMANDS: Readonly<Record<string, MessageCommand>> = {
  /** `1 preinit other`: names another cluster. The first PREINIT goes out as the connection opens. */
  preinit: ([clusterName = '']) => ({ name: 'preinit', options: { clusterName } }),
  /** `1 init 1.4 tie-breaker=highest algorithm=lms heartbeat=500 node-id=9` */
  init: ([ring, ...rest], cluster, node) => {
    const given = keyValues(rest);
    const algorithm = given['algorithm'] ?? cluster.algorithm ?? 'ffsplit';
    return {
      name: 'init',
      options: {
        supportedMessages: SUPPORTED_MESSAGES,
        supportedOptions: SUPPORTED_OPTIONS,
        nodeId: Number(given['node-id'] ?? node.nodeId),
        decisionAlgorithm: ALGORITHM_NUMBERS[algorithm] ?? Number(algorithm),
        heartbeatIntervalMs: Number(given['heartbeat'] ?? cluster.heartbeatMs),
        tieBreaker: parseTieBreaker(given['tie-breaker'] ?? cluster.tieBreaker),
        ringId: parseRing(ring),
      },
    };
  },
  /** `1 config [1,2]`; all nodes of the cluster if no list is given. */
  config: ([ids], cluster) => configList('initialConfig', ids, cluster),
  'changed-config': ([ids], cluster) => configList('changedConfig', ids, cluster),
  /** `1 membership 1.12 [1,2] pass` */
  membership: ([ring, idsText, heuristicsText], _cluster, node) => {
    const ids = parseIds(idsText);
    assert(ids !== undefined, 'membership needs a ring and a list');
    node.members = ids;
    const heuristics = parseHeuristics(heuristicsText);
    return {
      name: 'nodeList',
      options: {
        nodeListType: 'membership',
        ringId: parseRing(ring),
        nodeInfo: nodeInfos(ids),
        ...(heuristics === undefined ? {} : { heuristics }),
      },
    };
  },
  /** `1 quorum`: the members it last reported are alive, every other node is dead. */
  quorum: (_words, cluster, node) => {
    const alive = node.members ?? [node.nodeId];
    return {
      name: 'nodeList',
      options: {
        nodeListType: 'quorum',
        quorate: alive.length * 2 > cluster.nodes.length ? 'quorate' : 'inquorate',
        nodeInfo: cluster.nodes.map((id) => nodeInfo(id, alive.includes(id) ? 'member' : 'dead')),
      },
    };
  },
  /** `1 heuristics fail`: its heuristics gave another result. */
  heuristics: ([result]) => {
    const heuristics = parseHeuristics(result);
    assert(heuristics !== undefined, 'heuristics needs pass or fail');
    return { name: 'heuristicsChange', options: { heuristics } };
  },
  'ask-for-vote': () => ({ name: 'askForVote', options: {} }),
  'keep-active': ([word]) => ({
    name: 'setOption',
    options: { keepActivePartition: word === 'on' ? 'enabled' : 'disabled' },
  }),
  /** `1 heartbeat 1000`: it is dead after one and a half of these milliseconds of silence. */
  heartbeat: ([ms]) => ({ name: 'setOption', options: { heartbeatIntervalMs: Number(ms) } }),
};

function configList(type: 'initialConfig' | 'changedConfig', ids: string | undefined, cluster: ClusterLine) {
  const nodes = ids === undefined ? cluster.nodes : parseIds(ids);
  assert(nodes !== undefined, `expected a list like [1,2], not "${ids}"`);
  return { name: 'nodeList', options: { nodeListType: type, nodeInfo: nodeInfos(nodes) } } as const;
}

function nodeInfos(ids: readonly number[]) {
  return ids.map((id) => nodeInfo(id));
}

function nodeInfo(nodeId: number, state?: NodeState) {
  return { nodeId, dataCenterId: 0, ...(state === undefined ? {} : { state }) };
}
