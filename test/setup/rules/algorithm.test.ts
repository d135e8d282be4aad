import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { adjustedAlgorithm, chooseAlgorithm, oddDrawbacks } from '../../../src/setup/rules/algorithm.ts';
import { clusterNameFault } from '../../../src/setup/rules/cluster-name.ts';
import type { Finding } from '../../../src/setup/rules/finding.ts';

const levels = (findings: readonly Finding[]) => findings.map(({ id, level }) => `${id} ${level}`);

test('an even cluster gets one vote more, which settles halves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), (half) => {
      const { choice, findings } = chooseAlgorithm(2 * half, { force: false });
      assert.deepEqual(choice, { algorithm: 'ffsplit', deviceVotes: 1, writtenVotes: 1 });
      assert.deepEqual(findings, []);
    }),
  );
});

test('an odd one is refused, and forced gets one vote less than it has nodes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 15 }), (half) => {
      const nodes = 2 * half + 1;
      const refused = chooseAlgorithm(nodes, { force: false });
      assert.equal(refused.choice, undefined);
      assert.deepEqual(levels(refused.findings), ['F5 force']);
      const forced = chooseAlgorithm(nodes, { force: true });
      assert.deepEqual(forced.choice, { algorithm: 'lms', deviceVotes: nodes - 1, writtenVotes: undefined });
      assert.deepEqual(levels(forced.findings), ['F5 force', 'F73 note']);
    }),
  );
});

/** Reckoned by trying, as votequorum counts: more than half of all votes. */
function survives(nodesUp: number, nodes: number, deviceVotes: number, arbiterUp: boolean): boolean {
  const votes = nodesUp + (arbiterUp ? deviceVotes : 0);
  return nodesUp > 0 && votes > (nodes + deviceVotes) / 2;
}

test('the drawbacks are those of this cluster', () => {
  for (let nodes = 3; nodes < 16; nodes += 2) {
    for (let deviceVotes = 1; deviceVotes < nodes; deviceVotes += 1) {
      const text = oddDrawbacks(nodes, deviceVotes);
      const ups = Array.from({ length: nodes }, (_, at) => at + 1);
      const spareToday = nodes - (ups.find((up) => survives(up, nodes, 0, false)) ?? nodes);
      assert.ok(text.includes(`today any ${spareToday} of them may fail`), text);
      const fewest = ups.find((up) => survives(up, nodes, deviceVotes, true)) ?? nodes;
      assert.match(text, new RegExp(`with it ${fewest} nodes? would go on as the whole cluster`));
      const spareAlone = nodes - (ups.find((up) => survives(up, nodes, deviceVotes, false)) ?? nodes);
      const alone = spareAlone === 0 ? /losing the tiebreaker plus one node stops/ : `away only ${spareAlone} may fail`;
      assert.match(text, new RegExp(alone));
    }
  }
});

test('wishes are granted where they make sense', () => {
  assert.equal(chooseAlgorithm(4, { algorithm: 'lms', force: false }).choice?.deviceVotes, 3);
  assert.equal(chooseAlgorithm(4, { algorithm: 'lms', votes: 2, force: false }).choice?.writtenVotes, 2);
  assert.equal(chooseAlgorithm(2, { votes: 1, force: false }).choice?.algorithm, 'ffsplit');
  for (const wish of [{ votes: 2 }, { algorithm: 'lms', votes: 0 }, { algorithm: 'lms', votes: 4 }] as const) {
    assert.equal(chooseAlgorithm(4, { ...wish, force: true }).choice, undefined);
  }
  assert.equal(chooseAlgorithm(3, { algorithm: 'ffsplit', force: true }).choice, undefined);
  assert.equal(chooseAlgorithm(1, { force: true }).choice, undefined);
});

test('names that some tool on the way reads as something else are refused', () => {
  for (const name of ['lab', 'my_cluster-1', 'a.b', 'zwei Wörter', 'x'.repeat(64)]) {
    assert.equal(clusterNameFault(name), undefined, name);
  }
  for (const name of ['', 'a,b', 'a+b', 'q"z', 'CN=x', '../x', '.x', '-n', ' x', 'a\nb', '$(x)', 'x'.repeat(65)]) {
    assert.notEqual(clusterNameFault(name), undefined, name);
  }
});

test('after nodes came or went the device follows, unless that needs --force or nothing has to change', () => {
  const become = (nodes: number, algorithm: string, votes: number | undefined, force = false) => {
    const choice = adjustedAlgorithm(nodes, { algorithm, votes }, force);
    return choice && [choice.algorithm, choice.writtenVotes];
  };
  assert.deepEqual(become(4, 'ffsplit', 1), undefined);
  assert.deepEqual(become(3, 'ffsplit', 1), undefined);
  assert.deepEqual(become(3, 'ffsplit', 1, true), ['lms', undefined]);
  assert.deepEqual(become(4, 'lms', undefined), ['ffsplit', 1]);
  assert.deepEqual(become(5, 'lms', 3), undefined);
  assert.deepEqual(become(3, 'lms', 3), ['lms', undefined]);
  assert.deepEqual(become(2, '2nodelms', undefined), undefined);
});
