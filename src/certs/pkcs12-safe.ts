/**
 * Opens the encrypted safes of a PKCS#12 file. NSS writes PBES2 of today (RFC 8018); old NSS and `openssl pkcs12
 * -legacy` used the schemes of RFC 7292, whose 40-bit cipher OpenSSL 3 no longer knows. The many rounds of PBES2 are run
 * by OpenSSL in a thread, so that a daemon that reads such a file goes on casting its vote.
 */
import { createDecipheriv, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { type Asn1, Asn1Error, bytesOf, childrenOf, isUniversal, octetsOf, oidOf } from './asn1.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SHA1_RC2_40 = '1.2.840.113549.1.12.1.6';
const SHA1_3DES = '1.2.840.113549.1.12.1.3';

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
/** The old schemes are run in JavaScript, in this thread. Everything that used them asked for a few thousand. */
const OLD_ROUNDS_MAX = 100_000;
/** Under this lie the schemes of RFC 7292. */
const OLD_SCHEMES = '1.2.840.113549.1.12.1.';
const INTEGER_TAG = 2;
const SEQUENCE_TAG = 16;
/** RFC 7292 B.3: what key material is for. */
const ID_KEY = 1;
const ID_IV = 2;

/** How long a file may keep us busy: whoever writes it says how many rounds each of its parts takes. */
export class RoundsBudget {
  #left = ROUNDS_MAX;

  /** Throws when the file asks for more than is left, or in a way that is not known. */
  spendOn(algorithm: Asn1 | undefined): void {
    this.#left -= roundsOf(roundsNodeOf(algorithm), this.#left);
  }
}

/** What the empty password opens. Throws on anything else. */
export async function openSafe(algorithm: Asn1 | undefined, encrypted: Buffer, budget: RoundsBudget): Promise<Buffer> {
  budget.spendOn(algorithm);
  const [scheme, parameters] = childrenOf(algorithm);
  switch (oidOf(scheme)) {
    case PBES2:
      return await openPbes2(parameters, encrypted);
    case SHA1_RC2_40:
      return openRc2(parameters, encrypted);
    case SHA1_3DES: {
      const [key, iv] = [oldKey(parameters, ID_KEY, 24), oldKey(parameters, ID_IV, 8)];
      return decipher('des-ede3-cbc', bufferOf(key), bufferOf(iv), encrypted);
    }
    default:
      throw new Asn1Error(`an encryption scheme that is not known: ${oidOf(scheme)}`);
  }
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
  if (oidOf(scheme).startsWith(OLD_SCHEMES)) return childrenOf(parameters)[1];
  const [function_, functionParameters] = childrenOf(childrenOf(parameters)[0]);
  if (oidOf(scheme) !== PBES2 || oidOf(function_) !== PBKDF2) throw new Asn1Error('a key derivation that is not known');
  return childrenOf(functionParameters)[1];
}

function openRc2(parameters: Asn1 | undefined, encrypted: Buffer): Buffer {
  const cipher = forge.rc2.createDecryptionCipher(oldKey(parameters, ID_KEY, 5), 40);
  cipher.start(oldKey(parameters, ID_IV, 8));
  cipher.update(forge.util.createBuffer(encrypted.toString('latin1')));
  if (!cipher.finish()) throw new Asn1Error('the password is not empty, or the file is damaged');
  return bufferOf(cipher.output);
}

function oldKey(parameters: Asn1 | undefined, id: number, bytes: number): forge.util.ByteBuffer {
  const [salt, rounds] = childrenOf(parameters);
  const saltBytes = forge.util.createBuffer(octetsOf(salt).toString('latin1'));
  return forge.pkcs12.generateKey('', saltBytes, id, roundsOf(rounds, OLD_ROUNDS_MAX), bytes);
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

function bufferOf(bytes: forge.util.ByteBuffer): Buffer {
  return Buffer.from(bytes.bytes(), 'latin1');
}
