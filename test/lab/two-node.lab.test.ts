/** Two nodes and an arbiter: the cluster this project exists for, through everything that may befall it. */
import { after, before, test } from 'node:test';
import { chosenArbiter } from './arbiter.ts';
import { Lab } from './lab.ts';
import { Play } from './play.ts';
import { Trial } from './trial.ts';

let lab: Lab;
let play: Play;

before(async () => {
  lab = await Lab.create(chosenArbiter());
  const trial = new Trial('two nodes', lab);
  play = new Play(trial, await lab.addCluster('pair', 2));
});
after(() => lab.destroy());

test('a cold start makes both nodes quorate with the device', () => play.start());

test('a split leaves the vote with the lowest node until it heals', async () => {
  await play.split('1|2');
  await play.heal();
});

test('whichever node crashes, the other goes on, and it may come back', async () => {
  await play.crash(2);
  await play.comeBack([2], '12');
  await play.crash(1);
  await play.comeBack([1], '12');
});

test('a node that returns cut off does not take the vote from the one that kept it', async () => {
  await play.crash(1);
  await play.comeBack([1], '1|2');
  await play.heal();
});

test('a node that stands still is given up, and joins again when it goes on', async () => {
  await play.freeze(1);
  await play.thaw(1);
});

test('qdevice may be restarted, killed or frozen', async () => {
  await play.stopQdevice(1, 'SIGTERM');
  await play.startQdevice(1);
  await play.stopQdevice(2, 'SIGKILL');
  await play.startQdevice(2);
  await play.freezeQdevice(1);
  await play.thawQdevice(1);
});

test('qdevice killed on the holder of the vote moves the vote, which stays there', async () => {
  await play.split('1|2');
  await play.killHolder(1);
  await play.startQdevice(1);
  await play.heal();
});

test('an arbiter that stops, dies or hangs withholds the vote until it is back', async () => {
  await play.stopArbiter('SIGTERM');
  await play.startArbiter();
  await play.stopArbiter('SIGKILL');
  await play.startArbiter();
  await play.freezeArbiter();
  await play.thawArbiter();
});

test('a new arbiter gives the vote to one half of a cluster that is split', async () => {
  await play.split('1|2');
  await play.stopArbiter('SIGKILL');
  await play.startArbiter();
  await play.heal();
});

test('a node cut from the arbiter alone loses its vote, not its quorum', async () => {
  await play.loseArbiter(1);
  await play.regainArbiter(1);
});

test('the tie-breaker names the winner of a split', async () => {
  for (const tieBreaker of ['highest', 2, 9] as const) {
    await play.reconfigure({ tieBreaker });
    await play.split('1|2');
    await play.heal();
  }
});

test('without keep-active the vote moves to the preferred node as soon as it returns', async () => {
  await play.reconfigure({ tieBreaker: 'lowest', keepActivePartition: false });
  await play.crash(1);
  await play.comeBack([1], '1|2');
  await play.heal();
});
