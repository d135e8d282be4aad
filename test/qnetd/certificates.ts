/** Certificates for tests, good and bad ones, made in memory. Keys come from the system: drawing them is what takes time. */
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

export interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface Wish {
  /** One character a byte. */
  readonly commonName: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions?: readonly object[];
}

const DAY_MS = 86_400_000;
/** Without a leading zero in hex: DER does not allow one. */
let serial = 0x1000_0000;

export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

/** Signs what a test wishes; itself signed by itself. */
export class Authority implements Pair {
  readonly certPem: string;
  readonly keyPem: string;
  readonly #key: forge.pki.rsa.PrivateKey;
  readonly #subject: forge.pki.CertificateField[];

  constructor(commonName = 'QNet CA') {
    const keys = drawKeys();
    this.keyPem = keys.privatePem;
    this.#key = forge.pki.privateKeyFromPem(keys.privatePem);
    this.#subject = subjectOf(commonName);
    const extensions = [{ name: 'basicConstraints', cA: true, critical: true }];
    this.certPem = this.#sign(keys.publicPem, { commonName, extensions });
  }

  issue(wish: Wish): Pair {
    const keys = drawKeys();
    return { certPem: this.#sign(keys.publicPem, wish), keyPem: keys.privatePem };
  }

  #sign(publicPem: string, wish: Wish): string {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(publicPem);
    serial += 1;
    certificate.serialNumber = serial.toString(16);
    certificate.validity.notBefore = wish.notBefore ?? daysFromNow(-1);
    certificate.validity.notAfter = wish.notAfter ?? daysFromNow(30);
    certificate.setSubject(subjectOf(wish.commonName));
    certificate.setIssuer(this.#subject);
    certificate.setExtensions([...(wish.extensions ?? [])]);
    certificate.sign(this.#key, forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  }
}

function subjectOf(commonName: string): forge.pki.CertificateField[] {
  return [{ name: 'commonName', value: commonName }];
}

function drawKeys(): { publicPem: string; privatePem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicPem: publicKey, privatePem: privateKey };
}
