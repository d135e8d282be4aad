import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ASCII, type Moment, pictureOf, UNICODE } from '../../src/demo/picture.ts';
import { screenFor } from '../../src/demo/screen.ts';
import { type Scene, storyOf } from '../../src/demo/story.ts';
import { explanation } from '../../src/demo/words.ts';
import { anyStory } from './any-story.ts';
import { seenAsExpected } from './seen.ts';

const plainStyle = (glyphs: typeof UNICODE) => ({ glyphs, paint: (_tone: string, text: string) => text });

function endOf(scene: Scene): Moment {
  const seen = seenAsExpected(scene);
  return { scene, number: 2, count: 7, seen, verdict: explanation(scene, seen) };
}

function splitEnd(): Moment {
  const [, scene] = storyOf(4, undefined);
  assert.ok(scene);
  return endOf(scene);
}

test('two against two', () => {
  assert.deepEqual(pictureOf(splitEnd(), plainStyle(UNICODE)), [
    ' 2/7  Two against two',
    "      The cluster's own network is cut: nodes 1 and 2 | nodes 3 and 4. All still",
    '      reach the arbiter.',
    '',
    '  arbiter ────┐',
    '              ▼',
    '  ╭─ quorate ────────────╮   ╭─ not quorate ────────╮',
    '  │ ●1 ●2                │ ╳ │ ○3 ○4                │',
    '  │ votes 2 + 1, needs 3 │ ╳ │ votes 2, needs 3     │',
    '  ╰──────────────────────╯   ╰──────────────────────╯',
    '',
    "  The partition of nodes 1 and 2 gets the arbiter's vote: it contains the",
    '    tie-breaker node, of two equal halves (tie-breaker).',
    "  Nodes 1 and 2 go on: 2 votes and the arbiter's make 3, and 3 are needed.",
    '  Nodes 3 and 4 stop: they have 2 votes, and 3 are needed.',
    '',
    '',
    '',
  ]);
});

test('with the algorithm test both sides have the vote', () => {
  const [, scene] = storyOf(4, undefined, 'test');
  assert.ok(scene);
  assert.deepEqual(pictureOf(endOf(scene), plainStyle(UNICODE)).slice(4, 14), [
    '  arbiter ────┬──────────────────────────┐',
    '              ▼                          ▼',
    '  ╭─ quorate ────────────╮   ╭─ not quorate ────────╮',
    '  │ ●1 ●2 ●3             │ ╳ │ ●4                   │',
    '  │ votes 3 + 1, needs 3 │ ╳ │ votes 1 + 1, needs 3 │',
    '  ╰──────────────────────╯   ╰──────────────────────╯',
    '',
    "  Every partition gets the arbiter's vote: this algorithm gives it to",
    '    everybody who asks (test).',
    "  Nodes 1, 2 and 3 go on: 3 votes and the arbiter's make 4, and 3 are needed.",
  ]);
});

test('whatever is drawn has at most 80 columns and fits a screen of 24 rows', () => {
  fc.assert(
    fc.property(anyStory, fc.constantFrom(UNICODE, ASCII), (scenes, glyphs) => {
      for (const scene of scenes) {
        const lines = pictureOf(endOf(scene), plainStyle(glyphs));
        for (const line of lines) assert.ok(line.length <= 80, line);
        assert.ok(lines.length < 20, `${lines.length} lines`);
      }
    }),
  );
});

const ESCAPE = '\u001b';
const terminal = { columns: 80, rows: 24 };

function shownOn(ports: Partial<Parameters<typeof screenFor>[0]>): string {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const screen = screenFor({ write, environment: { LANG: 'C.UTF-8' }, terminal, ...ports });
  const end = splitEnd();
  screen.show({ ...end, verdict: [] });
  screen.show({ ...end, verdict: [] });
  screen.end(end);
  screen.close();
  return text;
}

test('a terminal is drawn over in place, in colour, and gets its cursor back', () => {
  const text = shownOn({});
  assert.equal(text.split('Two against two').length, 3, 'two pictures: what is the same is not drawn again');
  const { length } = pictureOf(splitEnd(), plainStyle(UNICODE));
  assert.ok(text.includes(`${ESCAPE}[${length}A`), 'up to the first line of the picture');
  assert.ok(text.includes(`${ESCAPE}[32m`));
  assert.ok(text.endsWith(`${ESCAPE}[?25h`));
});

test('NO_COLOR, a locale without UTF-8, a terminal too small and none at all', () => {
  const uncoloured = shownOn({ environment: { NO_COLOR: '', LANG: 'C.UTF-8' } });
  for (const code of ['0', '1', '31', '32', '33']) assert.ok(!uncoloured.includes(`${ESCAPE}[${code}m`));
  assert.match(shownOn({ environment: { LANG: 'C' } }).replaceAll(ESCAPE, ''), /^[\x20-\x7e\n]*$/);
  const plain = [
    { terminal: undefined },
    { terminal: { columns: 79, rows: 24 } },
    { terminal: { columns: 80, rows: 10 } },
    { environment: { TERM: 'dumb' } },
  ];
  for (const ports of plain) {
    const text = shownOn(ports);
    assert.match(text, /^[\x20-\x7e\n]*$/);
    assert.match(text, /^2\/7 Two against two\. The cluster's own network is cut/);
    assert.match(text, /\n {4}\[1\* 2\*\] quorate \(votes: 2 \+ 1, needs 3\) {2}\[3 4\] not quorate/);
    assert.match(text, /\n {4}Nodes 3 and 4 stop: they have 2 votes, and 3 are needed\.\n$/);
  }
});
