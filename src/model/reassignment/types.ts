// What the planner of reassignments takes and gives.

/** A partition as it is. */
export interface PartitionNow {
  topic: string;
  partition: number;
  /** Ids of the brokers that hold it, the preferred leader first. They may be gone, or about to go. */
  replicas: readonly number[];
  /** Size of one replica; unknown = 0. */
  bytes?: number;
}

/** A broker that may hold replicas afterwards. */
export interface TargetBroker {
  id: number;
  rack?: string | undefined;
}

/** A partition whose replicas, or their order, are to be others. */
export interface Move {
  topic: string;
  partition: number;
  from: number[];
  to: number[];
  bytes: number;
}

export interface ReassignmentPlan {
  /** Only what changes, by topic and partition. */
  moves: Move[];
  /** Replicas that are copied to a broker which does not have them. */
  replicasMoved: number;
  /** Partitions whose preferred leader changes. */
  leadersChanged: number;
  /** Which rules could not be kept in full, in words; empty as a rule. */
  relaxed: string[];
}
