/**
 * What a scenario needs of an arbiter: somewhere to connect, a way to let time pass, and the list of who is in. The
 * arbiter behind it is the pure core with a clock made of numbers, or a daemon with real sockets and real time.
 */

/** One TCP connection, real or not. */
export interface Connection {
  send(bytes: Uint8Array): void;
  /** What has arrived since the last call. */
  drain(): Uint8Array;
  /** Returns once there is something to drain, or the arbiter closed the connection. */
  more(): Promise<void>;
  /** True from the moment the arbiter's close was noticed. */
  readonly closed: boolean;
  /** Closes from the node's side. */
  close(): void;
  /** Stops reading for good, so that everything the arbiter still sends piles up. */
  freeze(): void;
}

export interface Wire {
  connect(): Promise<Connection>;
  /** Node ids of the cluster's connected nodes, as the arbiter's status lists them. */
  connectedNodes(cluster: string): Promise<readonly number[]>;
  pass(ms: number): Promise<void>;
}
