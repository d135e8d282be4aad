/**
 * Records the outcomes of the node's scripts anew, from our core; the difference is to be reviewed like code, and where
 * Debian's daemon differs `| ours:` is to be put in by hand.
 *
 *   npx tsx test/member/scripts/rewrite.ts
 */
import { parseScript, withOutcomes } from '../../scenarios/script.ts';
import { readScript, scriptFiles, writeScript } from './files.ts';
import { runScript } from './run-script.ts';
import { TwinStage } from './twin-stage.ts';

for (const file of scriptFiles()) {
  const outcomes = new Map<number, readonly string[]>();
  for (const scenario of parseScript(file, readScript(file))) {
    for (const { line, outcome } of await runScript(scenario, new TwinStage(scenario.cluster))) {
      outcomes.set(line, outcome);
    }
  }
  writeScript(file, withOutcomes(readScript(file), outcomes));
}
