// Whether a broker's disk may be given up for good: no partition may need what is on it.
import { showBytes } from '../bytes.ts';
import { count, nameNodes, nameSome } from '../names.ts';
import type { BrokerReplaceGate } from './gate.ts';
import {
  isServing,
  judgedPartitions,
  saySilent,
  type JudgedPartition,
  type PartitionReplicas,
  type ReplicationSnapshot,
  type TopicPartition,
} from './snapshot.ts';

/**
 * Open when the broker is down for Kafka, too, and each partition that it hosts has a leader in sync on a broker that
 * serves and answers: everything that was ever acknowledged is there, and can be copied from there.
 *
 * It does not wait for more than one such replica, nor for other brokers that are down: two lost brokers would then wait
 * for each other for ever, and replacing one is what brings replicas back. Partitions without a replica on the broker,
 * moves that are under way, and how many replicas writes need do not matter to its disk.
 *
 * @param force a person has given up what only this broker has: it only has to be down
 */
export function brokerReplaceGate(
  snapshot: ReplicationSnapshot,
  brokerId: number,
  force = false,
): BrokerReplaceGate {
  if (isServing(snapshot, brokerId))
    return {
      open: false,
      reason:
        `the disk of broker ${brokerId} must not be given up yet: the broker still counts as serving. ` +
        'Kafka forgets one that was killed when its session expires (9 s by default)',
    };
  const hosted = hostedBy(snapshot, brokerId);
  const needing = hosted.filter((partition) => !hasLeaderElsewhere(partition, brokerId));
  if (force || needing.length === 0) return { open: true, partitions: copied(hosted) };
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
  /** Replicas on it that others have, too: each is copied to its next disk. */
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
  const hosted = hostedBy(snapshot, brokerId);
  return {
    partitions: copied(hosted),
    onlyHere: hosted
      .filter(({ live }) => !live.some((id) => id !== brokerId))
      .map((partition) => `${partition.name} (${sayNeed(partition, brokerId)})`),
  };
}

/**
 * Partitions that nobody can lead without the broker's disk, of which other brokers that serve have a copy, but not all of it:
 * with the disk given up, these copies are the most that is left. Not those that have a full copy on yet another broker, which
 * is down: it may come back.
 */
export function remnants(snapshot: ReplicationSnapshot, brokerId: number): TopicPartition[] {
  return hostedBy(snapshot, brokerId)
    .filter(
      ({ state }) =>
        state.leader < 0 &&
        fullCopies(state).every((id) => id === brokerId) &&
        state.replicas.some(
          (id) => id !== brokerId && isServing(snapshot, id) && !state.offline.includes(id),
        ),
    )
    .map(({ topic, state: { partition } }) => ({ topic, partition }));
}

/** `12 replicas, 3.4 GB`: what the others copy to the next disk. */
export function sayCopied({ partitions, bytes }: Pick<ReplaceImpact, 'partitions' | 'bytes'>): string {
  return `${count(partitions, 'replica')}, ${bytes === null ? 'of unknown size' : showBytes(bytes)}`;
}

function hostedBy(snapshot: ReplicationSnapshot, brokerId: number): JudgedPartition[] {
  return judgedPartitions(snapshot).filter(({ state }) => state.replicas.includes(brokerId));
}

/** Nobody can copy the only replica of a partition. */
function copied(hosted: readonly JudgedPartition[]): number {
  return hosted.filter(({ state }) => state.replicas.length > 1).length;
}

function hasLeaderElsewhere({ state, live }: JudgedPartition, brokerId: number): boolean {
  return state.leader !== brokerId && live.includes(state.leader);
}

function sayNeed({ state, live }: JudgedPartition, brokerId: number): string {
  if (state.replicas.length === 1) return 'its only replica';
  if (live.some((broker) => broker !== brokerId)) return 'no leader is elected yet';
  const full = fullCopies(state);
  if (full.length === 0) return 'no replica is in sync';
  return `in sync: only ${nameNodes('broker', full)}`;
}

/** Who has all that was acknowledged, as far as Kafka knows. */
function fullCopies({ isr, eligible, lastEligible }: PartitionReplicas): number[] {
  return [isr, eligible, lastEligible].find((brokers) => brokers.length > 0) ?? [];
}
