/** Why there is no connection, told apart by what ssh says. */
export type SshFailureKind =
  | 'refusedLogin'
  | 'unknownHostKey'
  | 'changedHostKey'
  | 'notFound'
  | 'refused'
  | 'timeout'
  | 'notRoot'
  | 'noClient'
  | 'other';

export class SshFailure extends Error {
  override readonly name = 'SshFailure';
  readonly host: string;
  readonly kind: SshFailureKind;
  /** ssh's own words, in one line. */
  readonly detail: string;

  constructor(host: string, kind: SshFailureKind, detail: string) {
    super(`no connection to ${host}: ${detail}`);
    this.host = host;
    this.kind = kind;
    this.detail = detail;
  }
}

/** The first that fits; a changed key comes with the words for an unknown one as well. */
const WORDS: readonly (readonly [RegExp, SshFailureKind])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, 'changedHostKey'],
  [/Host key verification failed/, 'unknownHostKey'],
  [/Permission denied|Too many authentication failures|No more authentication methods/, 'refusedLogin'],
  [/Could not resolve hostname|Name or service not known/, 'notFound'],
  [/Connection refused/, 'refused'],
  [/timed out|Operation timed out|No route to host|Network is unreachable/, 'timeout'],
  [/ENOENT/, 'noClient'],
];

export function sshFailure(host: string, stderr: string): SshFailure {
  const kind = WORDS.find(([words]) => words.test(stderr))?.[1] ?? 'other';
  return new SshFailure(host, kind, detailOf(stderr, kind));
}

function detailOf(stderr: string, kind: SshFailureKind): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const offending = lines.find((line) => line.startsWith('Offending'));
  if (kind === 'changedHostKey' && offending !== undefined) return offending;
  return lines.filter((line) => line !== '').at(-1) ?? 'closed by the other end';
}
