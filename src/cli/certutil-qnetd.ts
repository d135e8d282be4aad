/**
 * `corosync-qnetd-certutil`, as pvecm, pcs, crmsh and the other half of upstream's scripts call it: the same switches,
 * the same order of tests, the same exit codes and lines on standard output. One thing differs: success is reported
 * only when there was success.
 */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { clusterFileName } from '../certs/cluster-name.ts';
import { inspectStateDir, loadOrCreateServerIdentity } from '../certs/identity.ts';
import { hasNssDatabase } from '../certs/nss-database.ts';
import { signClusterCertificate } from '../certs/sign-cluster.ts';
import {
  CA_EXPORT,
  hasStateFile,
  NOISE_FILE,
  placeStateFile,
  prepareStateDirectory,
  type Sharing,
} from '../certs/state-files.ts';
import { SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { parseQnetdCertutil } from './certutil-arguments.ts';
import { answerCall, type CertutilCall, EXIT_ARGUMENT, EXIT_FAILED } from './certutil-call.ts';
import { QNETD_CERTUTIL } from './manual/switches.ts';
import type { Output } from './output.ts';

/** Upstream's 1200 months, less the day by which certificates begin earlier here. */
const UPSTREAM_DAYS = 36_499;

export async function certutil(call: CertutilCall): Promise<number> {
  return await answerCall(call, parseQnetdCertutil(call.args), QNETD_CERTUTIL, async (chosen) => {
    const stateDir = resolve(chosen.stateDir ?? SYSTEM_DIRECTORIES.stateDir);
    if (chosen.operation === 'init') {
      return await initialise(stateDir, chosen.groupWritable ? 'groupWritable' : 'groupReadable', call.output);
    }
    return await signRequest(stateDir, chosen.file, chosen.clusterName, call);
  });
}

async function initialise(stateDir: string, sharing: Sharing, output: Output): Promise<number> {
  const found = (await hasNssDatabase(stateDir)) ? 'database' : await inspectStateDir(stateDir);
  if (found === 'complete' || found === 'database') {
    output.err(`${stateDir} already holds an authority. Empty it to start a new one, which every node must be given.`);
    return EXIT_FAILED;
  }
  if (!(await exists(stateDir))) output.out(`Creating ${stateDir}`);
  const attributes = await prepareStateDirectory(stateDir, sharing);
  output.out('Creating new key and cert db');
  const noiseFile = join(stateDir, NOISE_FILE);
  const hasNoise = await hasStateFile(stateDir, NOISE_FILE);
  output.out(`${hasNoise ? 'Using existing noise file' : 'Creating new noise file'} ${noiseFile}`);
  await placeStateFile(stateDir, NOISE_FILE, `${randomBytes(20).toString('hex')}\n`, attributes);
  output.out('Creating new CA');
  const { notes } = await loadOrCreateServerIdentity(stateDir, { sharing, validDays: UPSTREAM_DAYS });
  for (const note of notes) output.err(note);
  output.out(`QNetd CA certificate is exported as ${join(stateDir, CA_EXPORT)}`);
  return 0;
}

async function signRequest(stateDir: string, requestFile: string, clusterName: string, call: CertutilCall) {
  const { output, program } = call;
  if (!(await exists(requestFile))) {
    output.err(`The certificate request file ${JSON.stringify(requestFile)} cannot be opened. Name it with -c.`);
    return EXIT_ARGUMENT;
  }
  if (clusterName === '') {
    output.err('The name of the cluster is missing. Give it with -n.');
    return EXIT_ARGUMENT;
  }
  clusterFileName(clusterName); // throws on a name that would lead to another place
  const found = await inspectStateDir(stateDir);
  if (found === 'nothing' || found === 'begun') {
    output.err(`There is no authority in ${stateDir}. Make one with ${program} -i.`);
    return EXIT_FAILED;
  }
  output.out('Signing cluster certificate');
  const contract = { otherName: 'warn', knownName: { kind: 'note' }, validDays: UPSTREAM_DAYS } as const;
  const { certificateFile, takenOver, notes } = await signClusterCertificate({
    stateDir,
    clusterName,
    requestFile,
    ...contract,
  });
  for (const note of notes) output.err(note);
  if (takenOver !== undefined) await call.tellLog?.(takenOver);
  output.out(`Certificate stored in ${certificateFile}`);
  return 0;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
