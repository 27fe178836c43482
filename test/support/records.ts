// Records through the plain Kafka API, as any client would send and read them.
import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { createKafka } from '../../src/kafka/index.ts';

const TOPIC = 'orders';

/** A client for the address that people are given. */
export function clientOf(bootstrapServers: string): Kafka {
  return createKafka(
    bootstrapServers
      .split(',')
      .map((address) => ({ host: address.split(':')[0]!, port: Number(address.split(':')[1]), nodeId: 0 })),
  );
}

/** Makes a topic; with fewer replicas than its cluster wants, if so said. */
export async function createTopic(
  bootstrapServers: string,
  { topic, partitions, replicas }: { topic: string; partitions: number; replicas: number },
): Promise<void> {
  const admin = clientOf(bootstrapServers).admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: replicas }],
  });
  await admin.disconnect();
}

/** Removes all topics but Kafka's own. */
export async function removeTopics(bootstrapServers: string): Promise<void> {
  const admin = clientOf(bootstrapServers).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((name) => !name.startsWith('__'));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

/** Makes a topic and sends this many records to it, each acknowledged by all in-sync replicas. */
export async function produceRecords(
  bootstrapServers: string,
  count: number,
  { partitions = 3, replicas = 3 }: { partitions?: number; replicas?: number } = {},
): Promise<void> {
  const kafka = clientOf(bootstrapServers);
  await createTopic(bootstrapServers, { topic: TOPIC, partitions, replicas });
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  await producer.send({
    topic: TOPIC,
    acks: -1,
    messages: Array.from({ length: count }, (_, i) => ({ key: String(i), value: String(i) })),
  });
  await producer.disconnect();
}

/** Reads the topic from its beginning, in a group of its own, until this many different records were seen. */
export async function consumeRecords(bootstrapServers: string, count: number): Promise<void> {
  const consumer = clientOf(bootstrapServers).consumer({ groupId: `readers-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  const seen = new Set<string>();
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ message }) => {
          seen.add(message.value?.toString() ?? '');
          if (seen.size === count) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
}
