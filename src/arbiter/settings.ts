/** The settings that decisions and checks depend on. Ranges are checked where settings are read, not here. */
import type { TlsSupport } from '../protocol/enums.ts';

/**
 * strict: two partitions that share no node never hold the vote at the same time, nor can cast it. upstream: decided as
 * corosync-qnetd 3.0.3 does, seen from the wire, with its windows.
 */
export type VoteSafety = 'strict' | 'upstream';

export interface ArbiterSettings {
  readonly tls: TlsSupport;
  /** Whether a client certificate is asked for in the handshake and checked against the cluster name. */
  readonly clientCertRequired: boolean;
  /** TCP connections, INIT or not; 0 is no limit. */
  readonly maxClients: number;
  readonly maxReceiveBytes: number;
  /** Of a message in the clear where TLS is required: nothing but PREINIT and STARTTLS is of use there. */
  readonly maxReceiveBytesBeforeTls: number;
  /** Nodes of one cluster that can be connected; 0 is no limit. */
  readonly clusterNodesMax: number;
  readonly maxSendBytes: number;
  readonly heartbeatMsMin: number;
  readonly heartbeatMsMax: number;
  readonly deadPeerDetection: boolean;
  /** A client is dead after this many heartbeats of silence. */
  readonly deadPeerHeartbeats: number;
  /** What a client gets at INIT, before it says otherwise by SET_OPTION. */
  readonly keepActivePartition: boolean;
  readonly voteSafety: VoteSafety;
}

/** Upstream's defaults (corosync-qnetd(8)), but for TLS, which is required unless somebody asks for less. */
export const DEFAULT_ARBITER_SETTINGS: ArbiterSettings = {
  tls: 'required',
  clientCertRequired: true,
  maxClients: 0,
  maxReceiveBytes: 32_768,
  maxReceiveBytesBeforeTls: 4_096,
  // Corosync knows no more processors than this.
  clusterNodesMax: 384,
  maxSendBytes: 32_768,
  heartbeatMsMin: 1_000,
  heartbeatMsMax: 120_000,
  deadPeerDetection: true,
  deadPeerHeartbeats: 1.5,
  keepActivePartition: false,
  voteSafety: 'strict',
};
