// What the gates of brokers decide upon: where every replica of a cluster stands at one moment.

export interface TopicPartition {
  topic: string;
  partition: number;
}

/** One partition as the cluster's metadata has it; broker ids throughout. */
export interface PartitionReplicas {
  partition: number;
  /** -1 when there is none. */
  leader: number;
  replicas: number[];
  isr: number[];
  /** Replicas outside of the ISR that hold all that was committed, and may lead (KIP-966). */
  eligible: number[];
  /** Those that were the last to be able to lead, when none can any more. */
  lastEligible: number[];
  /** Replicas on brokers that are down, or on log directories that failed. */
  offline: number[];
}

export interface TopicReplicas {
  name: string;
  /** Its effective `min.insync.replicas`. */
  minInsync: number;
  partitions: PartitionReplicas[];
}

/** Complete, or not made at all: a gate that knows a part only must not open. Topics include Kafka's internal ones. */
export interface ReplicationSnapshot {
  /** Those that are registered; fenced ones serve nothing. */
  brokers: { nodeId: number; fenced: boolean }[];
  /** Brokers that did not answer, in words why: Kafka may count them as in sync until their sessions expire. */
  silent: { nodeId: number; why: string }[];
  topics: TopicReplicas[];
  /** Partitions whose replicas are being moved: `orders-4`. */
  reassigning: string[];
  /** The same with the replicas that come. */
  moving?: (TopicPartition & { adding: number[] })[];
}

/** A snapshot or, in words, why there is none. */
export type ReplicationLook = { known: true; snapshot: ReplicationSnapshot } | { known: false; why: string };

/** One partition with what its topic says: the unit that gates look at. */
export interface JudgedPartition {
  topic: string;
  /** As Kafka's own tools write it: `orders-4`. */
  name: string;
  minInsync: number;
  state: PartitionReplicas;
  /** Replicas in the ISR whose brokers serve and answer: those that can be counted on. */
  live: number[];
}

/** All partitions, in the order of their topics. */
export function judgedPartitions(snapshot: ReplicationSnapshot): JudgedPartition[] {
  const serving = servingBrokers(snapshot);
  return snapshot.topics.flatMap(({ name, minInsync, partitions }) =>
    partitions.map((state) => ({
      topic: name,
      name: `${name}-${state.partition}`,
      minInsync,
      state,
      // The last replica in sync may stay in the ISR when its disk failed: offline replicas tell.
      live: state.isr.filter((broker) => serving.has(broker) && !state.offline.includes(broker)),
    })),
  );
}

/** Whether the broker is registered and not fenced: it may lead, and be in sync. */
export function isServing(snapshot: ReplicationSnapshot, brokerId: number): boolean {
  return snapshot.brokers.some(({ nodeId, fenced }) => nodeId === brokerId && !fenced);
}

function servingBrokers({ brokers, silent }: ReplicationSnapshot): Set<number> {
  const serving = new Set(brokers.filter(({ fenced }) => !fenced).map(({ nodeId }) => nodeId));
  for (const { nodeId } of silent) serving.delete(nodeId);
  return serving;
}

/** `; broker 2 does not answer (connection refused)` for a reason that others than `except` had a part in. */
export function saySilent(snapshot: ReplicationSnapshot, except: number): string {
  return snapshot.silent
    .filter(({ nodeId }) => nodeId !== except && isServing(snapshot, nodeId))
    .map(({ nodeId, why }) => `; broker ${nodeId} does not answer (${why}) and is not counted on`)
    .join('');
}
