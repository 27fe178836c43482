// Metadata (3): the brokers that are registered and not fenced, and where each partition's replicas stand.
import type { Api } from '../api.ts';
import type { Reader } from '../reader.ts';
import type { KafkaAddress } from '../../types.ts';

export interface PartitionMetadata {
  partition: number;
  errorCode: number;
  /** -1 when there is none: the partition is offline. */
  leader: number;
  replicas: number[];
  /** Replicas in sync with the leader. */
  isr: number[];
  /** Replicas on brokers that are down, or on log directories that failed. */
  offlineReplicas: number[];
}

interface TopicMetadata {
  name: string;
  errorCode: number;
  partitions: PartitionMetadata[];
}

export interface ClusterMetadata {
  clusterId: string | null;
  /** At the addresses that they advertise. */
  brokers: KafkaAddress[];
  topics: TopicMetadata[];
}

/** `topics` null asks for all. Version 9 only: brokers from 2.4 on know it. */
export const metadata: Api<{ topics: string[] | null }, ClusterMetadata> = {
  name: 'Metadata',
  key: 3,
  minVersion: 9,
  maxVersion: 9,
  flexibleFrom: 9,
  encode: (writer, { topics }) => {
    writer.array(topics, (name) => {
      writer.string(name);
      writer.endStruct();
    });
    // Never create a topic by asking for it; no authorized operations.
    writer.boolean(false);
    writer.boolean(false);
    writer.boolean(false);
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    const brokers = reader.array(() => readBroker(reader));
    const clusterId = reader.nullableString();
    reader.int32(); // "controller": under KRaft a random broker; the leader is told by DescribeQuorum
    const topics = reader.array(() => readTopic(reader));
    reader.int32(); // authorized operations
    return { clusterId, brokers, topics };
  },
};

function readBroker(reader: Reader): KafkaAddress {
  const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
  reader.nullableString(); // rack
  reader.endStruct();
  return broker;
}

function readTopic(reader: Reader): TopicMetadata {
  const errorCode = reader.int16();
  const name = reader.string();
  reader.boolean(); // internal
  const partitions = reader.array(() => readPartition(reader));
  reader.int32(); // authorized operations
  reader.endStruct();
  return { name, errorCode, partitions };
}

function readPartition(reader: Reader): PartitionMetadata {
  const errorCode = reader.int16();
  const partition = reader.int32();
  const leader = reader.int32();
  reader.int32(); // leader epoch
  const int32 = () => reader.int32();
  const replicas = reader.array(int32);
  const isr = reader.array(int32);
  const offlineReplicas = reader.array(int32);
  reader.endStruct();
  return { partition, errorCode, leader, replicas, isr, offlineReplicas };
}
