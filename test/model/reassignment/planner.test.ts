import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../src/model/errors.ts';
import { planReassignment } from '../../../src/model/reassignment/planner.ts';
import type { PartitionNow, TargetBroker } from '../../../src/model/reassignment/types.ts';
import { apply, balanced, brokersIn, SCENARIOS } from './cases.ts';

const counts = (partitions: readonly PartitionNow[], of: (partition: PartitionNow) => readonly number[]) => {
  const found = new Map<number, number>();
  for (const partition of partitions)
    for (const broker of of(partition)) found.set(broker, (found.get(broker) ?? 0) + 1);
  return found;
};
const spread = (found: Map<number, number>, brokers: readonly TargetBroker[]) => {
  const values = brokers.map(({ id }) => found.get(id) ?? 0);
  return Math.max(...values) - Math.min(...values);
};
const leadersOf = ({ replicas }: PartitionNow) => replicas.slice(0, 1);
const replicasOf = ({ replicas }: PartitionNow) => replicas;

describe('the planner', () => {
  it.each(SCENARIOS)(
    'moves as few replicas as can be: $name',
    ({ before, after, topics, partitions, optimum }) => {
      const now = balanced({ topics, partitions, factor: 3 }, before);
      const plan = planReassignment(now, after);
      expect(plan.relaxed).toEqual([]);
      expect(plan.replicasMoved).toBe(optimum);
      const then = apply(now, plan);
      expect(spread(counts(then, leadersOf), after)).toBeLessThanOrEqual(1);
      const again = planReassignment(then, after);
      expect(again.moves).toEqual([]);
    },
  );

  it('refuses more replicas than brokers, by name', () => {
    const partitions = [{ topic: 'orders', partition: 4, replicas: [0, 1, 2] }];
    expect(() => planReassignment(partitions, brokersIn([2]))).toThrow(MillraceError);
    expect(() => planReassignment(partitions, brokersIn([2]))).toThrow(/orders-4 \(replication factor 3\)/);
  });

  it('has nothing to do without partitions', () => {
    expect(planReassignment([], brokersIn([3]))).toMatchObject({ moves: [], replicasMoved: 0 });
  });

  const small = fc
    .record({
      brokers: fc.integer({ min: 2, max: 4 }),
      racks: fc.integer({ min: 1, max: 2 }),
      gone: fc.integer({ min: 0, max: 2 }),
      partitions: fc.array(
        fc.record({ topic: fc.constantFrom('a', 'b'), order: fc.integer({ min: 0, max: 1000 }) }),
        { minLength: 1, maxLength: 4 },
      ),
      factor: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ brokers, racks, gone, partitions, factor }) => {
      const after: TargetBroker[] = Array.from({ length: brokers }, (_none, id) => ({
        id,
        ...(racks > 1 ? { rack: `r${id % racks}` } : {}),
      }));
      const ids = Array.from({ length: brokers + gone }, (_none, id) => id);
      const now = partitions.map(({ topic, order }, partition) => ({
        topic,
        partition,
        replicas: permute(ids, order).slice(0, Math.min(factor, brokers)),
      }));
      return { after, now };
    });

  it('moves as few replicas, and changes as few leaders, as trying everything finds', () => {
    fc.assert(
      fc.property(small, ({ after, now }) => {
        const plan = planReassignment(now, after);
        const then = apply(now, plan);
        const best = bruteForce(now, after);
        fc.pre(best !== null);
        expect(plan.relaxed.filter((text) => text.includes('topic'))).toEqual([]);
        expect(plan.replicasMoved).toBe(best.moved);
        const leaders = bruteForceLeaders(then, after);
        expect(spread(counts(then, leadersOf), after)).toBe(leaders.spread);
        const changed = then.filter(({ replicas }, index) => replicas[0] !== now[index]!.replicas[0]).length;
        expect(changed).toBe(plan.leadersChanged);
        expect(changed).toBe(fewestChanges(now, then, after, leaders.spread));
      }),
      { numRuns: 200 },
    );
  });

  it('gives each broker its share, and the same plan for the same input', () => {
    const any = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      topics: fc.array(
        fc.record({ partitions: fc.integer({ min: 1, max: 12 }), factor: fc.integer({ min: 1, max: 4 }) }),
        { minLength: 1, maxLength: 5 },
      ),
      seed: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(any, ({ sizes, topics, seed }) => {
        const after = brokersIn(sizes);
        const ids = Array.from({ length: after.length + 2 }, (_none, id) => id);
        const now = topics.flatMap(({ partitions, factor }, topic) =>
          Array.from({ length: partitions }, (_none, partition) => ({
            topic: `t${topic}`,
            partition,
            replicas: permute(ids, seed + 31 * partition + topic).slice(0, Math.min(factor, after.length)),
          })),
        );
        const plan = planReassignment(now, after);
        expect(planReassignment(now, after)).toEqual(plan);
        const then = apply(now, plan);
        for (const { replicas } of then) expect(new Set(replicas).size).toBe(replicas.length);
        expect(then.map(({ replicas }) => replicas.length)).toEqual(
          now.map(({ replicas }) => replicas.length),
        );
        if (sizes.length === 1) expect(spread(counts(then, replicasOf), after)).toBeLessThanOrEqual(1);
        expect(planReassignment(then, after).moves).toEqual([]);
      }),
    );
  });
});

function permute(ids: readonly number[], order: number): number[] {
  const left = [...ids];
  const chosen: number[] = [];
  for (let rest = order * 2_654_435_761; left.length > 0; rest = Math.floor(rest / 7) + 11)
    chosen.push(...left.splice(rest % left.length, 1));
  return chosen;
}

function subsets(ids: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return ids.flatMap((id, index) => subsets(ids.slice(index + 1), size - 1).map((rest) => [id, ...rest]));
}

/** Tries every assignment that keeps all rules. */
function bruteForce(now: readonly PartitionNow[], after: readonly TargetBroker[]): { moved: number } | null {
  const racks = [...new Set(after.map(({ rack }) => rack))];
  const rackOf = new Map(after.map(({ id, rack }) => [id, rack]));
  const ids = after.map(({ id }) => id);
  const sizes = racks.map((rack) => after.filter((broker) => broker.rack === rack).length);
  const options = now.map(({ replicas }) =>
    subsets(ids, replicas.length).filter((chosen) =>
      racks.every((rack) => {
        const inRack = chosen.filter((id) => rackOf.get(id) === rack).length;
        const even = replicas.length / racks.length;
        return (
          racks.length === 1 ||
          (inRack >= Math.floor(even) && inRack <= Math.ceil(even)) ||
          sizes.some((size) => size < Math.ceil(even))
        );
      }),
    ),
  );
  let best: { moved: number } | null = null;
  const walk = (index: number, chosen: number[][]) => {
    if (index === now.length) {
      if (!isBalanced(now, chosen, after)) return;
      const moved = chosen.reduce(
        (sum, to, p) => sum + to.filter((id) => !now[p]!.replicas.includes(id)).length,
        0,
      );
      if (best === null || moved < best.moved) best = { moved };
      return;
    }
    for (const option of options[index]!) walk(index + 1, [...chosen, option]);
  };
  walk(0, []);
  return best;
}

/** Shares of brokers that have equal racks, or none. */
function isBalanced(
  now: readonly PartitionNow[],
  chosen: readonly number[][],
  after: readonly TargetBroker[],
): boolean {
  const topics = [...new Set(now.map(({ topic }) => topic))];
  const racks = [...new Set(after.map(({ rack }) => rack))];
  const perRack = racks.map((rack) => after.filter((broker) => broker.rack === rack));
  if (racks.length > 1 && perRack.some((rack) => rack.length !== perRack[0]!.length))
    return isBalancedUnequal(now, chosen, after, perRack);
  const within = (select: (p: number) => boolean) => {
    const total = chosen.reduce((sum, to, p) => sum + (select(p) ? to.length : 0), 0) / after.length;
    return after.every(({ id }) => {
      const has = chosen.filter((to, p) => select(p) && to.includes(id)).length;
      return has >= Math.floor(total + 1e-9) && has <= Math.ceil(total - 1e-9);
    });
  };
  return within(() => true) && topics.every((topic) => within((p) => now[p]!.topic === topic));
}

/** Two racks of unequal size: a rack's part of a partition in proportion to its brokers, within what the racks' rule allows. */
function isBalancedUnequal(
  now: readonly PartitionNow[],
  chosen: readonly number[][],
  after: readonly TargetBroker[],
  perRack: readonly (readonly TargetBroker[])[],
): boolean {
  const shareOf = (factor: number, rack: number) => {
    const low = perRack.map((brokers) => Math.min(Math.floor(factor / 2), brokers.length));
    const high = perRack.map((brokers) => Math.min(Math.ceil(factor / 2), brokers.length));
    const other = 1 - rack;
    const size = perRack[rack]!.length;
    const proportional = (factor * size) / after.length;
    const least = Math.max(low[rack]!, factor - Math.max(high[other]!, factor - perRack[rack]!.length));
    const most = Math.max(
      least,
      Math.min(Math.max(high[rack]!, factor - perRack[other]!.length), factor - low[other]!),
    );
    return Math.min(most, Math.max(least, proportional)) / size;
  };
  const within = (select: (p: number) => boolean) =>
    perRack.every((brokers, rack) => {
      const share = now.reduce(
        (sum, { replicas }, p) => sum + (select(p) ? shareOf(replicas.length, rack) : 0),
        0,
      );
      return brokers.every(({ id }) => {
        const has = chosen.filter((to, p) => select(p) && to.includes(id)).length;
        return has >= Math.floor(share + 1e-7) && has <= Math.ceil(share - 1e-7);
      });
    });
  const topics = [...new Set(now.map(({ topic }) => topic))];
  return within(() => true) && topics.every((topic) => within((p) => now[p]!.topic === topic));
}

/** Of all ways to choose leaders among the replicas: the least difference between brokers, by the busiest first. */
function bruteForceLeaders(then: readonly PartitionNow[], after: readonly TargetBroker[]) {
  let best: { max: number; spread: number } | null = null;
  each(then, (leaders) => {
    const found = after.map(({ id }) => leaders.filter((leader) => leader === id).length);
    const max = Math.max(...found);
    const difference = max - Math.min(...found);
    if (
      best === null ||
      (difference <= 1 && best.spread > 1) ||
      (difference < best.spread && max <= best.max) ||
      (best.spread > 1 && max < best.max)
    )
      best = { max, spread: difference };
  });
  return best!;
}

function fewestChanges(
  now: readonly PartitionNow[],
  then: readonly PartitionNow[],
  after: readonly TargetBroker[],
  wanted: number,
): number {
  let fewest = Infinity;
  let max = Infinity;
  const judge = (leaders: readonly number[]) => {
    const found = after.map(({ id }) => leaders.filter((leader) => leader === id).length);
    return { max: Math.max(...found), spread: Math.max(...found) - Math.min(...found) };
  };
  each(then, (leaders) => {
    const judged = judge(leaders);
    if (judged.spread === wanted) max = Math.min(max, judged.max);
  });
  each(then, (leaders) => {
    const judged = judge(leaders);
    if (judged.spread !== wanted || (wanted > 1 && judged.max !== max)) return;
    fewest = Math.min(fewest, leaders.filter((leader, p) => leader !== now[p]!.replicas[0]).length);
  });
  return fewest;
}

function each(then: readonly PartitionNow[], look: (leaders: readonly number[]) => void): void {
  const walk = (index: number, leaders: number[]) => {
    if (index === then.length) look(leaders);
    else for (const replica of then[index]!.replicas) walk(index + 1, [...leaders, replica]);
  };
  walk(0, []);
}
