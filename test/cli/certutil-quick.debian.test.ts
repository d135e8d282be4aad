/** `-Q` with upstream's arbiter, over a stand-in for ssh that runs each "host" in a directory of its own. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadNodeIdentity } from '../../src/certs/node-identity.ts';
import { nodeCertutil } from '../../src/cli/certutil-node.ts';
import { scratchDirectory, upstreamArbiterScript } from '../certs/tools.ts';

const ARBITER_PLACE = '/etc/corosync/qnetd/nssdb';
const NODE_PLACE = '/node/nssdb';

interface Stage {
  readonly scratch: string;
  readonly program: string;
  readonly ssh: string;
}

/** Paths below the places are those of the "host"; its shell greets everybody who logs in. */
function stage(name: string): Stage {
  const scratch = scratchDirectory(name);
  const arbiter = upstreamArbiterScript(scratch, join(scratch, 'arbiter/qnetd'));
  const tool = fileURLToPath(new URL('../../src/cli/bin/corosync-qdevice-net-certutil.ts', import.meta.url));
  const program = join(scratch, 'node-tool');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} --import ${import.meta.resolve('tsx')} ${tool} "$@"\n`);
  const ssh = join(scratch, 'ssh');
  const translated = `sed -e "s|${ARBITER_PLACE}|${scratch}/arbiter/qnetd/nssdb|g" -e "s|${NODE_PLACE}|${scratch}/$host/nssdb|g"`;
  const lines = [
    '#!/bin/bash',
    'host=$(echo "$1" | cut -d@ -f2)',
    `[ -d "${scratch}/$host" ] || { echo "ssh: connect to host $host port 22: No route to host" >&2; exit 255; }`,
    'echo "Welcome to $host"',
    `command=$(printf %s "$2" | ${translated} -e "s|corosync-qnetd-certutil|${arbiter}|g")`,
    `exec bash -c "$command" 2> >(cat >&2)`,
  ];
  writeFileSync(ssh, `${lines.join('\n')}\n`);
  for (const file of [program, ssh]) chmodSync(file, 0o755);
  for (const node of ['n1', 'n2', 'n3']) mkdirSync(join(scratch, node));
  return { scratch, program, ssh };
}

async function quickStart({ program, ssh }: Stage, ...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const output = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await nodeCertutil({ args: ['--state', NODE_PLACE, '-S', ssh, '-Q', ...args], program, output });
  return { code, out, err };
}

test('one command gives every node the certificate of the cluster', async () => {
  const { scratch, ...rest } = stage('quick');
  const done = await quickStart({ scratch, ...rest }, '-n', 'tst', 'arbiter', 'n1', 'n2', 'n3');
  assert.deepEqual([done.code, done.err], [0, []]);
  assert.ok(done.out.some((line) => line.startsWith('Certificate stored in')));
  const serials = new Set<string>();
  for (const node of ['n1', 'n2', 'n3']) {
    const { identity } = (await loadNodeIdentity(join(scratch, node, 'nssdb'), 'Cluster Cert')) ?? assert.fail(node);
    serials.add(new X509Certificate(identity.pair?.certPem ?? '').serialNumber);
  }
  assert.equal(serials.size, 1);
  assert.ok(!existsSync('/tmp/qdevice-net-node.crq'));
  const again = await quickStart({ scratch, ...rest }, '-n', 'tst', 'arbiter', 'n1', 'n2', 'n3');
  assert.equal(again.code, 1);
  assert.match(again.err.join(), /^Node n1 is initialised already\./);
});

test('what goes wrong is one sentence that names the host', async () => {
  const set = stage('quick-wrong');
  const nobody = await quickStart(set, '-n', 'tst', 'arbiter', 'n1', 'n9');
  assert.deepEqual([nobody.code, nobody.out], [1, []]);
  assert.match(nobody.err.join('\n'), /^n9 cannot be reached \(.*No route to host\)\. See that ssh root@n9 works\.$/);
  assert.equal(existsSync(join(set.scratch, 'n1/nssdb')), false);
  const noArbiter = await quickStart(set, '-n', 'tst', 'elsewhere', 'n1');
  assert.match(noArbiter.err.join('\n'), /^elsewhere cannot give .*qnetd-cacert\.crt \(/);
  const bare = readFileSync(set.program, 'utf8');
  rmSync(set.program);
  assert.match((await quickStart(set, '-n', 'tst', 'arbiter', 'n1')).err.join('\n'), /^Node n1 has no /);
  writeFileSync(set.program, bare.replace('exec', 'case "$*" in *-r*) echo no luck >&2; exit 1; esac; exec'), {
    mode: 0o755,
  });
  const failed = await quickStart(set, '-n', 'tst', 'arbiter', 'n1');
  assert.match(failed.err.join('\n'), /^n1 failed at: .* -r -n 'tst' \(no luck\)\./);
  const noSsh = await quickStart({ ...set, ssh: '/nowhere/ssh' }, '-n', 'tst', 'arbiter', 'n1');
  assert.match(noSsh.err.join('\n'), /^\/nowhere\/ssh cannot be started\./);
});
