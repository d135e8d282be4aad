/** What the comparison does when something parts, shown with an arbiter that is wrong on purpose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, Wire } from '../scenarios/wire.ts';
import { type Arbiter, openArbiter } from './arbiters.ts';
import { compare } from './comparison.ts';
import { drawScript } from './drawing.ts';
import { shrink } from './shrink.ts';

/** Our core, but where these six bytes come the last of them is changed. */
function wrongAbout(bytes: string): Arbiter {
  const core = openArbiter('core');
  const spoil = (connection: Connection): Connection => ({
    send: (sent) => connection.send(sent),
    drain: () => {
      const drained = Buffer.from(connection.drain());
      const at = drained.indexOf(Buffer.from(bytes, 'hex'));
      if (at >= 0) drained.writeUInt8(drained.readUInt8(at + 5) ^ 1, at + 5);
      return drained;
    },
    more: () => connection.more(),
    get closed() {
      return connection.closed;
    },
    close: () => connection.close(),
    freeze: () => connection.freeze(),
  });
  return {
    ...core,
    wire: async (): Promise<Wire> => {
      const wire = await core.wire();
      return {
        connect: async () => spoil(await wire.connect()),
        connectedNodes: (cluster) => wire.connectedNodes(cluster),
        pass: (ms) => wire.pass(ms),
      };
    },
  };
}

/** Reply code 17: a node id is taken already. */
const DUPLICATE = '000600020011';

test('a difference is found and shortened to what shows it', async () => {
  const arbiters = [openArbiter('core'), wrongAbout(DUPLICATE)];
  const script = [
    '== made up',
    'cluster nodes=1,2',
    '1 init 1.4',
    '1 config',
    '2 init 2.4',
    '2 config',
    '1 membership 1.8 [1,2]',
    '1z init 1.8',
    '1z close',
    '2 membership 1.8 [1,2]',
  ];
  const verdict = await compare(script, arbiters, 'whole');
  assert.equal(verdict.kind, 'different', JSON.stringify(verdict));
  const shortest = await shrink(script, 2, async (lines) => (await compare(lines, arbiters, 'x')).kind === 'different');
  assert.deepEqual(shortest, ['== made up', 'cluster nodes=1,2', '1 init 1.4', '1z init 1.8']);
});

test('arbiters that answer alike are the same, and a script about nobody cannot be played', async () => {
  const arbiters = [openArbiter('core'), openArbiter('core')];
  assert.equal((await compare(['== x', 'cluster nodes=1', 'up'], arbiters, 'x')).kind, 'same');
  assert.equal((await compare(['== x', 'cluster nodes=1', '1 close'], arbiters, 'x')).kind, 'unplayable');
});

test('one seed is one script, and every script can be played', async () => {
  const arbiters = [openArbiter('core')];
  const played: string[] = [];
  for (let seed = 1; seed <= 300; seed += 1) {
    const { lines } = drawScript(seed, 100);
    assert.deepEqual(drawScript(seed, 100).lines, lines);
    const verdict = await compare(lines, arbiters, `seed ${seed}`);
    if (verdict.kind !== 'same') played.push(`${seed}: ${verdict.where}`);
  }
  assert.deepEqual(played, []);
});
