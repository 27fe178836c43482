// Which replica of each partition is its preferred leader: as many on each broker, with the fewest changes.
import { createFlowGraph } from './flow.ts';
import type { PartitionNow } from './types.ts';

/**
 * Chooses a leader among the replicas of each partition, so that no broker has two more than another where that can be, else with
 * the least difference there is, and the fewest partitions get another one.
 *
 * @param placed indexes of the brokers that hold each partition afterwards
 * @returns the index of each partition's leader
 */
export function balanceLeaders(
  partitions: readonly PartitionNow[],
  placed: readonly (readonly number[])[],
  brokers: number,
  idOf: (index: number) => number,
): { leaders: number[]; relaxed: string[] } {
  const [low, high] = [Math.floor(partitions.length / brokers), Math.ceil(partitions.length / brokers)];
  const exact = assign(partitions, placed, { brokers, low, high, idOf });
  if (exact) return { leaders: exact, relaxed: [] };
  // Some broker has too few partitions to lead, or some partitions have nobody else: first the least that the busiest one has …
  let most = high;
  while (assign(partitions, placed, { brokers, low: 0, high: most, idOf }) === null) most += 1;
  // … then the most that the idlest one has.
  let least = Math.max(0, low - 1);
  for (; least > 0; least -= 1) {
    const found = assign(partitions, placed, { brokers, low: least, high: most, idOf });
    if (found) return { leaders: found, relaxed: [sayRelaxed(least, most)] };
  }
  const leaders = assign(partitions, placed, { brokers, low: 0, high: most, idOf });
  return { leaders: leaders ?? [], relaxed: [sayRelaxed(0, most)] };
}

function sayRelaxed(least: number, most: number): string {
  return `brokers lead from ${least} to ${most} partitions: their replicas allow no less difference`;
}

function assign(
  partitions: readonly PartitionNow[],
  placed: readonly (readonly number[])[],
  {
    brokers,
    low,
    high,
    idOf,
  }: { brokers: number; low: number; high: number; idOf: (index: number) => number },
): number[] | null {
  const P = partitions.length;
  const sink = P + brokers;
  const edges = placed.reduce((sum, replicas) => sum + replicas.length, brokers);
  const graph = createFlowGraph(sink + 1, edges);
  const excess = new Int32Array(sink + 1);
  const firstEdge = new Int32Array(P);
  for (let p = 0; p < P; p += 1) {
    excess[p] = 1;
    const present = partitions[p]!.replicas[0];
    placed[p]!.forEach((broker, index) => {
      const edge = graph.addEdge(p, P + broker, 1, idOf(broker) === present ? 0 : 1);
      if (index === 0) firstEdge[p] = edge;
    });
  }
  excess[sink] = -P;
  for (let broker = 0; broker < brokers; broker += 1) {
    graph.addEdge(P + broker, sink, high - low, 0);
    excess[P + broker]! -= low;
    excess[sink] += low;
  }
  if (graph.solve(excess) > 0) return null;
  return placed.map((replicas, p) => {
    const chosen = replicas.findIndex((_broker, index) => graph.flow(firstEdge[p]! + 2 * index) > 0);
    return replicas[chosen]!;
  });
}
