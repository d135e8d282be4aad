/** `qnetd status`: asks a running arbiter and prints the answer for people or, with --json, for machines. */
import { localSocketIn, SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { type AskOutcome, askLocalSocket } from '../runtime/local-socket.ts';
import { readStatusJson, type StatusDocument } from '../status/json.ts';
import { peopleText } from '../status/people.ts';
import { byteStringOf, foreignText, printable } from '../status/printable.ts';
import type { CommandResult } from './command-result.ts';

export interface StatusChoice {
  readonly verbose: boolean;
  readonly json: boolean;
  readonly cluster: string | undefined;
}

/** The same as corosync-qnetd-tool's, which scripts know. */
const EXIT = { ok: 0, internal: 2, noConnection: 3, refused: 4 } as const;

/** What every daemon takes, the newline included: the least that ipc_max_receive_size may be. */
const REQUEST_BYTES_MAX = 1_024;

const LIMITS = { timeoutMs: 10_000, replyBytesMax: 1 << 28 };

/** Of several sockets the first that somebody answers on. */
export async function qnetdStatus(choice: StatusChoice, paths: readonly string[]): Promise<CommandResult> {
  let outcome: AskOutcome | undefined;
  let path = localSocketIn(SYSTEM_DIRECTORIES.runDir);
  for (const candidate of paths) {
    outcome = await askLocalSocket(candidate, requestFor(choice.cluster), LIMITS);
    path = candidate;
    if (outcome.connected) return resultOf(choice, path, outcome);
    // Worth telling before a socket that is not there.
    if (outcome.error === 'EACCES') break;
  }
  return unreachable(path, outcome?.error ?? 'ENOENT');
}

/** A name that does not fit into the words of a request is looked for here, in the answer for all. */
function requestFor(cluster: string | undefined): string {
  const name = byteStringOf(cluster ?? '');
  const request = `snapshot cluster "${name.replace(/["\\]/g, '\\$&')}"\n`;
  return name === '' || /[\r\n\0]/.test(name) || request.length > REQUEST_BYTES_MAX ? 'snapshot\n' : request;
}

function resultOf(choice: StatusChoice, path: string, { reply, error }: AskOutcome): CommandResult {
  const text = reply.toString('latin1');
  if (text.startsWith('OK\n')) {
    const status = readStatusJson(text.slice('OK\n'.length));
    const stdout = status && foreignText(() => rendered(status, choice));
    if (stdout === undefined) {
      return failed(
        EXIT.internal,
        `The arbiter on ${path} gave an answer that this program does not understand.`,
        'Use the qnetd of the version that runs there.',
      );
    }
    return { exitCode: EXIT.ok, stdout: byteStringOf(stdout), stderr: '' };
  }
  if (text.startsWith("Error\nUnknown command 'snapshot'")) {
    const remedy = `Use corosync-qnetd-tool -s or -lv instead (with -p ${path}).`;
    return failed(EXIT.refused, `On ${path} upstream's corosync-qnetd runs, which knows no qnetd status.`, remedy);
  }
  if (text.startsWith('Error\n')) {
    const problem = printable(text.slice('Error\n'.length).trim(), 500);
    const tooLong = problem.startsWith("Can't get") || problem.startsWith('Internal IPC buffer');
    const remedy = tooLong
      ? 'Ask for one cluster with --cluster, or raise ipc_max_send_size.'
      : 'See its log for more.';
    return failed(EXIT.refused, `The arbiter on ${path} answered: ${problem}.`, remedy);
  }
  return failed(
    EXIT.noConnection,
    `The arbiter on ${path} closed the connection without an answer${error === undefined ? '' : ` (${error})`}.`,
    'It answers ipc_max_clients at a time and may have been busy; try again.',
  );
}

function rendered(status: StatusDocument, choice: StatusChoice): string {
  if (!choice.json) return peopleText(status, choice);
  const { cluster } = choice;
  const clusters = status.clusters.filter(({ name }) => cluster === undefined || name === cluster);
  return `${JSON.stringify({ ...status, clusters }, undefined, 2)}\n`;
}

function unreachable(path: string, error: string): CommandResult {
  if (error === 'EACCES') {
    const remedy =
      'Run this as root or as the user of the arbiter; its settings local_socket_gid and local_socket_umask let a group in.';
    return failed(EXIT.noConnection, `This user may not ask the arbiter on ${path}.`, remedy);
  }
  if (error === 'ENAMETOOLONG') {
    const remedy = 'Choose a shorter run directory.';
    return failed(EXIT.noConnection, `The path ${path} is too long for a local socket.`, remedy);
  }
  const reason = error === 'ENOENT' ? 'there is no such socket' : error === 'ECONNREFUSED' ? 'nobody listens' : error;
  return failed(
    EXIT.noConnection,
    `No arbiter can be reached on ${path}: ${reason}.`,
    'Start it (qnetd run, or its service), or name its directory with --run-dir.',
  );
}

function failed(exitCode: number, problem: string, remedy: string): CommandResult {
  return { exitCode, stdout: '', stderr: byteStringOf(`${problem} ${remedy}\n`) };
}
