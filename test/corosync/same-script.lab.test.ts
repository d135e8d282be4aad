/**
 * The twin is held against the real corosync: one script on both must give the same callbacks in the same order and the
 * same text of quorumtool, node by node and step by step.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Player } from './player.ts';
import { RealStage, type Settings, type Stage, TwinStage } from './stage.ts';

type Script = (player: Player) => Promise<void>;

const LIVE: Settings = { device: { timeout: 60_000, sync_timeout: 30_000 } };

async function wholeLife(player: Player): Promise<void> {
  const { stage } = player;
  await stage.start(1);
  await player.join(1);
  await player.note('registered alone', 1);
  await player.vote(1, true);
  await player.quorum(1);
  await player.note('votes alone', 1);

  await stage.start(2);
  await player.ring(1, [1, 2]);
  await player.vote(1, true);
  await player.quorum(1);
  await player.note('a second node', 1, 2);
  await player.join(2);
  await player.note('its device', 1, 2);
  await player.vote(2, true);
  await player.note('its vote', 1, 2);

  await stage.split();
  await Promise.all([player.ring(1, [1]), player.ring(2, [2])]);
  await player.vote(1, true);
  await player.vote(2, false);
  await Promise.all([player.quorum(1), player.quorum(2)]);
  await player.note('split', 1, 2);
  await stage.heal();
  await Promise.all([player.ring(1, [1, 2]), player.ring(2, [1, 2])]);
  await player.vote(1, true);
  await player.vote(2, true);
  await Promise.all([player.quorum(1), player.quorum(2)]);
  await player.note('healed', 1, 2);

  await stage.ask(1, 'setMasterWins', true);
  await player.note('the master wins', 1, 2);
  await stage.ask(1, 'setMasterWins', false);
  await stage.kill(2);
  await player.ring(1, [1]);
  await player.vote(1, true);
  await player.quorum(1);
  await player.event(2, 'lost');
  await player.note('the second node dies', 1);
  await stage.setKey(1, 'quorum.device.heuristics.mode', 'on');
  await player.event(1, 'keys');
  await player.note('a key by hand', 1);
  await player.vote(1, false);
  await player.quorum(1);
  await player.note('the vote withdrawn', 1);
  await stage.start(2);
  await player.ring(1, [1, 2]);
  await player.vote(1, false);
  await player.quorum(1);
  await player.join(2, { register: false });
  await player.note('the second node is back', 1, 2);
  await stage.ask(1, 'unregister');
  await player.note('unregistered', 1, 2);
}

async function reloads(player: Player): Promise<void> {
  const { stage } = player;
  await stage.start(1);
  await player.join(1);
  await player.vote(1, true);
  await stage.start(2);
  await player.ring(1, [1, 2]);
  await player.vote(1, true);
  await player.until(1, 'a ring of both', (heard) => heard.at(-1)?.event === 'quorum');
  await player.join(2);
  await player.vote(2, true);
  await player.note('both vote', 1, 2);
  await stage.reload({ device: { timeout: 50_000, sync_timeout: 30_000 } }, 2);
  await Promise.all([player.event(1, 'keys'), player.event(2, 'keys')]);
  await player.note('reloaded', 1, 2);
  await stage.reload('unparsable', 3);
  await stage.setKey(1, 'logging.debug', 'on');
  await player.event(1, 'keys');
  await player.note('a bad reload and a key by hand', 1, 2);
  await stage.reload({ device: { timeout: 50_000, sync_timeout: 30_000, votes: 0 } }, 4);
  await Promise.all([player.event(1, 'keys'), player.event(2, 'keys')]);
  await player.note('the device has no votes any more', 1, 2);
}

async function waitForAll(player: Player): Promise<void> {
  const { stage } = player;
  await stage.start(1);
  await player.join(1);
  await player.note('waits for all', 1);
  await player.vote(1, true);
  await player.note('votes, but not all are there', 1);
  await stage.start(2);
  await player.ring(1, [1, 2]);
  await player.vote(1, true);
  await player.until(1, 'the end', (heard) => heard.at(-1)?.event === 'quorum');
  await player.note('all are there', 1, 2);
  await stage.kill(2);
  await player.ring(1, [1]);
  await player.vote(1, false);
  await player.quorum(1);
  await player.note('alone without a vote', 1);
  await player.vote(1, true);
  await player.note('a vote is not enough any more', 1);
}

async function silence(player: Player): Promise<void> {
  const { stage } = player;
  await stage.start(1);
  await player.join(1);
  await player.vote(1, true);
  await stage.start(2);
  await player.ring(1, [1, 2]);
  await player.vote(1, true);
  await player.until(1, 'the end', (heard) => heard.at(-1)?.event === 'quorum');
  await player.join(2);
  await player.vote(2, true);
  await player.vote(1, true);
  await player.note('both vote', 1, 2);
  await stage.split();
  await Promise.all([player.ring(1, [1]), player.ring(2, [2])]);
  await Promise.all([player.quorum(1), player.quorum(2)]);
  await player.note('nobody answers until the sync timeout', 1, 2);
  await player.vote(1, true);
  await player.quorum(1);
  await player.note('a late vote', 1, 2);
  await player.quorum(1);
  await player.note('silent for too long', 1, 2);
}

async function play(stage: Stage, script: Script) {
  const player = new Player(stage);
  try {
    await script(player);
  } finally {
    await stage.close();
  }
  return player.log;
}

const SCRIPTS: readonly (readonly [string, Script, Settings])[] = [
  ['join, vote, split, heal, die, return, leave', wholeLife, LIVE],
  ['reloads, good and bad', reloads, LIVE],
  ['wait for all', waitForAll, { ...LIVE, quorum: { wait_for_all: 1 } }],
  ['a device that falls silent', silence, { device: { timeout: 6000, sync_timeout: 2500 } }],
];

for (const [name, script, settings] of SCRIPTS) {
  test(name, async () => {
    const [real, twin] = await Promise.all([
      play(await RealStage.create(settings), script),
      play(new TwinStage(settings), script),
    ]);
    for (const [index, entry] of real.entries()) assert.deepEqual(twin[index], entry);
    assert.equal(twin.length, real.length);
  });
}
