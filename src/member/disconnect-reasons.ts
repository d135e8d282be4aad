/**
 * Why a connection to the arbiter ends, and what follows. The loop that reconnects reads the row; nobody matches on the
 * text. retry: try again; giveUp: the process ends with failure, for trying again would end the same way.
 */

interface Row {
  readonly retry: boolean;
  readonly text: string;
}

export const DISCONNECT = {
  arbiterClosed: { retry: true, text: 'the arbiter closed the connection' },
  connectFailed: { retry: true, text: 'the arbiter cannot be reached' },
  connectTimeout: { retry: true, text: 'the arbiter did not accept this node in time' },
  echoMissing: { retry: true, text: 'the arbiter did not answer the heartbeat in time' },
  undecodable: { retry: true, text: 'the arbiter sent something that cannot be read' },
  tlsFailed: { retry: true, text: 'the TLS handshake failed' },
  settingsChanged: { retry: true, text: 'the configuration of the quorum device changed' },
  tieBreakerDiffers: { retry: true, text: 'another node of the cluster uses another tie-breaker' },
  algorithmDiffers: { retry: true, text: 'another node of the cluster uses another algorithm' },
  duplicateNodeId: { retry: true, text: 'the arbiter still has a connection of a node with this id' },
  initRefused: { retry: false, text: 'the arbiter refused this node' },
  serverError: { retry: false, text: 'the arbiter answered with an error' },
  unexpectedMessage: { retry: false, text: 'the arbiter sent a message that has no place here' },
  missingOption: { retry: false, text: 'the arbiter left out something that is needed' },
  wrongSeq: { retry: false, text: 'the arbiter answered another question than the one asked' },
  wrongEcho: { retry: false, text: 'the arbiter answered another heartbeat than the one sent' },
  tlsUnsupported: { retry: false, text: 'TLS is required here and the arbiter does not offer it' },
  tlsRequired: { retry: false, text: 'the arbiter requires TLS and it is off here' },
  sizesDiffer: { retry: false, text: 'the message sizes of the arbiter do not fit' },
  algorithmUnsupported: { retry: false, text: 'the arbiter does not support the algorithm' },
  heuristicsUnsupported: { retry: false, text: 'the arbiter does not support heuristics' },
  castFailed: { retry: false, text: 'corosync did not take the vote' },
  stopped: { retry: false, text: 'this daemon was told to stop' },
} as const satisfies Record<string, Row>;

export type DisconnectReason = keyof typeof DISCONNECT;
