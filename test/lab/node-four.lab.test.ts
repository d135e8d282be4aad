/**
 * Four nodes with our daemon on all or on the odd ones: every way in which the network can part them, and daemons and arbiter
 * lost on the way. As in four-node.lab.test.ts no active partition is kept, so that the end does not hang on the way to it.
 *
 * Always: two of the six combinations of programs, one split of each shape, and what needs four nodes. LAB_MATRIX=full: all six
 * combinations, all fourteen splits, and the losses that node-two.lab.test.ts goes through already.
 */
import { after, before, test } from 'node:test';
import { type Combination, forEachCombination, isFullMatrix, type Stage, setUp } from './matrix.ts';
import type { Play } from './play.ts';

const ALWAYS: readonly Combination[] = ['our arbiter, our nodes', "Debian's arbiter, mixed nodes"];

/** All fourteen. The first of each line stands for its shape; a run that is not the full matrix takes these. */
const SPLITS: readonly (readonly string[])[] = [
  ['12|34', '13|24', '14|23'],
  ['1|234', '2|134', '3|124', '4|123'],
  ['1|2|34', '1|3|24', '1|4|23', '2|3|14', '2|4|13', '3|4|12'],
  ['1|2|3|4'],
];

forEachCombination(ALWAYS, (combination) => {
  let stage: Stage | undefined;
  before(async () => {
    stage = await setUp(combination, 4, { keepActivePartition: false });
  });
  after(() => stage?.lab.destroy());

  const tell = (title: string, story: (play: Play) => Promise<void>): void => {
    test(title, async () => {
      if (stage === undefined) throw new Error('there is no lab');
      await story(stage.play);
    });
  };

  tell('a cold start makes all nodes quorate with the device', (play) => play.start());

  for (const partitions of isFullMatrix ? SPLITS.flat() : SPLITS.map(([first = '']) => first)) {
    tell(`split ${partitions} ends with one holder of the vote at most, and heals`, async (play) => {
      await play.split(partitions);
      await play.heal();
    });
  }

  tell('of two halves the one with more daemons in touch gets the vote', async (play) => {
    await play.stopQdevice(1, 'SIGTERM');
    await play.split('12|34');
    await play.startQdevice(1);
    await play.heal();
  });

  tell('two nodes crash, the other two go on with the vote, and the dead come back', async (play) => {
    await play.crash(1, 2);
    await play.comeBack([1, 2], '1234');
  });

  tell('an arbiter that dies while the cluster is split gives the vote to one half when it is back', async (play) => {
    await play.split('14|23');
    await play.stopArbiter('SIGKILL');
    await play.startArbiter();
    await play.heal();
  });

  tell('a node, a daemon or the arbiter may stand still and go on', async (play) => {
    await play.freeze(4);
    await play.thaw(4);
    await play.freezeQdevice(3);
    await play.thawQdevice(3);
    if (!isFullMatrix) return;
    await play.freezeArbiter();
    await play.thawArbiter();
  });

  tell('a daemon may be killed, and corosync may die under it', async (play) => {
    if (isFullMatrix) {
      await play.stopQdevice(2, 'SIGKILL');
      await play.startQdevice(2);
    }
    await play.killCorosync(1);
    await play.comeBack([1], '1234');
  });

  tell('after a power failure the parts may start in any order', async (play) => {
    const corosync = (node: number) => ({ daemon: 'corosync', node }) as const;
    const qdevice = (node: number) => ({ daemon: 'qdevice', node }) as const;
    const late = [qdevice(1), qdevice(2), qdevice(4)];
    await play.coldStart([corosync(3), qdevice(3), corosync(1), corosync(2), 'arbiter', corosync(4), ...late]);
  });

  tell('heuristics that a reload brings weigh in the halves', async (play) => {
    await play.reloadHeuristics('first', [3, 4]);
    await play.split('12|34');
    await play.heal();
    await play.reloadWithoutHeuristics();
  });

  tell('a reload adds a node, after which a majority is needed', async (play) => {
    await play.grow();
    await play.comeBack([5], '12345');
    await play.split('125|34');
    await play.heal();
  });
});
