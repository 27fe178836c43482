// Which partitions of a cluster count as offline and as under-replicated.
import { describe, expect, it } from 'vitest';
import { hostedReplicas, partitionHealth } from '../../src/kafka/cluster-metadata.ts';
import type { ClusterMetadata } from '../../src/kafka/wire/messages/metadata.ts';

const state = (partition: number, leader: number, isr: number[]) => ({
  partition,
  errorCode: leader < 0 ? 5 : 0,
  leader,
  replicas: [0, 1],
  isr,
  offlineReplicas: [],
});

const METADATA: ClusterMetadata = {
  clusterId: 'c',
  brokers: [{ nodeId: 0, host: 'h', port: 1 }],
  topics: [
    { name: 'b', errorCode: 0, partitions: [state(10, 0, [0]), state(2, -1, [1])] },
    { name: 'a', errorCode: 0, partitions: [state(0, 0, [1, 0])] },
  ],
};

describe('metadata', () => {
  it('names partitions that are offline or under-replicated, in order', () => {
    expect(partitionHealth(METADATA)).toEqual({
      partitions: 3,
      offline: ['b-2'],
      underReplicated: ['b-2', 'b-10'],
    });
  });

  it('tells what one broker hosts, leads and lacks', () => {
    const leaderless = [{ topic: 'b', partition: 2 }];
    expect(hostedReplicas(METADATA, 0)).toEqual({ replicas: 3, leaders: 2, outOfSync: ['b-2'], leaderless });
    expect(hostedReplicas(METADATA, 1)).toEqual({ replicas: 3, leaders: 0, outOfSync: ['b-10'], leaderless });
    expect(hostedReplicas(METADATA, 7)).toEqual({ replicas: 0, leaders: 0, outOfSync: [], leaderless: [] });
  });
});
