/**
 * Opens what is encrypted in a PKCS#12 file. NSS writes PBES2 of today (RFC 8018); old NSS and `openssl pkcs12 -legacy`
 * used the schemes of RFC 7292 (pkcs12-old.ts). The many rounds of PBES2 are run by OpenSSL in a thread, so that a daemon
 * that reads such a file goes on casting its vote.
 */
import { createDecipheriv, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { type Asn1, Asn1Error, bytesOf, childrenOf, isUniversal, octetsOf, oidOf } from './asn1.ts';
import { oldSchemeOf, openOldScheme } from './pkcs12-old.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const PRF: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const PRF_DEFAULT = 'sha1';

const CIPHER: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
};

/** For all parts of a file together. NSS asks for 600,000 a part; more than this is an attack or a mistake. */
const ROUNDS_MAX = 10_000_000;
/** A round of the old schemes, which no library runs in a thread, costs this many of the others. */
const OLD_ROUND_COST = 3;
const INTEGER_TAG = 2;
const SEQUENCE_TAG = 16;

/** How long a file may keep us busy: whoever writes it says how many rounds each of its parts takes. */
export class RoundsBudget {
  #left = ROUNDS_MAX;

  /** Throws when the file asks for more than is left, or in a way that is not known. */
  spendOn(algorithm: Asn1 | undefined): void {
    const cost = oldSchemeOf(oidOf(childrenOf(algorithm)[0])) === undefined ? 1 : OLD_ROUND_COST;
    this.#left -= cost * roundsOf(roundsNodeOf(algorithm), Math.floor(this.#left / cost));
  }
}

/** What the empty password opens. Throws on anything else. */
export async function openSafe(algorithm: Asn1 | undefined, encrypted: Buffer, budget: RoundsBudget): Promise<Buffer> {
  budget.spendOn(algorithm);
  const [scheme, parameters] = childrenOf(algorithm);
  const old = oldSchemeOf(oidOf(scheme));
  if (old !== undefined) {
    const [salt, rounds] = childrenOf(parameters);
    return await openOldScheme(old, octetsOf(salt), roundsOf(rounds, ROUNDS_MAX), encrypted);
  }
  if (oidOf(scheme) === PBES2) return await openPbes2(parameters, encrypted);
  throw new Asn1Error(`an encryption scheme that is not known: ${oidOf(scheme)}`);
}

async function openPbes2(parameters: Asn1 | undefined, encrypted: Buffer): Promise<Buffer> {
  const [derivation, encryption] = childrenOf(parameters);
  const [, functionParameters] = childrenOf(derivation);
  const [salt, rounds, ...optional] = childrenOf(functionParameters);
  const prfOid = optional.find((node) => isUniversal(node, SEQUENCE_TAG));
  const prf = prfOid === undefined ? PRF_DEFAULT : PRF[oidOf(childrenOf(prfOid)[0])];
  const [cipherOid, iv] = childrenOf(encryption);
  const cipher = CIPHER[oidOf(cipherOid)];
  if (prf === undefined || cipher === undefined) throw new Asn1Error('a cipher or digest that is not known');
  const count = roundsOf(rounds, ROUNDS_MAX);
  const key = await promisify(pbkdf2)('', octetsOf(salt), count, cipher.keyBytes, prf);
  return decipher(cipher.name, key, octetsOf(iv), encrypted);
}

function roundsNodeOf(algorithm: Asn1 | undefined): Asn1 | undefined {
  const [scheme, parameters] = childrenOf(algorithm);
  if (oldSchemeOf(oidOf(scheme)) !== undefined) return childrenOf(parameters)[1];
  const [function_, functionParameters] = childrenOf(childrenOf(parameters)[0]);
  if (oidOf(scheme) !== PBES2 || oidOf(function_) !== PBKDF2) throw new Asn1Error('a key derivation that is not known');
  return childrenOf(functionParameters)[1];
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const cipher = createDecipheriv(name, key, iv);
  return Buffer.concat([cipher.update(encrypted), cipher.final()]);
}

function roundsOf(node: Asn1 | undefined, max: number): number {
  if (!isUniversal(node, INTEGER_TAG)) throw new Asn1Error('the number of rounds is missing');
  const hex = Buffer.from(bytesOf(node), 'latin1').toString('hex');
  const rounds = hex.length > 12 ? Number.POSITIVE_INFINITY : Number.parseInt(hex, 16);
  if (!(rounds >= 1 && rounds <= max)) throw new Asn1Error(`${rounds} rounds of key derivation`);
  return rounds;
}
