/** Requests on the local sockets of both daemons: whatever the line, an answer within its limit. */
import assert from 'node:assert/strict';
import { ipcReply } from '../../../src/status/ipc-reply.ts';
import { ipcRequest } from '../../../src/status/ipc-request.ts';
import { ipcWords } from '../../../src/status/ipc-words.ts';
import { qdeviceIpcReply } from '../../../src/status/qdevice-ipc.ts';
import { FACTS, memberSnapshot } from '../../status/member-snapshots.ts';
import { clusterSnapshot } from '../../status/snapshots.ts';
import { Bytes, bytesOf, type FuzzTarget, latin1 } from '../target.ts';

export const SERVER = {
  address: '*:1',
  tls: 'required',
  clientCertRequired: true,
  maxClients: 0,
  maxSendBytes: 1,
  maxReceiveBytes: 1,
} as const;
const CLOCK = { localBefore: String, isoBefore: String };
/** Four limits, of which two are too small for most answers. */
const LIMITS_BYTES = [16, 300, 4096, 1 << 20];

const LINES = [
  'status\n',
  'status verbose\n',
  'list verbose cluster "a b"\n',
  'list cluster lab verbose\n',
  'snapshot cluster "l\\"ab"\n',
  'shutdown\n',
  'release cluster lab node 2\n',
  'release cluster lab node 2 now\n',
  'nonsense "\\x\n',
  '\0status \t\v\f x\r\n',
];
const seeds = LINES.flatMap((line) => [0, 2].map((limit) => Uint8Array.from([limit, ...bytesOf(line)])));

/** A node that no time brings back is waited for. */
const WAITING = {
  phase: 'settled',
  winner: [1],
  rule: 'lastMan',
  sinceMs: 5,
  held: {
    partition: [1],
    sinceMs: 5,
    waitsFor: [{ nodeId: 2, reason: 'lease', remainingMs: undefined }],
    recordFailure: undefined,
  },
} as const;

export const arbiterRequests: FuzzTarget = {
  name: 'arbiter-requests',
  seeds,
  bytesMax: 4096,
  run(input) {
    const { limitBytes, line } = read(input);
    const words = ipcWords(line);
    assert.ok(words.join('').length <= line.length, 'words are parts of the line');
    const snapshot = { connectedClients: 1, clusters: [clusterSnapshot({ vote: WAITING })] };
    const server = { ...SERVER, voteSafety: 'strict' } as const;
    const { text, release } = ipcReply(ipcRequest(words), {
      server,
      snapshot,
      timeBefore: String,
      maxSendBytes: limitBytes,
    });
    checkText(text, limitBytes);
    if (release !== undefined) assert.deepEqual(release, { cluster: 'lab', nodeId: 2 }, 'nobody else is waited for');
  },
};

export const nodeRequests: FuzzTarget = {
  name: 'node-requests',
  seeds,
  bytesMax: 4096,
  run(input) {
    const { limitBytes, line } = read(input);
    const facts = { facts: FACTS, snapshot: memberSnapshot(), clock: CLOCK, maxSendBytes: limitBytes };
    checkText(qdeviceIpcReply(line, facts).text, limitBytes);
  },
};

function read(input: Uint8Array): { limitBytes: number; line: string } {
  const bytes = new Bytes(input);
  const limitBytes = LIMITS_BYTES[bytes.byte() % LIMITS_BYTES.length] ?? 0;
  return { limitBytes, line: latin1(bytes.rest()) };
}

function checkText(text: string, limitBytes: number): void {
  assert.ok(text.length <= limitBytes || text === 'OK\n', `${text.length} bytes of answer`);
  assert.ok(/^[\0-\xff]*$/.test(text), 'one character a byte');
}
