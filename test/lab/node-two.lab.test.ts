/**
 * Two nodes with our daemon on both or on one of them, through everything that may befall a daemon: the final votes and the
 * quorum of every node must be those of Debian's programs, and no two partitions may be quorate at once.
 *
 * Always: our daemon with either arbiter, and a mix with ours, side by side. LAB_MATRIX=full: all six combinations of programs,
 * among them Debian's alone, which set the standard.
 */
import { after, before, test } from 'node:test';
import { type Combination, forEachCombination, isFullMatrix, type Stage, setUp } from './matrix.ts';
import type { Play } from './play.ts';

const ALWAYS: readonly Combination[] = [
  'our arbiter, our nodes',
  "Debian's arbiter, our nodes",
  'our arbiter, mixed nodes',
];

forEachCombination(ALWAYS, (combination) => {
  let stage: Stage | undefined;
  before(async () => {
    stage = await setUp(combination, 2);
  });
  after(() => stage?.lab.destroy());

  const tell = (title: string, story: (play: Play) => Promise<void>): void => {
    test(title, async () => {
      if (stage === undefined) throw new Error('there is no lab');
      await story(stage.play);
    });
  };

  tell('a cold start makes both nodes quorate with the device', (play) => play.start());

  tell('a split leaves the vote with the lowest node until it heals', async (play) => {
    await play.split('1|2');
    await play.heal();
  });

  tell('whichever node crashes or stands still, the other goes on, and it may come back', async (play) => {
    for (const node of [1, 2]) {
      await play.crash(node);
      await play.comeBack([node], '12');
      await play.freeze(node);
      await play.thaw(node);
    }
  });

  tell('the daemon of either node may be stopped, killed or frozen', async (play) => {
    for (const node of [1, 2]) {
      await play.stopQdevice(node, 'SIGTERM');
      await play.startQdevice(node);
      await play.stopQdevice(node, 'SIGKILL');
      await play.startQdevice(node);
      await play.freezeQdevice(node);
      await play.thawQdevice(node);
    }
  });

  tell('the daemon killed on the holder of the vote moves the vote, which stays there', async (play) => {
    await play.split('1|2');
    await play.killHolder(1);
    await play.startQdevice(1);
    await play.heal();
  });

  if (isFullMatrix) {
    tell('corosync alone may stand still on either node, and go on', async (play) => {
      for (const node of [1, 2]) {
        await play.freezeCorosync(node);
        await play.thawCorosync(node);
      }
    });
  }

  tell('a daemon ends with a failure when corosync dies under it, or is not there', async (play) => {
    for (const node of [1, 2]) {
      await play.killCorosync(node);
      await play.startQdeviceAlone(node);
      await play.comeBack([node], '12');
    }
  });

  tell('an arbiter that stops, dies or hangs withholds the vote until it is back', async (play) => {
    await play.stopArbiter('SIGTERM');
    await play.startArbiter();
    await play.stopArbiter('SIGKILL');
    await play.startArbiter();
    await play.freezeArbiter();
    await play.thawArbiter();
  });

  tell('a new arbiter gives the vote to one half of a cluster that is split', async (play) => {
    await play.split('1|2');
    await play.stopArbiter('SIGKILL');
    await play.startArbiter();
    await play.heal();
  });

  tell('a node cut from the arbiter alone loses its vote, not its quorum', async (play) => {
    for (const node of [1, 2]) {
      await play.loseArbiter(node);
      await play.regainArbiter(node);
    }
  });

  tell('after a power failure the parts may start in any order', async (play) => {
    const corosync = (node: number) => ({ daemon: 'corosync', node }) as const;
    const qdevice = (node: number) => ({ daemon: 'qdevice', node }) as const;
    await play.coldStart(['arbiter', corosync(1), corosync(2), qdevice(2), qdevice(1)]);
    await play.coldStart([corosync(2), qdevice(2), corosync(1), 'arbiter', qdevice(1)]);
    await play.coldStart([corosync(1), qdevice(1), 'arbiter', corosync(2), qdevice(2)]);
  });

  tell('the tie-breaker names the winner of a split', async (play) => {
    await play.reconfigure({ tieBreaker: 'highest' });
    await play.split('1|2');
    await play.heal();
    await play.reconfigure({ tieBreaker: 'lowest' });
  });

  tell('heuristics that a reload brings decide a split, and take part in it as they change', async (play) => {
    await play.reloadHeuristics('first', [2]);
    await play.split('1|2');
    await play.changeWellness('first', [1]);
    await play.heal();
    await play.reloadHeuristics('second', [2]);
    await play.split('1|2');
    await play.heal();
    await play.reloadWithoutHeuristics();
    await play.split('1|2');
    await play.heal();
  });

  tell('a reload adds a node, which may then win and lose with the others', async (play) => {
    await play.grow();
    await play.comeBack([3], '123');
    for (const partitions of isFullMatrix ? ['1|23', '2|13', '12|3', '1|2|3'] : ['1|23', '1|2|3']) {
      await play.split(partitions);
      await play.heal();
    }
  });
});
