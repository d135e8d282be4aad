/** Which steps make up which command, in the order that never costs quorum. */
import { holdDevice, rememberDevice, startDevice, votesWithdrawn } from './another-arbiter.ts';
import { certificates, removeStores } from './certificates.ts';
import type { ArbiterPort, NodePort } from './ports.ts';
import type { Run } from './run-plan.ts';
import { onAll, type Step } from './step.ts';
import {
  arbiterAuthority,
  arbiterPort,
  arbiterRecord,
  arbiterService,
  type Clock,
  type ConfChange,
  corosyncConf,
  enableDevice,
  runDevice,
  votes,
} from './steps.ts';

/** Plain data: it is written to the journal, and a later run builds the same steps from it. */
export interface SetupPlan {
  /** The name under which this run claims its hosts. */
  readonly run: string;
  readonly clusterName: string;
  readonly arbiterAddress: string;
  readonly arbiterPort: number;
  readonly tls: boolean;
  /** The arbiter's daemon does not run yet, or has no authority. */
  readonly startsArbiter: boolean;
  readonly makesAuthority: boolean;
  /** Left out: ten years. */
  readonly validDays?: number | undefined;
  /** The name is another cluster's on the arbiter, and is taken from it. */
  readonly takesNameOver?: boolean | undefined;
  readonly conf: ConfChange;
}

export interface RemovePlan {
  readonly run: string;
  readonly clusterName: string;
  readonly conf: ConfChange;
}

/** After nodes came or went. */
export interface SyncPlan {
  readonly run: string;
  readonly clusterName: string;
  /** Nodes that get certificate and service. */
  readonly newcomers: readonly string[];
  readonly tls: boolean;
  /** Left out: ten years. */
  readonly validDays?: number | undefined;
  /** null: votes and algorithm stay. */
  readonly conf: ConfChange | null;
}

export interface Parts {
  readonly nodes: readonly NodePort[];
  /** undefined: the arbiter is not touched. */
  readonly arbiter: ArbiterPort | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Nothing changes in the cluster before every node has its certificate; the daemons start after the configuration is
 * live; and the vote is counted by corosync only once a daemon has brought it.
 */
export function setupRun(plan: SetupPlan, parts: Parts): Run {
  const { nodes, arbiter, clock, signal } = parts;
  const steps: Step[] = [];
  if (arbiter !== undefined && plan.tls) {
    if (plan.makesAuthority) steps.push(arbiterAuthority(arbiter));
    if (plan.startsArbiter) {
      steps.push(arbiterService(arbiter), arbiterPort(nodes, plan.arbiterAddress, plan.arbiterPort));
    }
    steps.push(arbiterRecord(arbiter, plan.clusterName, 'keep'), certificatesOfAll(nodes, arbiter, plan));
  }
  steps.push(
    enableDevice(nodes, 'enable'),
    corosyncConf(
      nodes,
      plan.conf,
      `add the device to corosync.conf (version ${plan.conf.versionAfter}), load it`,
      clock,
    ),
    runDevice(nodes, 'restart'),
    votes(nodes, clock, signal),
  );
  return { operation: 'setup', plan, steps, ...onHosts(parts) };
}

/** The device stops voting before anything of it is taken away. */
export function removeRun(plan: RemovePlan, parts: Parts): Run {
  const { nodes, arbiter, clock } = parts;
  const steps: Step[] = [
    enableDevice(nodes, 'disable'),
    runDevice(nodes, 'stop'),
    corosyncConf(
      nodes,
      plan.conf,
      `take the device out of corosync.conf (version ${plan.conf.versionAfter}), load it`,
      clock,
    ),
    removeStores(nodes),
    ...(arbiter === undefined ? [] : [arbiterRecord(arbiter, plan.clusterName, 'forget')]),
  ];
  return { operation: 'remove', plan, steps, ...onHosts(parts) };
}

/**
 * The arbiter of the nodes is another one at once: no daemon runs between the last vote of the old one and the first of
 * the new one, so that never both count. Meanwhile the nodes are quorate by themselves.
 */
export function moveRun(plan: SetupPlan, parts: Parts): Run {
  const { nodes, arbiter, clock, signal } = parts;
  const steps: Step[] = [rememberDevice(nodes)];
  if (arbiter !== undefined && plan.makesAuthority) steps.push(arbiterAuthority(arbiter));
  if (arbiter !== undefined && plan.startsArbiter) {
    steps.push(arbiterService(arbiter), arbiterPort(nodes, plan.arbiterAddress, plan.arbiterPort));
  }
  if (arbiter !== undefined && plan.tls) {
    steps.push(arbiterRecord(arbiter, plan.clusterName, 'keep'), certificatesOfAll(nodes, arbiter, plan));
  }
  const title = `name the new arbiter in corosync.conf (version ${plan.conf.versionAfter}), load it`;
  steps.push(
    holdDevice(nodes),
    votesWithdrawn(nodes, clock),
    corosyncConf(nodes, plan.conf, title, clock),
    enableDevice(nodes, 'enable'),
    startDevice(nodes, clock),
    votes(nodes, clock, signal),
  );
  return { operation: 'move', plan, steps, ...onHosts(parts) };
}

/** Arbiters want one algorithm from all nodes of a cluster: when it changes, all daemons stop before the first starts. */
export function syncRun(plan: SyncPlan, parts: Parts): Run {
  const { nodes, arbiter, clock, signal } = parts;
  const newcomers = nodes.filter(({ name }) => plan.newcomers.includes(name));
  const whose = plan.newcomers.join(', ');
  const steps: Step[] = [];
  if (newcomers.length > 0) {
    if (arbiter !== undefined && plan.tls) {
      steps.push(arbiterRecord(arbiter, plan.clusterName, 'keep'));
      const others = nodes.filter((node) => !newcomers.includes(node));
      const order = { clusterName: plan.clusterName, validDays: plan.validDays, takesNameOver: false };
      steps.push(certificates({ nodes: newcomers, others, whose }, arbiter, order));
    }
    steps.push(enableDevice(newcomers, 'enable', whose));
  }
  if (plan.conf !== null) {
    const title = `change votes and algorithm in corosync.conf (version ${plan.conf.versionAfter}), load it`;
    steps.push(runDevice(nodes, 'stop'), corosyncConf(nodes, plan.conf, title, clock), runDevice(nodes, 'restart'));
  } else if (newcomers.length > 0) {
    steps.push(runDevice(newcomers, 'restart', whose));
  }
  steps.push(votes(nodes, clock, signal));
  return { operation: 'sync', plan, steps, ...onHosts(parts) };
}

function certificatesOfAll(
  nodes: readonly NodePort[],
  arbiter: ArbiterPort,
  { clusterName, validDays, takesNameOver = false }: SetupPlan,
): Step {
  return certificates({ nodes, others: [], whose: 'all nodes' }, arbiter, { clusterName, validDays, takesNameOver });
}

/** Hosts are claimed in the same order from wherever it is done: of two runs that begin at once one goes on. */
function onHosts({ nodes, arbiter }: Parts): Pick<Run, 'claim' | 'clean' | 'release'> {
  const sorted = nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const hosts = [...sorted, ...(arbiter === undefined ? [] : [arbiter])];
  return {
    async claim() {
      for (const host of hosts) await host.claim();
    },
    async clean() {
      await onAll(nodes, (node) => node.forgetKept());
    },
    async release() {
      await onAll(hosts, (host) => host.release());
    },
  };
}
