/** What the node's status says beside the core's own state. */

export interface QdeviceFacts {
  /** Corosync knows the device. */
  readonly registered: boolean;
  readonly masterWins: boolean;
  /** Why the last reload was not taken over; undefined when it was. */
  readonly configurationProblem: string | undefined;
}

/** What time it was so many milliseconds ago: local time without zone, as upstream prints it, and ISO 8601. */
export interface WallClock {
  readonly localBefore: (agoMs: number) => string;
  readonly isoBefore: (agoMs: number) => string;
}
