/** What a request on the local socket asks for (protocol of corosync-qnetd 3.0.3, and two words of our own). */
import { asciiLower } from '../protocol/byte-text.ts';
import type { ByteString } from '../protocol/values.ts';

export type IpcRequest =
  | { readonly kind: 'status'; readonly verbose: boolean }
  /** An empty cluster name stands for all of them. */
  | { readonly kind: 'list'; readonly verbose: boolean; readonly cluster: ByteString }
  | { readonly kind: 'shutdown' }
  /** Ours: all about it as JSON, for `qnetd status`. Upstream's daemon answers that it does not know the command. */
  | { readonly kind: 'snapshot'; readonly cluster: ByteString }
  /** Ours: this node casts nothing any more, an operator says; `nodeId` undefined: it was no id. For `qnetd release`. */
  | {
      readonly kind: 'release';
      readonly cluster: ByteString;
      readonly nodeId: number | undefined;
      readonly dryRun: boolean;
    }
  /** Ours: read certificates again, as SIGHUP does. For `qnetd certs revoke`. */
  | { readonly kind: 'reload' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown'; readonly word: ByteString };

export function ipcRequest(words: readonly ByteString[]): IpcRequest {
  const [command, ...rest] = words;
  if (command === undefined) return { kind: 'empty' };
  switch (asciiLower(command)) {
    case 'status':
      return { kind: 'status', verbose: asciiLower(rest[0] ?? '') === 'verbose' };
    case 'list':
      return { kind: 'list', ...listArguments(rest) };
    case 'shutdown':
      return { kind: 'shutdown' };
    case 'snapshot':
      return { kind: 'snapshot', cluster: listArguments(rest).cluster };
    case 'reload':
      return { kind: 'reload' };
    case 'release':
      return { kind: 'release', ...releaseArguments(rest) };
    default:
      return { kind: 'unknown', word: command };
  }
}

const NODE_ID_MAX = 0xffff_ffff;

/** `cluster NAME node ID`, and `now` where it is not only asked what would come of it. */
function releaseArguments([one, cluster = '', two, id = '', last]: readonly ByteString[]) {
  const isWhole = asciiLower(one ?? '') === 'cluster' && asciiLower(two ?? '') === 'node' && /^[1-9]\d{0,9}$/.test(id);
  const nodeId = isWhole && Number(id) <= NODE_ID_MAX ? Number(id) : undefined;
  return { cluster, nodeId, dryRun: asciiLower(last ?? '') !== 'now' };
}

/** A word that means nothing here ends the list of arguments without complaint. */
function listArguments(words: readonly ByteString[]): { verbose: boolean; cluster: ByteString } {
  let verbose = false;
  let cluster = '';
  for (let at = 0; at < words.length; at += 1) {
    const word = asciiLower(words[at] ?? '');
    if (word === 'verbose') verbose = true;
    else if (word === 'cluster') cluster = words[++at] ?? '';
    else break;
  }
  return { verbose, cluster };
}
