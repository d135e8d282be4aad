/** Databases of NSS whose bytes are damaged: imported, refused with an operator's sentence, or passed over, never anything else. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { loadNodeIdentity } from '../../src/certs/node-identity.ts';
import { OperatorError } from '../../src/runtime/errors.ts';
import { output, scratchDirectory, upstreamArbiterScript, upstreamNodeScript } from '../certs/tools.ts';
import { edited } from './mutate.ts';
import { anyEdit } from './property.ts';

/** Each takes NSS's own tools, three quarters of a second together. */
const RUNS = 12;
const NICKNAME = 'Cluster Cert';

const scratch = scratchDirectory('fuzz-nss');
const store = join(scratch, 'net/nssdb');

before(() => {
  const arbiter = upstreamArbiterScript(scratch, join(scratch, 'qnetd'));
  output(arbiter, ['-i', '-G']);
  const node = upstreamNodeScript(scratch, join(scratch, 'net'));
  output(node, ['-i', '-c', join(scratch, 'qnetd/nssdb/qnetd-cacert.crt')]);
  output(node, ['-r', '-n', 'lab']);
  output(arbiter, ['-s', '-c', join(store, 'qdevice-net-node.crq'), '-n', 'lab']);
  output(node, ['-M', '-c', join(scratch, 'qnetd/nssdb/cluster-lab.crt')]);
  rmSync(join(store, 'qdevice-net-node.p12')); // it would be read instead
});

test('an undamaged one is read', async () => {
  const directory = join(scratch, 'sound');
  cpSync(store, directory, { recursive: true });
  assert.ok((await loadNodeIdentity(directory, NICKNAME))?.identity.pair);
});

test('a damaged one is refused with a sentence if it cannot be read', async () => {
  const anyFile = fc.constantFrom('cert9.db', 'key4.db');
  const edits = fc.array(anyEdit, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(anyFile, edits, async (file, changes) => {
      const directory = mkdtempSync(join(scratch, 'damaged-'));
      cpSync(store, directory, { recursive: true });
      const bytes = readFileSync(join(store, file));
      writeFileSync(join(directory, file), edited(bytes, changes, bytes.length));
      await loadNodeIdentity(directory, NICKNAME).catch((error: unknown) => {
        if (!(error instanceof OperatorError)) throw error;
      });
      rmSync(directory, { recursive: true });
    }),
    { numRuns: RUNS },
  );
});
