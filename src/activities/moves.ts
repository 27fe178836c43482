// Moving replicas: proposed from what Kafka says, carried out batch by batch, called off, throttled.
import { log } from '@temporalio/activity';
import * as kafka from '../kafka/index.ts';
import { MillraceError } from '../model/errors.ts';
import { CONCURRENCY, nextMoves } from '../model/reassignment/batches.ts';
import { planReassignment } from '../model/reassignment/planner.ts';
import { proposalOf, type Proposal } from '../model/reassignment/proposal.ts';
import type { ReplicationSnapshot } from '../model/safety/snapshot.ts';
import type {
  AwaitEmptyInput,
  CancelMovesInput,
  CordonInput,
  MoveReplicasInput,
  ProposeMovesInput,
} from './contract.ts';
import type { PreviewAnswer, PreviewInput } from '../workflows/contract.ts';
import { PREVIEW_TIMEOUT_MS, untilReady } from './kafka.ts';
import { progressText } from './move-progress.ts';
import { pause } from './pause.ts';
import { untilOpenTwice } from './until-open.ts';
import type { Waiting } from './waiting.ts';

/** Between two looks at what moves: each asks every broker. */
const LOOK_AGAIN_MS = 1_000;
/** A disk is not filled further than this by moves. */
const FULL_SHARE = 0.9;

/**
 * Computes which replicas move. Waits while it cannot be told where all are, or while others move some.
 *
 * @throws MillraceError CHANGE_REFUSED when a topic has more replicas than there would be brokers
 */
export async function proposeMoves(input: ProposeMovesInput, waiting: Waiting): Promise<Proposal> {
  const { brokers } = input;
  const snapshot = await lookUntilKnown(input, waiting, ({ reassigning }) =>
    reassigning.length === 0
      ? null
      : `that nobody else moves replicas (${reassigning.length} partitions are being moved)`,
  );
  const use = await kafka.diskUse(brokers, { signal: waiting.signal });
  return proposalFor(snapshot, use, input);
}

/**
 * Which replicas would move, by one look.
 *
 * @throws MillraceError CHANGE_REFUSED when a topic has more replicas than there would be brokers
 */
export async function previewMoves(input: PreviewInput): Promise<PreviewAnswer> {
  const options = { timeoutMs: PREVIEW_TIMEOUT_MS };
  const [look, use] = await Promise.all([
    kafka.describeReplication(input.brokers, options),
    kafka.diskUse(input.brokers, options),
  ]);
  return look.known ? { view: proposalFor(look.snapshot, use, input).view } : { unknown: look.why };
}

function proposalFor(
  snapshot: ReplicationSnapshot,
  use: ReadonlyMap<number, kafka.DiskUse>,
  {
    brokers,
    targets,
    throttleBytesPerSecond,
  }: Pick<PreviewInput, 'brokers' | 'targets' | 'throttleBytesPerSecond'>,
): Proposal {
  const sizes = sizesOf(snapshot, use);
  const partitions = snapshot.topics.flatMap(({ name: topic, partitions: list }) =>
    list.map(({ partition, replicas }) => ({
      topic,
      partition,
      replicas,
      bytes: sizes.get(`${topic}-${partition}`) ?? 0,
    })),
  );
  return proposalOf(planReassignment(partitions, targets), {
    partitions,
    brokers: [...brokers.map(({ nodeId }) => nodeId), ...targets.map(({ id }) => id)],
    throttleBytesPerSecond,
  });
}

/** Carries moves out, as many at once as the cluster bears; what was done before, by whomever, is not done again. */
export async function moveReplicas(input: MoveReplicasInput, waiting: Waiting): Promise<{ moved: number }> {
  const { brokers, moves } = input;
  const options = { signal: waiting.signal };
  let concurrency: number = CONCURRENCY.FIRST;
  const beganMs = Date.now();
  let firstBytes: number | null = null;
  for (;;) {
    const snapshot = await lookUntilKnown(input, waiting, () => null);
    const use = await kafka.diskUse(brokers, options);
    const next = nextMoves(moves, {
      snapshot,
      ongoing: snapshot.moving ?? [],
      bytes: sizesOf(snapshot, use),
      roomBytes: roomOf(use),
      concurrency,
    });
    concurrency = next.concurrency;
    firstBytes ??= next.bytesLeft;
    if (next.done === next.total) break;
    if (next.begin.length > 0) {
      log.info('begins moves', { partitions: next.begin.length, done: next.done, total: next.total });
      await kafka.beginMoves(next.begin, brokers, options);
    }
    waiting.set(progressText(next, { firstBytes, seconds: (Date.now() - beganMs) / 1000 }));
    await pause(LOOK_AGAIN_MS);
    waiting.signal.throwIfAborted();
  }
  await kafka.electPreferredLeaders(brokers, options);
  return { moved: Object.values(moves).flat().length };
}

/** Calls off what is under way of these moves, and sees it called off. */
export async function cancelMoves(input: CancelMovesInput, waiting: Waiting): Promise<void> {
  const names = new Set(
    Object.entries(input.moves).flatMap(([topic, list]) =>
      list.map(([partition]) => `${topic}-${partition}`),
    ),
  );
  for (;;) {
    const { moving = [] } = await lookUntilKnown(input, waiting, () => null);
    const ours = moving.filter(({ topic, partition }) => names.has(`${topic}-${partition}`));
    if (ours.length === 0) return;
    await kafka.cancelMoves(ours, input.brokers, { signal: waiting.signal });
    waiting.set(`${ours.length} moves to be called off`);
    await pause(LOOK_AGAIN_MS);
    waiting.signal.throwIfAborted();
  }
}

/** Returns when none of the brokers holds a replica, neither by the metadata nor on its disks, seen twice in a row. */
export async function awaitEmpty({ nodeIds, brokers }: AwaitEmptyInput, waiting: Waiting): Promise<void> {
  await untilOpenTwice(async () => {
    const look = await kafka.describeReplication(brokers, { signal: waiting.signal });
    if (!look.known) return { open: false, reason: look.why };
    const held = look.snapshot.topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ replicas }) => replicas.some((id) => nodeIds.includes(id)))
        .map(({ partition }) => `${name}-${partition}`),
    );
    if (held.length > 0)
      return {
        open: false,
        reason: `${held.length} partitions still have replicas there: ${held.slice(0, 5).join(', ')}`,
      };
    const leaving = brokers.filter(({ nodeId }) => nodeIds.includes(nodeId));
    const use = await kafka.diskUse(leaving, { signal: waiting.signal });
    // One that does not answer has no replica by the metadata, which is what counts.
    const full = [...use].filter(([, { bytes, futures }]) => bytes.size > 0 || futures > 0);
    return full.length === 0
      ? { open: true }
      : {
          open: false,
          reason: `broker ${full.map(([id]) => id).join(', ')} still has replicas on its disks`,
        };
  }, waiting);
}

/**
 * Keeps new partitions away from brokers, or lets them come again (KIP-1066, Kafka 4.3 and later).
 *
 * @returns why it could not be done; null when it was
 */
export async function cordonBrokers(
  { nodeIds, brokers, cordoned }: CordonInput,
  waiting: Waiting,
): Promise<{ unsupported: string | null }> {
  for (const nodeId of nodeIds) {
    const itself = brokers.filter((broker) => broker.nodeId === nodeId);
    try {
      await kafka.cordonBroker(nodeId, cordoned, itself, { signal: waiting.signal });
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'KAFKA_REFUSED') throw error;
      return { unsupported: error.message };
    }
  }
  return { unsupported: null };
}

/** Changes broker properties while Kafka runs; returns when every broker has them. */
export async function configureBrokers(
  input: { values: Record<string, string | null>; brokers: kafka.KafkaAddress[] },
  waiting: Waiting,
): Promise<void> {
  await untilReady(
    () => kafka.applyDynamicConfig(input.values, input.brokers, { signal: waiting.signal }),
    waiting,
  );
}

async function lookUntilKnown(
  { brokers }: { brokers: kafka.KafkaAddress[] },
  waiting: Waiting,
  obstacle: (snapshot: ReplicationSnapshot) => string | null,
): Promise<ReplicationSnapshot> {
  for (;;) {
    const look = await kafka.describeReplication(brokers, { signal: waiting.signal });
    const why = look.known ? obstacle(look.snapshot) : look.why;
    if (look.known && why === null) return look.snapshot;
    waiting.set(why);
    await pause(LOOK_AGAIN_MS);
    waiting.signal.throwIfAborted();
  }
}

/** The size of one replica of each partition: what its leader has, or the largest that anybody has. */
function sizesOf(
  snapshot: ReplicationSnapshot,
  use: ReadonlyMap<number, kafka.DiskUse>,
): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, partitions } of snapshot.topics)
    for (const { partition, leader, replicas } of partitions) {
      const key = `${name}-${partition}`;
      const of = (id: number) => use.get(id)?.bytes.get(key);
      sizes.set(key, of(leader) ?? Math.max(0, ...replicas.map((id) => of(id) ?? 0)));
    }
  return sizes;
}

function roomOf(use: ReadonlyMap<number, kafka.DiskUse>): Map<number, number> {
  return new Map(
    [...use].flatMap(([id, { disk }]): [number, number][] =>
      disk ? [[id, Math.max(0, disk.usableBytes - (1 - FULL_SHARE) * disk.totalBytes)]] : [],
    ),
  );
}
