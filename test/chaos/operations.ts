// The operations of the matrix: how each is asked for. One row each.
import type { ClusterView } from '../../src/api/schemas/cluster.ts';
import { createKafka, type KafkaAddress } from '../../src/kafka/index.ts';
import type { ErrorBody } from '../../src/model/errors.ts';
import type { ClusterSpecInput } from '../../src/model/spec/schema.ts';
import { waitFor } from '../support/wait-for.ts';
import { smallSpec, type TestStack } from '../support/stack.ts';

export const CLUSTER = 'chaos';
/** Three controllers: one may be down. One agent more than brokers, and one more, for those that come. */
const small = smallSpec(CLUSTER);
export const SPEC: ClusterSpecInput = {
  ...small,
  controllers: { ...small.controllers, count: 3 },
  // The same brokers are killed in cell after cell: that is no crash loop, and must not be paused for like one.
  recovery: { backoff: { initialSeconds: 1, maxSeconds: 5 } },
};
export const AGENTS = { count: 6, cpus: 3, memMb: 3072, diskMb: 8192 };

export interface ChaosOperation {
  name: string;
  /** Asks for it; the id of the operation. */
  begin(stack: TestStack): Promise<string>;
  /** A broker that it works on at some time: the one that is killed. */
  subject: string;
  /** With this outcome it may end ABORTED by itself, since its cause is gone. */
  givesUp?: RegExp;
}

const post = async (stack: TestStack, rest: string, body: object = {}): Promise<string> => {
  const path = `/v1/clusters/${CLUSTER}/${rest}`;
  const answer = await stack.request<{ operationId: string; error?: ErrorBody }>('POST', path, body);
  if (answer.status !== 202) throw new Error(`${rest}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.operationId;
};
/** The present spec with other parts, as somebody would edit it. */
const edited = async (
  stack: TestStack,
  change: (spec: Record<string, unknown>) => object,
): Promise<object> => {
  const { spec } = await stack.cluster(CLUSTER);
  return { ...spec, ...change(spec) };
};
const brokersOf = async (stack: TestStack): Promise<string[]> =>
  (await stack.cluster(CLUSTER)).nodes.filter(({ kind }) => kind === 'broker').map(({ name }) => name);

let changes = 0;

/** A topic that one broker has nothing of, of such a size that its moves take a while with a throttle. */
async function makeSkewed(stack: TestStack): Promise<void> {
  changes += 1;
  const topic = `skewed-${changes}`;
  const brokers = readyBrokers(await stack.cluster(CLUSTER));
  const kafka = createKafka(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const replicas = brokers.slice(0, 3).map(({ nodeId }) => nodeId);
  const replicaAssignment = Array.from({ length: 12 }, (_none, partition) => ({ partition, replicas }));
  await admin.createTopics({ topics: [{ topic, replicaAssignment }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  for (let partition = 0; partition < 12; partition += 1)
    await producer.send({ topic, messages: [{ partition, value: Buffer.alloc(900_000, 1) }] });
  await producer.disconnect();
}

/** Where Kafka's clients find the brokers that serve. */
export function readyBrokers({ nodes }: ClusterView): KafkaAddress[] {
  return nodes.flatMap(({ kind, nodeId, host, port, status }) =>
    kind === 'broker' && host !== null && port !== null && status === 'READY' ? [{ nodeId, host, port }] : [],
  );
}

/** Kills the process of a node, as a crash would. */
export async function killTaskOf(stack: TestStack, node: string): Promise<void> {
  const { tasks } = await stack.mesos();
  const task = tasks.find(({ id, state }) => id.startsWith(`${node}.`) && state === 'TASK_RUNNING');
  if (task?.pid !== undefined) process.kill(task.pid, 'SIGKILL');
}

export const OPERATIONS: ChaosOperation[] = [
  {
    name: 'restart',
    subject: 'broker-1',
    begin: (stack) => post(stack, 'restart', { nodes: ['broker-0', 'broker-1', 'broker-2'] }),
  },
  {
    name: 'update (dynamic)',
    subject: 'broker-1',
    begin: async (stack) => {
      changes += 1;
      const values = { 'num.io.threads': 8 + (changes % 8), 'log.retention.ms': 86_400_000 + changes };
      return post(
        stack,
        'apply',
        await edited(stack, (spec) => {
          const kafka = spec['kafka'] as { config?: object };
          return { kafka: { ...kafka, config: { ...kafka.config, ...values } } };
        }),
      );
    },
  },
  {
    name: 'update (rolling)',
    subject: 'broker-1',
    begin: async (stack) => {
      changes += 1;
      const jvmOptions = [...(SPEC.brokers?.jvmOptions ?? []), `-Dchange=${changes}`];
      return post(
        stack,
        'apply',
        await edited(stack, (spec) => ({ brokers: { ...(spec['brokers'] as object), jvmOptions } })),
      );
    },
  },
  {
    name: 'scale out',
    subject: 'broker-1',
    begin: async (stack) => post(stack, 'scale', { brokers: (await brokersOf(stack)).length + 1 }),
  },
  {
    name: 'rebalance',
    subject: 'broker-1',
    begin: async (stack) => {
      await makeSkewed(stack);
      return post(stack, 'rebalance', { approved: true, throttleBytesPerSecond: 2_000_000 });
    },
  },
  {
    name: 'scale in',
    subject: 'broker-1',
    begin: async (stack) => post(stack, 'scale', { brokers: (await brokersOf(stack)).length - 1 }),
  },
  {
    name: 'controllers out',
    subject: 'controller-1',
    begin: (stack) => post(stack, 'scale', { controllers: 5 }),
  },
  {
    name: 'controllers in',
    subject: 'controller-1',
    begin: (stack) => post(stack, 'scale', { controllers: 3 }),
  },
  {
    name: 'recover',
    subject: 'broker-1',
    begin: async (stack) => {
      await killTaskOf(stack, 'broker-1');
      const { recoveries } = await waitFor(
        () => stack.cluster(CLUSTER),
        ({ recoveries: begun }) => begun.some(({ kind }) => kind === 'recover'),
        { describe: 'the recovery of broker-1 to begin' },
      );
      return recoveries.find(({ kind }) => kind === 'recover')!.id;
    },
  },
  {
    name: 'replace',
    subject: 'broker-2',
    begin: (stack) => post(stack, 'nodes/broker-2/replace'),
    givesUp: /the task of broker-2 ended before it was stopped; it is recovered where it is$/,
  },
  { name: 'pause', subject: 'broker-1', begin: (stack) => post(stack, 'nodes/broker-1/pause') },
  { name: 'resume', subject: 'broker-1', begin: (stack) => post(stack, 'nodes/broker-1/resume') },
];
