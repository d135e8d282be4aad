/**
 * A node's daemon under strace, which stops it only at the calls asked for (seccomp-bpf), and the trace as data. The same for
 * both daemons: what they read from and write to corosync and the arbiter are system calls, whatever language they are made of.
 */
import type { NodeProgram } from '../lab/node-program.ts';

const TRANSFERS = 'connect,sendto,recvfrom,sendmsg,recvmsg,read,write,writev';
const WAITS = 'poll,ppoll,epoll_wait,epoll_pwait';
const ARBITER_PORT = 5403;

export type Peer = 'votequorum' | 'cmap' | 'arbiter' | 'other';
export type Action = 'send' | 'receive' | 'wait';

export interface Call {
  readonly threadId: number;
  /** Milliseconds since the epoch; of a wait both its begin and its end are known. */
  readonly beganMs: number;
  readonly endedMs: number;
  readonly action: Action;
  readonly peer: Peer;
  /** Of a wait: for how long at most, 0 if it only looked, -1 for ever. */
  readonly timeoutMs: number;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  sendto: 'send',
  sendmsg: 'send',
  write: 'send',
  writev: 'send',
  recvfrom: 'receive',
  recvmsg: 'receive',
  read: 'receive',
  poll: 'wait',
  ppoll: 'wait',
  epoll_wait: 'wait',
  epoll_pwait: 'wait',
};

/** `traceFile` is a path as the host sees it. Each call that is traced costs the program some time: ask for no more. */
export function traced(program: NodeProgram, traceFile: string, what: 'transfers' | 'waits too'): NodeProgram {
  const strace = [
    'strace',
    '-f',
    '--seccomp-bpf',
    '-ttt',
    '-T',
    '-qq',
    '-s',
    '0',
    '-e',
    `trace=${what === 'transfers' ? TRANSFERS : `${TRANSFERS},${WAITS}`}`,
    '-o',
    traceFile,
  ];
  return { ...program, daemon: [...strace, ...program.daemon] };
}

/** Calls that moved something, and waits, in the order in which they ended. */
export function readTrace(text: string): Call[] {
  const peers = new Map<number, Peer>();
  const begun = new Map<number, { readonly line: string; readonly beganMs: number }>();
  return text.split('\n').flatMap((line) => {
    const [, thread = '', seconds = '', rest = ''] = /^(\d+) +(\d+\.\d+) (.*)$/.exec(line) ?? [];
    const threadId = Number(thread);
    const atMs = Number(seconds) * 1000;
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(threadId, { line: rest.slice(0, -'<unfinished ...>'.length), beganMs: atMs });
      return [];
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const start = resumed === null ? undefined : begun.get(threadId);
    const whole = start === undefined ? rest : start.line + (resumed?.[1] ?? '');
    return readCall(whole, threadId, start?.beganMs ?? atMs, peers);
  });
}

function readCall(text: string, threadId: number, beganMs: number, peers: Map<number, Peer>): Call[] {
  const [, name = '', first = '', result = '', seconds = ''] =
    /^(\w+)\((\d*).* = (-?\d+)[^<]*<(\d+\.\d+)>$/.exec(text) ?? [];
  const fd = Number(first);
  if (name === 'connect') peers.set(fd, peerOf(text));
  const action = ACTIONS[name];
  if (action === undefined || (action !== 'wait' && Number(result) <= 0)) return [];
  const peer = action === 'wait' ? 'other' : (peers.get(fd) ?? 'other');
  const endedMs = beganMs + Number(seconds) * 1000;
  return [{ threadId, beganMs, endedMs, action, peer, timeoutMs: action === 'wait' ? timeoutOf(text) : 0 }];
}

/** The last argument of poll and epoll_wait; epoll_pwait adds a signal mask and its size. */
function timeoutOf(wait: string): number {
  return Number(/, (-?\d+)(, (NULL|\[.*\]), \d+)? *\) += /.exec(wait)?.[1] ?? -1);
}

function peerOf(connect: string): Peer {
  if (connect.includes(`htons(${ARBITER_PORT})`)) return 'arbiter';
  const [, name] = /sun_path=@"([^\\"]*)/.exec(connect) ?? [];
  return name === 'votequorum' || name === 'cmap' ? name : 'other';
}
