/** The demo as a process, without a terminal. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { storyOf } from '../../src/demo/story.ts';
import type { DemoAlgorithm } from '../../src/demo/world.ts';
import { runDemo } from './program.ts';

const LAST = /\nEvery scene ended as the rules say; never were two partitions quorate\. \(\d+ s\)\n$/;

function assertPlayed(stdout: string, nodeCount: number, seed?: number, algorithm?: DemoAlgorithm): void {
  const scenes = storyOf(nodeCount, seed, algorithm);
  let from = 0;
  for (const [index, { title, happens }] of scenes.entries()) {
    const line = `\n${index + 1}/${scenes.length} ${title}. ${happens}\n`;
    const at = stdout.indexOf(line, from);
    assert.ok(at >= from, `after ${from}: ${line}${stdout}`);
    from = at + line.length;
  }
  assert.match(stdout, LAST);
  assert.match(stdout, /^[\x20-\x7e\n]*$/, 'plain lines');
}

describe('the demo', { concurrency: 12 }, () => {
  test('four nodes, in the order of the manual', async () => {
    const { exitCode, stdout, stderr, leftBehind } = await runDemo([]);
    assert.deepEqual([exitCode, stderr, leftBehind], [0, '', []]);
    assertPlayed(stdout, 4);
    const split = stdout.slice(stdout.indexOf('\n2/7 Two against two'), stdout.indexOf('\n3/7'));
    assert.match(
      split,
      /\n {4}\[1\* 2\*\] quorate \(votes: 2 \+ 1, needs 3\) {2}\[3 4\] not quorate \(votes: 2, needs 3\)\n/,
    );
    assert.match(split, /The partition of nodes 1 and 2 gets the arbiter's vote: it contains the tie-breaker node/);
    assert.match(stdout, /\n {4}The arbiter is away, and its vote with it\.\n/);
  });

  test('two nodes: one without the arbiter is not enough', async () => {
    const { exitCode, stdout } = await runDemo(['--nodes', '2']);
    assert.equal(exitCode, 0, stdout);
    assertPlayed(stdout, 2);
    assert.match(stdout, /it is the only half that the arbiter can see \(only half\)/);
    assert.match(stdout, /\n {4}Node 1 stops: it has 1 vote, and 2 are needed\.\n/);
  });

  for (const [nodeCount, seed] of [
    [3, 5],
    [6, 16],
    [8, 3],
  ] as const) {
    test(`${nodeCount} nodes as seed ${seed} draws it`, async () => {
      const { exitCode, stdout, stderr } = await runDemo(['--nodes', String(nodeCount), '--seed', String(seed)]);
      assert.equal(exitCode, 0, stdout + stderr);
      assertPlayed(stdout, nodeCount, seed);
    });
  }

  for (const [algorithm, nodeCount, seed, words] of [
    ['lms', 4, undefined, "Node 4 goes on: 1 vote and the arbiter's 3 make 4, and 4 are needed."],
    ['lms', 5, 6, "gets the arbiter's 4 votes: "],
    [
      '2nodelms',
      2,
      undefined,
      "The partition of node 2 gets the arbiter's vote: the other node is not connected (last man).",
    ],
    [
      'test',
      4,
      undefined,
      "Every partition gets the arbiter's vote: this algorithm gives it to everybody who asks (test).",
    ],
  ] as const) {
    test(`${algorithm} with ${nodeCount} nodes${seed === undefined ? '' : ` as seed ${seed} draws it`}`, async () => {
      const wishes = [
        '--algorithm',
        algorithm,
        ...(seed === undefined ? [] : ['--seed', `${seed}`, '--nodes', `${nodeCount}`]),
      ];
      const { exitCode, stdout, stderr, leftBehind } = await runDemo(wishes);
      assert.deepEqual([exitCode, stderr, leftBehind], [0, '', []], stdout);
      assertPlayed(stdout, nodeCount, seed, algorithm);
      assert.ok(stdout.includes(words), stdout);
    });
  }

  test('Ctrl-C in the middle takes everything down', async () => {
    const { exitCode, stderr, leftBehind } = await runDemo([], { interruptAt: '[1* 2*] quorate' });
    assert.deepEqual([exitCode, stderr], [130, 'Stopped; everything is taken down again.\n']);
    assert.deepEqual(leftBehind, []);
  });

  const mistakes: readonly (readonly [readonly string[], string])[] = [
    [['--nodes', '9'], '--nodes is "9". Give a number from 2 to 8.\n'],
    [['--nodes', '1'], '--nodes is "1". Give a number from 2 to 8.\n'],
    [['--seed', 'x'], '--seed is "x". Give a number from 0 to 4294967295.\n'],
    [['--algorithm', 'coin'], '"coin" is no algorithm. Use ffsplit, lms, 2nodelms or test.\n'],
    [
      ['--algorithm', '2nodelms', '--nodes', '4'],
      '--nodes is "4". 2nodelms is for two nodes: leave --nodes out, or use --algorithm lms.\n',
    ],
    [
      ['--algorithm', 'test', '--nodes', '3'],
      '--nodes is "3". test is shown with 4 to 8 nodes: with fewer both sides of a split would go on.\n',
    ],
    [['--what'], 'Unknown argument: what. See npm run demo -- --help.\n'],
    [['--nodes'], 'Not enough arguments following: nodes. See npm run demo -- --help.\n'],
  ];
  for (const [args, sentence] of mistakes) {
    test(`${args.join(' ')} is a mistake in one sentence`, async () => {
      const { exitCode, stdout, stderr } = await runDemo(args);
      assert.deepEqual([exitCode, stdout, stderr], [1, '', sentence]);
    });
  }

  test('--help names every option', async () => {
    const { exitCode, stdout } = await runDemo(['--help']);
    assert.equal(exitCode, 0);
    for (const option of ['--nodes', '--algorithm', '--seed']) assert.ok(stdout.includes(option));
  });
});
