// A proposal as people see it before they approve it, and as it is kept: small, and known by its hash.
import { canonicalJson, sha256Hex } from '../hash.ts';
import type { Move, PartitionNow, ReassignmentPlan } from './types.ts';

/** Moves by topic: partition, the brokers before, the brokers after. */
export type CompactMoves = Record<string, [partition: number, from: number[], to: number[]][]>;

export interface BrokerLoad {
  replicas: number;
  leaders: number;
  bytes: number;
}

/** What a proposal means. Bytes are those of the replicas' logs. */
export interface ProposalView {
  hash: string;
  partitions: number;
  replicasMoved: number;
  leadersChanged: number;
  bytesMoved: number;
  /** Least time that the throttle allows; absent without one. */
  leastSeconds?: number;
  brokers: { id: number; before: BrokerLoad; after: BrokerLoad; bytesIn: number; bytesOut: number }[];
  /** Rules that could not be kept in full. */
  relaxed: string[];
}

export interface Proposal {
  moves: CompactMoves;
  view: ProposalView;
}

/**
 * Makes a proposal of a plan.
 *
 * @param brokers ids of all brokers that have replicas before or may have some after
 * @param throttleBytesPerSecond what each broker may send, and receive
 */
export function proposalOf(
  plan: ReassignmentPlan,
  {
    partitions,
    brokers,
    throttleBytesPerSecond,
  }: {
    partitions: readonly PartitionNow[];
    brokers: readonly number[];
    throttleBytesPerSecond?: number | undefined;
  },
): Proposal {
  const moves = compact(plan.moves);
  const loads = new Map(brokers.map((id) => [id, emptyLoad(id)]));
  const loadOf = (id: number) => {
    const found = loads.get(id) ?? emptyLoad(id);
    loads.set(id, found);
    return found;
  };
  const moved = new Map(plan.moves.map((move) => [`${move.topic}-${move.partition}`, move.to]));
  for (const { topic, partition, replicas, bytes = 0 } of partitions) {
    const to = moved.get(`${topic}-${partition}`) ?? replicas;
    add(replicas, bytes, (id) => loadOf(id).before);
    add(to, bytes, (id) => loadOf(id).after);
    const [leader] = replicas;
    for (const id of to.filter((one) => !replicas.includes(one))) {
      loadOf(id).bytesIn += bytes;
      // Followers copy from the leader.
      if (leader !== undefined) loadOf(leader).bytesOut += bytes;
    }
  }
  const sorted = [...loads.values()].sort((a, b) => a.id - b.id);
  const busiest = Math.max(0, ...sorted.flatMap(({ bytesIn, bytesOut }) => [bytesIn, bytesOut]));
  return {
    moves,
    view: {
      hash: sha256Hex(canonicalJson(moves)),
      partitions: plan.moves.length,
      replicasMoved: plan.replicasMoved,
      leadersChanged: plan.leadersChanged,
      bytesMoved: sorted.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      ...(throttleBytesPerSecond === undefined
        ? {}
        : { leastSeconds: Math.ceil(busiest / throttleBytesPerSecond) }),
      brokers: sorted,
      relaxed: plan.relaxed,
    },
  };
}

function emptyLoad(id: number): ProposalView['brokers'][number] {
  const nothing = () => ({ replicas: 0, leaders: 0, bytes: 0 });
  return { id, before: nothing(), after: nothing(), bytesIn: 0, bytesOut: 0 };
}

function add(replicas: readonly number[], bytes: number, loadOf: (id: number) => BrokerLoad): void {
  replicas.forEach((id, index) => {
    const load = loadOf(id);
    load.replicas += 1;
    load.bytes += bytes;
    if (index === 0) load.leaders += 1;
  });
}

function compact(moves: readonly Move[]): CompactMoves {
  const topics: CompactMoves = {};
  for (const { topic, partition, from, to } of moves) (topics[topic] ??= []).push([partition, from, to]);
  return topics;
}

/** The moves that lead back. */
export function reversed(moves: CompactMoves): CompactMoves {
  return Object.fromEntries(
    Object.entries(moves).map(([topic, list]) => [
      topic,
      list.map(([partition, from, to]): CompactMoves[string][number] => [partition, to, from]),
    ]),
  );
}
