/** The answer to a request on the local socket, as the bytes that go out. */
import assert from 'node:assert';
import type { ArbiterSnapshot } from '../arbiter/snapshot.ts';
import type { ByteString } from '../protocol/values.ts';
import type { ServerFacts } from './facts.ts';
import type { IpcRequest } from './ipc-request.ts';
import { statusJson } from './json.ts';
import { listBody, statusBody } from './upstream-text.ts';

export interface IpcReply {
  /** One character a byte; empty: the connection is closed without a word. */
  readonly text: ByteString;
  /** The service is to stop once the answer is out. */
  readonly stop: boolean;
}

export interface IpcFacts {
  readonly server: ServerFacts;
  readonly snapshot: ArbiterSnapshot;
  /** The wall clock, as ISO 8601 text: what time it was so many milliseconds ago. */
  readonly timeBefore: (agoMs: number) => string;
  /** Settings: ipc_max_send_size. */
  readonly maxSendBytes: number;
}

export function ipcReply(request: IpcRequest, facts: IpcFacts): IpcReply {
  const { server, snapshot, maxSendBytes } = facts;
  switch (request.kind) {
    case 'status':
      return ok(statusBody(server, snapshot, request.verbose), 'QNetd status', maxSendBytes);
    case 'list':
      return ok(listBody(snapshot, request.verbose, request.cluster), 'QNetd cluster list', maxSendBytes);
    case 'shutdown':
      return { text: 'OK\n', stop: true };
    case 'snapshot':
      return ok(statusJson(server, snapshot, facts.timeBefore), 'QNetd snapshot', maxSendBytes);
    case 'empty':
      return error('No command specified', maxSendBytes);
    case 'unknown':
      return error(`Unknown command '${request.word}'`, maxSendBytes);
    default: {
      const never: never = request;
      return assert.fail(never);
    }
  }
}

/** Upstream builds the body in a buffer of the reply's size with a NUL behind it, then puts the status line before. */
function ok(body: ByteString, what: string, maxSendBytes: number): IpcReply {
  if (body.length >= maxSendBytes) return error(`Can't get ${what}`, maxSendBytes);
  const text = `OK\n${body}`;
  if (text.length > maxSendBytes) return error('Internal IPC buffer too small', maxSendBytes);
  return { text, stop: false };
}

/** An error that is too long itself is not sent; only an unknown command can be. */
function error(problem: ByteString, maxSendBytes: number): IpcReply {
  const text = `Error\n${problem}\n`;
  return { text: text.length > maxSendBytes ? '' : text, stop: false };
}
