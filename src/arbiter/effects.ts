/** What the arbiter wants done. The shell carries effects out in order and takes no decision of its own. */

import type { ByteString } from '../protocol/values.ts';
import type { ClientId } from './events.ts';
import type { Report } from './reports.ts';
import type { RecordedGrant } from './safety/ledger.ts';

export type Effect =
  /**
   * Queue one frame. If `to` already has its limit of messages waiting, the frame is dropped and `blame` is closed: the
   * slow one itself, or as upstream has it the client whose event caused the message.
   */
  | { readonly kind: 'send'; readonly to: ClientId; readonly bytes: Uint8Array; readonly blame: ClientId }
  /** Send what is queued, then speak TLS as server. `alreadyRead` are bytes that came behind STARTTLS. */
  | { readonly kind: 'startTls'; readonly on: ClientId; readonly alreadyRead: Uint8Array }
  /** Close the connection; queued output may be lost. A `disconnected` event for it is ignored. */
  | { readonly kind: 'close'; readonly on: ClientId }
  /** Read nothing more from it until told to: it has said more than is its turn. What was read already is with us. */
  | { readonly kind: 'pauseReading'; readonly on: ClientId }
  | { readonly kind: 'resumeReading'; readonly on: ClientId }
  /**
   * Write down who may be casting a vote, in place of what was written for this cluster before. A `recorded` event says
   * that it is safe on disk, or that it could not be written.
   */
  | {
      readonly kind: 'record';
      readonly cluster: ByteString;
      readonly version: number;
      readonly grants: readonly RecordedGrant[];
    }
  /** Nobody has been seen of this cluster for long: what was written for it may go. */
  | { readonly kind: 'forgetRecord'; readonly cluster: ByteString }
  /** A fact for the log. */
  | { readonly kind: 'report'; readonly report: Report };
