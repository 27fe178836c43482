// The operations of the matrix: how each is asked for. One row each.
import type { ErrorBody } from '../../src/model/errors.ts';
import type { ClusterSpecInput } from '../../src/model/spec/schema.ts';
import { smallSpec, type TestStack } from '../support/stack.ts';

export const CLUSTER = 'chaos';
/** Three controllers: one may be down. One agent more than brokers, and one more, for those that come. */
const small = smallSpec(CLUSTER);
export const SPEC: ClusterSpecInput = { ...small, controllers: { ...small.controllers, count: 3 } };
export const AGENTS = { count: 6, cpus: 3, memMb: 3072, diskMb: 8192 };

export interface ChaosOperation {
  name: string;
  /** Asks for it; the id of the operation. */
  begin(stack: TestStack): Promise<string>;
  /** A broker that it works on at some time: the one that is killed. */
  subject: string;
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
      const config = { 'num.io.threads': 8 + (changes % 8), 'log.retention.ms': 86_400_000 + changes };
      return post(
        stack,
        'apply',
        await edited(stack, (spec) => ({ kafka: { ...(spec['kafka'] as object), config } })),
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
    name: 'scale in',
    subject: 'broker-1',
    begin: async (stack) => post(stack, 'scale', { brokers: (await brokersOf(stack)).length - 1 }),
  },
  {
    name: 'rebalance',
    subject: 'broker-1',
    begin: (stack) => post(stack, 'rebalance', { approved: true, throttleBytesPerSecond: 20_000_000 }),
  },
  { name: 'replace', subject: 'broker-2', begin: (stack) => post(stack, 'nodes/broker-2/replace') },
  { name: 'pause', subject: 'broker-1', begin: (stack) => post(stack, 'nodes/broker-1/pause') },
  { name: 'resume', subject: 'broker-1', begin: (stack) => post(stack, 'nodes/broker-1/resume') },
];
