// The canary topic: made so that every broker leads a part of it, and never taken for a user's.
import type { Admin } from 'kafkajs';
import { askEach, sayUnanswered } from './ask.ts';
import { settle, type SettleOptions } from './settle.ts';
import { errorName, NONE, UNKNOWN_TOPIC_OR_PARTITION } from './wire/error-codes.ts';
import { metadata, type PartitionMetadata } from './wire/messages/metadata.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/**
 * Legal for Kafka (letters, digits, `.`, `_`, `-`; only underscores, since metrics do not tell `.` from `_`), and, with
 * two underscores in front as Kafka's own topics have, clearly not a user's.
 */
export const CANARY_TOPIC = '__millrace_canary';
const MAX_REPLICATION_FACTOR = 3;
const REQUEST_TIMEOUT_MS = 10_000;

/** The replicas of each partition, the preferred leader first. */
type CanaryLayout = number[][];

/** One partition led by each broker, its replicas on that broker and the next ones by id. */
export function layOutCanary(brokerIds: readonly number[]): CanaryLayout {
  const ids = [...brokerIds].sort((a, b) => a - b);
  const replicationFactor = Math.min(MAX_REPLICATION_FACTOR, ids.length);
  return ids.map((_, at) => [...ids, ...ids].slice(at, at + replicationFactor));
}

/**
 * Makes the topic, or takes over what an earlier run left; returns once every broker knows it with all replicas in sync.
 *
 * @returns the leader of each partition
 * @throws Error when that does not come about in time; whatever kafkajs throws
 */
export async function prepareCanary(
  admin: Admin,
  brokers: readonly KafkaAddress[],
  options: AskOptions & SettleOptions,
): Promise<number[]> {
  const layout = layOutCanary(brokers.map((broker) => broker.nodeId));
  const [first] = await canaryViews(brokers.slice(0, 1), options);
  // Left by a run before the cluster was scaled: it would prove other brokers than those of now.
  if (first?.partitions && !hasLayout(first.partitions, layout)) await deleteCanary(admin, brokers, options);
  await createCanary(admin, layout);
  const views = await settle(
    () => canaryViews(brokers, options),
    (seen) => seen.every(({ partitions }) => partitions !== null && isInSync(partitions, layout)),
    options,
  );
  const partitions = views[0]?.partitions;
  const bad = views.find((view) => view.partitions === null || !isInSync(view.partitions, layout));
  if (bad || !partitions)
    throw new Error(
      `topic ${CANARY_TOPIC} did not come up with all replicas in sync within ${options.settleMs / 1000} s: ` +
        (bad?.problem ?? 'no broker knows it'),
    );
  return partitions.map((partition) => partition.leader);
}

/** Deletes the topic and waits until no broker knows it any more; nothing to do is fine. */
export async function deleteCanary(
  admin: Admin,
  brokers: readonly KafkaAddress[],
  options: AskOptions & SettleOptions,
): Promise<void> {
  await admin
    .deleteTopics({ topics: [CANARY_TOPIC], timeout: REQUEST_TIMEOUT_MS })
    .catch((error: unknown) => {
      if (!isUnknownTopic(error)) throw error;
    });
  const isGone = (seen: CanaryView[]) => seen.every(({ partitions }) => partitions === null);
  const views = await settle(() => canaryViews(brokers, options), isGone, options);
  if (!isGone(views))
    throw new Error(`topic ${CANARY_TOPIC} is still there ${options.settleMs / 1000} s after it was deleted`);
}

async function createCanary(admin: Admin, layout: CanaryLayout): Promise<void> {
  // An existing topic is not an error: kafkajs returns false.
  await admin.createTopics({
    timeout: REQUEST_TIMEOUT_MS,
    waitForLeaders: false,
    topics: [
      {
        topic: CANARY_TOPIC,
        replicaAssignment: layout.map((replicas, partition) => ({ partition, replicas })),
        configEntries: [
          // acks=all then means every replica, whatever the cluster's default is.
          { name: 'min.insync.replicas', value: String(layout[0]?.length ?? 1) },
          { name: 'cleanup.policy', value: 'delete' },
          // Records are read back by our own decoder, which knows no compression.
          { name: 'compression.type', value: 'uncompressed' },
        ],
      },
    ],
  });
}

interface CanaryView {
  /** In their order; null when the broker does not know the topic, or does not answer. */
  partitions: PartitionMetadata[] | null;
  problem: string;
}

async function canaryViews(brokers: readonly KafkaAddress[], options: AskOptions): Promise<CanaryView[]> {
  const answers = await askEach(brokers, options, (connection) =>
    connection.request(metadata, { topics: [CANARY_TOPIC] }),
  );
  return answers.map((answer) => {
    if ('why' in answer)
      return { partitions: null, problem: `no answer from ${sayUnanswered('broker', [answer])}` };
    const topic = answer.said.topics.find(({ name }) => name === CANARY_TOPIC);
    const code = topic?.errorCode ?? UNKNOWN_TOPIC_OR_PARTITION;
    const teller = `broker ${answer.address.nodeId}`;
    if (!topic || code !== NONE) return { partitions: null, problem: `${teller} says ${errorName(code)}` };
    const partitions = [...topic.partitions].sort((a, b) => a.partition - b.partition);
    const states = partitions.map(
      ({ partition, leader, isr }) => `${partition}: leader ${leader}, in sync ${isr.join(',')}`,
    );
    return { partitions, problem: `${teller} says partitions ${states.join('; ')}` };
  });
}

function hasLayout(partitions: readonly PartitionMetadata[], layout: CanaryLayout): boolean {
  return (
    partitions.length === layout.length &&
    partitions.every((state, at) => {
      const wanted = layout[at] ?? [];
      return (
        state.replicas.length === wanted.length && wanted.every((broker) => state.replicas.includes(broker))
      );
    })
  );
}

function isInSync(partitions: readonly PartitionMetadata[], layout: CanaryLayout): boolean {
  return (
    hasLayout(partitions, layout) &&
    partitions.every(
      (state) => state.leader >= 0 && state.replicas.every((broker) => state.isr.includes(broker)),
    )
  );
}

function isUnknownTopic(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION';
}
