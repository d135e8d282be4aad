import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { initCommand } from '../../src/cli/qnetd-init.ts';
import { signCommand } from '../../src/cli/qnetd-sign.ts';
import { contentOf, output, scratchDirectory, upstreamArbiterScript } from '../certs/tools.ts';

const scratch = scratchDirectory('commands');
const stateDir = join(scratch, 'state');

const ORDER = {
  stateDir,
  cluster: 'testcl',
  out: undefined,
  validDays: undefined,
  endorsement: undefined,
  replace: false,
};

async function run(command: (output: { out(line: string): void; err(line: string): void }) => Promise<number>) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command({ out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err };
}

function makeRequest(name: string): string {
  const request = join(scratch, `${name}.csr`);
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(scratch, `${name}.key`)];
  output('openssl', ['req', '-new', ...key, '-subj', `/CN=${name}`, '-out', request]);
  return request;
}

test('init makes an authority and tells its fingerprint; repeated, it changes nothing', async () => {
  const first = await run((to) => initCommand({ stateDir }, to));
  assert.deepEqual([first.code, first.err], [0, []]);
  assert.match(first.out.join('\n'), /Made a new authority/);
  const { fingerprint256 } = new X509Certificate(readFileSync(join(stateDir, 'ca.pem')));
  assert.ok(first.out.join('\n').includes(fingerprint256));
  const before = contentOf(stateDir);
  const second = await run((to) => initCommand({ stateDir }, to));
  assert.match(second.out.join('\n'), /already in/);
  assert.ok(second.out.join('\n').includes(fingerprint256));
  assert.deepEqual(contentOf(stateDir), before);
});

test('init imports what upstream has made', async () => {
  output(upstreamArbiterScript(scratch, join(scratch, 'qnetd')), ['-i']);
  const { code, out } = await run((to) => initCommand({ stateDir: join(scratch, 'qnetd/nssdb') }, to));
  assert.equal(code, 0);
  assert.match(out.join('\n'), /Imported the authority/);
});

test('sign stores the certificate in the usual place, or in the file that is named', async () => {
  const request = makeRequest('testcl');
  const usual = join(stateDir, 'cluster-testcl.crt');
  const order = { ...ORDER, request };
  assert.deepEqual(await run((to) => signCommand(order, to)), {
    code: 0,
    out: [`Certificate stored in ${usual}`],
    err: [],
  });
  const named = join(scratch, 'named.crt');
  assert.equal((await run((to) => signCommand({ ...order, out: named }, to))).code, 0);
  for (const file of [usual, named]) {
    output('openssl', ['verify', '-CAfile', join(stateDir, 'ca.pem'), file]);
  }
});

test('a mistake is one line on standard error and an exit code', async () => {
  const request = makeRequest('other');
  const out = join(scratch, 'refused.crt');
  const refused = await run((to) => signCommand({ ...ORDER, request, out }, to));
  assert.deepEqual([refused.code, refused.out, refused.err.length], [1, [], 1]);
  assert.match(refused.err.join(), /for "other", not for "testcl"/);
  assert.ok(!existsSync(out));
  const failed = await run((to) => initCommand({ stateDir: join(request, 'below') }, to));
  assert.deepEqual([failed.code, failed.out, failed.err.length], [1, [], 1]);
});
