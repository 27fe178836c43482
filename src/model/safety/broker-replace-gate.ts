// Whether a broker's disk may be given up for good: no partition may need what is on it.
import { count, nameNodes, nameSome } from '../names.ts';
import type { BrokerReplaceGate } from './gate.ts';
import {
  isServing,
  judgedPartitions,
  saySilent,
  type JudgedPartition,
  type ReplicationSnapshot,
} from './snapshot.ts';

/**
 * Open when the broker is down for Kafka, too, and each partition that it hosts has a leader in sync on a broker that
 * serves and answers: everything that was ever acknowledged is there, and can be copied from there.
 *
 * It does not wait for more than one such replica, nor for other brokers that are down: two lost brokers would then wait
 * for each other for ever, and replacing one is what brings replicas back. Partitions without a replica on the broker,
 * moves that are under way, and how many replicas writes need do not matter to its disk.
 */
export function brokerReplaceGate(snapshot: ReplicationSnapshot, brokerId: number): BrokerReplaceGate {
  if (isServing(snapshot, brokerId))
    return {
      open: false,
      reason:
        `the disk of broker ${brokerId} must not be given up yet: the broker still counts as serving. ` +
        'Kafka forgets one that was killed when its session expires (9 s by default)',
    };
  const hosted = judgedPartitions(snapshot).filter(({ state }) => state.replicas.includes(brokerId));
  const needing = hosted.filter((partition) => !hasLeaderElsewhere(partition, brokerId));
  if (needing.length === 0) return { open: true, partitions: hosted.length };
  const names = needing.map((partition) => `${partition.name} (${sayNeed(partition, brokerId)})`);
  return {
    open: false,
    reason:
      `the disk of broker ${brokerId} must not be given up: ` +
      `${count(needing.length, 'partition')} of ${hosted.length} may have the only full copy there: ${nameSome(names)}` +
      saySilent(snapshot, brokerId),
  };
}

/** What it would mean to give up the disk of a broker at this moment. */
export interface ReplaceImpact {
  /** Replicas on it: each is copied to its next disk. */
  partitions: number;
  /** Their size; null when a leader could not be asked. */
  bytes: number | null;
  /** The partitions that nobody else has in full, each with why: `orders-4 (its only replica)`. */
  onlyHere: string[];
}

/** Of a broker that still serves, too. A leader that is not elected yet does not matter here: a full copy elsewhere does. */
export function replaceImpact(
  snapshot: ReplicationSnapshot,
  brokerId: number,
): Pick<ReplaceImpact, 'partitions' | 'onlyHere'> {
  const hosted = judgedPartitions(snapshot).filter(({ state }) => state.replicas.includes(brokerId));
  return {
    partitions: hosted.length,
    onlyHere: hosted
      .filter(({ live }) => !live.some((id) => id !== brokerId))
      .map((partition) => `${partition.name} (${sayNeed(partition, brokerId)})`),
  };
}

function hasLeaderElsewhere({ state, live }: JudgedPartition, brokerId: number): boolean {
  return state.leader !== brokerId && live.includes(state.leader);
}

function sayNeed({ state, live }: JudgedPartition, brokerId: number): string {
  const { replicas, isr, eligible, lastEligible } = state;
  if (replicas.length === 1) return 'its only replica';
  if (live.some((broker) => broker !== brokerId)) return 'no leader is elected yet';
  const full = [isr, eligible, lastEligible].find((brokers) => brokers.length > 0);
  if (full === undefined) return 'no replica is in sync';
  return `in sync: only ${nameNodes('broker', full)}`;
}
