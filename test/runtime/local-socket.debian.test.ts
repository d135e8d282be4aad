/** The local socket of Debian's daemon beside ours: the same bytes in, the same bytes out. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ArbiterSnapshot } from '../../src/arbiter/snapshot.ts';
import { serveLocalSocket } from '../../src/runtime/local-socket.ts';
import { ipcReply } from '../../src/status/ipc-reply.ts';
import { ipcRequest } from '../../src/status/ipc-request.ts';
import { ipcWords } from '../../src/status/ipc-words.ts';
import { joinCluster } from '../cli/wire-client.ts';
import type { Daemon } from '../interop/daemon.ts';
import { startDaemon } from '../interop/daemon.ts';
import { clusterSnapshot, nodeSnapshot } from '../status/snapshots.ts';

const EMPTY: ArbiterSnapshot = { connectedClients: 0, clusters: [] };

/** Sends the chunks one after the other, each in a packet of its own, and reads until the daemon closes. */
function exchange(path: string, chunks: readonly string[], end: boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    let reply = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      reply += String(text);
    });
    // Closed while we were still sending: what had come is the reply all the same.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(reply));
    socket.on('end', () => socket.destroy());
    socket.on('connect', () => {
      const sendNext = (at: number) => {
        const chunk = chunks[at];
        if (chunk !== undefined) socket.write(chunk, 'latin1', () => setImmediate(sendNext, at + 1));
        else if (end) socket.end();
      };
      sendNext(0);
    });
  });
}

interface Pair {
  readonly theirs: Daemon;
  readonly ourPath: string;
}

/** Debian's daemon, and our server that is asked to answer for the same state. */
async function withPair(
  limits: { maxReceiveBytes: number; maxSendBytes: number },
  snapshot: () => ArbiterSnapshot,
  use: (pair: Pair) => Promise<void>,
): Promise<void> {
  const settings = `ipc_max_receive_size=${limits.maxReceiveBytes},ipc_max_send_size=${limits.maxSendBytes}`;
  const theirs = await startDaemon('upstream', ['-s', 'off', '-S', settings]);
  const directory = await mkdtemp(join(tmpdir(), 'local-socket-'));
  const ourPath = join(directory, 'qnetd.sock');
  const server = {
    address: `127.0.0.1:${theirs.port}`,
    tls: 'unsupported',
    clientCertRequired: true,
    maxClients: 0,
    maxSendBytes: 32_768,
    maxReceiveBytes: 32_768,
  } as const;
  const options = { path: ourPath, umask: undefined, gid: undefined, backlog: 10, maxClients: 10, ...limits };
  const answer = (line: string) =>
    ipcReply(ipcRequest(ipcWords(line)), {
      server,
      snapshot: snapshot(),
      timeBefore: String,
      maxSendBytes: limits.maxSendBytes,
    });
  const ours = await serveLocalSocket(options, answer, assert.fail);
  try {
    await use({ theirs, ourPath });
  } finally {
    await ours.close();
    await theirs.stop();
    await rm(directory, { recursive: true });
  }
}

async function assertSame({ theirs, ourPath }: Pair, chunks: readonly string[], end = false): Promise<string> {
  const [real, ours] = await Promise.all([exchange(theirs.localSocket, chunks, end), exchange(ourPath, chunks, end)]);
  assert.equal(ours, real, JSON.stringify(chunks.map((chunk) => chunk.slice(0, 80))));
  return real;
}

const ORDINARY = { maxReceiveBytes: 4_096, maxSendBytes: 10_485_760 };

test('requests, odd ones too, get the same answers', async () => {
  const lines = [
    'status',
    'status ',
    'STATUS Verbose',
    'status foo verbose',
    'status verbose foo',
    'status "" verbose',
  ];
  lines.push(
    'list',
    'list foo',
    'list verbose',
    'list cluster',
    'list cluster a',
    'list cluster "" verbose',
    '',
    ' ',
    '\t',
  );
  lines.push('""', '"" status', '"sta"tus', 'st\\atus', '"st\\atus"', '"stat\\"us"', 'foo', 'foo bar', 'foo\rstatus');
  lines.push(
    '\rstatus',
    'foo\0bar',
    '\0foo',
    'status\0 verbose',
    '"foo',
    '"foo bar',
    'foo\\',
    '\\',
    'foo\\ bar',
    'f\xffo',
  );
  lines.push('f\xc3\xa9', '"a"b"c d"e', '\vfoo\fbar', '\tstatus', 'foo"', '"', 'status\r');
  await withPair(
    ORDINARY,
    () => EMPTY,
    async (pair) => {
      for (const line of lines) await assertSame(pair, [`${line}\n`]);
      assert.match(await assertSame(pair, ['status\nlist\nfoo\n']), /^OK\nQNetd address/);
      assert.equal(await assertSame(pair, ['sta', 'tus', '\n']), await assertSame(pair, ['status\n']));
    },
  );
});

test('random quoting is cut into words the same', async () => {
  const letter = fc.constantFrom('a', 'b', '"', '\\', '\\', '"', ' ', '\r', '\t', '\0', '\v', '\xff', '\n');
  const lines = fc.sample(fc.array(letter, { minLength: 1, maxLength: 14 }), { numRuns: 400, seed: 3 });
  await withPair(
    ORDINARY,
    () => EMPTY,
    async (pair) => {
      for (const line of lines) await assertSame(pair, [`${line.join('')}\n`]);
    },
  );
});

test('the limit of a request is the same to the byte, however it is cut', async () => {
  await withPair(
    { ...ORDINARY, maxReceiveBytes: 1_500 },
    () => EMPTY,
    async (pair) => {
      for (const bytes of [1_498, 1_499, 1_500, 1_501, 4_000]) {
        const word = 'a'.repeat(bytes);
        await assertSame(pair, [`${word}\n`]);
        await assertSame(pair, [word, '\n']);
        await assertSame(pair, [word.slice(1), 'a\n']);
      }
      assert.equal(await assertSame(pair, ['a'.repeat(1_501)]), '');
      assert.match(await assertSame(pair, [`foo\n${'a'.repeat(1_400)}`]), /'foo'/);
    },
  );
});

test('a client that ends before the line does gets no answer, one that ends after it does', async () => {
  await withPair(
    ORDINARY,
    () => EMPTY,
    async (pair) => {
      assert.equal(await assertSame(pair, ['status'], true), '');
      assert.equal(await assertSame(pair, [], true), '');
      assert.notEqual(await assertSame(pair, ['status\n'], true), '');
    },
  );
});

test('an answer over the limit becomes the same error', async () => {
  let name = '';
  const snapshot = () => ({
    connectedClients: 1,
    clusters: name === '' ? [] : [clusterSnapshot({ name, nodes: [nodeSnapshot({ address, lastVote: undefined })] })],
  });
  let address = '';
  await withPair({ ...ORDINARY, maxSendBytes: 1_024 }, snapshot, async (pair) => {
    for (const bytes of [999, 1_000, 1_500]) await assertSame(pair, [`${'a'.repeat(bytes)}\n`]);
    const errors = new Set<string>();
    for (let bytes = 860; bytes <= 884; bytes += 1) {
      name = 'n'.repeat(bytes);
      const node = await joinCluster(pair.theirs, name, 1);
      address = `127.0.0.1:${node.localPort}`;
      const reply = await assertSame(pair, ['list\n']);
      if (reply.startsWith('Error')) errors.add(reply);
      node.destroy();
      await gone(pair.theirs.localSocket);
    }
    assert.equal(errors.size, 2, 'the lengths walk over both limits');
  });
});

async function gone(path: string): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if ((await exchange(path, ['list\n'], false)) === 'OK\n') return;
  }
  assert.fail('the daemon keeps a node that has left');
}

test('one client over the limit is dropped without a word', async () => {
  await withPair(
    ORDINARY,
    () => EMPTY,
    async ({ theirs, ourPath }) => {
      for (const path of [theirs.localSocket, ourPath]) {
        const idle = [];
        for (let count = 0; count < 10; count += 1) {
          const socket = connect({ path });
          await new Promise((resolve) => socket.once('connect', resolve));
          idle.push(socket);
        }
        assert.equal(await exchange(path, [], false), '');
        for (const socket of idle) socket.destroy();
      }
    },
  );
});
