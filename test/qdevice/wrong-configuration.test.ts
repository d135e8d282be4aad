/** The daemon with each wrong value of each key: it ends with one sentence and code 1, and corosync is asked for nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorError } from '../../src/runtime/errors.ts';
import { authority, clusterPair } from '../qnetd/rig.ts';
import { TestNode } from './node.ts';
import { REFUSED } from './refused-values.ts';
import { deviceKeys } from './scripted-corosync.ts';

/** Nobody listens there, and nobody is asked. */
const PORT = 1;
const MODEL = 'quorum.device.model';
const certificates = { caPem: authority.certPem, pair: clusterPair };

for (const [key, values] of REFUSED) {
  test(`${key} with each of ${values.length} wrong values`, async () => {
    // Without a model the section may still come: it is waited for.
    for (const value of values.filter((each) => key !== MODEL || each !== undefined)) {
      const keys = Object.entries(deviceKeys(1, PORT)).filter(([name]) => name !== key);
      const wrong = value === undefined ? keys : [...keys, [key, value] as const];
      const node = new TestNode({ keys: Object.fromEntries(wrong), certificates });
      const error = await node.ended;
      await node.stop();
      assert.ok(error instanceof OperatorError, `${String(value)}: ${String(error)}`);
      assert.equal(error.exitCode, 1);
      assert.ok(error.message.startsWith(`${key} is `), error.message);
      assert.doesNotMatch(error.message, /\n/);
      assert.deepEqual(node.corosync.journal, ['close']);
    }
  });
}
