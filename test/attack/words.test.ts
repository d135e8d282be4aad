/** What can be said to the arbiter to get a vote that is somebody else's, or to hurt it: names, lists, replays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage } from '../../src/protocol/encode.ts';
import { REPLY_CODE } from '../../src/protocol/enums.ts';
import { authority, awaitAnswer, CLUSTER, expectAnswer, initOptions, Rig } from '../qnetd/rig.ts';
import { Bystander } from './bystander.ts';

const KI = 1_024;
const nodeInfo = (ids: readonly number[]) => ids.map((nodeId) => ({ nodeId, dataCenterId: 0 }));
const evilPair = authority.issue({ commonName: 'evil' });
const starPair = authority.issue({ commonName: '*' });
const nulPair = authority.issue({ commonName: `${CLUSTER}\0evil` });

const NAME_TRICKS = [
  { what: 'the plain name of another cluster', pair: evilPair, name: CLUSTER },
  { what: 'a NUL behind the own name', pair: evilPair, name: `evil\0${CLUSTER}` },
  { what: 'a NUL behind the name of another', pair: evilPair, name: `${CLUSTER}\0evil` },
  { what: 'the name of another in capitals', pair: evilPair, name: CLUSTER.toUpperCase() },
  { what: 'a certificate for everybody', pair: starPair, name: CLUSTER },
  { what: 'a certificate with a NUL in its name', pair: nulPair, name: CLUSTER },
  { what: 'no name', pair: evilPair, name: '' },
] as const;

for (const { what, pair, name } of NAME_TRICKS) {
  test(`${what} opens no other cluster`, async (t) => {
    const rig = await Rig.start();
    t.after(() => rig.stop());
    const bystander = await Bystander.join(() => rig.introduced());
    const evil = await rig.secured(pair, name);
    evil.send('init', initOptions(3));
    evil.send('echoRequest', { msgSeqNumber: 9 });
    for (let answer = await evil.answer(); answer !== undefined; answer = await evil.answer()) {
      if (answer.name === 'echoReply') break;
    }
    const nodes = rig.cluster()?.nodes.map(({ nodeId }) => nodeId);
    assert.deepEqual(nodes, [1, 2]);
    await bystander.split();
    await bystander.heal();
  });
}

test('a name changed after the certificate was checked is checked again', async (t) => {
  const rig = await Rig.start();
  t.after(() => rig.stop());
  const evil = await rig.secured(evilPair, 'evil');
  evil.send('echoRequest', { msgSeqNumber: 3 });
  await expectAnswer(evil, 'serverError');
  evil.send('preinit', { msgSeqNumber: 4, clusterName: CLUSTER });
  await expectAnswer(evil, 'preinitReply');
  evil.send('init', initOptions(1));
  assert.equal(await evil.answer(), undefined);
  assert.equal(rig.cluster(), undefined);
});

test('64 Ki nodes in a list, the same id again and again, lists within lists: others decide meanwhile', async (t) => {
  const rig = await Rig.start({ settings: { maxReceiveBytes: 2_048 * KI, maxSendBytes: 2_048 * KI } });
  t.after(() => rig.stop());
  const bystander = await Bystander.join(() => rig.introduced());
  const evil = await rig.secured(evilPair, 'evil');
  evil.send('init', initOptions(1));
  await expectAnswer(evil, 'initReply');
  const many = Array.from({ length: 64 * KI }, (_, index) => index + 1);
  const list = (ids: readonly number[], nodeListType: 'initialConfig' | 'membership') =>
    encodeMessage('nodeList', {
      msgSeqNumber: 4,
      nodeListType,
      nodeInfo: nodeInfo(ids),
      ...(nodeListType === 'membership' ? { ringId: { nodeId: 1, seq: 4n } } : { configVersion: 1n }),
    });
  const lists = [many, many.map(() => 1), [...many, ...many.slice(0, 10)]];
  for (const ids of lists) {
    evil.write(list(ids, 'initialConfig'));
    evil.write(list(ids, 'membership'));
  }
  // A NODE_INFO whose content is a NODE_INFO, and so on: 4 bytes of header each.
  const nested = Buffer.alloc(4 * 200);
  for (let depth = 0; depth < 200; depth += 1) nested.writeUInt32BE((17 << 16) | (4 * (199 - depth)), 4 * depth);
  const head = Buffer.from([0, 10, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 9, 0, 18, 0, 1, 0]);
  head.writeUInt32BE(head.length - 6 + nested.length, 2);
  evil.write(Buffer.concat([head, nested]));
  await bystander.split();
  await bystander.heal();
  const codes: unknown[] = [];
  while (codes.length < 2 * lists.length + 1) codes.push((await awaitAnswer(evil, 'serverError')).replyErrorCode);
  const refused = [REPLY_CODE.invalidConfigNodeList, REPLY_CODE.invalidMembershipNodeList];
  assert.deepEqual(codes, [...lists.flatMap(() => refused), REPLY_CODE.errorDecodingMessage]);
  await bystander.split();
  assert.deepEqual(rig.failures, []);
});

test('frames said again get nobody a vote: late confirmations, old rings, a second INIT', async (t) => {
  const rig = await Rig.start();
  t.after(() => rig.stop());
  const pair = authority.issue({ commonName: 'replay' });
  const nodes = await Promise.all(
    [1, 2].map(async (nodeId) => {
      const node = await rig.secured(pair, 'replay');
      node.send('init', initOptions(nodeId));
      await expectAnswer(node, 'initReply');
      const nodeListType = 'initialConfig';
      node.send('nodeList', { msgSeqNumber: 4, nodeListType, configVersion: 1n, nodeInfo: nodeInfo([1, 2]) });
      await expectAnswer(node, 'nodeListReply');
      return node;
    }),
  );
  const [first, second] = nodes;
  assert.ok(first !== undefined && second !== undefined);
  const membership = (nodeId: number, seq: bigint) =>
    encodeMessage('nodeList', {
      msgSeqNumber: 5,
      nodeListType: 'membership',
      ringId: { nodeId, seq },
      nodeInfo: nodeInfo([nodeId]),
    });
  first.write(membership(1, 8n));
  await expectAnswer(first, 'nodeListReply');
  second.write(membership(2, 8n));
  const nack = await awaitAnswer(second, 'voteInfo');
  assert.equal(nack.vote, 'nack');
  const number = nack.msgSeqNumber ?? 0;
  const otherNumbers = [0, number + 5, 0xffff_ffff];
  // The loser never confirms; it says everything else that it, or anybody before it, has ever said.
  for (let round = 0; round < 20; round += 1) {
    for (const seq of otherNumbers) second.send('voteInfoReply', { msgSeqNumber: seq });
    second.send('init', initOptions(1));
    second.send('echoRequest', { msgSeqNumber: round });
  }
  for (let echoes = 0; echoes < 20; ) {
    const answer = await second.answer();
    assert.ok(answer !== undefined, 'it is still served');
    if (answer.name === 'echoReply') echoes += 1;
    if (answer.name === 'voteInfo') assert.notEqual(answer.options.vote, 'ack');
    if (answer.name === 'initReply') assert.notEqual(answer.options.replyErrorCode, 0);
  }
  const granted = rig
    .snapshot()
    .clusters.find(({ name }) => name === 'replay')
    ?.nodes.filter((node) => node.granted);
  assert.deepEqual(granted, [], 'the winner waits for the confirmation that never came');
});

/** A node of a cluster of its own. */
async function evilMember(rig: Rig, nodeId: number, memberIds: readonly number[], heartbeatMs: number) {
  const evil = await rig.secured(evilPair, 'evil');
  evil.send('init', initOptions(nodeId, heartbeatMs));
  await expectAnswer(evil, 'initReply');
  evil.send('nodeList', { msgSeqNumber: 4, nodeListType: 'initialConfig', nodeInfo: nodeInfo(memberIds) });
  await expectAnswer(evil, 'nodeListReply');
  return evil;
}

test('a node that never finishes what it says is silent: it is closed like one, and others decide meanwhile', async (t) => {
  const rig = await Rig.start();
  t.after(() => rig.stop());
  const bystander = await Bystander.join(() => rig.introduced());
  const evil = await evilMember(rig, 1, [1], 1_000);
  const long = encodeMessage('nodeList', {
    msgSeqNumber: 5,
    nodeListType: 'changedConfig',
    nodeInfo: nodeInfo([1, 2]),
  });
  let at = 0;
  const slowly = setInterval(() => evil.write(long.subarray(at, ++at)), 100);
  t.after(() => clearInterval(slowly));
  await bystander.split();
  await bystander.heal();
  await evil.ended();
  assert.ok(rig.lines.some(({ message }) => message === 'node silent for too long, connection closed'));
  await bystander.split();
});

test('a node that reads nothing is the one that is closed, whoever makes the arbiter speak to it', async (t) => {
  const rig = await Rig.start();
  t.after(() => rig.stop());
  const bystander = await Bystander.join(() => rig.introduced());
  // However slow this machine is: neither of them is to be closed for its silence.
  const heartbeatMs = 120_000;
  const [talker, deaf] = [await evilMember(rig, 1, [1, 2], heartbeatMs), await evilMember(rig, 2, [1, 2], heartbeatMs)];
  const membership = (nodeId: number, seq: bigint) =>
    encodeMessage('nodeList', {
      msgSeqNumber: 5,
      nodeListType: 'membership',
      ringId: { nodeId, seq },
      nodeInfo: nodeInfo([nodeId]),
    });
  deaf.carrier.pause();
  deaf.plain.pause();
  deaf.write(membership(2, 8n));
  // A heartbeat with an option that nobody knows, of 30,000 bytes, which is said back whole.
  const large = Buffer.concat([
    Buffer.from([0, 8, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 77, 0, 0]),
    Buffer.alloc(30_000),
  ]);
  large.writeUInt32BE(large.length - 6, 2);
  large.writeUInt16BE(30_000, 16);
  const isClosed = () =>
    rig.warnings().some(({ message }) => message === 'client closed: it does not read what it is sent');
  // It has long answers sent to it, and each report of the other is a new decision of which it is told as well.
  for (let seq = 8n; !isClosed() && seq < 2_000n; seq += 1n) {
    for (let at = 0; at < 10; at += 1) deaf.write(large);
    talker.write(membership(1, seq));
    talker.send('echoRequest', { msgSeqNumber: 1 });
    await awaitAnswer(talker, 'echoReply');
  }
  assert.ok(isClosed(), JSON.stringify(rig.warnings()));
  talker.send('echoRequest', { msgSeqNumber: 1 });
  await awaitAnswer(talker, 'echoReply');
  await bystander.split();
});
