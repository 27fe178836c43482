// Clusters as the gates of brokers see them, made short, and at random.
import fc from 'fast-check';
import type {
  PartitionReplicas,
  ReplicationSnapshot,
  TopicReplicas,
} from '../../../src/model/safety/snapshot.ts';

/** One partition; led by the first in sync, everything else empty. */
export function partition(
  index: number,
  replicas: number[],
  more: Partial<PartitionReplicas> = {},
): PartitionReplicas {
  const isr = more.isr ?? replicas;
  return {
    partition: index,
    leader: isr[0] ?? -1,
    replicas,
    isr,
    eligible: [],
    lastEligible: [],
    offline: [],
    ...more,
  };
}

export function topic(name: string, minInsync: number, partitions: PartitionReplicas[]): TopicReplicas {
  return { name, minInsync, partitions };
}

/** Brokers 0 to 3, all of which serve and answer. */
export function snapshot(
  topics: TopicReplicas[],
  more: Partial<ReplicationSnapshot> = {},
): ReplicationSnapshot {
  return {
    brokers: [0, 1, 2, 3].map((nodeId) => ({ nodeId, fenced: false })),
    silent: [],
    topics,
    reassigning: [],
    ...more,
  };
}

const BROKERS = [0, 1, 2, 3, 4];

const anyPartition = fc
  .record({
    replicas: fc.shuffledSubarray(BROKERS, { minLength: 1, maxLength: 4 }),
    inSync: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    failed: fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 4, maxLength: 4 }),
    leads: fc.integer({ min: -1, max: 3 }),
  })
  .map(({ replicas, inSync, failed, leads }) => {
    const isr = replicas.filter((_, at) => inSync[at]);
    const leader = leads < 0 ? (isr[0] ?? -1) : (isr[leads % Math.max(isr.length, 1)] ?? -1);
    return partition(0, replicas, { isr, leader, offline: replicas.filter((_, at) => failed[at] === 0) });
  });

/** Any cluster of five brokers, most of them healthy: fenced, silent and missing ones, short ISRs, failed disks, moves. */
export const anySnapshot: fc.Arbitrary<ReplicationSnapshot> = fc
  .record({
    topics: fc.array(fc.record({ minInsync: fc.integer({ min: 1, max: 3 }), state: anyPartition }), {
      maxLength: 4,
    }),
    brokers: fc.array(
      fc.constantFrom('serves', 'serves', 'serves', 'serves', 'fenced', 'silent', 'missing'),
      {
        minLength: 5,
        maxLength: 5,
      },
    ),
    moves: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ topics, brokers, moves }) => ({
    brokers: BROKERS.filter((id) => brokers[id] !== 'missing').map((nodeId) => ({
      nodeId,
      fenced: brokers[nodeId] === 'fenced',
    })),
    silent: BROKERS.filter((id) => brokers[id] !== 'serves').map((nodeId) => ({ nodeId, why: 'refused' })),
    topics: topics.map(({ minInsync, state }, index) => topic(`t${index}`, minInsync, [state])),
    reassigning: moves === 0 ? ['t0-0'] : [],
  }));

/** A cluster in which every replica is in sync and every broker serves. */
export const healthySnapshot: fc.Arbitrary<ReplicationSnapshot> = anySnapshot.map((any) => ({
  brokers: BROKERS.map((nodeId) => ({ nodeId, fenced: false })),
  silent: [],
  topics: any.topics.map(({ name, minInsync, partitions }) =>
    topic(
      name,
      minInsync,
      partitions.map(({ replicas }) => partition(0, replicas)),
    ),
  ),
  reassigning: [],
}));

/** Who is left of a partition's ISR when some brokers are taken away, written without the gates' own helpers. */
export function leftInSync(
  cluster: ReplicationSnapshot,
  state: PartitionReplicas,
  without: number,
): number[] {
  const gone = new Set([without, ...cluster.silent.map(({ nodeId }) => nodeId), ...state.offline]);
  const up = new Set(cluster.brokers.flatMap(({ nodeId, fenced }) => (fenced ? [] : [nodeId])));
  return state.isr.filter((broker) => up.has(broker) && !gone.has(broker));
}
