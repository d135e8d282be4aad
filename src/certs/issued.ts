/**
 * The certificates that this arbiter has given to clusters. Each is kept in a file of its own from the moment it is
 * signed; `cluster-NAME.crt`, which setup tools overwrite and take away, counts as well, because it is all that an
 * installation of upstream's has.
 */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode } from '../runtime/atomic-file.ts';
import { readDer } from './asn1.ts';
import { lastCommonName, partsOf } from './certificate.ts';
import { isSameName, readable } from './cluster-name.ts';
import { certificatePem } from './issue.ts';
import { fingerprintOf, revokedCertificates } from './revoked.ts';
import { CA_CERTIFICATE, isRoot, ownerOf, readFailure, replaceStateFile, requireStateFile } from './state-files.ts';

export interface IssuedCertificate {
  readonly clusterName: string;
  readonly certificate: X509Certificate;
  readonly file: string;
}

const RECORD = /^issued-[0-9A-F]+\.pem$/;
const SIGNED = /^cluster-.*\.crt$/s;
const RECORD_MODE = 0o640;

/** Of this authority, each once, the one that ends last first. What cannot be read as a certificate is passed over. */
export async function issuedCertificates(stateDir: string): Promise<IssuedCertificate[]> {
  const authority = new X509Certificate(await requireStateFile(stateDir, CA_CERTIFICATE));
  const found = new Map<string, IssuedCertificate>();
  for (const name of (await namesIn(stateDir)).filter((file) => RECORD.test(file) || SIGNED.test(file))) {
    const issued = await readIssued(join(stateDir, name));
    if (issued === undefined || !issued.certificate.verify(authority.publicKey)) continue;
    // Records come last in the alphabet, and so take the place of the copy that a tool looks for.
    found.set(issued.certificate.fingerprint256, issued);
  }
  return [...found.values()].sort((a, b) => Date.parse(b.certificate.validTo) - Date.parse(a.certificate.validTo));
}

/** Those that open the cluster of this name at `now`: neither ended nor revoked. */
export async function validFor(stateDir: string, clusterName: string, now: Date): Promise<IssuedCertificate[]> {
  const revoked = new Set((await revokedCertificates(stateDir)).map(({ fingerprint }) => fingerprint));
  return (await issuedCertificates(stateDir)).filter(
    (issued) =>
      isNamed(issued, clusterName) &&
      Date.parse(issued.certificate.validTo) > now.getTime() &&
      !revoked.has(fingerprintOf(issued.certificate.fingerprint256) ?? ''),
  );
}

export async function recordIssued(stateDir: string, der: Buffer): Promise<void> {
  const { serialNumber } = new X509Certificate(der);
  const { mode } = await stat(stateDir);
  const attributes = { mode: RECORD_MODE & mode, ...(isRoot() ? await ownerOf(stateDir) : undefined) };
  await replaceStateFile(join(stateDir, `issued-${serialNumber}.pem`), certificatePem(der), attributes);
}

/** Takes the name free, but for the one certificate. What was issued before still opens the cluster until it ends. */
export async function forgetIssued(stateDir: string, clusterName: string, except?: Buffer): Promise<string[]> {
  const forgotten: string[] = [];
  for (const name of (await namesIn(stateDir)).filter((file) => RECORD.test(file) || SIGNED.test(file))) {
    const issued = await readIssued(join(stateDir, name));
    if (issued === undefined || !isNamed(issued, clusterName)) continue;
    if (except !== undefined && issued.certificate.raw.equals(except)) continue;
    await rm(issued.file, { force: true });
    forgotten.push(issued.file);
  }
  return forgotten;
}

function isNamed({ clusterName }: IssuedCertificate, name: string): boolean {
  return isSameName(name, Buffer.from(clusterName, 'utf8').toString('latin1'));
}

async function namesIn(stateDir: string): Promise<string[]> {
  try {
    return (await readdir(stateDir)).sort();
  } catch (error) {
    throw await readFailure(error, stateDir);
  }
}

async function readIssued(file: string): Promise<IssuedCertificate | undefined> {
  const bytes = await readFile(file).catch(async (error: unknown) => {
    if (hasErrorCode(error, 'ENOENT', 'EISDIR')) return undefined;
    throw await readFailure(error, file);
  });
  if (bytes === undefined) return undefined;
  try {
    const certificate = new X509Certificate(bytes);
    const name = lastCommonName(partsOf(readDer(certificate.raw)).subject);
    return name === undefined ? undefined : { clusterName: readable(name), certificate, file };
  } catch {
    return undefined;
  }
}
