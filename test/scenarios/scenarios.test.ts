/** The recorded outcomes of all scenarios, held against the core. The daemons' turn is in test/interop. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CoreWire } from './core-wire.ts';
import { allCases, clusterNameOf, readScenario, readStrict, scenarioFiles, strictCases } from './files.ts';
import { runCase } from './run-case.ts';
import { parseScript, withOutcomes } from './script.ts';

describe('the core decides as recorded', () => {
  for (const scenario of allCases()) {
    test(clusterNameOf(scenario), async () => {
      const records = await runCase(scenario, new CoreWire(), clusterNameOf(scenario));
      assert.deepEqual(
        records.map(({ command, outcome }) => ({ command, outcome })),
        scenario.commands.map(({ text, outcome }) => ({ command: text, outcome })),
      );
    });
  }
});

describe('the core decides as recorded under vote_safety=strict', () => {
  for (const scenario of strictCases()) {
    test(clusterNameOf(scenario), async () => {
      const records = await runCase(scenario, new CoreWire({ voteSafety: 'strict' }), clusterNameOf(scenario));
      assert.deepEqual(
        records.map(({ command, outcome }) => ({ command, outcome })),
        scenario.commands.map(({ text, outcome }) => ({ command: text, outcome })),
      );
    });
  }

  test('the commands are those that upstream is given', () => {
    const commands = (cases: ReturnType<typeof allCases>) =>
      cases.map(({ title, cluster, commands: all }) => ({ title, cluster, all: all.map(({ text }) => text) }));
    assert.deepEqual(commands(strictCases()), commands(allCases()));
    assert.ok(scenarioFiles().some((file) => readStrict(file) !== readScenario(file)));
  });
});

describe('scenario files', () => {
  test('putting the recorded outcomes in their place changes nothing', () => {
    for (const file of scenarioFiles()) {
      const text = readScenario(file);
      const outcomes = parseScript(file, text).flatMap(({ commands }) => commands);
      assert.equal(withOutcomes(text, new Map(outcomes.map(({ line, outcome }) => [line, outcome]))), text);
    }
  });

  test('a new outcome replaces the old one and leaves comments, blank lines and other commands alone', () => {
    const text = [
      '# why',
      '== title',
      'cluster nodes=1',
      '',
      '1 init 1.4  # first',
      '    old',
      '',
      'up',
      '    kept',
    ].join('\n');
    const rewritten = withOutcomes(text, new Map([[4, ['new', ';;', 'newer']]]));
    assert.deepEqual(rewritten.split('\n').slice(4), [
      '1 init 1.4  # first',
      '    new',
      '    ;;',
      '    newer',
      '',
      'up',
      '    kept',
    ]);
  });

  test('a command is nodes, a verb and words', () => {
    const [scenario] = parseScript(
      'x.txt',
      '== title\ncluster nodes=1,2 tie-breaker=highest\n1,2b answer #3  # late\n',
    );
    assert.deepEqual(scenario, {
      file: 'x.txt',
      title: 'title',
      cluster: { nodes: '1,2', 'tie-breaker': 'highest' },
      commands: [{ line: 2, text: '1,2b answer #3', labels: ['1', '2b'], verb: 'answer', words: ['#3'], outcome: [] }],
    });
  });

  test('what is no command is refused, with its line', async () => {
    const [scenario] = parseScript('x.txt', '== title\ncluster nodes=1,2\n1 dances\n');
    assert(scenario !== undefined);
    await assert.rejects(runCase(scenario, new CoreWire(), 'x'), /line 3: 1 dances/);
    assert.throws(() => parseScript('x.txt', 'up\n'), /x\.txt:1: a command outside a case/);
  });
});
