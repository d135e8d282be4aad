/** Two clusters with one arbiter: what befalls one is nothing to the other. */
import { after, before, test } from 'node:test';
import { chosenArbiter } from './arbiter.ts';
import { Lab } from './lab.ts';
import { Play } from './play.ts';
import { Trial } from './trial.ts';

let lab: Lab;
let trial: Trial;

before(async () => {
  lab = await Lab.create(chosenArbiter());
  trial = new Trial('two clusters', lab);
});
after(() => lab.destroy());

test('one cluster starts, splits, heals and loses a node while the other stays as it is', async () => {
  const calm = new Play(trial, await lab.addCluster('calm', 2));
  await calm.start();
  const stormy = new Play(trial, await lab.addCluster('stormy', 2, { tieBreaker: 'highest' }), [calm]);
  await stormy.start();
  await stormy.split('1|2');
  await stormy.heal();
  await stormy.crash(2);
  await stormy.comeBack([2], '12');
  await stormy.stopQdevice(1, 'SIGKILL');
  await stormy.startQdevice(1);
});
