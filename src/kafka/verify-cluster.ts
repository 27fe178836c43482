// Proves a cluster: it is the one asked for, nothing is offline or lagging, and records written are read back.
import { randomUUID } from 'node:crypto';
import { MillraceError, type ErrorCode } from '../model/errors.ts';
import { nameSome } from './ask.ts';
import { consumeCanary, makeCanaryRecords, produceCanary } from './canary-records.ts';
import { deleteCanary, prepareCanary } from './canary-topic.ts';
import { findDeviations, type ExpectedCluster } from './deviations.ts';
import { createKafka } from './kafkajs-client.ts';
import { settle } from './settle.ts';
import type { KafkaAddress } from './types.ts';

/** Metadata reaches all brokers within moments; a follower that was just restarted may need longer. */
const DEFAULT_SETTLE_MS = 15_000;
/** Enough for each of 30 brokers to lead several. */
const DEFAULT_RECORDS = 300;
/** kafkajs says "the broker cannot be reached" with these. */
const UNREACHABLE_ERRORS = ['KafkaJSConnectionError', 'KafkaJSBrokerNotFound', 'KafkaJSRequestTimeoutError'];

export interface VerifyClusterInput extends ExpectedCluster {
  /** How many records to write and read. @default 300 */
  records?: number;
}

interface VerifyClusterOptions {
  signal?: AbortSignal;
  /** How long what is wrong may take to right itself, in milliseconds. @default 15000 */
  settleMs?: number;
}

/**
 * Checks cluster id, brokers, partitions and voters; then makes a canary topic with a partition led by each broker,
 * writes records with acks=all, reads them back without a consumer group (so no offsets topic comes about), compares,
 * and deletes the topic. Run again after a crash it takes over what is there. Two runs at once disturb each other: the
 * cluster's one operation at a time excludes that.
 *
 * @throws MillraceError VERIFY_FAILED with the facts; KAFKA_UNREACHABLE when a broker does not answer; the reason of the
 *   signal when it is aborted
 */
export async function verifyCluster(
  input: VerifyClusterInput,
  { signal, settleMs = DEFAULT_SETTLE_MS }: VerifyClusterOptions = {},
): Promise<{ produced: number; consumed: number; brokers: number }> {
  if (input.brokers.length === 0)
    throw new MillraceError(
      'INTERNAL',
      'A cluster without brokers was to be verified. Report this as a bug.',
    );
  const options = { settleMs, ...(signal ? { signal } : {}) };
  const { facts, unreachable } = await settle(
    () => findDeviations(input, options),
    (seen) => seen.facts.length === 0,
    options,
  );
  if (facts.length > 0) throw failure(unreachable ? 'KAFKA_UNREACHABLE' : 'VERIFY_FAILED', input, facts);
  const { consumed, produced, problems } = await runCanary(input, options);
  if (problems.length > 0 || consumed !== produced)
    throw failure('VERIFY_FAILED', input, [`${consumed} of ${produced} records were read back`, ...problems]);
  return { produced, consumed, brokers: input.brokers.length };
}

async function runCanary(
  input: VerifyClusterInput,
  options: { signal?: AbortSignal; settleMs: number },
): Promise<{ produced: number; consumed: number; problems: string[] }> {
  const { signal } = options;
  const kafka = createKafka(input.brokers);
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const run = async () => {
    await Promise.all([admin.connect(), producer.connect()]);
    const leaders = await prepareCanary(admin, input.brokers, options);
    const records = makeCanaryRecords(randomUUID(), input.records ?? DEFAULT_RECORDS, leaders.length);
    const offsets = await produceCanary(producer, records);
    const sources = leaders.map((leader, partition) => ({
      partition,
      leader: addressOf(input.brokers, leader),
      offset: offsets.get(partition) ?? 0,
    }));
    const reading = await consumeCanary(records, sources, signal);
    await deleteCanary(admin, input.brokers, options);
    return { produced: records.length, ...reading };
  };
  try {
    return await unlessAborted(run(), signal);
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw failure(
      isUnreachable(error) ? 'KAFKA_UNREACHABLE' : 'VERIFY_FAILED',
      input,
      [`the canary failed: ${why}`],
      error,
    );
  } finally {
    await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
  }
}

/** kafkajs knows no signals: its work is left behind, and ends when its connections are closed. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

function addressOf(brokers: readonly KafkaAddress[], nodeId: number): KafkaAddress {
  const address = brokers.find((broker) => broker.nodeId === nodeId);
  if (!address) throw new Error(`broker ${nodeId}, which is not part of the cluster, leads a partition`);
  return address;
}

function isUnreachable(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (UNREACHABLE_ERRORS.includes(at.name)) return true;
  return false;
}

function failure(
  code: ErrorCode,
  input: VerifyClusterInput,
  facts: string[],
  cause?: unknown,
): MillraceError {
  const what = `Kafka cluster ${input.kafkaClusterId} (${input.brokers.length} brokers)`;
  return new MillraceError(
    code,
    `${what} was verified and is not as it should be: ${nameSome(facts, '; ')}. Nothing was changed but the canary ` +
      'topic, which the next verification takes over. Look at the nodes named, then retry the step.',
    { details: { facts }, cause },
  );
}
