/** The demo on a terminal, which script(1) gives it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRAM, run } from './program.ts';

const ESCAPE = '\u001b';

async function onTerminal(environment: NodeJS.ProcessEnv, columns: number): Promise<string> {
  const command = `stty columns ${columns} rows 24; ${PROGRAM.map((word) => `'${word}'`).join(' ')} --nodes 2`;
  const argv = ['script', '--quiet', '--return', '--command', command, '/dev/null'];
  const { exitCode, stdout, leftBehind } = await run(argv, { environment: { TERM: 'xterm', ...environment } });
  assert.equal(exitCode, 0, stdout);
  assert.deepEqual(leftBehind, []);
  return stdout;
}

test('pictures drawn in place, with and without colour, and lines where there is no room', async () => {
  const [coloured, plain, narrow] = await Promise.all([
    onTerminal({ LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: undefined }, 80),
    onTerminal({ LC_ALL: 'C', NO_COLOR: '1' }, 80),
    onTerminal({ LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: undefined }, 60),
  ]);
  assert.ok(coloured.includes(`${ESCAPE}[32m╭─ quorate`));
  assert.ok(coloured.includes('●1'));
  assert.equal(coloured.split(`${ESCAPE}[?25l`).length, coloured.split(`${ESCAPE}[?25h`).length, 'the cursor is back');
  assert.ok(plain.includes('+- quorate'));
  assert.ok(!plain.includes(`${ESCAPE}[32m`));
  assert.ok(!narrow.includes(ESCAPE));
  for (const text of [coloured, plain, narrow]) assert.match(text, /Every scene ended as the rules say/);
});
