/**
 * The PKCS#12 file that tools copy from node to node: key, certificate and authority, under the names that upstream's
 * daemon looks for and with the key's id, without which NSS cannot put the two together. Its password is the empty one,
 * so that nothing in it is secret but by the mode of the file; the key is encrypted because NSS expects it, and the
 * certificates are not. Digests are of today (SHA-256), for machines whose policy forbids the old ones.
 */
import { createHash, createHmac, type KeyObject, randomBytes, type X509Certificate } from 'node:crypto';
import {
  type Asn1,
  bmpString,
  context,
  integer,
  nothing,
  OID,
  octetString,
  oid,
  readDer,
  sequence,
  setOf,
  writeDer,
} from './asn1.ts';

export interface Pkcs12Pair {
  /** Left out: the certificate is its own. */
  readonly authority?: X509Certificate;
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** Of the certificate in a database; left out: that of a node's. */
  readonly nickname?: string;
}

/** Where upstream's tools and daemon look for them in a database. */
export const CA_NICKNAME = 'QNet CA';
export const CLUSTER_NICKNAME = 'Cluster Cert';

const PKCS12_V3 = Buffer.of(3);
const SALT_BYTES = 16;
const MAC_ROUNDS = 2_048;
/** RFC 7292 B.2 and B.3: blocks of the digest, and what the bytes are for. */
const BLOCK_BYTES = 64;
const ID_MAC = 3;
/** The empty password is the NUL at its end, of 16 bits. */
const EMPTY_PASSWORD = Buffer.alloc(2);

export function writePkcs12({ authority, certificate, key, nickname = CLUSTER_NICKNAME }: Pkcs12Pair): Buffer {
  const keyId = createHash('sha1').update(certificate.raw).digest();
  const named = setOf(attribute(OID.friendlyName, bmpString(nickname)), attribute(OID.localKeyId, octetString(keyId)));
  const authorityName = setOf(attribute(OID.friendlyName, bmpString(CA_NICKNAME)));
  const encrypted = key.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: '' });
  const safes = sequence(
    dataOf(sequence(bag(OID.shroudedKeyBag, readDer(encrypted), named))),
    dataOf(
      sequence(
        bag(OID.certificateBag, certificateValue(certificate), named),
        ...(authority === undefined ? [] : [bag(OID.certificateBag, certificateValue(authority), authorityName)]),
      ),
    ),
  );
  const content = writeDer(safes);
  const salt = randomBytes(SALT_BYTES);
  const mac = createHmac('sha256', macKey(salt)).update(content).digest();
  const digestInfo = sequence(sequence(oid(OID.sha256), nothing()), octetString(mac));
  const macData = sequence(digestInfo, octetString(salt), integer(Buffer.of(MAC_ROUNDS >> 8, MAC_ROUNDS & 0xff)));
  return writeDer(sequence(integer(PKCS12_V3), dataOf(safes), macData));
}

function dataOf(content: Asn1): Asn1 {
  return sequence(oid(OID.pkcs7Data), context(0, octetString(writeDer(content))));
}

function bag(kind: string, value: Asn1, attributes: Asn1): Asn1 {
  return sequence(oid(kind), context(0, value), attributes);
}

function certificateValue(certificate: X509Certificate): Asn1 {
  return sequence(oid(OID.x509Certificate), context(0, octetString(certificate.raw)));
}

function attribute(kind: string, value: Asn1): Asn1 {
  return sequence(oid(kind), setOf(value));
}

/** RFC 7292 B.2 for one output block of SHA-256, which is all that the integrity code takes. */
function macKey(salt: Buffer): Buffer {
  const fill = (bytes: Buffer) => Buffer.alloc(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES, bytes);
  let block = Buffer.concat([Buffer.alloc(BLOCK_BYTES, ID_MAC), fill(salt), fill(EMPTY_PASSWORD)]);
  for (let round = 0; round < MAC_ROUNDS; round += 1) block = createHash('sha256').update(block).digest();
  return block;
}
