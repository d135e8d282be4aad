/**
 * The line protocol of the local socket, both ends: one request line, one answer, then the daemon closes. Limits and
 * manners are those of corosync-qnetd 3.0.3, whose own tool talks to our daemon and whose daemon ours talks to.
 */
import { chown, lstat, mkdir, unlink } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { codeOf } from './error-text.ts';
import { OperatorError } from './errors.ts';

export interface LocalSocketOptions {
  /** At most 107 bytes: what a Unix socket address holds. */
  readonly path: string;
  /** Mask for the mode of the socket file; undefined leaves the process's own. */
  readonly umask: number | undefined;
  /** Group of the socket file; undefined leaves it alone. */
  readonly gid: number | undefined;
  readonly backlog: number;
  /** 0 is no limit. */
  readonly maxClients: number;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

/** Text here is one character a byte, so that names pass through as they are. */
export interface LocalAnswer {
  /** Empty: close without a word. */
  readonly text: string;
  /** Call `onStop` once the answer is out. */
  readonly stop: boolean;
}

export interface LocalSocketServer {
  /** Stops listening, removes the socket file, drops who is connected. */
  close(): Promise<void>;
}

const PATH_BYTES_MAX = 107;
/** Upstream waits for ever; ten forgotten connections would then lock its tool out. */
const CLIENT_IDLE_MS_MAX = 60_000;

export async function serveLocalSocket(
  options: LocalSocketOptions,
  answer: (line: string) => LocalAnswer,
  onStop: () => void,
): Promise<LocalSocketServer> {
  if (!fitsAddress(options.path)) {
    const problem = `The path of the local socket is not 1 to ${PATH_BYTES_MAX} bytes long: ${options.path}.`;
    throw new OperatorError(problem, 'Choose a shorter run directory or local_socket_file.');
  }
  await makeDirectoryOf(options.path);
  await removeStale(options.path);
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (options.maxClients !== 0 && clients.size >= options.maxClients) {
      socket.destroy();
      return;
    }
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    serveClient(socket, options, answer, onStop);
  });
  await listen(server, options);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of clients) socket.destroy();
      }),
  };
}

function serveClient(
  socket: Socket,
  { maxReceiveBytes }: LocalSocketOptions,
  answer: (line: string) => LocalAnswer,
  onStop: () => void,
): void {
  let held = Buffer.alloc(0);
  let answered = false;
  socket.setTimeout(CLIENT_IDLE_MS_MAX, () => socket.destroy());
  // A client that goes away is its own affair; 'close' follows.
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    if (!answered) socket.destroy();
  });
  socket.on('data', (chunk) => {
    if (answered) return;
    held = Buffer.concat([held, chunk.subarray(0, maxReceiveBytes + 1 - held.length)]);
    const end = held.subarray(0, maxReceiveBytes).indexOf('\n');
    if (end === -1) {
      if (held.length > maxReceiveBytes) socket.destroy();
      return;
    }
    answered = true;
    const { text, stop } = answer(held.toString('latin1', 0, end + 1));
    if (text === '') socket.destroy();
    else socket.end(text, 'latin1', () => socket.destroySoon());
    if (stop) socket.on('close', onStop);
  });
}

/** Bound synchronously inside listen(), so the mask holds for this file alone. */
async function listen(server: Server, { path, backlog, umask, gid }: LocalSocketOptions): Promise<void> {
  const before = umask === undefined ? undefined : process.umask(umask);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path, backlog }, () => {
        server.off('error', reject);
        resolve();
      });
      if (before !== undefined) process.umask(before);
    });
    if (gid !== undefined) await chown(path, -1, gid);
  } catch (cause) {
    server.close();
    throw notCreated(path, cause);
  }
}

/** As for the lock file, for a socket that lies elsewhere. */
async function makeDirectoryOf(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { mode: 0o770, recursive: true });
  } catch (cause) {
    throw notCreated(path, cause);
  }
}

function notCreated(path: string, cause: unknown): OperatorError {
  const problem = `The local socket ${path} cannot be created (${codeOf(cause)}).`;
  return new OperatorError(problem, 'Create its directory, or name one that this user may write to.', 1, { cause });
}

/** Only a socket, and only one that nobody answers on: what a crash leaves behind. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new OperatorError(`${path} is in the way of the local socket.`, 'Move it, or name another path.');
  }
  if (await isAnswered(path)) {
    throw new OperatorError(`Another instance is running: it answers on ${path}.`, 'Stop it, or name another path.');
  }
  await unlink(path).catch((cause: unknown) => {
    const problem = `The old local socket ${path} cannot be removed (${codeOf(cause)}).`;
    throw new OperatorError(problem, 'Remove it, or start as the user who owns its directory.', 1, { cause });
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('error', (error) => end(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error))));
  });
}

export interface AskLimits {
  /** Of silence, not of the whole exchange. */
  readonly timeoutMs: number;
  readonly replyBytesMax: number;
}

/** `reply` is what had come when the connection ended, for whatever reason; `error` the system's code, if any. */
export interface AskOutcome {
  readonly connected: boolean;
  readonly reply: Buffer;
  readonly error: string | undefined;
}

/**
 * Sends `request` (one character a byte, with its newline) and reads to the end; without a request it only finds out
 * whether somebody listens. Never rejects.
 */
export function askLocalSocket(path: string, request: string, limits: AskLimits): Promise<AskOutcome> {
  if (!fitsAddress(path)) {
    return Promise.resolve({ connected: false, reply: Buffer.alloc(0), error: 'ENAMETOOLONG' });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let replyBytes = 0;
    let connected = false;
    const socket = connect({ path });
    const end = (error: string | undefined) => {
      socket.destroy();
      resolve({ connected, reply: Buffer.concat(chunks), error });
    };
    socket.setTimeout(limits.timeoutMs, () => end('ETIMEDOUT'));
    socket.once('error', (error) => end(codeOf(error) || String(error)));
    socket.once('end', () => end(undefined));
    socket.once('connect', () => {
      connected = true;
      if (request === '') end(undefined);
      else socket.write(request, 'latin1');
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      replyBytes += chunk.length;
      if (replyBytes > limits.replyBytesMax) end('EMSGSIZE');
    });
  });
}

function fitsAddress(path: string): boolean {
  const bytes = Buffer.byteLength(path);
  return bytes >= 1 && bytes <= PATH_BYTES_MAX;
}
