/** The answer to a request on the local socket, as the bytes that go out. */
import assert from 'node:assert';
import type { ArbiterSnapshot } from '../arbiter/snapshot.ts';
import type { ByteString } from '../protocol/values.ts';
import type { ServerFacts } from './facts.ts';
import { fittingJson } from './fitting.ts';
import { error, type IpcReply, ok, tooLong } from './ipc-answer.ts';
import type { IpcRequest } from './ipc-request.ts';
import { shownName, statusDocument } from './json.ts';
import { releaseReply } from './release-reply.ts';
import { listBody, statusBody } from './upstream-text.ts';

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
      return snapshotReply(request.cluster, facts);
    case 'reload':
      return { text: 'OK\n', stop: false, reload: true };
    case 'release':
      return releaseReply(request, facts);
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

/** `cluster` empty: all of them. */
function snapshotReply(cluster: ByteString, { server, snapshot, timeBefore, maxSendBytes }: IpcFacts): IpcReply {
  const clusters = snapshot.clusters.filter(({ name }) => cluster === '' || shownName(name) === shownName(cluster));
  const document = statusDocument(server, { ...snapshot, clusters }, timeBefore);
  const json = fittingJson(document, maxSendBytes - 'OK\n\n'.length);
  if (json === undefined) return tooLong('QNetd snapshot', maxSendBytes);
  return ok(`${json}\n`, 'QNetd snapshot', maxSendBytes);
}
