// What a cluster's metadata says about replicas: pure functions, no connection.
import type { TopicPartition } from '../model/safety/snapshot.ts';
import type { ClusterMetadata, PartitionMetadata } from './wire/messages/metadata.ts';

/** Names of partitions as Kafka's own tools write them: `orders-4`. */
interface PartitionHealth {
  partitions: number;
  /** No leader. */
  offline: string[];
  /** Fewer replicas in sync than there are, offline ones included. */
  underReplicated: string[];
}

/** Which partitions of the cluster lack something, in the order of their names. */
export function partitionHealth(metadata: ClusterMetadata): PartitionHealth {
  const all = namedPartitions(metadata);
  const pick = (lacks: (partition: PartitionMetadata) => boolean) =>
    all.filter(({ state }) => lacks(state)).map(({ name }) => name);
  return {
    partitions: all.length,
    offline: pick((state) => state.leader < 0),
    underReplicated: pick((state) => state.replicas.some((broker) => !isInSync(state, broker))),
  };
}

/** What one broker hosts, leads, and where it is not in sync. */
interface HostedReplicas {
  replicas: number;
  leaders: number;
  outOfSync: string[];
  leaderless: TopicPartition[];
}

/** The replicas on one broker, in the order of their partitions' names. */
export function hostedReplicas(metadata: ClusterMetadata, nodeId: number): HostedReplicas {
  const hosted = namedPartitions(metadata).filter(({ state }) => state.replicas.includes(nodeId));
  return {
    replicas: hosted.length,
    leaders: hosted.filter(({ state }) => state.leader === nodeId).length,
    outOfSync: hosted.filter(({ state }) => !isInSync(state, nodeId)).map(({ name }) => name),
    leaderless: hosted
      .filter(({ state }) => state.leader < 0)
      .map(({ topic, state: { partition } }) => ({ topic, partition })),
  };
}

/** The last replica in sync stays in the ISR even when its disk failed: offline replicas tell. */
function isInSync(state: PartitionMetadata, nodeId: number): boolean {
  return state.isr.includes(nodeId) && !state.offlineReplicas.includes(nodeId);
}

function namedPartitions(
  metadata: ClusterMetadata,
): { topic: string; name: string; state: PartitionMetadata }[] {
  const byName = [...metadata.topics].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return byName.flatMap((topic) =>
    [...topic.partitions]
      .sort((a, b) => a.partition - b.partition)
      .map((state) => ({ topic: topic.name, name: `${topic.name}-${state.partition}`, state })),
  );
}
