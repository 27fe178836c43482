// The planner of reassignments: the fewest replicas are moved that bring every broker to its share, then the fewest preferred
// leaders are changed that bring these within one of each other. Exact: both are minimum-cost flows.
import { MillraceError } from '../errors.ts';
import { nameSome } from '../names.ts';
import { createFlowGraph } from './flow.ts';
import { balanceLeaders } from './leaders.ts';
import { around, brokerShares, rackShares, racksOf, type RackShare } from './shares.ts';
import type { Move, PartitionNow, ReassignmentPlan, TargetBroker } from './types.ts';

/**
 * Plans where every replica goes. Kept, in this order: each partition keeps its number of replicas, on different brokers; racks
 * hold as equal parts of each partition as whole numbers allow; each broker has its share of each topic, and of all replicas, to the
 * next whole number. Within that the fewest replicas move. The same input gives the same plan.
 *
 * @param brokers those that may hold replicas afterwards: brokers that leave are left out
 * @throws MillraceError CHANGE_REFUSED when a partition has more replicas than there are brokers
 */
export function planReassignment(
  partitions: readonly PartitionNow[],
  brokers: readonly TargetBroker[],
): ReassignmentPlan {
  const sorted = [...brokers].sort((a, b) => a.id - b.id);
  requireBrokers(partitions, sorted.length);
  if (partitions.length === 0) return { moves: [], replicasMoved: 0, leadersChanged: 0, relaxed: [] };
  const placed = placeReplicas(partitions, sorted);
  const { leaders, relaxed } = balanceLeaders(
    partitions,
    placed.replicas,
    sorted.length,
    (index) => sorted[index]!.id,
  );
  const relaxations = [...placed.relaxed, ...relaxed];
  return { ...movesOf(partitions, sorted, placed.replicas, leaders), relaxed: relaxations };
}

function requireBrokers(partitions: readonly PartitionNow[], brokers: number): void {
  const impossible = partitions.filter(({ replicas }) => replicas.length > brokers);
  if (impossible.length === 0) return;
  const names = impossible.map(
    ({ topic, partition, replicas }) => `${topic}-${partition} (replication factor ${replicas.length})`,
  );
  throw new MillraceError(
    'CHANGE_REFUSED',
    `${impossible.length} partitions have more replicas than the ${brokers} brokers that there would be: ${nameSome(names)}. ` +
      'Nothing was moved. Keep more brokers, or give these topics fewer replicas first.',
  );
}

/** Indexes of the brokers (by their ids) that each partition is on afterwards, and on which it is now. */
interface Placed {
  replicas: number[][];
  relaxed: string[];
}

function placeReplicas(partitions: readonly PartitionNow[], brokers: readonly TargetBroker[]): Placed {
  const racks = racksOf(brokers);
  const exact = flowOf(partitions, brokers, racks, true);
  if (exact) return { replicas: exact, relaxed: [] };
  // Fractions always fit together, so this is only for what rounding of fractions might do.
  const loose = flowOf(partitions, brokers, racks, false);
  if (loose)
    return { replicas: loose, relaxed: ['brokers have their share of all replicas, but not of each topic'] };
  throw new MillraceError(
    'INTERNAL',
    'No assignment keeps the number of replicas and the racks; nothing was moved. Report this with the output of "kafka-topics --describe".',
  );
}

/** The flow source → partition → (partition, rack) → (topic, broker) → broker → sink; null when the bounds do not fit together. */
function flowOf(
  partitions: readonly PartitionNow[],
  brokers: readonly TargetBroker[],
  racks: readonly (readonly number[])[],
  balanceTopics: boolean,
): number[][] | null {
  const topicIndex = new Map<string, number>();
  for (const { topic } of partitions) if (!topicIndex.has(topic)) topicIndex.set(topic, topicIndex.size);
  const topicOf = partitions.map(({ topic }) => topicIndex.get(topic)!);
  const [P, R, B, T] = [partitions.length, racks.length, brokers.length, topicIndex.size];
  const withRacks = R > 1;
  const firstRack = P;
  const firstTopic = firstRack + (withRacks ? P * R : 0);
  const firstBroker = firstTopic + T * B;
  const sink = firstBroker + B;
  const graph = createFlowGraph(sink + 1, (withRacks ? P * R : 0) + P * B + T * B + B);
  const excess = new Int32Array(sink + 1);
  const bounded = (from: number, to: number, low: number, high: number) => {
    graph.addEdge(from, to, high - low, 0);
    excess[from]! -= low;
    excess[to]! += low;
  };
  const shares = brokerShares(partitions, topicOf, T, racks);
  const rackOf = new Int32Array(B);
  racks.forEach((rack, number) => {
    for (const broker of rack) rackOf[broker] = number;
  });
  const indexOf = new Map(brokers.map(({ id }, index) => [id, index]));
  const holds = new Uint8Array(B);
  const firstEdge = new Int32Array(P);
  const byFactor = new Map<number, RackShare[]>();
  const sizes = racks.map((rack) => rack.length);
  for (let p = 0; p < P; p += 1) {
    const { replicas } = partitions[p]!;
    excess[p]! += replicas.length;
    if (withRacks) {
      const parts = byFactor.get(replicas.length) ?? rackShares(replicas.length, sizes);
      byFactor.set(replicas.length, parts);
      for (let rack = 0; rack < R; rack += 1)
        bounded(p, firstRack + p * R + rack, parts[rack]!.low, parts[rack]!.high);
    }
    holds.fill(0);
    for (const replica of replicas) {
      const index = indexOf.get(replica);
      if (index !== undefined) holds[index] = 1;
    }
    for (let b = 0; b < B; b += 1) {
      const from = withRacks ? firstRack + p * R + rackOf[b]! : p;
      const edge = graph.addEdge(from, firstTopic + topicOf[p]! * B + b, 1, holds[b] === 1 ? 0 : 1);
      if (b === 0) firstEdge[p] = edge;
    }
  }
  for (let t = 0; t < T; t += 1)
    for (let b = 0; b < B; b += 1) {
      const { low, high } = balanceTopics ? around(shares[t]![b]!) : { low: 0, high: P };
      bounded(firstTopic + t * B + b, firstBroker + b, low, high);
    }
  let total = 0;
  for (const { replicas } of partitions) total += replicas.length;
  excess[sink]! -= total;
  for (let b = 0; b < B; b += 1) {
    let share = 0;
    for (let t = 0; t < T; t += 1) share += shares[t]![b]!;
    const { low, high } = around(share);
    bounded(firstBroker + b, sink, low, high);
  }
  if (graph.solve(excess) > 0) return null;
  return partitions.map((_partition, p) => {
    const chosen: number[] = [];
    for (let b = 0; b < B; b += 1) if (graph.flow(firstEdge[p]! + 2 * b) > 0) chosen.push(b);
    return chosen;
  });
}

/** The new leader first, then those that hold it already in their order, then the new ones. */
function movesOf(
  partitions: readonly PartitionNow[],
  brokers: readonly TargetBroker[],
  placed: readonly number[][],
  leaders: readonly number[],
): Omit<ReassignmentPlan, 'relaxed'> {
  const moves: Move[] = [];
  let replicasMoved = 0;
  let leadersChanged = 0;
  partitions.forEach(({ topic, partition, replicas, bytes = 0 }, p) => {
    const ids = placed[p]!.map((index) => brokers[index]!.id);
    const leader = brokers[leaders[p]!]!.id;
    const kept = replicas.filter((id) => ids.includes(id) && id !== leader);
    const fresh = ids.filter((id) => !replicas.includes(id) && id !== leader);
    const to = [leader, ...kept, ...fresh];
    replicasMoved += ids.filter((id) => !replicas.includes(id)).length;
    if (leader !== replicas[0]) leadersChanged += 1;
    const isSame = to.length === replicas.length && to.every((id, index) => id === replicas[index]);
    if (!isSame) moves.push({ topic, partition, from: [...replicas], to, bytes });
  });
  return { moves, replicasMoved, leadersChanged };
}
