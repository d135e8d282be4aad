/** The local socket, both ends, over real sockets: whatever comes, the programs end with one of their codes and the daemon goes on. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { qdeviceStatus } from '../../src/cli/qdevice-status.ts';
import { qnetdStatus } from '../../src/cli/qnetd-status.ts';
import { askAsUpstream } from '../../src/cli/upstream-tool.ts';
import { type LocalSocketServer, serveLocalSocket } from '../../src/runtime/local-socket.ts';
import { checkTarget } from './property.ts';
import { bytesOf } from './target.ts';
import { arbiterAnswers, nodeAnswers } from './targets/answers.ts';

const RUNS = 150;
const TEXT_BYTES_MAX = 1 << 20;
const RECEIVE_BYTES_MAX = 64;
const SILENCE_MS_MAX = 10_000;
const DAEMON = { tool: 'tool', socket: 'daemon', program: 'daemon' };

const directory = mkdtempSync(join(tmpdir(), 'qdevice-sockets-'));
const theirs = join(directory, 'theirs');
const ours = join(directory, 'ours');
let answer: Uint8Array = new Uint8Array();
const lines: string[] = [];
const stranger: Server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', () => socket.end(answer));
});
let served: LocalSocketServer | undefined;

before(async () => {
  await new Promise<void>((resolve) => {
    stranger.listen(theirs, resolve);
  });
  const limits = { maxClients: 10, maxReceiveBytes: RECEIVE_BYTES_MAX, maxSendBytes: 1024 };
  const place = { path: ours, umask: undefined, gid: undefined, backlog: 10 };
  served = await serveLocalSocket(
    { ...place, ...limits },
    (line) => {
      lines.push(line);
      return { text: `OK\n${line.length}\n`, stop: false };
    },
    () => assert.fail('nobody asked to stop'),
  );
});
after(async () => {
  await served?.close();
  await new Promise<void>((resolve) => {
    stranger.close(() => resolve());
  });
  rmSync(directory, { recursive: true });
});

test('whatever a daemon answers, the programs end with a code and text', async () => {
  const headed = [...arbiterAnswers.seeds, ...nodeAnswers.seeds].flatMap((body) =>
    ['OK\n', 'Error\n', 'ok\r\n'].map((head) => Uint8Array.from([...bytesOf(head), ...body])),
  );
  const run = async (input: Uint8Array): Promise<void> => {
    answer = input;
    const results = [
      await askAsUpstream(DAEMON, theirs, 'status\n'),
      await qnetdStatus({ verbose: true, json: false, cluster: undefined }, [theirs]),
      await qnetdStatus({ verbose: false, json: true, cluster: 'lab' }, [theirs]),
      await qdeviceStatus({ verbose: true, json: false, explain: false }, theirs),
      await qdeviceStatus({ verbose: false, json: false, explain: true }, theirs),
    ];
    for (const { exitCode, stdout, stderr } of results) {
      assert.ok([0, 2, 3, 4].includes(exitCode), `exit code ${exitCode}`);
      assert.ok(stdout.length + stderr.length < TEXT_BYTES_MAX);
    }
  };
  await checkTarget({ name: 'socket-answers', seeds: headed, bytesMax: 8192, run }, RUNS);
});

test('whatever is asked, a line is answered and anything else is shown the door', async () => {
  const run = async (input: Uint8Array): Promise<void> => {
    lines.length = 0;
    const reply = await ask(Uint8Array.from([...input, 10]));
    const end = input.indexOf(10) === -1 ? input.length : input.indexOf(10);
    const fits = end < RECEIVE_BYTES_MAX;
    assert.equal(reply, fits ? `OK\n${end + 1}\n` : '');
    assert.equal(lines.length, fits ? 1 : 0);
  };
  const seeds = ['status', 'status verbose', 'x'.repeat(RECEIVE_BYTES_MAX), '\0', 'a\nb'].map(bytesOf);
  await checkTarget({ name: 'socket-requests', seeds, bytesMax: 512, run }, RUNS);
});

/** What comes back until the daemon closes. */
function ask(request: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect(ours, () => socket.write(request));
    socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy());
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
    });
    socket.on('error', () => undefined); // it may close before it has read all
    socket.on('close', () => resolve(reply));
  });
}
