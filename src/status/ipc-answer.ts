/** What an answer on the local socket looks like, whoever gives it. */
import type { ByteString } from '../protocol/values.ts';

export interface IpcReply {
  /** One character a byte; empty: the connection is closed without a word. */
  readonly text: ByteString;
  /** The service is to stop once the answer is out. */
  readonly stop: boolean;
  /** What the arbiter is to be told, by an operator's word. */
  readonly release?: { readonly cluster: ByteString; readonly nodeId: number };
  /** Certificates are to be read again. */
  readonly reload?: true;
  /** The answer would have been over the limit, and an error was sent instead. */
  readonly tooLong?: true;
}

/** Upstream builds the body in a buffer of the reply's size with a NUL behind it, then puts the status line before. */
export function ok(body: ByteString, what: string, maxSendBytes: number): IpcReply {
  if (body.length >= maxSendBytes) return tooLong(what, maxSendBytes);
  const text = `OK\n${body}`;
  if (text.length > maxSendBytes) {
    return { ...error('Internal IPC buffer too small', maxSendBytes), tooLong: true };
  }
  return { text, stop: false };
}

export function tooLong(what: string, maxSendBytes: number): IpcReply {
  return { ...error(`Can't get ${what}`, maxSendBytes), tooLong: true };
}

/** An error that is too long itself is not sent; only an unknown command can be. */
export function error(problem: ByteString, maxSendBytes: number): IpcReply {
  const text = `Error\n${problem}\n`;
  return { text: text.length > maxSendBytes ? '' : text, stop: false };
}
