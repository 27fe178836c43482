// Where every replica of a cluster stands, from one broker that is up to date, complete or not at all.
import type { ReplicationLook, ReplicationSnapshot, TopicReplicas } from '../model/safety/snapshot.ts';
import { askEach, askUntilAnswered, sayUnanswered, type Answer } from './ask.ts';
import { millisecondsBehind } from './controller-readiness.ts';
import { errorName, LEADER_NOT_AVAILABLE, NONE } from './wire/error-codes.ts';
import { describeCluster } from './wire/messages/describe-cluster.ts';
import { CONFIG_RESOURCE, describeConfigs } from './wire/messages/describe-configs.ts';
import { describeQuorum } from './wire/messages/describe-quorum.ts';
import {
  describeTopicPartitions,
  type DescribedTopic,
  type DescribeTopicPartitionsAnswer,
  type PartitionCursor,
} from './wire/messages/describe-topic-partitions.ts';
import { listPartitionReassignments } from './wire/messages/list-partition-reassignments.ts';
import { metadata } from './wire/messages/metadata.ts';
import type { Connection } from './wire/connection.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/** For all that is asked of one broker: several pages, and what the controller is asked through it. */
const SNAPSHOT_TIMEOUT_MS = 10_000;
/** A broker that serves says at once what it knows. */
const PROBE_TIMEOUT_MS = 2_000;
/** Passed on to the controllers; brokers themselves would wait for them much longer. */
const COMPARE_TIMEOUT_MS = 3_000;
/** Brokers that are up to date and still cannot give a whole picture: others hardly can. */
const MAX_ASKED = 3;
/** Passed on to the controller. */
const REASSIGNMENTS_TIMEOUT_MS = 5_000;
/** What brokers give at most in one answer by default; 10,000 partitions are five pages. */
const PARTITIONS_PER_PAGE = 2_000;
const TOPICS_PER_REQUEST = 500;
/** Brokers fetch metadata every half second, also when nothing happens; one that lost the controllers falls behind. */
const UP_TO_DATE_WITHIN_MS = 3_000;
const MIN_INSYNC = 'min.insync.replicas';

/**
 * Probes all brokers, and asks those that are up to date, one after the other, until one gives a whole picture. It has to be up
 * to date by the word of the controllers, which are asked through it: a broker that is cut off from them
 * still believes in its old metadata. What cannot be told is an answer too, and nothing is left out of a picture.
 *
 * @throws the reason of the signal when it is aborted
 */
export async function describeReplication(
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<ReplicationLook> {
  const probed = await probe(brokers, options);
  const alive = addressesThatSaid(probed);
  const compared = await askEach(alive, atMost(options, COMPARE_TIMEOUT_MS), demandUpToDate);
  const answers = await askUntilAnswered(
    addressesThatSaid(compared).slice(0, MAX_ASKED),
    { ...options, timeoutMs: options.timeoutMs ?? SNAPSHOT_TIMEOUT_MS },
    takePicture,
  );
  const last = answers.at(-1);
  if (!last || 'why' in last) {
    const why = sayUnanswered('broker', [...answers, ...compared, ...probed]);
    return { known: false, why: `no broker can tell where the replicas are (${why})` };
  }
  const { active, ...picture } = last.said;
  // Brokers that nobody told us of count as well.
  const unlisted = active.filter(({ nodeId }) => brokers.every((broker) => broker.nodeId !== nodeId));
  const silent = [...probed, ...(await probe(unlisted, options))].flatMap((answer) =>
    'why' in answer ? [{ nodeId: answer.address.nodeId, why: answer.why }] : [],
  );
  return { known: true, snapshot: { ...picture, silent } };
}

/** Connecting agrees on versions: a process that is frozen does not do that. */
function probe(brokers: readonly KafkaAddress[], options: AskOptions): Promise<Answer<true>[]> {
  return askEach(brokers, atMost(options, PROBE_TIMEOUT_MS), () => Promise.resolve(true));
}

function addressesThatSaid(answers: readonly Answer<unknown>[]): KafkaAddress[] {
  return answers.flatMap((answer) => ('said' in answer ? [answer.address] : []));
}

function atMost(options: AskOptions, limitMs: number): AskOptions {
  return { ...options, timeoutMs: Math.min(options.timeoutMs ?? limitMs, limitMs) };
}

type Picture = Omit<ReplicationSnapshot, 'silent'> & { active: KafkaAddress[] };

/** @throws Error in plain words when any part of it is missing */
async function takePicture(connection: Connection): Promise<Picture> {
  const { brokers: active } = await connection.request(metadata, { topics: [] });
  const registered = await connection.request(describeCluster, undefined);
  demand('DescribeCluster', registered.errorCode);
  const topics = await allTopics(connection);
  const minInsync = await minInsyncReplicas(
    connection,
    topics.map(({ name }) => name),
  );
  const moves = await connection.request(listPartitionReassignments, { timeoutMs: REASSIGNMENTS_TIMEOUT_MS });
  demand('ListPartitionReassignments', moves.errorCode);
  return {
    brokers: registered.brokers,
    active,
    topics: topics.map((topic): TopicReplicas => ({ ...topic, minInsync: minInsync.get(topic.name)! })),
    reassigning: moves.moves.map(({ topic, partition }) => `${topic}-${partition}`),
    moving: moves.moves,
  };
}

/** @throws Error in plain words when the controllers do not answer through the broker, or do not see it keep up */
async function demandUpToDate(connection: Connection, { nodeId }: KafkaAddress): Promise<void> {
  const { errorCode, quorum } = await connection.request(describeQuorum, undefined);
  demand('DescribeQuorum', errorCode);
  // An earlier life on another disk is still listed for a while.
  const delays = quorum.observers
    .filter((observer) => observer.nodeId === nodeId)
    .map((observer) => millisecondsBehind(observer, quorum) ?? Infinity);
  const behindMs = Math.min(...delays);
  if (behindMs <= UP_TO_DATE_WITHIN_MS) return;
  throw new Error(
    behindMs === Infinity
      ? "it does not follow the controllers' metadata"
      : `its metadata is ${(behindMs / 1000).toFixed(1)} s behind the controllers'`,
  );
}

/** Page by page. A topic that is made or deleted meanwhile makes the picture incomplete, and it is taken again. */
async function allTopics(connection: Connection): Promise<Omit<TopicReplicas, 'minInsync'>[]> {
  const topics = new Map<string, DescribedTopic['partitions']>();
  for (let cursor: PartitionCursor | null = null; ;) {
    const page: DescribeTopicPartitionsAnswer = await connection.request(describeTopicPartitions, {
      limit: PARTITIONS_PER_PAGE,
      cursor,
    });
    for (const { name, errorCode, partitions } of page.topics) {
      demand(`topic ${name}`, errorCode);
      for (const { partition, errorCode: error } of partitions)
        if (error !== LEADER_NOT_AVAILABLE) demand(`partition ${name}-${partition}`, error);
      topics.set(name, [...(topics.get(name) ?? []), ...partitions]);
    }
    if (page.next === null) break;
    if (cursor !== null && page.next.topic === cursor.topic && page.next.partition === cursor.partition)
      throw new Error('it gives the same page of partitions again and again');
    cursor = page.next;
  }
  return [...topics].map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ errorCode: _, ...partition }) => partition),
  }));
}

async function minInsyncReplicas(
  connection: Connection,
  topics: readonly string[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let at = 0; at < topics.length; at += TOPICS_PER_REQUEST) {
    const batch = topics.slice(at, at + TOPICS_PER_REQUEST);
    const configs = await connection.request(describeConfigs, {
      resources: batch.map((name) => ({ type: CONFIG_RESOURCE.TOPIC, name })),
      keys: [MIN_INSYNC],
    });
    for (const { name, errorCode, entries } of configs) {
      demand(`the configuration of topic ${name}`, errorCode);
      const minInsync = Number(entries[0]?.value ?? NaN);
      if (Number.isInteger(minInsync)) found.set(name, minInsync);
    }
  }
  const missing = topics.find((topic) => !found.has(topic));
  if (missing !== undefined) throw new Error(`it does not tell ${MIN_INSYNC} of topic ${missing}`);
  return found;
}

function demand(what: string, errorCode: number): void {
  if (errorCode !== NONE) throw new Error(`${what} was answered with ${errorName(errorCode)}`);
}
