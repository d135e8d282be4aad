import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const MODULE = new URL('../../src/runtime/log.ts', import.meta.url).href;
const LIMITED = { timeout: 60_000 };

/** Node.js running `body` with a log on its stdout. */
function command(body: string, target = "{ kind: 'stdout' }"): string[] {
  const program = `import { createLog } from '${MODULE}';
const { sink: logger, flush } = await createLog('debug', ${target}, 4711);
${body}`;
  return [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', program];
}

function start([program, ...args]: string[]): ChildProcess {
  return spawn(program ?? '', args, { stdio: ['pipe', 'pipe', 'pipe'] });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  assert.ok(stream);
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** More than a pipe, a terminal and the limit of waiting lines hold together. */
const FLOOD = "for (let at = 0; at < 60_000; at += 1) logger.info({ at, pad: 'x'.repeat(100) }, 'flood');";

test('lines are JSON with the level as a word, and survive an immediate exit', LIMITED, async () => {
  const child = start(
    command("logger.info({ cluster: 'a', node: 1 }, 'one'); logger.debug({}, 'two'); process.exit(3);"),
  );
  const [text, [code]] = await Promise.all([textOf(child.stdout), once(child, 'exit')]);
  assert.equal(code, 3);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ time, ...rest }) => ({ ...rest, timed: !Number.isNaN(Date.parse(time)) })),
    [
      { level: 'info', cluster: 'a', node: 1, msg: 'one', timed: true },
      { level: 'debug', msg: 'two', timed: true },
    ],
  );
});

test('a reader that stalls does not stall the program, and is told what it lost', LIMITED, async () => {
  const child = start(
    command(`${FLOOD} console.error('done'); process.stdin.once('data', async () => {
      await flush(10_000); logger.info({}, 'after'); await flush(10_000); process.exit(0); });`),
  );
  assert.ok(child.stdin !== null && child.stderr !== null);
  // Nobody has read stdout until here: a write that blocks would never get to this line.
  await once(createInterface({ input: child.stderr }), 'line');
  child.stdin.write('go on\n');
  const text = await textOf(child.stdout);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const flood = lines.filter(({ msg }) => msg === 'flood');
  assert.deepEqual(
    flood.map(({ at }) => at),
    flood.map((_, at) => at),
    'what arrives is the beginning, in order',
  );
  const lost = lines.find(({ msg }) => String(msg).startsWith('log lines were lost'));
  assert.equal(lost?.lines, 60_000 - flood.length);
  assert.equal(lines.at(-1)?.msg, 'after');
});

test('a reader that never reads does not hold up the exit', LIMITED, async () => {
  const child = start(command(`${FLOOD} await flush(100); process.exit(0);`));
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('a reader that went away does not end the program', LIMITED, async () => {
  const child = start(
    command(
      "console.error('up'); process.stdin.once('data', async () => { logger.info({}, 'x'); await flush(100); logger.info({}, 'y'); process.exit(5); });",
    ),
  );
  assert.ok(child.stdin !== null && child.stderr !== null && child.stdout !== null);
  await once(createInterface({ input: child.stderr }), 'line');
  child.stdout.destroy();
  child.stdin.write('go on\n');
  const [code] = await once(child, 'exit');
  assert.equal(code, 5);
});

/** Runs its arguments on a terminal of their own; `read` decides whether anybody looks at it. */
const TERMINAL = `
import os, pty, subprocess, sys
master, slave = pty.openpty()
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=slave)
os.close(slave)
if sys.argv[1] == 'read':
    while True:
        try:
            sys.stdout.buffer.write(os.read(master, 65536))
        except OSError:
            break
sys.exit(child.wait())
`;

test('on a terminal there is text for eyes, and a message cannot steer the terminal', LIMITED, async () => {
  const program = command("logger.info({ node: 1 }, 'node joined'); logger.warn({}, 'evil\\u001b[2J\\nline');");
  const child = start(['python3', '-c', TERMINAL, 'read', ...program]);
  const text = await textOf(child.stdout);
  const plain = text
    .split('\u001b')
    .map((part, at) => (at === 0 ? part : part.replace(/^\[\d+m/, '')))
    .join('');
  const [first, second, ...rest] = plain.trimEnd().split('\r\n');
  assert.match(first ?? '', /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: node joined \{"node":1\}$/);
  assert.match(second ?? '', /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: evil\\u\{1b\}\[2J\\u\{a\}line$/);
  assert.deepEqual(rest, []);
});

test('a terminal that nobody reads neither stalls the program nor its exit', LIMITED, async () => {
  const child = start(['python3', '-c', TERMINAL, 'stall', ...command(`${FLOOD} await flush(100); process.exit(6);`)]);
  const [code] = await once(child, 'exit');
  assert.equal(code, 6);
});

const SYSLOG = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(s.recv(65536).decode().rstrip(), flush=True)
`;

test('a daemon without a terminal logs to syslog with its ident, its process id and a severity', LIMITED, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'syslog-'));
  const socketPath = join(dir, 'log');
  const receiver = start(['python3', '-c', SYSLOG, socketPath]);
  try {
    assert.ok(receiver.stdout);
    const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
    await lines.next();
    const target = `{ kind: 'syslog', ident: 'corosync-qnetd', debugAsInfo: true, socketPath: '${socketPath}' }`;
    const child = start(
      command(
        "logger.warn({ node: 1 }, 'node left'); logger.error({}, 'bad'); logger.debug({}, 'small'); await flush(5_000);",
        target,
      ),
    );
    const received: string[] = [];
    for (let count = 0; count < 3; count += 1) received.push(String((await lines.next()).value));
    if (child.exitCode === null) await once(child, 'exit');
    const shapes = received.map((line) => /^<(\d+)>.* corosync-qnetd\[4711\]: (.*)$/.exec(line)?.slice(1));
    assert.deepEqual(shapes, [
      [String((3 << 3) | 4), 'node left {"node":1}'],
      [String((3 << 3) | 3), 'bad'],
      [String((3 << 3) | 6), 'small'],
    ]);
  } finally {
    receiver.kill();
    await rm(dir, { recursive: true });
  }
});

test('a daemon that has no descriptor left for logger goes on, and so does its log', LIMITED, async () => {
  const body = `
const { openSync, closeSync } = await import('node:fs');
const taken = [];
try {
  for (let count = 0; count < 1_000; count += 1) taken.push(openSync('/dev/null'));
} catch {}
logger.info({}, 'unheard');
for (const fd of taken) closeSync(fd);
await new Promise((resolve) => setTimeout(resolve, 50));
logger.info({}, 'still quiet: a logger that cannot run is not tried with every line');
await flush(100);
process.stdout.write('alive', () => process.exit(7));`;
  const program = command(body, "{ kind: 'syslog', ident: 'corosync-qnetd', debugAsInfo: false }");
  const child = start(['bash', '-c', 'ulimit -n 100; exec "$@"', 'bash', ...program]);
  const [text, errors, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'exit')]);
  assert.deepEqual([text, code], ['alive', 7], errors);
});
