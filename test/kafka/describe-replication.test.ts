// A picture of the cluster's replicas is whole, or there is none.
import { afterEach, describe, expect, it } from 'vitest';
import { describeReplication } from '../../src/kafka/describe-replication.ts';
import type { KafkaAddress } from '../../src/kafka/types.ts';
import { closeNodes, frame, serve } from './wire/fake-node.ts';
import type { RECORDED } from './wire/recorded.ts';

type Recording = keyof typeof RECORDED;

/** Keys of the requests that are asked of a broker, with what a real one answered. */
const ANSWERS: Record<number, Recording> = {
  18: 'apiVersionsBroker',
  55: 'brokerQuorum',
  3: 'brokerMetadata',
  60: 'brokerCluster',
  75: 'topicPartitions',
  32: 'topicConfigs',
  46: 'reassignments',
};
const KEY = { QUORUM: 55, CLUSTER: 60, PARTITIONS: 75, CONFIGS: 32, REASSIGNMENTS: 46 };
/** Behind the header's tagged fields and the throttle time of an answer: its error code, where it begins with one. */
const ERROR_AT = 8 + 1 + 4;
const SHORT = { timeoutMs: 300 };

afterEach(closeNodes);

/** A broker of the recorded cluster; `change` alters the bytes of an answer, or keeps it back. */
async function broker(
  nodeId: number,
  change: (key: number, bytes: Buffer, asked: number) => Buffer | null = (_, bytes) => bytes,
): Promise<KafkaAddress> {
  const asked = new Map<number, number>();
  const address = await serve((request, socket) => {
    const key = request.readInt16BE(0);
    const times = asked.get(key) ?? 0;
    asked.set(key, times + 1);
    const bytes = change(key, frame(request, ANSWERS[key]!), times);
    if (bytes) socket.write(bytes);
  });
  return { ...address, nodeId };
}

const withError =
  (wrong: number, at = ERROR_AT) =>
  (key: number, bytes: Buffer): Buffer => {
    if (key === wrong) bytes.writeInt16BE(41, at);
    return bytes;
  };

describe('the picture of a cluster', () => {
  it('holds every partition with the min.insync.replicas of its topic, who is fenced and what is moved', async () => {
    const look = await describeReplication([await broker(0)]);
    expect(look).toEqual({
      known: true,
      snapshot: {
        brokers: [
          { nodeId: 0, fenced: false },
          { nodeId: 1, fenced: true },
        ],
        silent: [],
        topics: [
          { name: 'orders', minInsync: 2, partitions: [expect.anything(), expect.anything()] },
          {
            name: 'parcels',
            minInsync: 1,
            partitions: [expect.objectContaining({ replicas: [0, 1], isr: [0] })],
          },
        ],
        reassigning: ['parcels-0'],
        moving: [expect.objectContaining({ topic: 'parcels', partition: 0 })],
      },
    });
  });

  it('puts pages together, also where one ends in the midst of a topic', async () => {
    const whole = await describeReplication([await broker(0)]);
    const paged = await broker(0, (key, bytes, asked) => {
      if (key !== KEY.PARTITIONS) return bytes;
      const page = asked === 0 ? 'topicPartitionsPage' : 'topicPartitionsPage2';
      const correlation = Buffer.alloc(8);
      bytes.copy(correlation, 4, 4, 8);
      return frame(correlation, page);
    });
    expect(await describeReplication([paged])).toEqual(whole);
  });

  it('names brokers that do not answer, and asks another one', async () => {
    const frozen = await broker(1, () => null);
    expect(await describeReplication([frozen, await broker(0)], SHORT)).toMatchObject({
      known: true,
      snapshot: { silent: [{ nodeId: 1, why: 'no answer within 0.3 s' }] },
    });
  });

  it.each([
    ['the quorum', KEY.QUORUM, /DescribeQuorum was answered with NOT_CONTROLLER/, 8 + 1],
    ['the registered brokers', KEY.CLUSTER, /DescribeCluster was answered with NOT_CONTROLLER/, ERROR_AT],
    ['the moves', KEY.REASSIGNMENTS, /ListPartitionReassignments was answered with NOT_CONTROLLER/, ERROR_AT],
    // One byte more: the length of the array.
    ['a topic', KEY.PARTITIONS, /topic orders was answered with NOT_CONTROLLER/, ERROR_AT + 1],
    ['a configuration', KEY.CONFIGS, /the configuration of topic orders was .* NOT_CONTROLLER/, ERROR_AT + 1],
  ])('is not there when %s cannot be told', async (_, key, why, at) => {
    expect(await describeReplication([await broker(0, withError(key, at))])).toEqual({
      known: false,
      why: expect.stringMatching(why),
    });
  });

  it('is not there when the configuration of a topic is missing', async () => {
    const node = await broker(0, (key, bytes) => {
      if (key !== KEY.CONFIGS) return bytes;
      const answer = Buffer.from(bytes);
      answer.write('porders', answer.indexOf('parcels'), 'latin1'); // an answer about another topic
      return answer;
    });
    expect(await describeReplication([node])).toEqual({
      known: false,
      why: expect.stringContaining('it does not tell min.insync.replicas of topic parcels'),
    });
  });

  it('is not taken from a broker that the controllers do not see keep up', async () => {
    // Recorded of broker 0; the controllers last saw broker 1 when it was killed.
    expect(await describeReplication([await broker(1)])).toEqual({
      known: false,
      why: expect.stringMatching(/broker 1 .*its metadata is .* s behind the controllers'/),
    });
    expect(await describeReplication([await broker(7)])).toEqual({
      known: false,
      why: expect.stringContaining("it does not follow the controllers' metadata"),
    });
  });

  it('is not there when a part of it does not come in time', async () => {
    const stuck = await broker(0, (key, bytes) => (key === KEY.CONFIGS ? null : bytes));
    expect(await describeReplication([stuck], SHORT)).toEqual({
      known: false,
      why: expect.stringContaining('no answer within 0.3 s'),
    });
  });

  it('says so when there is nobody to ask', async () => {
    expect(await describeReplication([])).toMatchObject({ known: false });
  });
});
