/** One connection as the arbiter holds it. */

import type { FrameReader } from '../protocol/frame-reader.ts';
import type { Session } from './session.ts';

export interface Connection {
  session: Session;
  reader: FrameReader;
  /** When the last whole message came; what is skipped, half or part of a TLS handshake does not count. */
  heardAtMs: number;
}
