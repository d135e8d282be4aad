/**
 * Does a client certificate speak for a cluster? The rule is that of NSS host names, which upstream applies to cluster
 * names: alternative names of the wanted kind silence the common name, case does not matter, and a wildcard may stand
 * for the end of the first label of a name with at least three. Measured against corosync-qnetd 3.0.3.
 */

import { asciiLower, untilNul } from '../protocol/byte-text.ts';
import type { ByteString } from '../protocol/values.ts';
import type { PeerCertificate } from './events.ts';

export function certificateNamesCluster(certificate: PeerCertificate, clusterName: ByteString): boolean {
  const name = untilNul(clusterName);
  if (name === '') return false;
  const { commonName, dnsNames, ipAddresses } = certificate;
  if (looksLikeAddress(name)) {
    if (ipAddresses.length > 0) return ipAddresses.some((address) => asciiLower(address) === asciiLower(name));
    return commonName === name;
  }
  const patterns = dnsNames.length > 0 ? dnsNames : [commonName ?? ''];
  return patterns.some((pattern) => matches(pattern, name));
}

/** The names a certificate carries, for a log line. */
export function namesInWords({ commonName, dnsNames, ipAddresses }: PeerCertificate): string {
  const names = [...(commonName === undefined ? [] : [`CN=${commonName}`]), ...dnsNames, ...ipAddresses];
  return names.length === 0 ? 'no name' : names.join(', ');
}

const looksLikeAddress = (name: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^[0-9a-f]*:[0-9a-f:.]*$/i.test(name);

/** A name with a NUL in it was made to be read in two ways; it matches nothing. */
function matches(pattern: string, name: string): boolean {
  if (pattern === '' || pattern.includes('\0')) return false;
  const [wanted, given] = [asciiLower(pattern), asciiLower(name)];
  const star = wanted.indexOf('*');
  const firstDot = wanted.indexOf('.');
  const secondDot = firstDot < 0 ? -1 : wanted.indexOf('.', firstDot + 1);
  const givenDot = given.indexOf('.');
  const isWildcard =
    star >= 0 &&
    star === wanted.lastIndexOf('*') &&
    star === firstDot - 1 &&
    secondDot > 0 &&
    secondDot < wanted.length - 1;
  if (!isWildcard || givenDot < 0) return wanted === given;
  return (
    given.startsWith(wanted.slice(0, star)) && givenDot >= star && given.slice(givenDot) === wanted.slice(firstDot)
  );
}
