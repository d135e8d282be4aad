/** A cluster's name where it becomes part of a file name, or is compared with the name in a certificate. */
import { OperatorError } from '../runtime/errors.ts';

/** The longest file name that Linux file systems take. */
const FILE_NAME_BYTES_MAX = 255;

/** The file that a cluster's certificate is stored in. The name must not lead anywhere else. */
export function clusterFileName(clusterName: string): string {
  const fileName = `cluster-${clusterName}.crt`;
  const fault = faultOf(clusterName, fileName);
  if (fault === undefined) return fileName;
  throw new OperatorError(
    `The cluster name ${JSON.stringify(clusterName)} ${fault}.`,
    'Give the name that corosync.conf gives as totem.cluster_name.',
    2,
  );
}

/** Arbiters compare the two without regard to case. `commonName` has one character a byte of UTF-8. */
export function isSameName(clusterName: string, commonName: string): boolean {
  return lowerCase(Buffer.from(clusterName, 'utf8').toString('latin1')) === lowerCase(commonName);
}

/** For messages: text of one character a byte, readable. */
export function readable(commonName: string): string {
  return Buffer.from(commonName, 'latin1').toString('utf8');
}

export function hasControlCharacters(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function faultOf(clusterName: string, fileName: string): string | undefined {
  if (clusterName === '') return 'is empty';
  if (clusterName.startsWith('.')) return 'begins with a dot';
  if (clusterName.includes('/')) return 'holds a slash';
  if (hasControlCharacters(clusterName)) return 'holds control characters';
  if (Buffer.byteLength(fileName) > FILE_NAME_BYTES_MAX) return 'is too long for a file name';
  return undefined;
}

function lowerCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
