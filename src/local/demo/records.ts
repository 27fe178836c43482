// Proves that a cluster works: records go in and the same come out, through an ordinary Kafka client.
import { createKafka } from '../../kafka/index.ts';

const TOPIC = 'demo-records';
const PARTITIONS = 3;
const RECORDS = 1_000;
const CONSUME_TIMEOUT_MS = 60_000;

export interface Counted {
  produced: number;
  /** Different records that were read back. */
  consumed: number;
}

/** Produces records with acks=all to a new topic, and consumes until all are back (or gives up after a minute). */
export async function produceAndConsume(bootstrapServers: string): Promise<Counted> {
  const kafka = createKafka(
    bootstrapServers.split(',').map((server, nodeId) => {
      const [host = '', port] = server.split(':');
      return { nodeId, host, port: Number(port) };
    }),
  );
  await createTopic(kafka);
  const values = Array.from({ length: RECORDS }, (_, i) => `record ${i}`);
  const produced = await produce(kafka, values);
  return { produced, consumed: await consume(kafka, new Set(values)) };
}

type Kafka = ReturnType<typeof createKafka>;

async function createTopic(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      topics: [{ topic: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3 }],
      waitForLeaders: true,
    });
  } finally {
    await admin.disconnect();
  }
}

/** How many records the brokers acknowledged. */
async function produce(kafka: Kafka, values: string[]): Promise<number> {
  const producer = kafka.producer();
  await producer.connect();
  try {
    const messages = values.map((value, i) => ({ key: String(i), value, partition: i % PARTITIONS }));
    const acknowledged = await producer.send({ topic: TOPIC, acks: -1, messages });
    return acknowledged.length === PARTITIONS ? values.length : 0;
  } finally {
    await producer.disconnect();
  }
}

async function consume(kafka: Kafka, expected: ReadonlySet<string>): Promise<number> {
  const consumer = kafka.consumer({ groupId: 'demo' });
  const seen = new Set<string>();
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, CONSUME_TIMEOUT_MS);
      consumer
        .run({
          eachMessage: ({ message }) => {
            const value = message.value?.toString() ?? '';
            if (expected.has(value)) seen.add(value);
            if (seen.size === expected.size) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
    }).finally(() => {
      clearTimeout(timer);
    });
    return seen.size;
  } finally {
    await consumer.disconnect();
  }
}
