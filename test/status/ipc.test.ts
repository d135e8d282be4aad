import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipcReply } from '../../src/status/ipc-reply.ts';
import { ipcRequest } from '../../src/status/ipc-request.ts';
import { ipcWords } from '../../src/status/ipc-words.ts';

/** Words and answers themselves are held against Debian's daemon in test/runtime/local-socket.debian.test.ts. */
const request = (line: string) => ipcRequest(ipcWords(line));

test('requests are read in any case, and arguments until one means nothing', () => {
  assert.deepEqual(request('Status VERBOSE\n'), { kind: 'status', verbose: true });
  assert.deepEqual(request('status x verbose\n'), { kind: 'status', verbose: false });
  assert.deepEqual(request('LIST Cluster "a b" verbose\n'), { kind: 'list', verbose: true, cluster: 'a b' });
  assert.deepEqual(request('list x verbose\n'), { kind: 'list', verbose: false, cluster: '' });
  assert.deepEqual(request('list cluster a cluster B\n'), { kind: 'list', verbose: false, cluster: 'B' });
  assert.deepEqual(request('shutdown now\n'), { kind: 'shutdown' });
  assert.deepEqual(request('snapshot\n'), { kind: 'snapshot' });
  assert.deepEqual(request(' \n'), { kind: 'empty' });
  assert.deepEqual(request('Foo status\n'), { kind: 'unknown', word: 'Foo' });
  assert.deepEqual(request('\xcbist\n'), { kind: 'unknown', word: '\xcbist' });
});

test('a quoted word comes out as it went in, whatever is in it', () => {
  const name = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)),
    minLength: 1,
  });
  fc.assert(
    fc.property(
      name.filter((text) => !/[\r\n]/.test(text)),
      (text) => {
        assert.deepEqual(ipcWords(`list "${text.replace(/["\\]/g, '\\$&')}" x\n`), ['list', text, 'x']);
      },
    ),
  );
});

test('only a shutdown stops the service', () => {
  const server = {
    address: '*:1',
    tls: 'required',
    clientCertRequired: true,
    maxClients: 0,
    maxSendBytes: 1,
    maxReceiveBytes: 1,
  } as const;
  const facts = { server, snapshot: { connectedClients: 0, clusters: [] }, timeBefore: String, maxSendBytes: 1 << 20 };
  assert.deepEqual(ipcReply({ kind: 'shutdown' }, facts), { text: 'OK\n', stop: true });
  for (const line of ['status', 'list', 'snapshot', '', 'foo']) {
    const reply = ipcReply(request(`${line}\n`), facts);
    assert.equal(reply.stop, false);
    assert.match(reply.text, /^(OK|Error)\n/);
  }
});
