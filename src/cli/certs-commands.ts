/** `qnetd certs` and `qdevice certs`: whose certificates there are and until when, and what is to be done about them. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { mirrorArbiter } from '../certs/arbiter-mirror.ts';
import { clusterFileName } from '../certs/cluster-name.ts';
import { endorse } from '../certs/endorsement.ts';
import { loadServerIdentity } from '../certs/identity.ts';
import { forgetIssued } from '../certs/issued.ts';
import { CLUSTER_KEY, loadNodeIdentity } from '../certs/node-identity.ts';
import { hasNssDatabase } from '../certs/nss-database.ts';
import { CLUSTER_NICKNAME } from '../certs/pkcs12-write.ts';
import { renewServerCertificate } from '../certs/renew-server.ts';
import { readRequest, requestDer } from '../certs/request.ts';
import { hasStateFile, readFailure } from '../certs/state-files.ts';
import {
  arbiterCertificates,
  endingNotes,
  type ListedCertificate,
  nodeCertificates,
  ownerText,
} from '../certs/validity.ts';
import { OperatorError } from '../runtime/errors.ts';
import { type Output, reportMistake } from './output.ts';

export interface ArbiterCertsChoice {
  readonly action: 'list' | 'forget' | 'renew' | 'mirror';
  readonly json: boolean;
  readonly cluster: string | undefined;
  readonly validDays: number | undefined;
}

export interface NodeCertsChoice {
  readonly action: 'list' | 'endorse';
  readonly json: boolean;
  readonly request: string | undefined;
}

/** The least that a request that is vouched for may bring; the arbiter says what it takes. */
const KEY_BITS_MIN = 2_048;

export async function arbiterCertsCommand(choice: ArbiterCertsChoice, stateDir: string, output: Output) {
  try {
    switch (choice.action) {
      case 'list':
        // What upstream has made becomes files first.
        if (await hasNssDatabase(stateDir)) await loadServerIdentity(stateDir);
        print(await arbiterCertificates(stateDir, new Date()), stateDir, choice.json, output);
        break;
      case 'forget':
        await forget(stateDir, choice.cluster, output);
        break;
      case 'mirror':
        await mirrorArbiter(stateDir);
        output.out(`The NSS database in ${stateDir} has the same keys and certificates now.`);
        break;
      case 'renew': {
        const { validTo } = new X509Certificate(await renewServerCertificate(stateDir, choice.validDays));
        output.out(`The arbiter has a new certificate, valid until ${dateOf(validTo)}.`);
        output.out('Tell a running arbiter: systemctl reload corosync-qnetd, or send it SIGHUP.');
        break;
      }
    }
    return 0;
  } catch (error) {
    return reportMistake(error, output);
  }
}

export async function nodeCertsCommand(choice: NodeCertsChoice, directory: string, output: Output): Promise<number> {
  try {
    if (choice.action === 'list') {
      // What upstream has made becomes files first.
      if (!(await hasStateFile(directory, CLUSTER_KEY))) await loadNodeIdentity(directory, CLUSTER_NICKNAME);
      print(await nodeCertificates(directory, new Date()), directory, choice.json, output);
      return 0;
    }
    const { request } = choice;
    if (request === undefined) throw new OperatorError('The request is missing.', 'Name its file with --request.', 2);
    const bytes = await readFile(request).catch(async (error: unknown) => {
      throw await readFailure(error, request);
    });
    readRequest(bytes, request, KEY_BITS_MIN);
    output.out((await endorse(directory, requestDer(bytes))).trimEnd());
    return 0;
  } catch (error) {
    return reportMistake(error, output);
  }
}

/** For a status, which says what ends soon, and nothing where the one who asks may not look. */
export async function arbiterEnds(stateDir: string): Promise<string[]> {
  return endingNotes(await arbiterCertificates(stateDir, new Date()).catch(() => []));
}

export async function nodeEnds(directory: string): Promise<string[]> {
  return endingNotes(await nodeCertificates(directory, new Date()).catch(() => []));
}

async function forget(stateDir: string, cluster: string | undefined, output: Output): Promise<void> {
  if (cluster === undefined) throw new OperatorError('The name is missing.', 'Give it with --cluster.', 2);
  clusterFileName(cluster);
  const certificates = (await arbiterCertificates(stateDir, new Date())).filter((found) => found.role === 'cluster');
  const forgotten = await forgetIssued(stateDir, cluster);
  if (forgotten.length === 0) {
    throw new OperatorError(
      `There is no certificate of a cluster ${JSON.stringify(cluster)} in ${stateDir}.`,
      'See qnetd certs list.',
    );
  }
  for (const file of forgotten) output.out(`Removed ${file}`);
  const last = certificates.find(
    ({ file, daysLeft, revokedAt }) => forgotten.includes(file) && daysLeft >= 0 && revokedAt === undefined,
  );
  if (last === undefined) return;
  output.err(
    `Whoever still has the key can use the certificate until ${last.validTo.slice(0, 10)}, unless you revoke it: ` +
      `qnetd certs revoke --cluster ${cluster} --fingerprint ${last.fingerprint.replaceAll(':', '').toLowerCase()}`,
  );
}

function print(certificates: readonly ListedCertificate[], directory: string, json: boolean, output: Output): void {
  if (json) {
    output.out(JSON.stringify({ directory, certificates }, undefined, 2));
    return;
  }
  if (certificates.length === 0) {
    output.out(`There are no certificates in ${directory}.`);
    return;
  }
  const whose = certificates.map(ownerText);
  const width = Math.min(Math.max(...whose.map(({ length }) => length)), 40);
  for (const [at, { validFrom, validTo, daysLeft, serial, revokedAt }] of certificates.entries()) {
    const left = revokedAt !== undefined ? 'revoked' : daysLeft < 0 ? 'ended' : `${daysLeft} days`;
    const validity = `${validFrom.slice(0, 10)} to ${validTo.slice(0, 10)} (${left})`;
    output.out(`${(whose[at] ?? '').padEnd(width)}  ${validity}  ${serial.slice(0, 12)}`);
  }
  for (const note of endingNotes(certificates)) output.err(note);
}

function dateOf(validTo: string): string {
  return new Date(validTo).toISOString().slice(0, 10);
}
