// Moving replicas: begun, called off, throttled. What is under way is in the picture of the replication.
import type { BeginMove } from '../model/reassignment/batches.ts';
import type { TopicPartition } from '../model/safety/snapshot.ts';
import { askAny, demand } from './admin-requests.ts';
import { askEach } from './ask.ts';
import { alterConfigs } from './dynamic-config.ts';
import { NO_REASSIGNMENT_IN_PROGRESS, NONE, UNKNOWN_TOPIC_OR_PARTITION } from './wire/error-codes.ts';
import {
  alterPartitionReassignments,
  type Reassignment,
} from './wire/messages/alter-partition-reassignments.ts';
import { CONFIG_RESOURCE, CONFIG_SOURCE, describeConfigs } from './wire/messages/describe-configs.ts';
import { describeLogDirs } from './wire/messages/describe-log-dirs.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/** For the controller, through the broker that is asked. */
const TIMEOUT_MS = 15_000;
const RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'] as const;
const THROTTLED_REPLICAS = [
  'leader.replication.throttled.replicas',
  'follower.replication.throttled.replicas',
] as const;

/**
 * Begins moves. One whose topic is gone is left out.
 *
 * @throws MillraceError KAFKA_REFUSED, KAFKA_UNREACHABLE, KAFKA_NOT_READY
 */
export async function beginMoves(
  moves: readonly BeginMove[],
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<void> {
  await alter(`move replicas of ${moves.length} partitions`, moves, brokers, options);
}

/**
 * Calls off what is under way of these partitions: each keeps the replicas that it had. What has ended already stays as it is.
 *
 * @throws MillraceError KAFKA_REFUSED, KAFKA_UNREACHABLE, KAFKA_NOT_READY
 */
export async function cancelMoves(
  partitions: readonly TopicPartition[],
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<void> {
  const moves = partitions.map(({ topic, partition }) => ({ topic, partition, replicas: null }));
  await alter(`call off the moves of ${moves.length} partitions`, moves, brokers, options);
}

async function alter(
  asked: string,
  moves: readonly Reassignment[],
  brokers: readonly KafkaAddress[],
  options: AskOptions,
): Promise<void> {
  if (moves.length === 0) return;
  const patient = { ...options, timeoutMs: options.timeoutMs ?? TIMEOUT_MS };
  const { errorCode, errorMessage, results } = await askAny(
    { brokers, asked, options: patient },
    (connection) => connection.request(alterPartitionReassignments, { moves, timeoutMs: TIMEOUT_MS }),
  );
  demand(asked, errorCode, errorMessage);
  for (const result of results) {
    if ([NO_REASSIGNMENT_IN_PROGRESS, UNKNOWN_TOPIC_OR_PARTITION].includes(result.errorCode)) continue;
    demand(`${asked} (${result.topic}-${result.partition})`, result.errorCode, result.errorMessage);
  }
}

/** What a broker has on its disks; a broker that does not tell is not in the map. */
export interface DiskUse {
  /** By partition: `orders-4`. */
  bytes: Map<string, number>;
  futures: number;
  disk: { totalBytes: number; usableBytes: number } | null;
}

/** Asks each broker for what is on its disks. */
export async function diskUse(
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<Map<number, DiskUse>> {
  const answers = await askEach(brokers, options, (connection) =>
    connection.request(describeLogDirs, undefined),
  );
  return new Map(
    answers.flatMap((answer): [number, DiskUse][] =>
      'said' in answer && answer.said.errorCode === NONE ? [[answer.address.nodeId, answer.said]] : [],
    ),
  );
}

/** The throttle's values before an operation set its own; null = there was none. */
export interface EarlierThrottle {
  rates: Record<string, string | null>;
  topics: Record<string, Record<string, string | null>>;
}

/**
 * Reads what a throttle would replace.
 *
 * @throws MillraceError KAFKA_UNREACHABLE
 */
export async function readThrottle(
  topics: readonly string[],
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<EarlierThrottle> {
  const resources = [
    { type: CONFIG_RESOURCE.BROKER, name: '' },
    ...topics.map((name) => ({ type: CONFIG_RESOURCE.TOPIC, name })),
  ];
  const described = await askAny({ brokers, asked: 'tell the throttles', options }, (connection) =>
    connection.request(describeConfigs, { resources, keys: [...RATES, ...THROTTLED_REPLICAS] }),
  );
  const dynamic: readonly number[] = [CONFIG_SOURCE.DYNAMIC_DEFAULT, CONFIG_SOURCE.DYNAMIC_TOPIC];
  const valueOf = (name: string, key: string) => {
    const entry = described.find((one) => one.name === name)?.entries.find((one) => one.key === key);
    return entry && dynamic.includes(entry.source) ? entry.value : null;
  };
  return {
    rates: Object.fromEntries(RATES.map((key) => [key, valueOf('', key)])),
    topics: Object.fromEntries(
      topics.map((topic) => [
        topic,
        Object.fromEntries(THROTTLED_REPLICAS.map((key) => [key, valueOf(topic, key)])),
      ]),
    ),
  };
}

/**
 * Throttles the copying of these topics' replicas that are not in sync: what each broker sends, and what it receives. For all brokers
 * at once, so that one which is down gets it when it comes back.
 *
 * @throws MillraceError KAFKA_REFUSED, KAFKA_UNREACHABLE, KAFKA_NOT_READY
 */
export async function setThrottle(
  topics: readonly string[],
  bytesPerSecond: number,
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<void> {
  const all = (keys: readonly string[], value: string) => Object.fromEntries(keys.map((key) => [key, value]));
  await restoreThrottle(
    {
      rates: all(RATES, String(bytesPerSecond)),
      topics: Object.fromEntries(topics.map((topic) => [topic, all(THROTTLED_REPLICAS, '*')])),
    },
    brokers,
    options,
  );
}

/** Puts a throttle back as it was read. A topic that was deleted meanwhile is left out. @throws as {@link setThrottle} */
export async function restoreThrottle(
  { rates, topics }: EarlierThrottle,
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<void> {
  await alterConfigs([{ type: CONFIG_RESOURCE.BROKER, name: '', values: rates }], brokers, options);
  const changes = Object.entries(topics).map(([name, values]) => ({
    type: CONFIG_RESOURCE.TOPIC,
    name,
    values,
  }));
  await alterConfigs(changes, brokers, { ...options, ignoreMissing: true });
}

/**
 * Keeps new partitions away from the disks of a broker, or takes that back (KIP-1066, Kafka 4.3 and later).
 *
 * @param itself the broker's address: such a change has to be sent to it
 * @throws MillraceError KAFKA_REFUSED when this Kafka cannot, KAFKA_UNREACHABLE, KAFKA_NOT_READY
 */
export async function cordonBroker(
  nodeId: number,
  cordoned: boolean,
  itself: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<void> {
  const values = { 'cordoned.log.dirs': cordoned ? '*' : null };
  await alterConfigs([{ type: CONFIG_RESOURCE.BROKER, name: String(nodeId), values }], itself, options);
}
