/** Our certificates against those that upstream's scripts make: the same but for key, serial and dates. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { type Asn1, childrenOf, readDer, writeDer } from '../../src/certs/asn1.ts';
import { loadOrCreateServerIdentity } from '../../src/certs/identity.ts';
import { signClusterCertificate } from '../../src/certs/sign-cluster.ts';
import { output, scratchDirectory, upstreamArbiterScript, upstreamNodeScript } from './tools.ts';

const scratch = scratchDirectory('issue');
const ours = join(scratch, 'ours');
const theirs = join(scratch, 'qnetd/nssdb');
const DAY_MS = 86_400_000;
const CLUSTERS = ['testcl', 'test_cluster', 'grün'];

let pairs: readonly (readonly [string, X509Certificate, X509Certificate])[];

before(async () => {
  const arbiter = upstreamArbiterScript(scratch, join(scratch, 'qnetd'));
  output(arbiter, ['-i']);
  const { identity } = await loadOrCreateServerIdentity(ours, { validDays: 36_499 });
  const named = (nickname: string) =>
    new X509Certificate(output('certutil', ['-L', '-d', theirs, '-n', nickname, '-a']));
  const found: [string, X509Certificate, X509Certificate][] = [
    ['authority', new X509Certificate(identity.caPem), named('QNet CA')],
    ['server', new X509Certificate(identity.certPem), named('QNetd Cert')],
  ];
  for (const [index, clusterName] of CLUSTERS.entries()) {
    const base = join(scratch, `net${index}`);
    const node = upstreamNodeScript(scratch, base);
    output(node, ['-i', '-c', join(theirs, 'qnetd-cacert.crt')]);
    output(node, ['-r', '-n', clusterName]);
    const requestFile = join(base, 'nssdb/qdevice-net-node.crq');
    output(arbiter, ['-s', '-c', requestFile, '-n', clusterName]);
    const order = { stateDir: ours, clusterName, requestFile, otherName: 'refuse', validDays: 36_499 } as const;
    const { certificateFile } = await signClusterCertificate(order);
    const file = `cluster-${clusterName}.crt`;
    assert.equal(certificateFile, join(ours, file));
    found.push([clusterName, readCertificate(join(ours, file)), readCertificate(join(theirs, file))]);
  }
  pairs = found;
});

function readCertificate(path: string): X509Certificate {
  return new X509Certificate(readFileSync(path));
}

/** Each field of the signed part in hex, but for the serial, the dates and the key. */
function lookOf(certificate: X509Certificate): string[] {
  const [body, algorithm] = childrenOf(readDer(certificate.raw));
  const [version, , signature, issuer, , subject, key, ...extensions] = childrenOf(body);
  const [keyAlgorithm] = childrenOf(key);
  const parts = [version, signature, issuer, subject, keyAlgorithm, ...extensions, algorithm];
  return parts.filter((part): part is Asn1 => part !== undefined).map((part) => writeDer(part).toString('hex'));
}

test('names, string types, algorithms and extensions are byte for byte those of upstream', () => {
  assert.equal(pairs.length, 2 + CLUSTERS.length);
  for (const [what, our, their] of pairs) assert.deepEqual(lookOf(our), lookOf(their), what);
});

test('the cluster certificate is for the key of the request', () => {
  for (const [what, our, their] of pairs.slice(2)) assert.ok(our.publicKey.equals(their.publicKey), what);
});

test('serials are positive, 128 bits long, and never the same', () => {
  const serials = pairs.map(([, our]) => our.serialNumber);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
  assert.equal(new Set(serials).size, serials.length);
});

test("validity begins a day ago and lasts as long as upstream's, to within two days", () => {
  for (const [what, our, their] of pairs) {
    const [from, to] = [Date.parse(our.validFrom), Date.parse(our.validTo)];
    const theirFrom = Date.parse(their.validFrom);
    assert.ok(Math.abs(theirFrom - DAY_MS - from) < DAY_MS / 2, what);
    assert.equal((to - from) / DAY_MS, 36_500, what);
    assert.ok(to <= Date.parse(their.validTo), what);
  }
});
