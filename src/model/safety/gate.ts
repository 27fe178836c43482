// What every gate answers: open, or in words what it waits for. A gate never times out into "go".

/** Closed is an answer, not an error: `reason` names partitions or voters and numbers, and is shown to people. */
export type Gate = { open: true } | { open: false; reason: string };

/**
 * What becomes of nodes without a spare: partitions whose replication factor is not above `min.insync.replicas`, metadata
 * quorums of one or two voters. `wait` never takes such a node away; `allow` does while everything else is in sync.
 */
export const SPARELESS_POLICY = { WAIT: 'wait', ALLOW: 'allow' } as const;
export type SparelessPolicy = (typeof SPARELESS_POLICY)[keyof typeof SPARELESS_POLICY];

/** Whether a broker's disk may be given up, and what the others then have to copy to the new one. */
export type BrokerReplaceGate =
  | {
      open: true;
      /** Replicas to be copied to the broker's empty disk. */
      partitions: number;
    }
  | { open: false; reason: string };
