/**
 * `-Q`: certificates for a whole cluster over SSH, in upstream's order. What moves goes through the remote commands' own
 * input and output, so that no SFTP is needed, nothing lies in a world-writable place under a known name, and the shells
 * of the other hosts may print what they like.
 */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { NODE_DIRECTORY, NODE_REQUEST } from '../certs/node-store.ts';
import { SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { OperatorError } from '../runtime/errors.ts';
import type { CertutilCall } from './certutil-call.ts';
import type { Output } from './output.ts';

export interface QuickStartOrder {
  readonly clusterName: string;
  readonly ssh: string;
  readonly operands: readonly string[];
  readonly stateDir: string | undefined;
}

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ARBITER_PROGRAM = 'corosync-qnetd-certutil';
const [BEGIN, END] = ['-----BEGIN FILE-----', '-----END FILE-----'];
const SSH_FAILED = 255;

export async function quickStart(order: QuickStartOrder, { program, output }: CertutilCall): Promise<number> {
  const { clusterName } = order;
  const [arbiter = '', first = '', ...others] = order.operands;
  const nodes = [first, ...others];
  const directory = order.stateDir ?? NODE_DIRECTORY;
  const node = order.stateDir === undefined ? quoted(program) : `${quoted(program)} --state ${quoted(directory)}`;
  const on = (host: string, command: string, input = '') => runOn(order.ssh, host, command, input, output);
  for (const host of nodes) await refuseUnready(order.ssh, host, quoted(program), directory);
  // That it has an authority already is the normal case.
  await ask(order.ssh, arbiter, `${ARBITER_PROGRAM} -i`, '');
  const ca = await readFrom(order.ssh, arbiter, `${SYSTEM_DIRECTORIES.stateDir}/qnetd-cacert.crt`);
  for (const host of nodes) await on(host, withFile(`${node} -i -c "$f"`), ca);
  await on(first, `${node} -r -n ${quoted(clusterName)}`);
  const request = await readFrom(order.ssh, first, `${directory}/${NODE_REQUEST}`);
  await on(arbiter, withFile(`${ARBITER_PROGRAM} -s -c "$f" -n ${quoted(clusterName)}`), request);
  const certificate = await readFrom(order.ssh, arbiter, `${SYSTEM_DIRECTORIES.stateDir}/cluster-${clusterName}.crt`);
  await on(first, withFile(`${node} -M -c "$f"`), certificate);
  const pkcs12 = await readFrom(order.ssh, first, `${directory}/qdevice-net-node.p12`);
  for (const host of others) await on(host, withFile(`${node} -m -c "$f"`), pkcs12);
  return 0;
}

async function refuseUnready(ssh: string, host: string, program: string, directory: string): Promise<void> {
  // Said on the other host, because "no" and "no connection" have to be told apart.
  const probe = await ask(ssh, host, `if [ -d ${quoted(directory)} ]; then echo there-is-one; fi; ${program}`, '');
  if (probe.code === SSH_FAILED) throw failure(host, 'cannot be reached', probe);
  if (/^there-is-one$/m.test(probe.stdout)) {
    throw new OperatorError(`Node ${host} is initialised already.`, `Delete ${directory} there to start anew.`);
  }
  if (probe.code !== 0) {
    throw new OperatorError(`Node ${host} has no ${program}.`, 'Install the package on all nodes, at the same place.');
  }
}

/** Runs it, and passes on what it says. */
async function runOn(ssh: string, host: string, command: string, input: string, output: Output): Promise<void> {
  const answer = await ask(ssh, host, command, input);
  if (answer.code !== 0) throw failure(host, `failed at: ${command.replace(/^.*\|\| exit 1; /, '')}`, answer);
  for (const line of answer.stdout.split('\n').filter((said) => said !== '')) output.out(line);
}

/** The file in base64, between marks. */
async function readFrom(ssh: string, host: string, path: string): Promise<string> {
  const answer = await ask(ssh, host, `echo ${BEGIN}; base64 ${quoted(path)}; echo ${END}`, '');
  const base64 = new RegExp(`${BEGIN}\\r?\\n([A-Za-z0-9+/=\\s]+)${END}`).exec(answer.stdout)?.[1];
  if (base64 === undefined) throw failure(host, `cannot give ${path}`, answer);
  return base64;
}

/** A file of a name that nobody knows, in a place of root's, gone afterwards. Its content comes in base64. */
function withFile(command: string): string {
  const directory = dirname(dirname(NODE_DIRECTORY));
  const made = `umask 077; d=$(mktemp -d -p ${directory} 2>/dev/null || mktemp -d); f=$d/file; base64 -d >"$f" || exit 1; `;
  return `${made}${command}; s=$?; rm -rf "$d"; exit $s`;
}

async function ask(ssh: string, host: string, command: string, input: string): Promise<Answer> {
  const child = spawn(ssh, [`root@${host}`, command], { stdio: ['pipe', 'pipe', 'pipe'] });
  // A host that closes early has its own say; the exit code tells.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? SSH_FAILED));
  });
  try {
    const [status, stdout, stderr] = await Promise.all([code, text(child.stdout), text(child.stderr)]);
    return { code: status, stdout, stderr };
  } catch (cause) {
    throw new OperatorError(`${ssh} cannot be started.`, 'Install OpenSSH, or name another program with -S.', 1, {
      cause,
    });
  }
}

function failure(host: string, what: string, { code, stdout, stderr }: Answer): OperatorError {
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1)?.trim().replace(/\.$/, '') || `exit code ${code}`;
  const remedy =
    code === SSH_FAILED
      ? `See that ssh root@${host} works.`
      : 'What was done before stays; mend it and delete that first.';
  return new OperatorError(`${host} ${what} (${said}).`, remedy);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
