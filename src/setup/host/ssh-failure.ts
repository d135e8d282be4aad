/** Why there is no connection, told apart by what ssh says. */
export type SshFailureKind =
  | 'refusedLogin'
  | 'unknownHostKey'
  | 'changedHostKey'
  | 'notFound'
  | 'refused'
  | 'timeout'
  | 'notRoot'
  | 'noKey'
  /** Logged in, but no command runs there, or others' output drowns its own. */
  | 'noShell'
  | 'noClient'
  | 'other';

export interface Login {
  readonly user?: string | undefined;
  /** File of the public key that could be let in there. */
  readonly publicKey?: string | undefined;
  /** SHA256 of the host key that was shown. */
  readonly fingerprint?: string | undefined;
}

export class SshFailure extends Error {
  override readonly name = 'SshFailure';
  readonly host: string;
  readonly kind: SshFailureKind;
  /** ssh's own words, in one line. */
  readonly detail: string;
  /** As far as it matters: who was refused, with which key, and which host key was shown. */
  readonly login: Login;

  constructor(host: string, kind: SshFailureKind, detail: string, login: Login = {}) {
    super(`no connection to ${host}: ${detail}`);
    this.host = host;
    this.kind = kind;
    this.detail = detail;
    this.login = login;
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

/** `keys`: which public keys there are here; undefined where it could not be told. */
export function sshFailure(host: string, stderr: string, keys?: readonly string[], asked = ''): SshFailure {
  const found = WORDS.find(([words]) => words.test(stderr))?.[1] ?? 'other';
  const kind = found === 'refusedLogin' && keys?.length === 0 ? 'noKey' : found;
  const user = /^(?:.*\s)?([^\s@]+)@\S+: Permission denied/m.exec(stderr)?.[1];
  const fingerprint = /SHA256:[A-Za-z0-9+/]+/.exec(`${stderr}${asked}`)?.[0];
  return new SshFailure(host, kind, detailOf(stderr, kind), { user, publicKey: keys?.[0], fingerprint });
}

function detailOf(stderr: string, kind: SshFailureKind): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const offending = lines.find((line) => line.startsWith('Offending'));
  if (kind === 'changedHostKey' && offending !== undefined) return offending;
  return lines.filter((line) => line !== '').at(-1) ?? 'closed by the other end';
}
