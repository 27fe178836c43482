// When a broker's disk may be given up.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokerReplaceGate, remnants, replaceImpact } from '../../../src/model/safety/broker-replace-gate.ts';
import { anySnapshot, healthySnapshot, leftInSync, partition, snapshot, topic } from './snapshots.ts';

/** Broker 0 is down. */
const brokers = [0, 1, 2, 3].map((nodeId) => ({ nodeId, fenced: nodeId === 0 }));
const closed = (reason: RegExp) => ({ open: false, reason: expect.stringMatching(reason) });
const gateOf = (state: ReturnType<typeof partition>, silent: { nodeId: number; why: string }[] = []) =>
  brokerReplaceGate(snapshot([topic('orders', 2, [state])], { brokers, silent }), 0);

describe('the gate before the disk of a broker is given up', () => {
  it('is open when every partition has a leader in sync elsewhere, and counts what is to be copied', () => {
    const orders = topic('orders', 2, [
      partition(0, [0, 1, 2], { isr: [1, 2] }),
      partition(1, [1, 0], { isr: [1] }),
      partition(2, [1, 2]),
    ]);
    expect(brokerReplaceGate(snapshot([orders], { brokers }), 0)).toEqual({ open: true, partitions: 2 });
  });

  it('is closed while the broker serves, and while its session has not expired', () => {
    expect(brokerReplaceGate(snapshot([]), 0)).toEqual(
      closed(/^the disk of broker 0 must not be given up yet: the broker still counts as serving/),
    );
  });

  it.each([
    ['its only replica', partition(0, [0], { isr: [0], leader: -1 }), /orders-0 \(its only replica\)/],
    ['the only one in sync', partition(0, [0, 1], { isr: [0], leader: -1 }), /\(in sync: only broker 0\)/],
    [
      'the only one that may lead',
      partition(0, [0, 1], { isr: [], eligible: [0], leader: -1 }),
      /\(in sync: only broker 0\)/,
    ],
    [
      'the last one that could lead',
      partition(0, [0, 1], { isr: [], lastEligible: [0], leader: -1 }),
      /\(in sync: only broker 0\)/,
    ],
    ['without a leader yet', partition(0, [0, 1], { isr: [1], leader: -1 }), /\(no leader is elected yet\)/],
    ['led by a failed disk', partition(0, [0, 1], { isr: [1], offline: [1] }), /\(in sync: only broker 1\)/],
    ['lost already', partition(0, [0, 1], { isr: [], leader: -1 }), /\(no replica is in sync\)/],
  ])('is closed for a partition that is %s', (_, state, reason) => {
    expect(gateOf(state)).toEqual(closed(reason));
  });

  it('is closed when all others in sync are down or silent, and says so', () => {
    const state = partition(0, [0, 1, 2], { isr: [1] });
    expect(gateOf(state)).toEqual({ open: true, partitions: 1 });
    expect(gateOf(state, [{ nodeId: 1, why: 'no answer within 2 s' }])).toEqual(
      closed(/\(in sync: only broker 1\); broker 1 does not answer \(no answer within 2 s\)/),
    );
  });

  it('opens for each of two lost brokers, which must not wait for each other', () => {
    const lost = [0, 1, 2, 3].map((nodeId) => ({ nodeId, fenced: nodeId < 2 }));
    const orders = topic('orders', 2, [partition(0, [0, 1, 2], { isr: [2] })]);
    for (const id of [0, 1])
      expect(brokerReplaceGate(snapshot([orders], { brokers: lost }), id).open).toBe(true);
  });

  it('never opens when a partition would be left without a live leader in sync, in any cluster', () => {
    let opened = 0;
    fc.assert(
      fc.property(anySnapshot, fc.nat(4), (cluster, id) => {
        if (!brokerReplaceGate(cluster, id).open) return;
        opened += 1;
        expect(cluster.brokers).not.toContainEqual({ nodeId: id, fenced: false });
        for (const { partitions } of cluster.topics)
          for (const state of partitions)
            if (state.replicas.includes(id)) expect(leftInSync(cluster, state, id)).toContain(state.leader);
      }),
      { numRuns: 5_000 },
    );
    expect(opened).toBeGreaterThan(100);
  });

  it('always opens for one lost broker of a cluster that is healthy otherwise and has no single replicas', () => {
    fc.assert(
      fc.property(healthySnapshot, fc.nat(4), (cluster, id) => {
        const topics = cluster.topics.flatMap(({ name, minInsync, partitions }) => {
          const kept = partitions.filter(({ replicas }) => replicas.length > 1);
          const without = kept.map(({ replicas }) =>
            partition(0, replicas, { isr: replicas.filter((replica) => replica !== id) }),
          );
          return [topic(name, minInsync, without)];
        });
        const fenced = cluster.brokers.map(({ nodeId }) => ({ nodeId, fenced: nodeId === id }));
        expect(brokerReplaceGate({ ...cluster, topics, brokers: fenced }, id).open).toBe(true);
      }),
    );
  });
});

describe('what giving up the disk of a broker would mean', () => {
  const serving = [0, 1, 2].map((nodeId) => ({ nodeId, fenced: false }));
  const orders = topic('orders', 2, [
    partition(0, [0, 1, 2]),
    partition(1, [0], { isr: [0] }),
    partition(2, [0, 1], { isr: [0] }),
    partition(3, [1, 2]),
  ]);

  it('names what a serving broker alone has, and counts what would be copied', () => {
    expect(replaceImpact(snapshot([orders], { brokers: serving }), 0)).toEqual({
      partitions: 2,
      onlyHere: ['orders-1 (its only replica)', 'orders-2 (in sync: only broker 0)'],
    });
  });

  it('counts on nobody who does not answer', () => {
    const silent = [1, 2].map((nodeId) => ({ nodeId, why: 'connection refused' }));
    const { onlyHere } = replaceImpact(snapshot([orders], { brokers: serving, silent }), 0);
    expect(onlyHere).toHaveLength(3);
  });

  it('lets go without loss whenever the gate does', () => {
    fc.assert(
      fc.property(anySnapshot, (any) => {
        for (const { nodeId } of any.brokers)
          if (brokerReplaceGate(any, nodeId).open) expect(replaceImpact(any, nodeId).onlyHere).toEqual([]);
      }),
    );
  });
});

describe('what is left of partitions when a disk is given up', () => {
  const remnantsOf = (state: ReturnType<typeof partition>) =>
    remnants(snapshot([topic('orders', 2, [state])], { brokers }), 0);

  it('is a copy behind the lost one, on a broker that serves', () => {
    const left = [{ topic: 'orders', partition: 4 }];
    expect(remnantsOf(partition(4, [0, 1], { isr: [0], leader: -1 }))).toEqual(left);
    expect(remnantsOf(partition(4, [0, 1], { isr: [], eligible: [0], leader: -1 }))).toEqual(left);
    expect(remnantsOf(partition(4, [0, 1], { isr: [], leader: -1 }))).toEqual(left);
  });

  it.each([
    ['no other copy', partition(0, [0], { isr: [0], leader: -1 })],
    ['a copy on a disk that failed', partition(0, [0, 1], { isr: [0], leader: -1, offline: [0, 1] })],
    [
      'a full copy on a broker that is down, and may come back',
      partition(0, [0, 1, 9], { isr: [9], leader: -1 }),
    ],
    ['a leader', partition(0, [0, 1], { isr: [1] })],
    ['no replica on the lost disk', partition(0, [1, 2], { isr: [], leader: -1 })],
  ])('is not touched where there is %s', (_, state) => {
    expect(remnantsOf(state)).toEqual([]);
  });
});
