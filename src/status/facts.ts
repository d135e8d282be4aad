import type { AdmissionCounts } from '../arbiter/admission.ts';
import type { AdmissionSettings } from '../arbiter/admission-settings.ts';
import type { VoteSafety } from '../arbiter/settings.ts';
import type { TlsSupport } from '../protocol/enums.ts';

/** Who is being let in, and what is allowed while that lasts. */
export interface AdmissionFacts {
  readonly limits: AdmissionSettings;
  readonly counts: AdmissionCounts;
}

/** Of everybody, joined or not; 0 is no limit. */
export interface LimitFacts {
  /** Of a message in the clear, where TLS is required. */
  readonly receiveBytesBeforeTlsMax: number;
  readonly nodesPerClusterMax: number;
  readonly messagesWaitingMax: number;
  readonly reservedDescriptors: number;
}

/** What the status says of the server itself, beside the arbiter's own state. */
export interface ServerFacts {
  /** `*:5403`, or the listen address as given and the port. */
  readonly address: string;
  readonly tls: TlsSupport;
  readonly clientCertRequired: boolean;
  readonly maxClients: number;
  readonly maxSendBytes: number;
  readonly maxReceiveBytes: number;
  readonly voteSafety?: VoteSafety;
  readonly admission?: AdmissionFacts;
  readonly limits?: LimitFacts;
  /** Connections closed because they did not read what they were sent, since the start. */
  readonly slowReaders?: number;
}
