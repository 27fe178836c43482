// What every function of the Kafka client takes and gives: addresses, patience, readiness. All of it plain JSON.

/** Where a node listens: a broker for clients, a controller for the metadata quorum. */
export interface KafkaAddress {
  nodeId: number;
  host: string;
  port: number;
}

/** How long one look at Kafka may take; a look is cheap and is repeated by its caller. */
export interface AskOptions {
  /** Ends the look at once, with the signal's own reason. */
  signal?: AbortSignal;
  /**
   * For one connection with all that is asked over it, in milliseconds.
   * Raise it for clusters with very much metadata, lower it to notice frozen nodes earlier.
   * @default 5000
   */
  timeoutMs?: number;
}

/** Whether a node may be counted on, or in words what it still lacks. Not ready is an answer, not an error. */
export type Readiness = { ready: true } | { ready: false; waitingFor: string };
