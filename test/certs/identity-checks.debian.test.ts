/** Identities made by openssl, right and wrong ones, and what openssl says of ours. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadOrCreateServerIdentity } from '../../src/certs/identity.ts';
import { signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import { output, rejectsOperator, scratchDirectory } from './tools.ts';

const scratch = scratchDirectory('checks');

test('openssl accepts what is made here', async () => {
  const made = join(scratch, 'made');
  await loadOrCreateServerIdentity(made);
  const [ca, server] = [join(made, 'ca.pem'), join(made, 'server.pem')];
  output('openssl', ['verify', '-purpose', 'sslserver', '-CAfile', ca, server]);
  assert.match(output('openssl', ['x509', '-in', join(made, 'qnetd-cacert.crt'), '-noout', '-subject']), /QNet CA/);
});

test('a key with a password cannot be served with', async () => {
  const made = join(scratch, 'locked');
  await loadOrCreateServerIdentity(made);
  const [key, plain] = [join(made, 'server.key'), join(scratch, 'plain.key')];
  output('openssl', ['pkey', '-in', key, '-out', plain]);
  rmSync(key);
  output('openssl', ['pkcs8', '-topk8', '-in', plain, '-out', key, '-passout', 'pass:x']);
  await rejectsOperator(loadOrCreateServerIdentity(made), /server\.key holds no private key .* without a password/);
});

interface Forgery {
  readonly caDays?: readonly [string, string];
  readonly serverDays?: readonly [string, string];
  readonly caExtension?: string;
  readonly serverExtension?: string;
  readonly serverSubject?: string;
  readonly bits?: number;
  readonly digest?: string;
}

/** An identity that openssl makes, to be wrong in one way. Dates are what `openssl ca` takes. */
function forge(name: string, forgery: Forgery): string {
  const directory = join(scratch, name);
  mkdirSync(directory);
  const config = join(directory, 'openssl.cnf');
  const { caExtension = 'basicConstraints=critical,CA:TRUE', serverExtension = '' } = forgery;
  writeFileSync(
    config,
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${directory}/index\nrand_serial=yes\nnew_certs_dir=${directory}\npolicy=p\n[p]\n` +
      `commonName=supplied\n[req]\ndistinguished_name=dn\n[dn]\n[ca_ext]\n${caExtension}\n[server_ext]\n${serverExtension}\n`,
  );
  writeFileSync(join(directory, 'index'), '');
  const digest = forgery.digest ?? 'sha256';
  const issue = (who: string, subject: string, days: readonly [string, string], args: readonly string[]) => {
    const [key, csr, pem] = ['key', 'csr', 'pem'].map((end) => join(directory, `${who}.${end}`));
    if (key === undefined || csr === undefined || pem === undefined) return;
    output('openssl', ['genrsa', '-out', key, String(forgery.bits ?? 2048)]);
    output('openssl', ['req', '-new', '-key', key, '-subj', subject, '-config', config, '-out', csr]);
    const dates = ['-startdate', days[0], '-enddate', days[1]];
    output('openssl', [
      'ca',
      '-batch',
      '-notext',
      '-config',
      config,
      '-md',
      digest,
      '-in',
      csr,
      '-out',
      pem,
      ...dates,
      ...args,
    ]);
  };
  const always = ['20200101000000Z', '21200101000000Z'] as const;
  issue('ca', '/CN=QNet CA', forgery.caDays ?? always, [
    '-selfsign',
    '-keyfile',
    join(directory, 'ca.key'),
    '-extensions',
    'ca_ext',
  ]);
  const authority = ['-keyfile', join(directory, 'ca.key'), '-cert', join(directory, 'ca.pem')];
  issue('server', forgery.serverSubject ?? '/CN=Qnetd Server', forgery.serverDays ?? always, [
    ...authority,
    '-extensions',
    'server_ext',
  ]);
  return directory;
}

test('certificates that nodes would refuse are refused at start, with the reason', async () => {
  const past = ['20200101000000Z', '20210101000000Z'] as const;
  const forgeries: readonly (readonly [string, Forgery, RegExp])[] = [
    ['no-ca', { caExtension: 'basicConstraints=critical,CA:FALSE' }, /ca\.pem is not that of an authority/],
    ['ca-expired', { caDays: past }, /ca\.pem is valid from 2020-01-01.* to 2021-01-01.*clock here says 2/],
    ['name', { serverSubject: '/CN=somebody' }, /server\.pem is not for "Qnetd Server"/],
    ['alternative', { serverExtension: 'subjectAltName=DNS:somebody' }, /server\.pem is not for "Qnetd Server"/],
    ['short', { bits: 1024 }, /ca\.pem has a key of only 1024 bits/],
    ['sha1', { digest: 'sha1' }, /ca\.pem has a signature weaker than SHA-256/],
  ];
  for (const [name, forgery, expected] of forgeries) {
    await rejectsOperator(loadOrCreateServerIdentity(forge(name, forgery)), expected);
  }
});

test('an identity made by other means serves, and an expired server certificate is only noted', async () => {
  assert.deepEqual((await loadOrCreateServerIdentity(forge('good', {}))).notes, []);
  const named = forge('named', { serverExtension: 'subjectAltName=DNS:Qnetd Server' });
  assert.equal((await loadOrCreateServerIdentity(named)).origin, 'loaded');
  const expired = forge('expired', { serverDays: ['20200101000000Z', '20210101000000Z'] });
  const { notes } = await loadOrCreateServerIdentity(expired);
  assert.match(notes.join(), /server\.pem is valid from 2020.* to 2021/);
});

test('with a clock that is far behind it serves with a note, and nothing is signed', async () => {
  const future = ['21000101000000Z', '21200101000000Z'] as const;
  const stateDir = forge('early', { caDays: future, serverDays: future });
  const { origin, notes } = await loadOrCreateServerIdentity(stateDir);
  assert.equal(origin, 'loaded');
  const [ofAuthority, ofServer, ...rest] = notes;
  assert.match(ofAuthority ?? '', /ca\.pem is valid from 2100.* clock here says 2.* Set the clock right/);
  assert.match(ofServer ?? '', /server\.pem is valid from 2100/);
  assert.deepEqual(rest, []);
  const requestFile = join(scratch, 'testcl.crq');
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${requestFile}.key`];
  output('openssl', ['req', '-new', ...key, '-subj', '/CN=testcl', '-outform', 'DER', '-out', requestFile]);
  const order = { stateDir, clusterName: 'testcl', requestFile, otherName: 'refuse' } as const;
  await rejectsOperator(
    signClusterCertificate(order),
    /ca\.pem is valid from 2100/,
    /Set the clock right and try again/,
  );
  assert.ok(!readdirSync(stateDir).some((name) => name.includes('testcl')));
});
