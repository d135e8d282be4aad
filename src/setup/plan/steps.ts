/** The steps, each of which several commands use. */
import { hasVote } from '../facts/quorum-view.ts';
import type { ArbiterPort, NodePort, UnitState } from './ports.ts';
import { type Before, onAll, oneByOne, type Step, StepProblem } from './step.ts';

export interface Clock {
  pause(ms: number): Promise<void>;
  nowMs(): number;
}

export interface ConfChange {
  readonly before: string;
  readonly after: string;
  /** Config versions of both. */
  readonly versionAfter: string;
}

export const POLL_MS = 250;
const RELOAD_MS_MAX = 15_000;
/** Names of steps that others have to know. */
export const [ENABLE, RESTART] = ['enable', 'restart'] as const;
export const VOTE_MS_MAX = 60_000;

export function arbiterAuthority(arbiter: ArbiterPort): Step {
  return {
    id: 'arbiter-authority',
    title: `${arbiter.name}: make the certificate authority of the arbiter`,
    undoTitle: `${arbiter.name}: remove the certificate authority again`,
    look: async () => ({
      existed: (await arbiter.authority()) !== undefined,
      directory: await arbiter.hasStoreDirectory(),
    }),
    run: () => arbiter.makeAuthority(),
    undo: async (before) => {
      if (before['existed'] === false) await arbiter.removeAuthority(before['directory'] === true);
    },
  };
}

export function arbiterService(arbiter: ArbiterPort): Step {
  return {
    id: 'arbiter-service',
    title: `${arbiter.name}: enable and start corosync-qnetd`,
    undoTitle: `${arbiter.name}: leave corosync-qnetd as it was`,
    look: async () => flat('arbiter', await arbiter.unit()),
    run: async () => {
      await arbiter.setUnit('enable');
      await arbiter.setUnit('start');
    },
    undo: async (before) => {
      if (before['arbiter active'] === false) await arbiter.setUnit('stop');
      if (before['arbiter enabled'] === false) await arbiter.setUnit('disable');
    },
  };
}

/** Where it could not be tried earlier, because nobody listened there. */
export function arbiterPort(nodes: readonly NodePort[], address: string, port: number): Step {
  return {
    id: 'arbiter-port',
    title: `all nodes: reach ${address} on port ${port}`,
    undoTitle: undefined,
    look: async () => ({}),
    run: async () => {
      const states = await onAll(nodes, async (node) => ({ node, state: await node.reachesPort(address, port) }));
      const cutOff = states.filter(({ state }) => state !== 'ok');
      if (cutOff.length === 0) return;
      const list = cutOff.map(({ node, state }) => `${node.name} (${state})`).join(', ');
      throw new StepProblem(`${address}:${port} cannot be reached from ${list}.`, `Open TCP ${port} on the way there.`);
    },
    undo: async () => undefined,
  };
}

/** The name's entry on the arbiter; the signing itself is part of the nodes' step. */
export function arbiterRecord(arbiter: ArbiterPort, clusterName: string, action: 'keep' | 'forget'): Step {
  return {
    id: 'arbiter-record',
    title:
      action === 'keep'
        ? `${arbiter.name}: look up what it knows of the name ${clusterName}`
        : `${arbiter.name}: forget the certificates of ${clusterName}`,
    undoTitle: `${arbiter.name}: restore what it knew of the name ${clusterName}`,
    look: async () => ({ record: (await arbiter.record(clusterName)) ?? null }),
    run: async () => {
      if (action === 'forget') await arbiter.restoreRecord(clusterName, undefined);
    },
    undo: async (before) => {
      const record = before['record'];
      await arbiter.restoreRecord(clusterName, typeof record === 'string' ? record : undefined);
    },
  };
}

/** Every node's file, then one reload for all; done when every corosync runs by it. */
export function corosyncConf(nodes: readonly NodePort[], change: ConfChange, title: string, clock: Clock): Step {
  const [first] = nodes;
  return {
    id: 'corosync-conf',
    title: `all nodes: ${title}`,
    undoTitle: 'all nodes: put corosync.conf back as it was and load it',
    look: async () => ({}),
    run: async () => {
      for (const node of nodes) await node.replaceConf(change.before, change.after);
      await first?.reload();
      await waitForVersion(nodes, change.versionAfter, clock);
    },
    undo: async () => {
      await oneByOne(nodes, (node) => node.restoreConf(change.after));
      await first?.reload();
      await reloadApart(nodes, change.versionAfter);
    },
  };
}

/** A node that corosync has not met again, after it was cut off, hears of no reload but its own. */
async function reloadApart(nodes: readonly NodePort[], undoneVersion: string): Promise<void> {
  const versions = await onAll(nodes, async (node) => ({ node, version: await node.runningVersion() }));
  const apart = versions.filter(({ version }) => version === undoneVersion);
  await oneByOne(apart, ({ node }) => node.reload());
}

async function waitForVersion(nodes: readonly NodePort[], version: string, clock: Clock): Promise<void> {
  const deadlineMs = clock.nowMs() + RELOAD_MS_MAX;
  for (;;) {
    const versions = await onAll(nodes, async (node) => ({ node, version: await node.runningVersion() }));
    const behind = versions.filter((entry) => entry.version !== version);
    if (behind.length === 0) return;
    if (clock.nowMs() > deadlineMs) {
      const list = behind.map((entry) => `${entry.node.name} (${entry.version ?? 'no answer'})`).join(', ');
      throw new StepProblem(
        `Corosync has not taken over version ${version} of corosync.conf on ${list}.`,
        'Its log there says why.',
      );
    }
    await clock.pause(POLL_MS);
  }
}

export function enableDevice(nodes: readonly NodePort[], action: 'enable' | 'disable', whose = 'all nodes'): Step {
  return {
    id: ENABLE,
    title: `${whose}: ${action} corosync-qdevice`,
    undoTitle: `${whose}: ${action === 'enable' ? 'disable' : 'enable'} corosync-qdevice where it was before`,
    look: () => unitsOf(nodes),
    run: async () => {
      await onAll(nodes, (node) => node.setDeviceUnit(action));
    },
    undo: async (before) => {
      await onAll(nodes, (node) => node.setDeviceUnit(before[`${node.name} enabled`] === true ? 'enable' : 'disable'));
    },
  };
}

export function runDevice(nodes: readonly NodePort[], action: 'restart' | 'stop', whose = 'all nodes'): Step {
  return {
    id: action,
    title: `${whose}: ${action === 'restart' ? 'start' : 'stop'} corosync-qdevice`,
    undoTitle: `${whose}: ${action === 'restart' ? 'stop' : 'start'} corosync-qdevice where it was before`,
    look: () => unitsOf(nodes),
    run: async () => {
      await onAll(nodes, (node) => node.setDeviceUnit(action));
    },
    undo: async (before) => {
      await onAll(nodes, (node) => node.setDeviceUnit(before[`${node.name} active`] === true ? 'restart' : 'stop'));
    },
  };
}

export async function unitsOf(nodes: readonly NodePort[]): Promise<Before> {
  const states = await onAll(nodes, async (node) => flat(node.name, await node.deviceUnit()));
  return Object.assign({}, ...states);
}

function flat(name: string, { enabled, active }: UnitState): Before {
  return { [`${name} enabled`]: enabled, [`${name} active`]: active };
}

/** The end that matters: the device is alive and votes on each node. */
export function votes(nodes: readonly NodePort[], clock: Clock, signal: AbortSignal): Step {
  return {
    id: 'votes',
    title: 'all nodes: wait until the vote counts (A,V)',
    undoTitle: undefined,
    look: async () => ({}),
    run: () => waitForVotes(nodes, clock, signal),
    undo: async () => undefined,
  };
}

async function waitForVotes(nodes: readonly NodePort[], clock: Clock, signal: AbortSignal): Promise<void> {
  const deadlineMs = clock.nowMs() + VOTE_MS_MAX;
  while (!signal.aborted) {
    const views = await onAll(nodes, async (node) => ({ node, view: await node.quorum() }));
    const without = views.filter(({ view }) => !hasVote(view) || view?.quorate !== true);
    if (without.length === 0) return;
    if (clock.nowMs() > deadlineMs) {
      const list = await onAll(without, async ({ node, view }) => {
        const state = await node.deviceState();
        return `${node.name} (${view?.device ?? 'no device'}${state === '' ? '' : `, ${state}`})`;
      });
      throw new StepProblem(
        `After ${VOTE_MS_MAX / 1_000} s the vote does not count on ${list.join(', ')}.`,
        'The log of corosync-qdevice there says why.',
      );
    }
    await clock.pause(POLL_MS);
  }
}
