/**
 * The steps by which nodes get another arbiter, so that never a vote of the old one counts beside one of the new: no
 * daemon runs, and no vote counts anywhere, between the two; on the way back as well.
 */
import { hasVote } from '../facts/quorum-view.ts';
import type { NodePort } from './ports.ts';
import { onAll, type Step, StepProblem } from './step.ts';
import { type Clock, ENABLE, POLL_MS, RESTART, runDevice, unitsOf, VOTE_MS_MAX } from './steps.ts';

/** First, as on the way back the daemons are started last, when configuration and certificates are there again. */
export function rememberDevice(nodes: readonly NodePort[]): Step {
  return {
    id: 'remember',
    title: 'all nodes: see how corosync-qdevice runs',
    undoTitle: 'all nodes: start corosync-qdevice where it ran before',
    undoneAfter: {
      ids: [ENABLE, RESTART],
      because:
        'A node that could not be put back may have the vote of the new arbiter. ' +
        'If it is off for certain: systemctl enable --now corosync-qdevice',
    },
    look: () => unitsOf(nodes),
    run: async () => undefined,
    undo: async (before) => {
      await onAll(nodes, async (node) => {
        await node.setDeviceUnit(before[`${node.name} enabled`] === true ? 'enable' : 'disable');
        // One that was never stopped goes on: a restart would cost the vote of a node that is alone by now.
        const isActive = (await node.deviceUnit()).active;
        if (isActive === before[`${node.name} active`]) return;
        await node.setDeviceUnit(isActive ? 'stop' : 'restart');
      });
    },
  };
}

/** Disabled as well: a node that reboots in between must not begin with the old arbiter again. */
export function holdDevice(nodes: readonly NodePort[]): Step {
  return {
    id: 'hold',
    title: 'all nodes: stop corosync-qdevice, and keep a reboot from starting it',
    undoTitle: undefined,
    look: async () => ({}),
    run: async () => {
      await onAll(nodes, async (node) => {
        await node.setDeviceUnit('disable');
        await node.setDeviceUnit('stop');
      });
    },
    undo: async () => undefined,
  };
}

/** Corosync goes on counting the vote of a daemon that was killed until it has not heard of it for `timeout`. */
export function votesWithdrawn(nodes: readonly NodePort[], clock: Clock): Step {
  return {
    id: 'withdrawn',
    title: 'all nodes: wait until the vote of the old arbiter counts nowhere',
    undoTitle: undefined,
    look: async () => ({}),
    run: () => untilNobodyVotes(nodes, clock),
    undo: async () => undefined,
  };
}

/** Undone when no vote of the new arbiter counts any more. */
export function startDevice(nodes: readonly NodePort[], clock: Clock): Step {
  const step = runDevice(nodes, 'restart');
  return {
    ...step,
    undo: async (before) => {
      await step.undo(before);
      await untilNobodyVotes(nodes, clock);
    },
  };
}

async function untilNobodyVotes(nodes: readonly NodePort[], clock: Clock): Promise<void> {
  const deadlineMs = clock.nowMs() + VOTE_MS_MAX;
  for (;;) {
    const views = await onAll(nodes, async (node) => ({ node, view: await node.quorum() }));
    const voting = views.filter(({ view }) => view === undefined || hasVote(view));
    if (voting.length === 0) return;
    if (clock.nowMs() > deadlineMs) {
      const list = voting.map(({ node }) => node.name).join(', ');
      throw new StepProblem(`The vote of an arbiter still counts on ${list}.`, 'See the log of corosync there.');
    }
    await clock.pause(POLL_MS);
  }
}
