// Writes the canary's records with acks=all, and reads them back partition by partition, without a consumer group.
import type { Producer } from 'kafkajs';
import { CANARY_TOPIC } from './canary-topic.ts';
import { withConnection, type Connection } from './wire/connection.ts';
import { errorName, NONE } from './wire/error-codes.ts';
import { fetch } from './wire/messages/fetch.ts';
import type { KafkaAddress } from './types.ts';

/** Until all records of one partition are read; the brokers have them already. */
const READ_TIMEOUT_MS = 15_000;

/** One record of a run; its key is unique, so that what an earlier run left is not taken for it. */
interface CanaryRecord {
  partition: number;
  key: string;
  value: string;
}

/** `count` records spread evenly over the partitions. */
export function makeCanaryRecords(runId: string, count: number, partitions: number): CanaryRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    partition: index % partitions,
    key: `${runId}/${index}`,
    value: `record ${index} of ${count} of run ${runId}`,
  }));
}

/**
 * Writes all records and returns once every replica has them.
 *
 * @returns for each partition the offset to read from
 */
export async function produceCanary(
  producer: Producer,
  records: readonly CanaryRecord[],
): Promise<Map<number, number>> {
  const answers = await producer.send({
    topic: CANARY_TOPIC,
    acks: -1,
    messages: records.map(({ partition, key, value }) => ({ partition, key, value })),
  });
  return new Map(answers.map(({ partition, baseOffset }) => [partition, Number(baseOffset ?? 0)]));
}

/** What of the written records could be read, and what differed. */
interface CanaryReading {
  consumed: number;
  /** In words; empty when all that was written was read unchanged. */
  problems: string[];
}

/** Reads each partition from its leader, all at once, from `offsets` until everything written has been seen. */
export async function consumeCanary(
  records: readonly CanaryRecord[],
  sources: { partition: number; leader: KafkaAddress; offset: number }[],
  signal?: AbortSignal,
): Promise<CanaryReading> {
  const readings = await Promise.all(
    sources.map(async ({ partition, leader, offset }) => {
      const wanted = new Map(records.filter((r) => r.partition === partition).map((r) => [r.key, r.value]));
      const options = { timeoutMs: READ_TIMEOUT_MS, ...(signal ? { signal } : {}) };
      const total = wanted.size;
      const problems: string[] = [];
      try {
        await withConnection(leader, options, (link) =>
          readPartition(link, { partition, offset }, wanted, problems),
        );
      } catch (error) {
        signal?.throwIfAborted();
        const why = error instanceof Error ? error.message : String(error);
        problems.push(
          `partition ${partition} on broker ${leader.nodeId}: ${total - wanted.size} of ${total} records read: ${why}`,
        );
      }
      return { consumed: total - wanted.size, problems };
    }),
  );
  return {
    consumed: readings.reduce((sum, reading) => sum + reading.consumed, 0),
    problems: readings.flatMap((reading) => reading.problems),
  };
}

/** Takes from `wanted` what it reads; ends when nothing is wanted any more, or by the connection's deadline. */
async function readPartition(
  connection: Connection,
  source: { partition: number; offset: number },
  wanted: Map<string, string>,
  problems: string[],
): Promise<void> {
  let { offset } = source;
  while (wanted.size > 0) {
    const answer = await connection.request(fetch, {
      topic: CANARY_TOPIC,
      partition: source.partition,
      offset,
    });
    if (answer.errorCode !== NONE) throw new Error(errorName(answer.errorCode));
    for (const record of answer.records) {
      offset = Math.max(offset, record.offset + 1);
      const value = record.key === null ? undefined : wanted.get(record.key);
      if (value === undefined) continue;
      if (record.value !== value)
        problems.push(
          `partition ${source.partition}, offset ${record.offset}: ${JSON.stringify(record.value)} instead of ${JSON.stringify(value)}`,
        );
      wanted.delete(record.key ?? '');
    }
  }
}
