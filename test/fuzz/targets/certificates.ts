/**
 * Certificates, requests and `.p12` files, changed on the level of their bytes. Seeds are made with openssl, old and new schemes of
 * protection alike, so the targets exist only where it is installed.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateNamesCluster, namesInWords } from '../../../src/arbiter/certificate-name.ts';
import { isEndorsed } from '../../../src/certs/endorsement.ts';
import { checkIdentity } from '../../../src/certs/identity-checks.ts';
import { certificatePem } from '../../../src/certs/issue.ts';
import { loadNodeIdentity } from '../../../src/certs/node-identity.ts';
import { readPeerCertificate } from '../../../src/certs/peer-certificate.ts';
import { readRequest } from '../../../src/certs/request.ts';
import { OperatorError } from '../../../src/runtime/errors.ts';
import { Bytes, type FuzzTarget, latin1 } from '../target.ts';
import { asOperator } from './texts.ts';

/** A whole identity of an arbiter and of a node's cluster, as openssl makes it. */
const SCRIPT = `set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3650 -subj '/CN=QNet CA'
make_certificate() {
  openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "/O=x/CN=$2" \\
    -addext "subjectAltName=DNS:$2,IP:192.0.2.1,IP:::1"
  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -days 3650 -copy_extensions $3 -out $1.pem
}
make_certificate server 'Qnetd Server' none
make_certificate cluster lab none
make_certificate named lab copy
export_p12() {
  openssl pkcs12 -export -passout pass: -inkey cluster.key -in cluster.pem -certfile ca.pem -out "$@"
}
export_p12 today.p12
export_p12 rc2.p12 -legacy
export_p12 triple.p12 -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES
export_p12 plain.p12 -certpbe NONE -keypbe NONE
openssl req -in cluster.csr -outform der -out csr.der
{ printf 'qdevice: this cluster vouches for the certificate request that follows\\0'; cat csr.der; } |
  openssl dgst -sha256 -sign cluster.key -out word
{ cat cluster.pem; echo '-----BEGIN QDEVICE ENDORSEMENT-----'; base64 word; echo '-----END QDEVICE ENDORSEMENT-----'; } >word.txt
`;
const P12 = ['today', 'rc2', 'triple', 'plain'];
const NODE_P12 = 'qdevice-net-node.p12';
/** OpenSSL is slow at what is long. */
const BYTES_MAX = 8192;
const KEY_BITS_MIN = 2048;

export interface Certificates {
  readonly targets: readonly FuzzTarget[];
  /** Removes what the targets work in. */
  close(): void;
}

export function openCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'qdevice-fuzz-'));
  execFileSync('sh', ['-c', SCRIPT], { cwd: directory, stdio: 'ignore', timeout: 60_000 });
  const file = (name: string): Buffer => readFileSync(join(directory, name));
  const der = (name: string): Uint8Array => Uint8Array.from(new X509Certificate(file(`${name}.pem`)).raw);
  const certificates = ['ca', 'server', 'cluster', 'named'].map(der);
  const targets = [
    peerCertificates(certificates),
    requests([file('csr.der'), file('cluster.csr')]),
    endorsements(file),
    identities(file, certificates),
    pkcs12(
      P12.map((name) => file(`${name}.p12`)),
      join(directory, 'node'),
    ),
  ];
  return { targets, close: () => rmSync(directory, { recursive: true, force: true }) };
}

function peerCertificates(seeds: readonly Uint8Array[]): FuzzTarget {
  return {
    name: 'peer-certificates',
    seeds,
    bytesMax: BYTES_MAX,
    run(input) {
      const peer = readPeerCertificate(input);
      for (const name of ['lab', 'LAB', '192.0.2.1', '::1', '']) certificateNamesCluster(peer, name);
      namesInWords(peer);
    },
  };
}

function requests(seeds: readonly Uint8Array[]): FuzzTarget {
  return {
    name: 'requests',
    seeds,
    bytesMax: BYTES_MAX,
    run(input) {
      asOperator(() => readRequest(input, 'x.crq', KEY_BITS_MIN));
    },
  };
}

/** Nothing but the very signature of the certificate that is known makes a request a known cluster's. */
function endorsements(file: (name: string) => Buffer): FuzzTarget {
  const known = [{ clusterName: 'lab', certificate: new X509Certificate(file('cluster.pem')), file: 'cluster.pem' }];
  const request = file('csr.der');
  const word = file('word.txt');
  assert.ok(isEndorsed(latin1(word), request, known));
  return {
    name: 'endorsements',
    seeds: [word, file('cluster.pem')],
    bytesMax: BYTES_MAX,
    run(input) {
      if (!isEndorsed(latin1(input), request, known)) return;
      const signature = (text: string): string =>
        /-----BEGIN QDEVICE ENDORSEMENT-----([A-Za-z0-9+/=\s]+)-----END QDEVICE ENDORSEMENT-----/.exec(text)?.[1] ?? '';
      const bytes = (text: string): Buffer => Buffer.from(signature(text), 'base64');
      assert.deepEqual(bytes(latin1(input)), bytes(latin1(word)), 'the same signature, written in another way');
    },
  };
}

/** The first byte says which certificate of an otherwise good identity the rest stands for, or that it is the key's text. */
function identities(file: (name: string) => Buffer, seeds: readonly Uint8Array[]): FuzzTarget {
  const good = {
    ca: latin1(file('ca.pem')),
    server: latin1(file('server.pem')),
    serverKey: latin1(file('server.key')),
  };
  const parts = ['ca', 'server', 'serverKey'] as const;
  const now = new Date();
  return {
    name: 'identities',
    seeds: [
      ...seeds.flatMap((seed) => [0, 1].map((part) => Uint8Array.from([part, ...seed]))),
      Uint8Array.from([2, ...file('server.key')]),
    ],
    bytesMax: BYTES_MAX,
    run(input) {
      const bytes = new Bytes(input);
      const part = parts[bytes.byte() % parts.length] ?? 'ca';
      const rest = bytes.rest();
      const pems = { ...good, [part]: part === 'serverKey' ? latin1(rest) : certificatePem(rest) };
      const named = (name: (typeof parts)[number]) => ({ file: `${name}.pem`, pem: pems[name] });
      asOperator(() => {
        checkIdentity({ ca: named('ca'), server: named('server'), serverKey: named('serverKey') }, now);
      });
    },
  };
}

function pkcs12(seeds: readonly Uint8Array[], directory: string): FuzzTarget {
  return {
    name: 'pkcs12',
    seeds,
    bytesMax: BYTES_MAX,
    async run(input) {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { mode: 0o700 });
      writeFileSync(join(directory, NODE_P12), input, { mode: 0o600 });
      await loadNodeIdentity(directory, 'Cluster Cert').catch((error: unknown) => {
        if (!(error instanceof OperatorError)) throw error;
      });
    },
  };
}
