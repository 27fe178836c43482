// Decoders against answers of real nodes, encoders against the bytes that the published layouts demand.
import { describe, expect, it } from 'vitest';
import type { Api } from '../../../src/kafka/wire/api.ts';
import { apiVersions } from '../../../src/kafka/wire/messages/api-versions.ts';
import { describeConfigs } from '../../../src/kafka/wire/messages/describe-configs.ts';
import { describeLogDirs } from '../../../src/kafka/wire/messages/describe-log-dirs.ts';
import { describeTopicPartitions } from '../../../src/kafka/wire/messages/describe-topic-partitions.ts';
import { ELECTION, electLeaders } from '../../../src/kafka/wire/messages/elect-leaders.ts';
import { listPartitionReassignments } from '../../../src/kafka/wire/messages/list-partition-reassignments.ts';
import { addRaftVoter, removeRaftVoter } from '../../../src/kafka/wire/messages/raft-voters.ts';
import { unregisterBroker } from '../../../src/kafka/wire/messages/unregister-broker.ts';
import { describeCluster } from '../../../src/kafka/wire/messages/describe-cluster.ts';
import { describeQuorum } from '../../../src/kafka/wire/messages/describe-quorum.ts';
import { fetch } from '../../../src/kafka/wire/messages/fetch.ts';
import { metadata } from '../../../src/kafka/wire/messages/metadata.ts';
import { createReader } from '../../../src/kafka/wire/reader.ts';
import { createWriter } from '../../../src/kafka/wire/writer.ts';
import { RECORDED } from './recorded.ts';

/** Decodes as the connection does, and demands that nothing is left over. */
function decode<Response>(api: Api<never, Response>, name: keyof typeof RECORDED, version: number): Response {
  const reader = createReader(Buffer.from(RECORDED[name], 'base64'), version >= api.flexibleFrom);
  reader.endStruct();
  const answer = api.decode(reader, version);
  reader.endStruct();
  expect(reader.remaining()).toBe(0);
  return answer;
}

function encode<Request>(api: Api<Request, unknown>, request: Request, version: number): string {
  const writer = createWriter(version >= api.flexibleFrom);
  api.encode(writer, request, version);
  return writer.bytes().toString('hex');
}

describe('DescribeQuorum', () => {
  it('reads every field of version 2', () => {
    const reader = createReader(Buffer.from(RECORDED.describeQuorum2, 'base64'), true);
    reader.endStruct();
    const { errorCode, quorum } = describeQuorum.decode(reader, 2);
    expect(errorCode).toBe(0);
    expect(quorum).toMatchObject({ leaderId: 3000, leaderEpoch: 1, highWatermark: 33 });
    expect(quorum.voters.map((voter) => voter.nodeId)).toEqual([3000, 3001, 3002]);
    expect(quorum.voters[1]).toEqual({
      nodeId: 3001,
      directoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
      logEndOffset: 33,
      lastFetchMs: 1795530667953,
      lastCaughtUpMs: 1795530667953,
    });
    expect(quorum.observers).toEqual([
      {
        nodeId: 1,
        directoryId: 'AbwxkEOI0m2oJv4s5ufleA',
        logEndOffset: 17,
        lastFetchMs: 1795530661942,
        lastCaughtUpMs: 1795530661668,
      },
      {
        nodeId: 0,
        directoryId: 'AX1yvbplByHGOujer_7tgA',
        logEndOffset: 33,
        lastFetchMs: 1795530667952,
        lastCaughtUpMs: 1795530667952,
      },
    ]);
  });

  it('reads version 0, which knows no times and no directories, and version 1, which knows no directories', () => {
    expect(decode(describeQuorum, 'describeQuorum0', 0).quorum.voters[2]).toEqual({
      nodeId: 3002,
      directoryId: null,
      logEndOffset: 33,
      lastFetchMs: -1,
      lastCaughtUpMs: -1,
    });
    expect(decode(describeQuorum, 'describeQuorum1', 1).quorum.observers[0]).toEqual({
      nodeId: 1,
      directoryId: null,
      logEndOffset: 17,
      lastFetchMs: 1795530661942,
      lastCaughtUpMs: 1795530661668,
    });
  });

  it('finds the error of a controller that does not lead inside the partition', () => {
    expect(decode(describeQuorum, 'notLeader', 0).errorCode).toBe(6);
  });

  it('asks for the one partition of the metadata log', () => {
    const name = Buffer.from('__cluster_metadata').toString('hex');
    expect(encode(describeQuorum, undefined, 2)).toBe(`0213${name}02000000000000` + '00');
  });
});

describe('Metadata', () => {
  it('lists the brokers that are up, and each partition with who is in sync and who is offline', () => {
    expect(decode(metadata, 'metadata', 9)).toEqual({
      clusterId: 'AbkgDtKEu4T50MlpERtihw',
      brokers: [{ nodeId: 0, host: '127.0.0.1', port: 33887 }],
      topics: [
        {
          name: 'orders',
          errorCode: 0,
          partitions: [
            { partition: 0, errorCode: 0, leader: 0, replicas: [0, 1], isr: [0], offlineReplicas: [1] },
            { partition: 1, errorCode: 0, leader: 0, replicas: [1, 0], isr: [0], offlineReplicas: [1] },
          ],
        },
      ],
    });
  });

  it('tells of a topic that is not there', () => {
    expect(decode(metadata, 'metadataUnknown', 9).topics).toEqual([
      { name: 'nope', errorCode: 3, partitions: [] },
    ]);
  });

  it('asks for all topics with a null array, for none with an empty one, and never creates any', () => {
    expect(encode(metadata, { topics: null }, 9)).toBe('0000000000');
    expect(encode(metadata, { topics: [] }, 9)).toBe('0100000000');
    expect(encode(metadata, { topics: ['a'] }, 9)).toBe('0202610000000000');
  });
});

describe('DescribeCluster', () => {
  it('tells a fenced broker from one that serves', () => {
    expect(decode(describeCluster, 'describeCluster', 2)).toEqual({
      errorCode: 0,
      brokers: [
        { nodeId: 0, fenced: false },
        { nodeId: 1, fenced: true },
      ],
    });
  });
});

describe('ApiVersions', () => {
  it('says what a controller knows: DescribeQuorum, but no Metadata', () => {
    const { errorCode, versions } = decode(apiVersions, 'apiVersionsController', 0);
    expect(errorCode).toBe(0);
    expect(versions.get(describeQuorum.key)).toEqual({ minVersion: 0, maxVersion: 2 });
    expect(versions.has(metadata.key)).toBe(false);
  });
});

describe('Fetch', () => {
  it('reads records of several batches, with their offsets, null keys and null values', () => {
    expect(decode(fetch, 'fetch', 11)).toEqual({
      errorCode: 0,
      records: [
        { offset: 0, key: 'k1', value: 'v1' },
        { offset: 1, key: null, value: 'v2' },
        { offset: 2, key: 'k3', value: null },
      ],
    });
  });

  it('passes on the error of a partition that is not there', () => {
    expect(decode(fetch, 'fetchNotLeader', 11)).toEqual({ errorCode: 3, records: [] });
  });
});

const hex = (text: string) => Buffer.from(text).toString('hex');

describe('DescribeTopicPartitions', () => {
  const orders = (partition: number, replicas: number[]) => ({
    partition,
    errorCode: 0,
    leader: 0,
    replicas,
    isr: [0],
    eligible: [1],
    lastEligible: [],
    offline: [1],
  });

  it('tells of every partition who may lead it although out of sync', () => {
    expect(decode(describeTopicPartitions, 'topicPartitions', 0)).toEqual({
      topics: [
        { name: 'orders', errorCode: 0, partitions: [orders(0, [0, 1]), orders(1, [1, 0])] },
        { name: 'parcels', errorCode: 0, partitions: [{ ...orders(0, [0, 1]), eligible: [] }] },
      ],
      next: null,
    });
  });

  it('goes on in the midst of a topic', () => {
    expect(decode(describeTopicPartitions, 'topicPartitionsPage', 0)).toEqual({
      topics: [{ name: 'orders', errorCode: 0, partitions: [orders(0, [0, 1])] }],
      next: { topic: 'orders', partition: 1 },
    });
    expect(encode(describeTopicPartitions, { limit: 2, cursor: null }, 0)).toBe('0100000002ff00');
    const cursor = { topic: 'orders', partition: 1 };
    expect(encode(describeTopicPartitions, { limit: 2, cursor }, 0)).toBe(
      `01000000020107${hex('orders')}000000010000`,
    );
  });
});

describe('DescribeConfigs', () => {
  it('tells the value of each topic, and that a topic is not there', () => {
    const described = decode(describeConfigs, 'topicConfigsUnknown', 4);
    expect(described.map(({ name, errorCode, entries }) => [name, errorCode, entries[0]?.value])).toEqual([
      ['orders', 0, '2'],
      ['nope', 3, undefined],
    ]);
  });

  it('asks for one key of each topic', () => {
    const request = { resources: [{ type: 2, name: 'a' }], keys: ['k'] };
    expect(encode(describeConfigs, request, 4)).toBe('020202610202' + '6b00010000');
  });

  it('asks for all keys of a broker', () => {
    expect(encode(describeConfigs, { resources: [{ type: 4, name: '1' }], keys: null }, 4)).toBe(
      '02040231' + '0000010000',
    );
  });
});

describe('ListPartitionReassignments', () => {
  it('names the partitions that are being moved', () => {
    expect(decode(listPartitionReassignments, 'reassignments', 0)).toMatchObject({
      errorCode: 0,
      moves: [{ topic: 'parcels', partition: 0 }],
    });
    expect(encode(listPartitionReassignments, { timeoutMs: 1 }, 0)).toBe('000000010000');
  });
});

describe('DescribeLogDirs', () => {
  it('tells the bytes of every partition on the disks of a broker', () => {
    expect(decode(describeLogDirs, 'describeLogDirs', 4)).toMatchObject({
      errorCode: 0,
      bytes: new Map([
        ['parcels-0', 0],
        ['orders-1', 0],
        ['orders-0', 170],
      ]),
    });
    expect(encode(describeLogDirs, undefined, 4)).toBe('0000');
  });
});

describe('ElectLeaders', () => {
  it('tells which partitions keep their leader, and why', () => {
    expect(decode(electLeaders, 'electLeaders', 2)).toEqual({
      errorCode: 0,
      results: [
        { partition: 'orders-1', errorCode: 80, errorMessage: 'The preferred leader was not available.' },
      ],
    });
    const all = { type: ELECTION.PREFERRED, partitions: null, timeoutMs: 1 };
    expect(encode(electLeaders, all, 2)).toBe('00000000000100');
    const some = [
      { topic: 'a', partition: 1 },
      { topic: 'b', partition: 2 },
      { topic: 'a', partition: 3 },
    ];
    expect(encode(electLeaders, { type: ELECTION.UNCLEAN, partitions: some, timeoutMs: 1 }, 2)).toBe(
      '01 03 0261 03 00000001 00000003 00 0262 02 00000002 00 00000001 00'.replaceAll(' ', ''),
    );
  });
});

describe('UnregisterBroker, AddRaftVoter and RemoveRaftVoter', () => {
  const directoryId = 'AAAAAAAAAAAAAAAAAAAAAQ';

  it("pass on Kafka's code and words", () => {
    expect(decode(unregisterBroker, 'unregisterUnknown', 0)).toEqual({
      errorCode: 102,
      errorMessage: 'Broker ID 7 is not currently registered',
    });
    expect(decode(removeRaftVoter, 'removeVoter', 0)).toMatchObject({ errorCode: 127 });
    expect(decode(addRaftVoter, 'addVoter', 0)).toEqual({
      errorCode: 126,
      errorMessage: expect.stringContaining(`id=3000, directoryId=${directoryId}) is already part of`),
    });
  });

  it('name a broker by its id, and a voter by its id and its directory', () => {
    expect(encode(unregisterBroker, { brokerId: 7 }, 0)).toBe('0000000700');
    const uuid = `${'00'.repeat(15)}01`;
    expect(encode(removeRaftVoter, { nodeId: 3001, directoryId }, 0)).toBe(`0000000bb9${uuid}00`);
    // A port above 32767 takes the sign bit.
    const listener = { name: 'L', host: 'h', port: 65_535 };
    expect(encode(addRaftVoter, { nodeId: 3001, directoryId, listener, timeoutMs: 1 }, 0)).toBe(
      `000000000100000bb9${uuid}02024c0268ffff0000`,
    );
    expect(() => encode(removeRaftVoter, { nodeId: 1, directoryId: 'no' }, 0)).toThrow(/is no uuid/);
  });
});
