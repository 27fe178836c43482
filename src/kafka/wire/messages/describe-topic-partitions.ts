// DescribeTopicPartitions (75): partitions page by page, with those replicas that may lead although out of sync (KIP-966).
import type { PartitionReplicas } from '../../../model/safety/snapshot.ts';
import type { Api } from '../api.ts';
import type { Reader } from '../reader.ts';

/** Where a page begins. */
export interface PartitionCursor {
  topic: string;
  partition: number;
}

interface DescribeTopicPartitionsRequest {
  /** Partitions in one answer; brokers give at most 2000 (`max.request.partition.size.limit`). */
  limit: number;
  /** Null for the first page. */
  cursor: PartitionCursor | null;
}

export interface DescribedTopic {
  name: string;
  errorCode: number;
  partitions: (PartitionReplicas & { errorCode: number })[];
}

export interface DescribeTopicPartitionsAnswer {
  /** In the order of their names; a topic may go on in the next page. */
  topics: DescribedTopic[];
  /** Null after the last page. */
  next: PartitionCursor | null;
}

/** Always all topics. Version 0 only: the one that Kafka 4 knows. */
export const describeTopicPartitions: Api<DescribeTopicPartitionsRequest, DescribeTopicPartitionsAnswer> = {
  name: 'DescribeTopicPartitions',
  key: 75,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encode: (writer, { limit, cursor }) => {
    writer.array([], () => undefined); // no names: all topics
    writer.int32(limit);
    writer.int8(cursor === null ? -1 : 1);
    if (cursor !== null) {
      writer.string(cursor.topic);
      writer.int32(cursor.partition);
      writer.endStruct();
    }
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    const topics = reader.array(() => readTopic(reader));
    const next = reader.int8() < 0 ? null : readCursor(reader);
    return { topics, next };
  },
};

function readCursor(reader: Reader): PartitionCursor {
  const cursor = { topic: reader.string(), partition: reader.int32() };
  reader.endStruct();
  return cursor;
}

function readTopic(reader: Reader): DescribedTopic {
  const errorCode = reader.int16();
  const name = reader.string();
  reader.uuid(); // topic id
  reader.boolean(); // internal
  const partitions = reader.array(() => readPartition(reader));
  reader.int32(); // authorized operations
  reader.endStruct();
  return { name, errorCode, partitions };
}

function readPartition(reader: Reader): DescribedTopic['partitions'][number] {
  const int32 = () => reader.int32();
  const errorCode = reader.int16();
  const partition = reader.int32();
  const leader = reader.int32();
  reader.int32(); // leader epoch
  const replicas = reader.array(int32);
  const isr = reader.array(int32);
  const eligible = reader.array(int32);
  const lastEligible = reader.array(int32);
  const offline = reader.array(int32);
  reader.endStruct();
  return { partition, errorCode, leader, replicas, isr, eligible, lastEligible, offline };
}
