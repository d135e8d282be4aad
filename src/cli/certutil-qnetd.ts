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
import { CA_EXPORT, hasStateFile, placeStateFile, prepareStateDirectory, type Sharing } from '../certs/state-files.ts';
import { SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { parseQnetdCertutil } from './certutil-arguments.ts';
import { type Output, reportMistake } from './output.ts';

export interface CertutilCall {
  readonly args: readonly string[];
  /** As the command was called, for messages that name it. */
  readonly program: string;
  readonly output: Output;
  /** For what the administrator should find later as well. */
  readonly tellLog?: (warning: string) => Promise<void>;
}

/** Upstream's 1200 months, less the day by which certificates begin earlier here. */
const UPSTREAM_DAYS = 36_499;

/** Upstream's exit codes: a file or name that is missing, and everything else. */
const EXIT_ARGUMENT = 2;
const EXIT_FAILED = 1;

const NOISE_FILE = 'noise.txt';

export async function certutil(call: CertutilCall): Promise<number> {
  const { output, program } = call;
  const parsed = parseQnetdCertutil(call.args);
  if (parsed.kind === 'invalid') {
    output.err(parsed.problem);
    return EXIT_FAILED;
  }
  if (parsed.kind === 'usage') {
    for (const line of usage(program)) output.out(line);
    return 0;
  }
  const stateDir = resolve(parsed.stateDir ?? SYSTEM_DIRECTORIES.stateDir);
  try {
    if (parsed.operation === 'init') {
      return await initialise(stateDir, parsed.groupWritable ? 'groupWritable' : 'groupReadable', output);
    }
    return await signRequest(stateDir, parsed.file, parsed.clusterName, call);
  } catch (error) {
    return reportMistake(error, output);
  }
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
  // Nothing here needs noise from a file; upstream's script uses this one if somebody goes back to it.
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

function usage(program: string): string[] {
  return [
    `${program}: [-i|-s] [-c FILE] [-G] [-n NAME] [--state DIR] [-h]`,
    '',
    ' -i           make the authority and the certificate of this arbiter',
    ' -s           sign the certificate request of a cluster; needs -c and -n',
    ' -c FILE      the certificate request, DER or PEM',
    ' -n NAME      name of the cluster, as in corosync.conf',
    ' -G           new files are not writable for their group',
    ` --state DIR  use DIR instead of ${SYSTEM_DIRECTORIES.stateDir}`,
    ' -h           print this',
  ];
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
