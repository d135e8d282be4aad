/**
 * What upstream's two status tools have in common: one request on a daemon's local socket, and the same texts and exit
 * codes for whatever comes of it.
 */
import { getSystemErrorMap } from 'node:util';
import { askLocalSocket } from '../runtime/local-socket.ts';
import { byteStringOf } from '../status/printable.ts';
import type { CommandResult } from './command-result.ts';

export interface AskedDaemon {
  /** The tool's own name, in front of every problem. */
  readonly tool: string;
  /** The daemon as its tool words it. */
  readonly socket: string;
  readonly program: string;
}

export const EXIT = { ok: 0, usage: 1, internal: 2, noConnection: 3, refused: 4 } as const;

/** Upstream's buffers: 4096 and 512 bytes, both with a NUL behind the text. */
const REQUEST_BYTES_MAX = 4_095;
const STATUS_LINE_BYTES_MAX = 511;
/** Upstream's tools wait for ever on a daemon that hangs. */
const LIMITS = { timeoutMs: 30_000, replyBytesMax: 1 << 30 };

export async function askAsUpstream(daemon: AskedDaemon, path: string, request: string): Promise<CommandResult> {
  const failed = (exitCode: number, problem: string) => failure(daemon, exitCode, problem);
  const tooLong = request.length > REQUEST_BYTES_MAX;
  // The socket is tried first, as upstream does: a daemon that is not running is the more useful answer.
  const { connected, reply, error } = await askLocalSocket(path, tooLong ? '' : request, LIMITS);
  if (!connected) {
    const { socket, program } = daemon;
    const problem = `Can't connect to ${socket} socket (is ${program} running?): ${errnoText(error ?? '')}`;
    return failed(EXIT.noConnection, problem);
  }
  if (tooLong) return failed(EXIT.internal, "Can't store command");
  if (error === 'ETIMEDOUT') return failed(EXIT.internal, `Can't read from socket: ${errnoText(error)}`);
  return resultOf(reply.toString('latin1'), failed);
}

/** A daemon that closes before the first newline is no error to upstream. */
function resultOf(reply: string, failed: (exitCode: number, problem: string) => CommandResult): CommandResult {
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

function failure({ tool }: AskedDaemon, exitCode: number, problem: string): CommandResult {
  return { exitCode, stdout: '', stderr: byteStringOf(`${tool}: ${problem}\n`) };
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
