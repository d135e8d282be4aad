/**
 * Records the outcomes of all scenario files anew; the difference is to be reviewed like code.
 *
 *   npx tsx test/scenarios/rewrite.ts [--from upstream | --strict]
 *
 * From the arbiter's core, or from Debian's corosync-qnetd. The cases that Debian's daemon does not survive always come
 * from the core. `--strict`: those of vote_safety=strict, always from the core.
 */
import { startDaemon } from '../interop/daemon.ts';
import { inParallel } from '../interop/in-parallel.ts';
import { CoreWire } from './core-wire.ts';
import { clusterNameOf, killsUpstream, readScenario, scenarioFiles, writeScenario, writeStrict } from './files.ts';
import { runCase } from './run-case.ts';
import { parseScript, withOutcomes } from './script.ts';
import { SocketWire } from './socket-wire.ts';

const strict = process.argv.includes('--strict');
const upstream = process.argv.includes('upstream') ? await startDaemon('upstream') : undefined;
try {
  await inParallel(scenarioFiles(), 8, async (file) => {
    const outcomes = new Map<number, readonly string[]>();
    for (const scenario of parseScript(file, readScenario(file))) {
      const core = upstream === undefined || killsUpstream(scenario);
      const safety = strict ? 'strict' : 'upstream';
      const wire = core ? new CoreWire({ voteSafety: safety }) : new SocketWire(upstream);
      for (const record of await runCase(scenario, wire, clusterNameOf(scenario))) {
        outcomes.set(record.line, record.outcome);
      }
    }
    const text = withOutcomes(readScenario(file), outcomes);
    if (strict) writeStrict(file, text);
    else writeScenario(file, text);
  });
} finally {
  await upstream?.stop();
}
