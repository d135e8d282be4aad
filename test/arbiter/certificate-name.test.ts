/** The rows of the name rule as measured with corosync-qnetd 3.0.3, and what a forger would try. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateNamesCluster } from '../../src/arbiter/certificate-name.ts';
import type { PeerCertificate } from '../../src/arbiter/events.ts';

const cert = (
  commonName: string | undefined,
  dnsNames: string[] = [],
  ipAddresses: string[] = [],
): PeerCertificate => ({
  commonName,
  dnsNames,
  ipAddresses,
  fingerprint: 'f',
});

const ROWS: readonly [string, PeerCertificate, string, boolean][] = [
  ['the common name', cert('tst'), 'tst', true],
  ['another common name', cert('other'), 'tst', false],
  ['case of the certificate', cert('TST'), 'tst', true],
  ['case of the cluster', cert('tst'), 'TST', true],
  ['letters beyond ASCII keep their case', cert('\xc4'), '\xe4', false],
  ['blank and underscore', cert('my_cluster 1'), 'my_cluster 1', true],
  ['no common name', cert(undefined), 'tst', false],
  ['empty cluster name', cert(''), '', false],
  ['alternative DNS name', cert('other', ['a', 'tst']), 'tst', true],
  ['a DNS name silences the common name', cert('tst', ['other']), 'tst', false],
  ['an address alone does not silence it', cert('tst', [], ['192.0.2.1']), 'tst', true],
  ['wildcard of a three-label name', cert('*.example.com'), 'a.example.com', true],
  ['wildcard covers one label', cert('*.example.com'), 'a.b.example.com', false],
  ['wildcard at the end of the first label', cert('node*.example.com'), 'node7.example.com', true],
  ['wildcard with another prefix', cert('node*.example.com'), 'host7.example.com', false],
  ['wildcard of a two-label name', cert('*.com'), 'example.com', false],
  ['bare wildcard', cert('*'), 'tst', false],
  ['wildcard in the middle', cert('a*b.example.com'), 'axb.example.com', false],
  ['two wildcards', cert('**.example.com'), 'ab.example.com', false],
  ['address as cluster name, alternative address', cert('x', [], ['192.0.2.1']), '192.0.2.1', true],
  ['address as cluster name, other address', cert('192.0.2.1', [], ['192.0.2.2']), '192.0.2.1', false],
  ['address as cluster name, common name', cert('192.0.2.1', ['x']), '192.0.2.1', true],
  ['the cluster name ends at its first NUL', cert('tst'), 'tst\0x', true],
  ['a cluster name that starts with NUL', cert('tst'), '\0tst', false],
  ['a certificate with NUL matches nothing', cert('tst\0.evil'), 'tst', false],
  ['nor its own text', cert('tst\0.evil'), 'tst\0.evil', false],
];

for (const [name, certificate, cluster, expected] of ROWS) {
  test(`${name}: ${expected ? 'speaks for' : 'does not speak for'} the cluster`, () => {
    assert.equal(certificateNamesCluster(certificate, cluster), expected);
  });
}
