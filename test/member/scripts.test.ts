/**
 * S26 to S29 as scripts, with our core on the embedded cluster engine. What is recorded for `safety=upstream` is
 * what Debian's daemon does on a real corosync: test/lab/scripted-arbiter.lab.test.ts runs it there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allScripts } from './scripts/files.ts';
import { recorded, runScript } from './scripts/run-script.ts';
import { TwinStage } from './scripts/twin-stage.ts';

for (const scenario of allScripts()) {
  test(`${scenario.file}: ${scenario.title}`, async () => {
    assert.deepEqual(await runScript(scenario, new TwinStage(scenario.cluster)), recorded(scenario, 'ours'));
  });
}
