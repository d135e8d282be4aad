/**
 * Upstream's status tool: the same switches, request bytes, texts and exit codes, because pcs, crmsh and pvecm run it
 * and read what it prints.
 */
import { getSystemErrorMap } from 'node:util';
import { localSocketIn, SYSTEM_DIRECTORIES } from '../qnetd/options.ts';
import { askLocalSocket } from '../runtime/local-socket.ts';
import { byteStringOf } from '../status/printable.ts';
import type { CommandResult } from './command-result.ts';
import { switches } from './getopt.ts';

const NAME = 'corosync-qnetd-tool';
const USAGE = `usage: ${NAME} [-Hhlsv] [-c cluster_name] [-p qnetd_ipc_socket_path]\n`;

const EXIT = { ok: 0, usage: 1, internal: 2, noConnection: 3, refused: 4 } as const;

/** Upstream's buffers: 4096 and 512 bytes, both with a NUL behind the text. */
const REQUEST_BYTES_MAX = 4_095;
const STATUS_LINE_BYTES_MAX = 511;
/** Upstream's tool waits for ever on a daemon that hangs. */
const LIMITS = { timeoutMs: 30_000, replyBytesMax: 1 << 30 };

const OPERATIONS: Readonly<Record<string, string>> = { s: 'status', l: 'list', H: 'shutdown' };

interface Wish {
  operation: string | undefined;
  verbose: boolean;
  cluster: string | undefined;
  path: string;
}

export async function qnetdTool(args: readonly string[]): Promise<CommandResult> {
  const wish: Wish = {
    operation: undefined,
    verbose: false,
    cluster: undefined,
    path: localSocketIn(SYSTEM_DIRECTORIES.runDir),
  };
  for (const found of switches(args, 'Hhlsvc:p:')) {
    if (found.kind === 'error') return usage(`${NAME}: ${found.problem}\n`);
    const operation = OPERATIONS[found.letter];
    if (operation !== undefined) wish.operation = operation;
    else if (found.letter === 'v') wish.verbose = true;
    else if (found.letter === 'c') wish.cluster = found.value;
    else if (found.letter === 'p') wish.path = found.value;
    else return usage('');
  }
  if (wish.operation === undefined) return usage('');
  return await ask(wish.path, requestOf(wish.operation, wish));
}

function usage(problem: string): CommandResult {
  return { exitCode: EXIT.usage, stdout: USAGE, stderr: byteStringOf(problem) };
}

function requestOf(operation: string, { verbose, cluster }: Wish): string {
  const name = cluster === undefined ? '' : `cluster "${byteStringOf(cluster).replace(/["\\]/g, '\\$&')}" `;
  return `${operation} ${verbose ? 'verbose ' : ''}${name}\n`;
}

async function ask(path: string, request: string): Promise<CommandResult> {
  const tooLong = request.length > REQUEST_BYTES_MAX;
  // The socket is tried first, as upstream does: a daemon that is not running is the more useful answer.
  const { connected, reply, error } = await askLocalSocket(path, tooLong ? '' : request, LIMITS);
  if (!connected) {
    const problem = `Can't connect to qnetd socket (is QNetd running?): ${errnoText(error ?? '')}`;
    return failed(EXIT.noConnection, problem);
  }
  if (tooLong) return failed(EXIT.internal, "Can't store command");
  if (error === 'ETIMEDOUT') return failed(EXIT.internal, `Can't read from socket: ${errnoText(error)}`);
  return resultOf(reply.toString('latin1'));
}

/** A daemon that closes before the first newline is no error to upstream. */
function resultOf(reply: string): CommandResult {
  const end = reply.indexOf('\n');
  const line = (end === -1 ? reply : reply.slice(0, end)).replaceAll('\r', '');
  if (line.length > STATUS_LINE_BYTES_MAX + (end === -1 ? 1 : 0)) {
    return failed(EXIT.internal, 'Internal error during IPC status line read');
  }
  if (end === -1) return { exitCode: EXIT.ok, stdout: '', stderr: '' };
  const body = reply.slice(end + 1);
  const status = line.replace(/\0.*$/s, '').toLowerCase();
  if (status === 'ok') return { exitCode: EXIT.ok, stdout: body, stderr: '' };
  if (status === 'error') return { exitCode: EXIT.refused, stdout: '', stderr: `Error: ${body}` };
  return failed(EXIT.noConnection, 'Unknown status line returned by IPC server');
}

function failed(exitCode: number, problem: string): CommandResult {
  return { exitCode, stdout: '', stderr: byteStringOf(`${NAME}: ${problem}\n`) };
}

/** strerror(3) for what connecting can meet; Node.js words these differently. */
const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EAGAIN: 'Resource temporarily unavailable',
  ECONNREFUSED: 'Connection refused',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOTDIR: 'Not a directory',
  EPROTOTYPE: 'Protocol wrong type for socket',
  ETIMEDOUT: 'Connection timed out',
};

function errnoText(code: string): string {
  const known = ERRNO_TEXT[code];
  if (known !== undefined) return known;
  for (const [name, text] of getSystemErrorMap().values()) if (name === code) return text;
  return code;
}
