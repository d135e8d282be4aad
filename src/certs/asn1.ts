/**
 * The few words of ASN.1 that certificates are made of, over node-forge. Reading throws an `Asn1Error` on whatever
 * does not have the expected shape; callers turn that into their own refusal. Bytes are Buffers outside, and forge's
 * strings of one character a byte inside.
 */
import forge from 'node-forge';

declare module 'node-forge' {
  namespace asn1 {
    // The published types know the older form, which also tries to read the inside of bit strings.
    function fromDer(bytes: string, options: { strict: boolean; decodeBitStrings: boolean }): Asn1;
  }
}

export type Asn1 = forge.asn1.Asn1;

export class Asn1Error extends Error {
  override readonly name = 'Asn1Error';
}

const { asn1 } = forge;
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;

export const OID = {
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  subjectAltName: '2.5.29.17',
  sha1WithRsa: '1.2.840.113549.1.1.5',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha384WithRsa: '1.2.840.113549.1.1.12',
  sha512WithRsa: '1.2.840.113549.1.1.13',
  pkcs7Data: '1.2.840.113549.1.7.1',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

/** Universal tags that forge has no name for, or names badly. */
const T61_STRING = 20;
const VISIBLE_STRING = 26;
const UNIVERSAL_STRING = 28;

/** Reads one value, which must fill the bytes. Lengths may be indefinite (BER), as NSS writes them in a `.p12`. */
export function readBer(bytes: Uint8Array): Asn1 {
  try {
    return asn1.fromDer(Buffer.from(bytes).toString('latin1'), { strict: true, decodeBitStrings: false });
  } catch (cause) {
    throw new Asn1Error('not ASN.1', { cause });
  }
}

/** As readBer, and only the one encoding that DER allows, so that any part can be written again byte for byte. */
export function readDer(bytes: Uint8Array): Asn1 {
  const node = readBer(bytes);
  if (!writeDer(node).equals(bytes)) throw new Asn1Error('not DER');
  return node;
}

export function writeDer(node: Asn1): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

export function childrenOf(node: Asn1 | undefined): readonly Asn1[] {
  if (node === undefined || typeof node.value === 'string') throw new Asn1Error('a constructed value is missing');
  return node.value;
}

export function isUniversal(node: Asn1 | undefined, type: number): node is Asn1 {
  return node !== undefined && node.tagClass === UNIVERSAL && node.type === type;
}

export function isContext(node: Asn1 | undefined, tag: number): node is Asn1 {
  return node !== undefined && node.tagClass === CONTEXT_SPECIFIC && node.type === tag;
}

export function oidOf(node: Asn1 | undefined): string {
  if (!isUniversal(node, asn1.Type.OID)) throw new Asn1Error('an object identifier is missing');
  return asn1.derToOid(bytesOf(node));
}

/** The content of a primitive value, one character a byte. */
export function bytesOf(node: Asn1 | undefined): string {
  if (node === undefined || typeof node.value !== 'string') throw new Asn1Error('a primitive value is missing');
  return node.value;
}

/** An octet string, which BER allows to be cut into parts. */
export function octetsOf(node: Asn1 | undefined): Buffer {
  if (!isUniversal(node, asn1.Type.OCTETSTRING)) throw new Asn1Error('an octet string is missing');
  if (typeof node.value === 'string') return Buffer.from(node.value, 'latin1');
  return Buffer.concat(node.value.map(octetsOf));
}

/** A bit string of whole bytes. */
export function bitsOf(node: Asn1 | undefined): Buffer {
  const content = bytesOf(node);
  if (!isUniversal(node, asn1.Type.BITSTRING) || !content.startsWith('\0'))
    throw new Asn1Error('a bit string is missing');
  return Buffer.from(content.slice(1), 'latin1');
}

/**
 * The text of a name's part, one character a byte of UTF-8 (of Latin-1 for the old T61String), or undefined for a kind
 * of string that names do not use. The rule is that of NSS, which decides on the nodes what a name reads like.
 */
export function nameTextOf(node: Asn1 | undefined): string | undefined {
  if (node === undefined || node.tagClass !== UNIVERSAL || typeof node.value !== 'string') return undefined;
  const type: number = node.type;
  switch (type) {
    case asn1.Type.UTF8:
    case asn1.Type.PRINTABLESTRING:
    case asn1.Type.IA5STRING:
    case T61_STRING:
    case VISIBLE_STRING:
      return node.value;
    case asn1.Type.BMPSTRING: // forge has put its 16-bit characters together already
      return Buffer.from(node.value, 'utf8').toString('latin1');
    case UNIVERSAL_STRING:
      return universalText(node.value);
    default:
      return undefined;
  }
}

export function sequence(...children: readonly Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, [...children]);
}

/** DER wants several in the order of their bytes; callers give them so. */
export function setOf(...children: readonly Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.SET, true, [...children]);
}

/** Text of 16 bits a character, as friendly names are. */
export function bmpString(text: string): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.BMPSTRING, false, text);
}

export function oid(value: string): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(value).getBytes());
}

/** `bytes` is the content: two's complement, as short as can be. */
export function integer(bytes: Uint8Array): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.INTEGER, false, Buffer.from(bytes).toString('latin1'));
}

export function boolean(value: boolean): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.BOOLEAN, false, value ? '\xff' : '\0');
}

export function nothing(): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.NULL, false, '');
}

export function bitString(bytes: Uint8Array): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.BITSTRING, false, `\0${Buffer.from(bytes).toString('latin1')}`);
}

export function octetString(bytes: Uint8Array): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.OCTETSTRING, false, Buffer.from(bytes).toString('latin1'));
}

export function nameText(text: string, stringType: 'printable' | 'utf8'): Asn1 {
  const type = stringType === 'utf8' ? asn1.Type.UTF8 : asn1.Type.PRINTABLESTRING;
  return asn1.create(UNIVERSAL, type, false, Buffer.from(text, 'utf8').toString('latin1'));
}

/** RFC 5280 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050 on. */
export function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? asn1.create(UNIVERSAL, asn1.Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(UNIVERSAL, asn1.Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

export function context(tag: number, ...children: readonly Asn1[]): Asn1 {
  return asn1.create(CONTEXT_SPECIFIC, tag, true, [...children]);
}

/** Characters of four bytes each, as UTF-8 with one character a byte. */
function universalText(content: string): string | undefined {
  const bytes = Buffer.from(content, 'latin1');
  if (bytes.length % 4 !== 0) return undefined;
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const codePoint = bytes.readUInt32BE(at);
    if (codePoint > 0x10_ffff) return undefined;
    text += String.fromCodePoint(codePoint);
  }
  return Buffer.from(text, 'utf8').toString('latin1');
}
