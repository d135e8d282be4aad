/** Certificates that end: said in time, by the arbiter for its own and its clusters', by a node for its own. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readable } from './cluster-name.ts';
import { issuedCertificates } from './issued.ts';
import { CLUSTER_CERTIFICATE } from './node-identity.ts';
import { readPeerCertificate } from './peer-certificate.ts';
import { fingerprintOf, revokedCertificates } from './revoked.ts';
import { CA_CERTIFICATE, readStateFile, SERVER_CERTIFICATE } from './state-files.ts';

export interface ListedCertificate {
  readonly role: 'authority' | 'server' | 'cluster';
  /** undefined: it is not a cluster's. */
  readonly cluster: string | undefined;
  readonly serial: string;
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Whole days, rounded down; negative when it has ended. */
  readonly daysLeft: number;
  /** When, ISO 8601, it was revoked by this arbiter; undefined: it was not. */
  readonly revokedAt?: string;
  readonly file: string;
}

const DAY_MS = 86_400_000;
export const WARN_DAYS = 30;

export async function arbiterCertificates(stateDir: string, now: Date): Promise<ListedCertificate[]> {
  const own = [
    ...(await listedFile(stateDir, CA_CERTIFICATE, 'authority', now)),
    ...(await listedFile(stateDir, SERVER_CERTIFICATE, 'server', now)),
  ];
  const issued = own.length === 0 ? [] : await issuedCertificates(stateDir);
  const revoked = await revokedCertificates(stateDir);
  return [
    ...own,
    ...issued.map(({ certificate, clusterName, file }) => {
      const { revokedAt } =
        revoked.find(({ fingerprint }) => fingerprint === fingerprintOf(certificate.fingerprint256)) ?? {};
      const entry = listed(certificate, 'cluster', clusterName, file, now);
      return revokedAt === undefined ? entry : { ...entry, revokedAt };
    }),
  ];
}

export async function nodeCertificates(directory: string, now: Date): Promise<ListedCertificate[]> {
  const [cluster] = await listedFile(directory, CLUSTER_CERTIFICATE, 'cluster', now);
  return [
    ...(await listedFile(directory, CA_CERTIFICATE, 'authority', now)),
    ...(cluster === undefined ? [] : [cluster]),
  ];
}

/** A sentence and what to do, for each that ends within 30 days, or has. Of a cluster only the last one counts. */
export function endingNotes(certificates: readonly ListedCertificate[]): string[] {
  const inUse = certificates.filter(({ revokedAt }) => revokedAt === undefined);
  const lastOnes = inUse.filter(
    ({ cluster, daysLeft }) =>
      !inUse.some((other) => other.cluster !== undefined && other.cluster === cluster && other.daysLeft > daysLeft),
  );
  return lastOnes
    .filter(({ daysLeft }) => daysLeft < WARN_DAYS)
    .map(
      (certificate) =>
        `The certificate of ${ownerText(certificate)} ${endText(certificate)}. ${remedyFor(certificate)}`,
    );
}

export function ownerText({ role, cluster }: ListedCertificate): string {
  return role === 'cluster' ? `the cluster ${JSON.stringify(cluster)}` : `the ${role === 'server' ? 'arbiter' : role}`;
}

function endText({ validTo, daysLeft }: ListedCertificate): string {
  if (daysLeft < 0) return `ended on ${validTo.slice(0, 10)}`;
  return `ends on ${validTo.slice(0, 10)}, in ${daysLeft} day${daysLeft === 1 ? '' : 's'}`;
}

function remedyFor({ role }: ListedCertificate): string {
  if (role === 'cluster') return 'Make a new one: qdevice sync, on a node of that cluster.';
  if (role === 'server') return 'Make a new one: qnetd certs renew.';
  return 'Start a new authority in an empty directory and set up the nodes again.';
}

async function listedFile(directory: string, name: string, role: ListedCertificate['role'], now: Date) {
  const pem = await readStateFile(directory, name);
  if (pem === undefined) return [];
  try {
    const certificate = new X509Certificate(pem);
    const cluster = role === 'cluster' ? commonNameOf(certificate) : undefined;
    return [listed(certificate, role, cluster, join(directory, name), now)];
  } catch {
    return [];
  }
}

function listed(
  certificate: X509Certificate,
  role: ListedCertificate['role'],
  cluster: string | undefined,
  file: string,
  now: Date,
): ListedCertificate {
  const { serialNumber: serial, fingerprint256: fingerprint } = certificate;
  const [fromMs, toMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const daysLeft = Math.floor((toMs - now.getTime()) / DAY_MS);
  const [validFrom, validTo] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return { role, cluster, serial, fingerprint, validFrom, validTo, daysLeft, file };
}

function commonNameOf({ raw }: X509Certificate): string {
  return readable(readPeerCertificate(raw).commonName ?? '');
}
