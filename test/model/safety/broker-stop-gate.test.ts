// When a broker may be stopped.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokerStopGate } from '../../../src/model/safety/broker-stop-gate.ts';
import { anySnapshot, healthySnapshot, leftInSync, partition, snapshot, topic } from './snapshots.ts';

const OPEN = { open: true };
const closed = (reason: string | RegExp) => ({
  open: false,
  reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
});
const HEALTHY = topic('orders', 2, [partition(0, [0, 1, 2]), partition(1, [1, 2, 3])]);

describe('the gate before a broker is stopped', () => {
  it('is open when every partition keeps enough replicas in sync without it', () => {
    for (const id of [0, 1, 2, 3]) expect(brokerStopGate(snapshot([HEALTHY]), id, 'wait')).toEqual(OPEN);
    expect(brokerStopGate(snapshot([]), 0, 'wait')).toEqual(OPEN);
  });

  it('is closed while a partition would fall below min.insync.replicas, and says which, and by how much', () => {
    const short = topic('orders', 2, [partition(0, [0, 1, 2], { isr: [0, 1] }), partition(1, [0, 1, 2])]);
    expect(brokerStopGate(snapshot([short]), 0, 'wait')).toEqual(
      closed(
        'broker 0 must not be stopped yet: 1 partition would have too few replicas in sync without it: orders-0 (1 left, 2 needed)',
      ),
    );
  });

  it('lets brokers of one rack go together, when no partition has two replicas among them', () => {
    const racks = topic('orders', 1, [partition(0, [0, 2, 4]), partition(1, [1, 3, 5])]);
    const brokers = [0, 1, 2, 3, 4, 5].map((nodeId) => ({ nodeId, fenced: false }));
    expect(brokerStopGate(snapshot([racks], { brokers }), 0, 'wait', [1])).toEqual(OPEN);
    // The other one has gone already: it is not in sync any more, and still nothing is shared.
    const half = topic('orders', 1, [
      partition(0, [0, 2, 4]),
      partition(1, [1, 3, 5], { isr: [3, 5], leader: 3 }),
    ]);
    expect(brokerStopGate(snapshot([half], { brokers }), 0, 'wait', [1])).toEqual(OPEN);
    // Writes would need one replica only, and one would be left: still not together.
    expect(brokerStopGate(snapshot([racks], { brokers }), 0, 'wait', [2])).toEqual(
      closed(/1 partition has more than one replica .*: orders-0 \(also on broker 2\)\. Rebalance/),
    );
  });

  it('names a few of many partitions and counts the rest', () => {
    const many = topic(
      'orders',
      2,
      Array.from({ length: 10_000 }, (_, index) => partition(index, [0, 1, 2], { isr: [0, 1] })),
    );
    const gate = brokerStopGate(snapshot([many]), 1, 'wait');
    expect(gate).toEqual(
      closed(/^broker 1 .*10000 partitions would .*orders-4 \(1 left, 2 needed\) and 9995 more$/),
    );
  });

  it('does not count on a broker that does not answer, whatever Kafka says of it', () => {
    const silent = [{ nodeId: 2, why: 'connection refused' }];
    expect(brokerStopGate(snapshot([HEALTHY], { silent }), 0, 'wait')).toEqual(
      closed(
        /orders-0 \(1 left, 2 needed\); broker 2 does not answer \(connection refused\) and is not counted on$/,
      ),
    );
  });

  it('does not count on a replica whose disk failed', () => {
    const failed = topic('orders', 2, [partition(0, [0, 1, 2], { offline: [2] })]);
    expect(brokerStopGate(snapshot([failed]), 0, 'wait').open).toBe(false);
  });

  it('is closed while a partition elsewhere has no leader, whoever else hosts it', () => {
    const offline = topic('parcels', 1, [partition(0, [2, 3], { isr: [], leader: -1 })]);
    expect(brokerStopGate(snapshot([HEALTHY, offline]), 0, 'wait')).toEqual(
      closed('broker 0 must not be stopped yet: 1 partition elsewhere has no leader: parcels-0'),
    );
    const silent = [{ nodeId: 2, why: 'frozen' }];
    const led = topic('parcels', 1, [partition(0, [2, 3])]);
    expect(brokerStopGate(snapshot([led], { silent }), 0, 'wait')).toEqual(
      closed(/parcels-0 \(led by broker 2, which is not in sync or does not serve\)/),
    );
  });

  it('is closed while replicas are being moved, and says all that keeps it closed', () => {
    const short = topic('orders', 2, [partition(0, [0, 1, 2], { isr: [0, 1] })]);
    expect(brokerStopGate(snapshot([short], { reassigning: ['orders-7'] }), 0, 'wait')).toEqual(
      closed(/the replicas of 1 partition are being moved: orders-7; 1 partition would have too few/),
    );
  });

  it('is closed while the broker catches up with a partition that is short of replicas', () => {
    const recovering = topic('orders', 2, [partition(0, [0, 1, 2], { isr: [1] })]);
    expect(brokerStopGate(snapshot([recovering]), 0, 'wait')).toEqual(
      closed(
        /1 partition that it is catching up with is short of replicas in sync: orders-0 \(1 of 2 in sync\)/,
      ),
    );
    const enough = topic('orders', 2, [partition(0, [0, 1, 2], { isr: [1, 2] })]);
    expect(brokerStopGate(snapshot([enough]), 0, 'wait')).toEqual(OPEN);
  });

  it.each([
    ['one replica', 1, [0]],
    ['as many replicas as have to be in sync', 2, [0, 1]],
    ['fewer replicas than have to be in sync', 3, [0, 1]],
  ])('follows the policy for partitions with %s', (_, minInsync, replicas) => {
    const spareless = topic('single', minInsync, [partition(0, replicas)]);
    expect(brokerStopGate(snapshot([spareless]), 0, 'wait')).toEqual(
      closed(/1 partition can never spare a replica, and the policy for such is to wait: single-0/),
    );
    expect(brokerStopGate(snapshot([spareless]), 0, 'allow')).toEqual(OPEN);
    // It is nobody else's matter.
    expect(brokerStopGate(snapshot([spareless]), 3, 'wait')).toEqual(OPEN);
  });

  it('never lets the only replica in sync go where there are others, whatever the policy', () => {
    const spareless = topic('pairs', 2, [partition(0, [0, 1], { isr: [0] })]);
    for (const policy of ['wait', 'allow'] as const)
      expect(brokerStopGate(snapshot([spareless]), 0, policy).open).toBe(false);
  });

  it('is open for a broker that does not serve: a hung one has to be stopped before it can be started', () => {
    const waiting = topic('orders', 2, [partition(0, [0, 1, 2], { isr: [0], leader: -1 })]);
    const brokers = [1, 2, 3].map((nodeId) => ({ nodeId, fenced: false }));
    expect(brokerStopGate(snapshot([waiting], { brokers }), 0, 'wait')).toEqual(OPEN);
    const fenced = [...brokers, { nodeId: 0, fenced: true }];
    expect(brokerStopGate(snapshot([waiting], { brokers: fenced }), 0, 'wait')).toEqual(OPEN);
  });

  it('never opens when stopping would take a partition below what it needs, in any cluster', () => {
    let opened = 0;
    fc.assert(
      fc.property(
        anySnapshot,
        fc.integer({ min: 0, max: 4 }),
        fc.constantFrom('wait' as const, 'allow' as const),
        (cluster, id, policy) => {
          if (!cluster.brokers.some(({ nodeId, fenced }) => nodeId === id && !fenced)) return;
          if (!brokerStopGate(cluster, id, policy).open) return;
          opened += 1;
          expect(cluster.reassigning).toEqual([]);
          for (const { minInsync, partitions } of cluster.topics)
            for (const state of partitions) {
              const left = leftInSync(cluster, state, id);
              const others = state.replicas.filter((replica) => replica !== id);
              if (others.length > 0 && state.leader !== id) expect(left).toContain(state.leader);
              if (!state.isr.includes(id)) continue;
              if (policy === 'wait' || others.length >= minInsync)
                expect(left.length).toBeGreaterThanOrEqual(minInsync);
              else expect(left).toHaveLength(others.length);
            }
        },
      ),
      { numRuns: 5_000 },
    );
    // The property says something only where gates do open.
    expect(opened).toBeGreaterThan(100);
  });

  it('always opens in a healthy cluster where every partition has a replica to spare', () => {
    fc.assert(
      fc.property(healthySnapshot, fc.integer({ min: 0, max: 4 }), (cluster, id) => {
        const spare = cluster.topics.every(({ minInsync, partitions }) =>
          partitions.every(({ replicas }) => replicas.length > minInsync),
        );
        expect(brokerStopGate(cluster, id, 'allow')).toEqual(OPEN);
        if (spare) expect(brokerStopGate(cluster, id, 'wait')).toEqual(OPEN);
      }),
    );
  });

  it('opens for nobody whom it was closed for because another broker falls silent', () => {
    fc.assert(
      fc.property(anySnapshot, fc.nat(4), fc.nat(4), (cluster, id, other) => {
        fc.pre(id !== other && !brokerStopGate(cluster, id, 'wait').open);
        const silent = [...cluster.silent, { nodeId: other, why: 'frozen' }];
        expect(brokerStopGate({ ...cluster, silent }, id, 'wait').open).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
