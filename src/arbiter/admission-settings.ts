/** What newcomers are measured by. Apart from what does it, so that reading a default loads no more than that. */

export interface AdmissionSettings {
  /** From accept to INIT; 0 is no deadline. */
  readonly handshakeMs: number;
  /** TLS handshakes that are worked on at a time. */
  readonly handshakesMax: number;
  /** Connections that are not members yet. */
  readonly newcomersMax: number;
  /** Connections of one address, members included; 0 is no limit. */
  readonly clientsPerAddressMax: number;
  /** Failures of an address in a row that have no consequence; one is forgiven every FORGIVEN_MS. 0: never any. */
  readonly failuresMax: number;
  readonly penaltyMs: number;
  /** Of the connections that descriptors allow, kept for addresses from which nodes have joined. */
  readonly reservedForKnownPercent: number;
  /** No stranger's address may hold more of what newcomers can have. */
  readonly strangerPercentMax: number;
  /** What descriptors allow; undefined: no limit is known. */
  readonly connectionsMax: number | undefined;
}

export const DEFAULT_ADMISSION_SETTINGS: AdmissionSettings = {
  handshakeMs: 10_000,
  handshakesMax: 64,
  newcomersMax: 16_384,
  clientsPerAddressMax: 0,
  failuresMax: 100,
  penaltyMs: 60_000,
  reservedForKnownPercent: 12,
  strangerPercentMax: 25,
  connectionsMax: undefined,
};
