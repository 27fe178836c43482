// A producer and a consumer that run while a cluster is changed, and keep account of every record.
import { randomUUID } from 'node:crypto';
import type { Consumer, Kafka, Producer } from 'kafkajs';
import { clientOf } from '../support/records.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 6;
const PER_BATCH = 5;
/** Nothing more comes to the consumer. */
const SILENT_MS = 30_000;

/** What was found when everything had been read. */
export interface Audit {
  acknowledged: number;
  /** Acknowledged records that were not read: partition and number. */
  lost: string[];
  /** Records that were read twice. */
  repeated: string[];
  /** Records that were read before an older one of their partition. */
  disordered: string[];
  /** Longest time between two acknowledgements of a partition, in milliseconds. */
  longestGapMs: number;
  /** Latencies of acknowledged batches in milliseconds: half of them, and 99 of 100, were not slower. */
  p50Ms: number;
  p99Ms: number;
}

export interface Ledger {
  /** Stops producing, reads all, and says what is wrong. */
  audit(): Promise<Audit>;
  /** Records that were acknowledged so far. */
  acknowledged(): number;
  close(): Promise<void>;
}

/**
 * Makes a topic with three replicas, of which two have to be in sync, and sends numbered records to each partition, one batch at a
 * time: acknowledged by all replicas in sync (acks=all), from an idempotent producer. A batch that fails is sent again until it is
 * acknowledged, so a number may be there twice only if Kafka took a batch that it did not acknowledge to a producer that gave up;
 * such numbers are counted as doubtful and not as repeated.
 */
export async function startLedger(bootstrapServers: string, topic = 'ledger'): Promise<Ledger> {
  const kafka = clientOf(bootstrapServers);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    // Its writers wait for them by themselves.
    waitForLeaders: false,
    topics: [
      {
        topic,
        numPartitions: PARTITIONS,
        replicationFactor: 3,
        configEntries: [{ name: 'min.insync.replicas', value: '2' }],
      },
    ],
  });
  await admin.disconnect();
  const writers = Array.from({ length: PARTITIONS }, (_none, partition) =>
    createWriter(kafka, topic, partition),
  );
  const follower = await follow(kafka, topic);
  for (const writer of writers) writer.start();
  const acknowledged = () => writers.reduce((sum, { confirmed }) => sum + confirmed, 0);
  return {
    acknowledged,
    close: async () => {
      await Promise.all(writers.map((writer) => writer.stop()));
      await follower.close();
    },
    audit: async () => {
      await Promise.all(writers.map((writer) => writer.stop()));
      await follower.until(writers.map(({ confirmed }) => confirmed));
      const read = follower.read();
      await follower.close();
      const gaps = writers.map(({ longestGapMs }) => longestGapMs);
      const latencies = writers.flatMap((writer) => writer.latencies).sort((a, b) => a - b);
      const at = (share: number) => Math.round(latencies[Math.floor(latencies.length * share)] ?? 0);
      return {
        ...compare(writers, read),
        acknowledged: acknowledged(),
        longestGapMs: Math.round(Math.max(...gaps)),
        p50Ms: at(0.5),
        p99Ms: at(0.99),
      };
    },
  };
}

interface Writer {
  partition: number;
  /** Records with the numbers below this are acknowledged. */
  confirmed: number;
  /** Numbers that were sent more than once, since an answer was missing. */
  doubtful: Set<number>;
  longestGapMs: number;
  latencies: number[];
  start(): void;
  stop(): Promise<void>;
}

function createWriter(kafka: Kafka, topic: string, partition: number): Writer {
  let running = true;
  let ended: Promise<void> = Promise.resolve();
  const writer: Writer = {
    partition,
    confirmed: 0,
    doubtful: new Set(),
    longestGapMs: 0,
    latencies: [],
    start: () => {
      ended = write();
    },
    stop: async () => {
      running = false;
      await ended;
    },
  };
  const write = async () => {
    let producer: Producer | null = null;
    let lastMs = performance.now();
    while (running) {
      const numbers = Array.from({ length: PER_BATCH }, (_none, index) => writer.confirmed + index);
      const beganMs = performance.now();
      try {
        if (!producer) {
          producer = kafka.producer({
            idempotent: true,
            maxInFlightRequests: 1,
            retry: { retries: 20, maxRetryTime: 1_000 },
          });
          await producer.connect();
        }
        await producer.send({
          topic,
          acks: -1,
          messages: numbers.map((number) => ({ partition, value: `${partition}:${number}` })),
        });
        const nowMs = performance.now();
        writer.latencies.push(nowMs - beganMs);
        writer.longestGapMs = Math.max(writer.longestGapMs, nowMs - lastMs);
        lastMs = nowMs;
        writer.confirmed += PER_BATCH;
      } catch {
        // Another producer knows nothing of what this one may have sent.
        for (const number of numbers) writer.doubtful.add(number);
        await producer?.disconnect().catch(() => undefined);
        producer = null;
      }
    }
    await producer?.disconnect().catch(() => undefined);
  };
  return writer;
}

/** A plain consumer that reads along; what it is given again after a rebalance of its group is not read twice. */
interface Follower {
  /** Numbers by partition, in the order of their offsets. */
  read(): number[][];
  /** Returns when it has seen all of these, or nothing more comes. */
  until(confirmed: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

async function follow(kafka: Kafka, topic: string): Promise<Follower> {
  const byOffset = Array.from({ length: PARTITIONS }, () => new Map<number, number>());
  let lastMs = Date.now();
  const consumer: Consumer = kafka.consumer({
    groupId: `followers-${randomUUID()}`,
    retry: { retries: 100, maxRetryTime: 1_000 },
  });
  await consumer.connect();
  // The broker that is asked may not have heard of the topic yet.
  await waitFor(
    () => consumer.subscribe({ topic, fromBeginning: true }),
    () => true,
    { describe: `${topic} to be known` },
  );
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const number = Number((message.value?.toString() ?? '').split(':')[1]);
      byOffset[partition]?.set(Number(message.offset), number);
      lastMs = Date.now();
    },
  });
  const distinct = (partition: number) => new Set(byOffset[partition]?.values()).size;
  const read = () =>
    byOffset.map((numbers) => [...numbers].sort(([a], [b]) => a - b).map(([, number]) => number));
  return {
    read,
    until: async (confirmed) => {
      const isAll = () => confirmed.every((count, partition) => distinct(partition) >= count);
      lastMs = Date.now();
      await waitFor(
        async () => isAll() || Date.now() - lastMs > SILENT_MS,
        (done) => done,
        { describe: 'all records are read', timeoutMs: 120_000 },
      );
    },
    close: () => consumer.disconnect(),
  };
}

function compare(
  writers: readonly Writer[],
  read: readonly (readonly number[])[],
): Pick<Audit, 'lost' | 'repeated' | 'disordered'> {
  const found = { lost: [] as string[], repeated: [] as string[], disordered: [] as string[] };
  for (const { partition, confirmed, doubtful } of writers) {
    const numbers = read[partition] ?? [];
    const seen = new Set<number>();
    let greatest = -1;
    for (const number of numbers) {
      if (seen.has(number)) {
        if (!doubtful.has(number)) found.repeated.push(`${partition}:${number}`);
        continue;
      }
      if (number < greatest) found.disordered.push(`${partition}:${number}`);
      seen.add(number);
      greatest = Math.max(greatest, number);
    }
    for (let number = 0; number < confirmed; number += 1)
      if (!seen.has(number)) found.lost.push(`${partition}:${number}`);
  }
  return found;
}
