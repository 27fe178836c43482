import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONCURRENCY, nextMoves, type MoveFacts } from '../../../src/model/reassignment/batches.ts';
import { proposalOf, reversed, type CompactMoves } from '../../../src/model/reassignment/proposal.ts';
import { planReassignment } from '../../../src/model/reassignment/planner.ts';
import type { PartitionReplicas, ReplicationSnapshot } from '../../../src/model/safety/snapshot.ts';
import { partition, snapshot, topic } from '../safety/snapshots.ts';
import { brokersIn } from './cases.ts';

const snapshotOf = (partitions: PartitionReplicas[], down: number[] = []): ReplicationSnapshot =>
  snapshot([topic('t', 2, partitions)], {
    brokers: [0, 1, 2, 3].map((nodeId) => ({ nodeId, fenced: down.includes(nodeId) })),
  });
const factsOf = (snapshot: ReplicationSnapshot, more: Partial<MoveFacts> = {}): MoveFacts => ({
  snapshot,
  ongoing: [],
  bytes: new Map(),
  roomBytes: new Map(),
  concurrency: CONCURRENCY.FIRST,
  ...more,
});
const toThree = (count: number): CompactMoves => ({
  t: Array.from({ length: count }, (_none, number) => [number, [0, 1, 2], [0, 1, 3]]),
});
const onOld = (count: number) =>
  Array.from({ length: count }, (_none, number) => partition(number, [0, 1, 2]));

describe('the next moves', () => {
  it('are as many as a broker may take part in', () => {
    const { begin, done, total } = nextMoves(toThree(20), factsOf(snapshotOf(onOld(20))));
    expect([begin.length, done, total]).toEqual([CONCURRENCY.FIRST, 0, 20]);
  });

  it('are none more while brokers are busy with those that are under way', () => {
    const ongoing = [0, 1, 2, 3, 4].map((number) => ({ topic: 't', partition: number, adding: [3] }));
    expect(nextMoves(toThree(20), factsOf(snapshotOf(onOld(20)), { ongoing })).begin).toEqual([]);
  });

  it('are done where the replicas are as wanted, or the topic is gone', () => {
    const present = snapshotOf([partition(0, [0, 1, 3]), partition(1, [0, 1, 2])]);
    expect(nextMoves(toThree(3), factsOf(present))).toMatchObject({ done: 2, total: 3 });
  });

  it('stop while a partition takes no writes, and are fewer while one is just at its least', () => {
    const below = nextMoves(
      toThree(4),
      factsOf(snapshotOf([...onOld(3), partition(3, [0, 1, 2], { isr: [0] })])),
    );
    expect(below.begin).toEqual([]);
    expect(below.held[0]).toContain('t-3');
    const at = nextMoves(
      toThree(4),
      factsOf(snapshotOf([...onOld(3), partition(3, [0, 1, 2], { isr: [0, 1] })])),
    );
    expect(at.begin.length).toBeGreaterThan(0);
    expect(at.concurrency).toBe(2);
  });

  it('leave out, and name, what has to go to a broker that is down, or to a disk without room', () => {
    const down = nextMoves(toThree(2), factsOf(snapshotOf(onOld(2), [3])));
    expect([down.begin, down.held]).toEqual([[], [expect.stringContaining('to broker 3')]]);
    const bytes = new Map([
      ['t-0', 100],
      ['t-1', 100],
    ]);
    const full = nextMoves(
      toThree(2),
      factsOf(snapshotOf(onOld(2)), { bytes, roomBytes: new Map([[3, 150]]) }),
    );
    expect(full.begin).toHaveLength(1);
    expect(full.held).toEqual([expect.stringContaining('t-1')]);
  });

  it('bring everything to its place, whatever the plan', () => {
    const replicas = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(fc.array(replicas, { minLength: 1, maxLength: 12 }), (assignment) => {
        const now = assignment.map((list, number) => ({ topic: 't', partition: number, replicas: list }));
        const brokers = brokersIn([4]);
        const { moves, view } = proposalOf(planReassignment(now, brokers), {
          partitions: now,
          brokers: [0, 1, 2, 3],
        });
        expect(view.brokers.reduce((sum, { after }) => sum + after.replicas, 0)).toBe(2 * now.length);
        const before = now.map(({ replicas: list }) => list);
        let present = before.map((list, number) => partition(number, list));
        for (const goal of [moves, reversed(moves)])
          for (let rounds = 0; ; rounds += 1) {
            expect(rounds).toBeLessThan(20);
            const { begin, done, total } = nextMoves(goal, factsOf(snapshotOf(present)));
            if (done === total) break;
            expect(begin.length).toBeGreaterThan(0);
            present = present.map((one) => {
              const moved = begin.find((move) => move.partition === one.partition);
              return moved ? partition(one.partition, moved.replicas) : one;
            });
          }
        expect(present.map(({ replicas: list }) => list)).toEqual(before);
      }),
    );
  });
});
