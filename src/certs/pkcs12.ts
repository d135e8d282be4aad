/**
 * Keys and certificates out of a PKCS#12 file with the empty password, as upstream's scripts and NSS write them. Its
 * integrity code is not checked: the empty password makes one for everybody, and what is read has to prove itself by a
 * key that fits its certificate. Decryption is OpenSSL's; the 600,000 rounds that NSS asks for would take a JavaScript
 * implementation many seconds.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type Asn1, Asn1Error, childrenOf, OID, octetsOf, oidOf, readBer, writeDer } from './asn1.ts';
import { oldSchemeOf } from './pkcs12-old.ts';
import { openSafe, RoundsBudget } from './pkcs12-safe.ts';

const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';

export interface Pkcs12Content {
  readonly keys: readonly KeyObject[];
  /** Of authorities as well, in no order that can be relied upon. */
  readonly certificates: readonly X509Certificate[];
}

/** Keys protected with the empty password. Throws on anything else. */
export function readPrivateKeys(pkcs12: Uint8Array): KeyObject[] {
  const budget = new RoundsBudget();
  return safesOf(pkcs12).flatMap((safe) => {
    // Encrypted safes hold certificates; keys are encrypted one by one inside a safe that is not.
    if (oidOf(childrenOf(safe)[0]) !== OID.pkcs7Data) return [];
    return childrenOf(dataOf(safe)).flatMap((bag) => keyOf(bag, budget));
  });
}

/** Throws on what is no PKCS#12 file with the empty password. */
export async function readPkcs12(pkcs12: Uint8Array): Promise<Pkcs12Content> {
  const budget = new RoundsBudget();
  const bags: Asn1[] = [];
  for (const safe of safesOf(pkcs12)) {
    const encrypted = oidOf(childrenOf(safe)[0]) === ENCRYPTED_DATA;
    bags.push(...childrenOf(encrypted ? readBer(await decryptedDataOf(safe, budget)) : dataOf(safe)));
  }
  const keys: KeyObject[] = [];
  for (const bag of bags) keys.push(...(await anyKeyOf(bag, budget)));
  return { keys, certificates: bags.flatMap(certificateOf) };
}

function safesOf(pkcs12: Uint8Array): readonly Asn1[] {
  const [, authSafe] = childrenOf(readBer(pkcs12));
  return childrenOf(dataOf(authSafe));
}

/** The value inside a ContentInfo of type data. */
function dataOf(contentInfo: Asn1 | undefined): Asn1 {
  const [, wrapper] = childrenOf(contentInfo);
  return readBer(octetsOf(childrenOf(wrapper)[0]));
}

/** The bytes inside a ContentInfo of type encryptedData. */
async function decryptedDataOf(contentInfo: Asn1, budget: RoundsBudget): Promise<Buffer> {
  const [, wrapper] = childrenOf(contentInfo);
  const [, content] = childrenOf(childrenOf(wrapper)[0]);
  const [, algorithm, encrypted] = childrenOf(content);
  return await openSafe(algorithm, taggedOctetsOf(encrypted), budget);
}

/** An octet string that wears the tag of its place; BER allows it to be cut into parts. */
function taggedOctetsOf(node: Asn1 | undefined): Buffer {
  if (node === undefined) throw new Asn1Error('the encrypted content is missing');
  if (typeof node.value === 'string') return Buffer.from(node.value, 'latin1');
  return Buffer.concat(node.value.map(octetsOf));
}

/** Also of one that OpenSSL does not open any more. */
async function anyKeyOf(bag: Asn1, budget: RoundsBudget): Promise<KeyObject[]> {
  const [type, wrapper] = childrenOf(bag);
  const [algorithm, encrypted] = oidOf(type) === OID.shroudedKeyBag ? childrenOf(childrenOf(wrapper)[0]) : [];
  const scheme = algorithm === undefined ? undefined : oldSchemeOf(oidOf(childrenOf(algorithm)[0]));
  if (scheme === undefined || scheme.cipher === 'des-ede3-cbc') return keyOf(bag, budget);
  const opened = await openSafe(algorithm, octetsOf(encrypted), budget);
  return [createPrivateKey({ key: opened, format: 'der', type: 'pkcs8' })];
}

/** OpenSSL decrypts in this thread and would take any number of rounds. */
function keyOf(bag: Asn1, budget: RoundsBudget): KeyObject[] {
  const [type, wrapper] = childrenOf(bag);
  const kind = oidOf(type);
  if (kind !== OID.shroudedKeyBag && kind !== OID.keyBag) return [];
  const [key] = childrenOf(wrapper);
  if (key === undefined) return [];
  if (kind === OID.shroudedKeyBag) budget.spendOn(childrenOf(key)[0]);
  return [createPrivateKey({ key: writeDer(key), format: 'der', type: 'pkcs8', passphrase: '' })];
}

function certificateOf(bag: Asn1): X509Certificate[] {
  const [type, wrapper] = childrenOf(bag);
  if (oidOf(type) !== OID.certificateBag) return [];
  const [kind, value] = childrenOf(childrenOf(wrapper)[0]);
  if (oidOf(kind) !== OID.x509Certificate) return [];
  return [new X509Certificate(octetsOf(childrenOf(value)[0]))];
}
