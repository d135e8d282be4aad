/**
 * What a client's certificate says, for the arbiter to compare with the cluster's name. The bytes come from the peer:
 * whatever they are, the answer is a value, and a certificate that cannot be read names nobody.
 */
import { createHash } from 'node:crypto';
import { SocketAddress } from 'node:net';
import type { PeerCertificate } from '../arbiter/events.ts';
import { readBer } from './asn1.ts';
import { alternativeNamesOf, lastCommonName, partsOf } from './certificate.ts';

/** A cluster has one certificate for all its nodes, so this is more than a thousand clusters. */
const CACHED_CERTIFICATES_MAX = 1024;
const CERTIFICATE_BYTES_MAX = 65_536;

const NOBODY = { commonName: undefined, dnsNames: [], ipAddresses: [] };

/** By SHA-256 of the bytes, oldest first. */
const cache = new Map<string, PeerCertificate>();

/** Texts have one character a byte; addresses are written as Node writes them. */
export function readPeerCertificate(raw: Uint8Array): PeerCertificate {
  const key = createHash('sha256').update(raw).digest('hex');
  if (raw.length > CERTIFICATE_BYTES_MAX) return { ...NOBODY, fingerprint: key };
  const known = cache.get(key);
  if (known !== undefined) return known;
  const certificate = { ...parse(raw), fingerprint: key };
  const [oldest] = cache.keys();
  if (cache.size >= CACHED_CERTIFICATES_MAX && oldest !== undefined) cache.delete(oldest);
  cache.set(key, certificate);
  return certificate;
}

function parse(raw: Uint8Array): Omit<PeerCertificate, 'fingerprint'> {
  try {
    const { subject, extensions } = partsOf(readBer(raw));
    const { dnsNames, addresses } = alternativeNamesOf(extensions, readBer);
    return { commonName: lastCommonName(subject), dnsNames, ipAddresses: addresses.flatMap(addressText) };
  } catch {
    // Also names beside an unreadable extension: what the extension restricts is unknown, so the name is not to be used.
    return NOBODY;
  }
}

function addressText(bytes: Buffer): string[] {
  if (bytes.length === 4) return [bytes.join('.')];
  if (bytes.length !== 16) return [];
  const address = (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  return [new SocketAddress({ address, family: 'ipv6' }).address];
}
