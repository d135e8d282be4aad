/** Requests on the node daemon's local socket. Each row was sent to corosync-qdevice 3.0.3 and answered like this. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallClock } from '../../src/qdevice/wall-clock.ts';
import { qdeviceIpcReply } from '../../src/status/qdevice-ipc.ts';
import { readQdeviceStatusJson } from '../../src/status/qdevice-json.ts';
import { qdeviceStatusBody } from '../../src/status/qdevice-text.ts';
import { FACTS, memberSnapshot } from './member-snapshots.ts';

const clock = wallClock(() => 1_700_000_000_000);
const snapshot = memberSnapshot({}, { clusterName: 'b\xc3\xbcro' });
const reply = (line: string, maxSendBytes = 65_536) =>
  qdeviceIpcReply(line, { facts: FACTS, snapshot, clock, maxSendBytes });
const status = (verbose: boolean) => `OK\n${qdeviceStatusBody(snapshot, verbose, clock.localBefore)}`;

const ANSWERS: readonly (readonly [string, string])[] = [
  ['status\n', status(false)],
  ['status \n', status(false)],
  ['status verbose \n', status(true)],
  ['STATUS Verbose x\n', status(true)],
  ['status x verbose\n', status(false)],
  ['status "verbose"\n', status(false)],
  ['status\tverbose\n', status(true)],
  ['status\rverbose\n', status(false)],
  ['  \t status  verbose  \nfoo', status(true)],
  ['"status"\n', 'Error\nUnknown command \'"status"\'\n'],
  ['sta\\tus\n', "Error\nUnknown command 'sta\\tus'\n"],
  ['foo"bar baz\n', "Error\nUnknown command 'foo\"bar'\n"],
  ['""\n', 'Error\nUnknown command \'""\'\n'],
  ['shutdownx\n', "Error\nUnknown command 'shutdownx'\n"],
  ['list\n', "Error\nUnknown command 'list'\n"],
  ['\xff\n', "Error\nUnknown command '\xff'\n"],
  ['a\0b\n', "Error\nUnknown command 'a'\n"],
  ['\n', 'Error\nNo command specified\n'],
  ['  \n', 'Error\nNo command specified\n'],
  ['\0\n', 'Error\nNo command specified\n'],
  ['\0 status\n', 'Error\nNo command specified\n'],
];

for (const [line, text] of ANSWERS) {
  test(`${JSON.stringify(line)} is answered as upstream does`, () => {
    assert.deepEqual(reply(line), { text, stop: false });
  });
}

test('shutdown is answered before it happens', () => {
  for (const line of ['shutdown \n', 'SHUTDOWN verbose \n'])
    assert.deepEqual(reply(line), { text: 'OK\n', stop: true });
});

test('an answer that is too long is not begun', () => {
  const body = status(true).length - 'OK\n'.length;
  assert.equal(reply('status verbose\n', body).text, "Error\nCan't get QDevice status\n");
  assert.equal(reply('status verbose\n', body + 2).text, 'Error\nInternal IPC buffer too small\n');
  assert.equal(reply('status verbose\n', body + 3).text, status(true));
});

test('snapshot, a word of our own, is the JSON document', () => {
  const { text } = reply('snapshot\n');
  assert.match(text, /^OK\n[\x20-\x7e]+\n$/);
  assert.equal(readQdeviceStatusJson(text.slice(3))?.node.cluster, 'b\u00fcro');
});
