/** One request to a running arbiter, and what to say when nothing comes of it. */
import { localSocketIn, SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { type AskOutcome, askLocalSocket } from '../runtime/local-socket.ts';
import { byteStringOf, printable } from '../status/printable.ts';
import type { CommandResult } from './command-result.ts';

/** The same as corosync-qnetd-tool's, which scripts know. */
export const EXIT = { ok: 0, usage: 1, internal: 2, noConnection: 3, refused: 4 } as const;

/** What every daemon takes, the newline included: the least that ipc_max_receive_size may be. */
export const REQUEST_BYTES_MAX = 1_024;

const LIMITS = { timeoutMs: 10_000, replyBytesMax: 1 << 28 };

export type Answer =
  | { readonly kind: 'ok'; readonly text: string; readonly path: string }
  /** The arbiter's own words. */
  | { readonly kind: 'error'; readonly problem: string; readonly path: string }
  | { readonly kind: 'failed'; readonly result: CommandResult };

/** Of several sockets the first that somebody answers on. */
export async function askArbiter(
  request: string,
  paths: readonly string[],
  timeoutMs = LIMITS.timeoutMs,
): Promise<Answer> {
  let outcome: AskOutcome | undefined;
  let path = localSocketIn(SYSTEM_DIRECTORIES.runDir);
  for (const candidate of paths) {
    outcome = await askLocalSocket(candidate, request, { ...LIMITS, timeoutMs });
    path = candidate;
    if (outcome.connected) return answerOf(path, outcome);
    // Worth telling before a socket that is not there.
    if (outcome.error === 'EACCES') break;
  }
  return { kind: 'failed', result: unreachable(path, outcome?.error ?? 'ENOENT') };
}

/** As a word between quotes of a request; undefined: it cannot be one. */
export function quotedWord(name: string): string | undefined {
  return /[\r\n\0]/.test(name) ? undefined : `"${byteStringOf(name).replace(/["\\]/g, '\\$&')}"`;
}

function answerOf(path: string, { reply, error }: AskOutcome): Answer {
  const text = reply.toString('latin1');
  if (text.startsWith('OK\n')) return { kind: 'ok', text: text.slice('OK\n'.length), path };
  if (text.startsWith('Error\n')) {
    return { kind: 'error', problem: printable(text.slice('Error\n'.length).trim(), 500), path };
  }
  const result = failed(
    EXIT.noConnection,
    `The arbiter on ${path} closed the connection without an answer${error === undefined ? '' : ` (${error})`}.`,
    'It answers ipc_max_clients at a time and may have been busy; try again.',
  );
  return { kind: 'failed', result };
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

export function failed(exitCode: number, problem: string, remedy: string): CommandResult {
  return { exitCode, stdout: '', stderr: byteStringOf(`${problem} ${remedy}\n`) };
}
