/**
 * Private keys out of a PKCS#12 file that pk12util has just written. Only key bags are read: the certificates come
 * from certutil, and the file never left a private directory, so that its integrity code proves nothing. Decryption is
 * OpenSSL's; the 600,000 rounds that NSS asks for would take a JavaScript implementation many seconds.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Asn1, childrenOf, OID, octetsOf, oidOf, readBer, writeDer } from './asn1.ts';

/** Keys protected with the empty password. Throws on anything else. */
export function readPrivateKeys(pkcs12: Uint8Array): KeyObject[] {
  const [, authSafe] = childrenOf(readBer(pkcs12));
  return childrenOf(dataOf(authSafe)).flatMap((safe) => {
    // Encrypted safes hold certificates; keys are encrypted one by one inside a safe that is not.
    if (oidOf(childrenOf(safe)[0]) !== OID.pkcs7Data) return [];
    return childrenOf(dataOf(safe)).flatMap(keyOf);
  });
}

/** The value inside a ContentInfo of type data. */
function dataOf(contentInfo: Asn1 | undefined): Asn1 {
  const [, wrapper] = childrenOf(contentInfo);
  return readBer(octetsOf(childrenOf(wrapper)[0]));
}

function keyOf(bag: Asn1): KeyObject[] {
  const [type, wrapper] = childrenOf(bag);
  const kind = oidOf(type);
  if (kind !== OID.shroudedKeyBag && kind !== OID.keyBag) return [];
  const [key] = childrenOf(wrapper);
  if (key === undefined) return [];
  return [createPrivateKey({ key: writeDer(key), format: 'der', type: 'pkcs8', passphrase: '' })];
}
