/**
 * The node daemon's side of the local socket: a line in, the answer's bytes out. Unlike the arbiter's, its words are
 * separated by blanks alone; a quote is a character like any other.
 */
import type { MemberSnapshot } from '../member/snapshot.ts';
import { asciiLower, untilNul } from '../protocol/byte-text.ts';
import type { ByteString } from '../protocol/values.ts';
import { error, type IpcReply, ok } from './ipc-answer.ts';
import type { QdeviceFacts, WallClock } from './qdevice-facts.ts';
import { qdeviceStatusJson } from './qdevice-json.ts';
import { qdeviceStatusBody } from './qdevice-text.ts';

export interface QdeviceIpcFacts {
  readonly facts: QdeviceFacts;
  readonly snapshot: MemberSnapshot;
  readonly clock: WallClock;
  /** Settings: ipc_max_send_size. */
  readonly maxSendBytes: number;
}

/** `line` may hold what came behind the first line end; it is not looked at. */
export function qdeviceIpcReply(line: ByteString, { facts, snapshot, clock, maxSendBytes }: QdeviceIpcFacts): IpcReply {
  const [command = '', argument = ''] = words(line);
  switch (asciiLower(command)) {
    case '':
      return error('No command specified', maxSendBytes);
    case 'status': {
      const verbose = asciiLower(argument) === 'verbose';
      return ok(qdeviceStatusBody(snapshot, verbose, clock.localBefore), 'QDevice status', maxSendBytes);
    }
    case 'shutdown':
      return { text: 'OK\n', stop: true };
    // Ours: everything as JSON, for `qdevice status`.
    case 'snapshot':
      return ok(qdeviceStatusJson(facts, snapshot, clock), 'QDevice snapshot', maxSendBytes);
    default:
      return error(`Unknown command '${command}'`, maxSendBytes);
  }
}

function words(line: ByteString): ByteString[] {
  const [first = ''] = line.split(/[\r\n]/, 1);
  return first
    .split(/[ \t\v\f]+/)
    .filter((word) => word !== '')
    .map(untilNul);
}
