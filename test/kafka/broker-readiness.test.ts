// When a broker counts as back: registered, unfenced, every replica in sync.
import { describe, expect, it } from 'vitest';
import { brokerReadiness, judgeBroker } from '../../src/kafka/broker-readiness.ts';
import type { ClusterMetadata, PartitionMetadata } from '../../src/kafka/wire/messages/metadata.ts';

const partition = (index: number, isr: number[], offlineReplicas: number[] = []): PartitionMetadata => ({
  partition: index,
  errorCode: 0,
  leader: isr[0] ?? -1,
  replicas: [0, 1, 2],
  isr,
  offlineReplicas,
});

const cluster = (brokerIds: number[], partitions: PartitionMetadata[]): ClusterMetadata => ({
  clusterId: 'c',
  brokers: brokerIds.map((nodeId) => ({ nodeId, host: 'h', port: 1 })),
  topics: [{ name: 'orders', errorCode: 0, partitions }],
});

const judge = (metadata: ClusterMetadata, fenced: boolean | null = null) =>
  judgeBroker(2, { metadata, fenced });

describe('a broker', () => {
  it('is ready when it is registered and in every ISR of its replicas', () => {
    expect(judge(cluster([0, 1, 2], [partition(0, [0, 2]), partition(1, [2])]))).toEqual({
      ready: true,
      progress: { replicas: 2, inSync: 2 },
    });
    expect(judge(cluster([2], []))).toEqual({ ready: true, progress: { replicas: 0, inSync: 0 } });
  });

  it('is not bothered by replicas of others', () => {
    const others = { ...partition(0, [0]), replicas: [0, 1] };
    expect(judge(cluster([0, 2], [others]))).toEqual({ ready: true, progress: { replicas: 0, inSync: 0 } });
  });

  it('waits for replicas that are not in sync, in order of their numbers, naming a few and counting the rest', () => {
    const lagging = [10, 9, 8, 7, 6, 5, 4].map((index) => partition(index, [0, 1]));
    expect(judge(cluster([0, 1, 2], [...lagging, partition(1, [0, 2])]))).toEqual({
      ready: false,
      waitingFor:
        '7 of 8 replicas on broker 2 are not in sync: orders-4, orders-5, orders-6, orders-7, orders-8 and 2 more',
      progress: { replicas: 8, inSync: 1 },
    });
    expect(judge(cluster([2], [partition(3, [0])]))).toHaveProperty(
      'waitingFor',
      '1 of 1 replicas on broker 2 is not in sync: orders-3',
    );
  });

  it('waits for a replica whose disk failed, although it stays in the ISR as the last one', () => {
    const failed = { ...partition(0, [2], [2]), leader: -1 };
    expect(judge(cluster([0, 1, 2], [failed])).ready).toBe(false);
  });

  it('waits to be registered, and to be unfenced', () => {
    expect(judge(cluster([0, 1], []))).toEqual({
      ready: false,
      waitingFor: 'broker 2 is not registered yet (brokers 0, 1 are)',
      progress: null,
    });
    expect(judge(cluster([], []), false)).toHaveProperty(
      'waitingFor',
      'broker 2 is not registered yet (no broker is)',
    );
    expect(judge(cluster([0], []), true)).toHaveProperty(
      'waitingFor',
      expect.stringContaining('still fenced'),
    );
  });

  it('cannot be asked for without its address', async () => {
    await expect(brokerReadiness(2, [])).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
