/** Heuristics with real commands. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { HeuristicsResult } from '../../src/member/events.ts';
import { HeuristicsRunner } from '../../src/qdevice/heuristics-runner.ts';
import type { HeuristicsOptions } from '../../src/qdevice/options.ts';

const PLENTY_MS = 60_000;
const STEP_MS = 10;
const STEPS_MAX = 3_000;

interface Rig {
  readonly runner: HeuristicsRunner;
  readonly directory: string;
  readonly results: Map<number, HeuristicsResult>;
  readonly reasons: string[];
  /** The commands under the names c0, c1 ...; `%/` is in the directory. */
  start(run: number, lines: readonly string[], timeoutMs?: number): void;
  result(run: number): Promise<HeuristicsResult>;
  file(name: string): Promise<string>;
}

async function rig(context: TestContext, options: Partial<HeuristicsOptions> = {}): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'heuristics-'));
  const results = new Map<number, HeuristicsResult>();
  const reasons: string[] = [];
  const runner = new HeuristicsRunner({
    searchPath: false,
    processesMax: 160,
    killIntervalMs: 100,
    ...options,
    done: (run, result) => {
      assert.ok(!results.has(run), 'a run has one result');
      results.set(run, result);
    },
    failed: (command, reason) => reasons.push(`${command} ${reason}`),
  });
  context.after(async () => {
    await runner.close();
    await rm(directory, { recursive: true });
  });
  const file = async (name: string) => {
    const path = join(directory, name);
    await until(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'));
    return readFileSync(path, 'utf8').trimEnd();
  };
  return {
    runner,
    directory,
    results,
    reasons,
    file,
    start: (run, lines, timeoutMs = PLENTY_MS) => {
      const commands = lines.map((line, at) => ({ name: `c${at}`, line: line.replaceAll('%/', `${directory}/`) }));
      runner.start(run, commands, timeoutMs);
    },
    result: async (run) => {
      await until(() => results.has(run));
      return results.get(run) ?? 'undefined';
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step += 1) {
    if (condition()) return;
    await pause(STEP_MS);
  }
  assert.fail('what was waited for did not come');
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

test('a run passes when every command ends well', async (context) => {
  const { start, result, reasons, results } = await rig(context);
  start(1, ['/bin/true', '/bin/sh -c "exit 0"', '/bin/true']);
  assert.equal(results.size, 0, 'the result never comes at once');
  assert.equal(await result(1), 'pass');
  assert.deepEqual(reasons, []);
});

test('nothing to run is undefined', async (context) => {
  const { start, result } = await rig(context);
  start(1, []);
  assert.equal(await result(1), 'undefined');
});

test('the first command that fails decides, and the others are ended', async (context) => {
  const { start, result, reasons, file } = await rig(context);
  start(1, [
    '/bin/sh -c "echo $$ > %/pid; exec sleep 1000"',
    '/bin/sh -c "while ! [ -s %/pid ]; do sleep 0.01; done; exit 3"',
  ]);
  assert.equal(await result(1), 'fail');
  assert.deepEqual(reasons, ['c1 ended with status 3']);
  const pid = Number(await file('pid'));
  await until(() => !isAlive(pid));
});

test('a command that is ended by a signal fails', async (context) => {
  const { start, result, reasons } = await rig(context);
  start(1, ['/bin/sh -c "kill -HUP $$"']);
  assert.equal(await result(1), 'fail');
  assert.deepEqual(reasons, ['c0 was ended by SIGHUP']);
});

test('commands run at the same time', async (context) => {
  const { start, result } = await rig(context);
  start(1, [
    '/bin/sh -c "touch %/a; while ! [ -e %/b ]; do sleep 0.01; done"',
    '/bin/sh -c "touch %/b; while ! [ -e %/a ]; do sleep 0.01; done"',
  ]);
  assert.equal(await result(1), 'pass');
});

test('at the time limit the run fails; what ignores TERM is killed, with its children', async (context) => {
  const { start, result, reasons, file } = await rig(context);
  const child = '/bin/sh -c \\"trap : TERM; echo $$ > %/child; while :; do sleep 0.05; done\\"';
  start(
    1,
    [`/bin/sh -c "trap 'echo TERM > %/got' TERM; ${child} & echo $$ > %/pid; while :; do sleep 0.05; done"`],
    500,
  );
  const pids = [Number(await file('pid')), Number(await file('child'))];
  assert.equal(await result(1), 'fail');
  assert.deepEqual(reasons, ['all commands did not end within 500 ms']);
  assert.equal(await file('got'), 'TERM');
  for (const pid of pids) await until(() => !isAlive(pid));
});

test('an abandoned run has no result, and its commands end', async (context) => {
  const { runner, start, result, results, reasons, file } = await rig(context);
  start(1, ['/bin/sh -c "echo $$ > %/pid; exec sleep 1000"']);
  const pid = Number(await file('pid'));
  runner.abandon(1);
  start(2, ['/bin/true']);
  assert.equal(await result(2), 'pass');
  await until(() => !isAlive(pid));
  assert.deepEqual([...results], [[2, 'pass']]);
  assert.deepEqual(reasons, []);
  runner.abandon(1);
  runner.abandon(7);
});

test('what cannot be started fails', async (context) => {
  const { start, result, reasons } = await rig(context);
  start(1, ['%/none']);
  start(2, ['/bin/true', '']);
  start(3, ['/etc/passwd', '/bin/true']);
  start(4, ['/bin/sh -c "exit 0" \0']);
  for (const run of [1, 2, 3]) assert.equal(await result(run), 'fail');
  assert.equal(await result(4), 'pass', 'upstream too ends the line at NUL');
  assert.match(reasons.join('; '), /ENOENT/);
  assert.match(reasons.join('; '), /c1 has no words/);
  assert.match(reasons.join('; '), /EACCES/);
});

test('no more processes than allowed, over all runs', async (context) => {
  const { runner, start, result, reasons, file } = await rig(context, { processesMax: 2 });
  const wait = (name: string) => `/bin/sh -c "echo $$ > %/${name}; exec sleep 1000"`;
  start(1, [wait('one')]);
  start(2, ['/bin/true', '/bin/true']);
  assert.equal(await result(2), 'fail');
  assert.deepEqual(reasons, ['c1 would be more than the 2 processes allowed']);
  const pid = Number(await file('one'));
  runner.abandon(1);
  await until(() => !isAlive(pid));
  start(3, ['/bin/true', '/bin/true']);
  assert.equal(await result(3), 'pass');
});

test('PATH is searched on request only', async (context) => {
  const without = await rig(context);
  without.start(1, ['true']);
  assert.equal(await without.result(1), 'fail');
  const searching = await rig(context, { searchPath: true });
  searching.start(1, ['true']);
  assert.equal(await searching.result(1), 'pass');
});

test('no shell: words reach the command as they are, and its input is empty', async (context) => {
  const { start, result, file, directory } = await rig(context);
  start(1, [
    `/bin/sh -c "printf '%s|' \\"$@\\" $(cat) \\"$0\\" > ${directory}/out; echo >> ${directory}/out" me '*' $HOME "a  b"`,
  ]);
  assert.equal(await result(1), 'pass');
  assert.equal(await file('out'), "'*'|$HOME|a  b|me|");
});

test('close leaves nothing behind', async (context) => {
  const { runner, start, file, results } = await rig(context, { killIntervalMs: PLENTY_MS });
  start(1, ['/bin/sh -c "trap : TERM; echo $$ > %/pid; while :; do sleep 0.05; done"']);
  const pid = Number(await file('pid'));
  await runner.close();
  assert.equal(isAlive(pid), false);
  assert.equal(results.size, 0);
});
