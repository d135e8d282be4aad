import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const MODULE = new URL('../../src/runtime/signals.ts', import.meta.url).href;

/** A process that says what its handlers were asked, and ends by itself when it reads a line. */
const PROGRAM = `
import { onSignals } from '${MODULE}';
onSignals({ stop: (signal) => console.log('stop ' + signal), reload: () => console.log('reload') });
process.stdin.once('data', () => process.exit(0));
console.log('ready');
`;

async function withProgram(
  use: (signal: (name: NodeJS.Signals) => void, line: () => Promise<string>) => Promise<void>,
): Promise<number | null> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  // It may have ended before it is told to.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  try {
    assert.equal(await line(), 'ready');
    const ended = once(child, 'exit');
    await use((name) => child.kill(name), line);
    child.stdin.end('end\n');
    const [code] = await ended;
    return code;
  } finally {
    child.kill('SIGKILL');
  }
}

test('the first SIGTERM or SIGINT asks to stop and leaves the end to the program', async () => {
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    const code = await withProgram(async (signal, line) => {
      signal(name);
      assert.equal(await line(), `stop ${name}`);
    });
    assert.equal(code, 0);
  }
});

test('a second one ends the process at once with exit code 1', async () => {
  const code = await withProgram(async (signal, line) => {
    signal('SIGTERM');
    assert.equal(await line(), 'stop SIGTERM');
    signal('SIGINT');
    assert.equal(await line(), 'undefined');
  });
  assert.equal(code, 1);
});

test('SIGHUP asks to reload, as often as it comes', async () => {
  const code = await withProgram(async (signal, line) => {
    signal('SIGHUP');
    assert.equal(await line(), 'reload');
    signal('SIGHUP');
    assert.equal(await line(), 'reload');
  });
  assert.equal(code, 0);
});
