// DescribeQuorum (55): the metadata quorum as its leader sees it. Answered by controllers, and by brokers on their behalf.
import type { Api } from '../api.ts';
import type { Reader } from '../reader.ts';

/** The one partition of the metadata log (KIP-595). */
const METADATA_TOPIC = '__cluster_metadata';

export interface QuorumReplica {
  nodeId: number;
  /**
   * Kafka's text form. All zeroes (`AAAA…`) for voters that are fixed by configuration; null before version 2 of the
   * request (Kafka 3.8).
   */
  directoryId: string | null;
  logEndOffset: number;
  /** Unix time on the leader's clock; -1 when never, or before version 1 of the request (Kafka 3.3). */
  lastFetchMs: number;
  lastCaughtUpMs: number;
}

export interface Quorum {
  leaderId: number;
  leaderEpoch: number;
  highWatermark: number;
  /** The leader is one of them. */
  voters: QuorumReplica[];
  /** Brokers, and controllers that are not voters. */
  observers: QuorumReplica[];
}

export interface DescribeQuorumAnswer {
  errorCode: number;
  /** Meaningful only without error. */
  quorum: Quorum;
}

export const describeQuorum: Api<void, DescribeQuorumAnswer> = {
  name: 'DescribeQuorum',
  key: 55,
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 0,
  encode: (writer) => {
    writer.array([METADATA_TOPIC], (topic) => {
      writer.string(topic);
      writer.array([0], (partition) => {
        writer.int32(partition);
        writer.endStruct();
      });
      writer.endStruct();
    });
    writer.endStruct();
  },
  decode: (reader, version) => {
    const errorCode = reader.int16();
    if (version >= 2) reader.nullableString(); // error message, empty in practice
    const topics = reader.array(() => {
      reader.string();
      const partitions = reader.array(() => readPartition(reader, version));
      reader.endStruct();
      return partitions;
    });
    const partition = topics[0]?.[0];
    // A node that is not the leader answers at the top level without a partition, or inside of it: by version.
    return {
      errorCode: errorCode === 0 ? (partition?.errorCode ?? -1) : errorCode,
      quorum: partition?.quorum ?? {
        leaderId: -1,
        leaderEpoch: -1,
        highWatermark: -1,
        voters: [],
        observers: [],
      },
    };
  },
};

function readPartition(reader: Reader, version: number): DescribeQuorumAnswer {
  reader.int32(); // partition, always 0
  const errorCode = reader.int16();
  if (version >= 2) reader.nullableString();
  const quorum = {
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
    highWatermark: reader.int64(),
    voters: reader.array(() => readReplica(reader, version)),
    observers: reader.array(() => readReplica(reader, version)),
  };
  reader.endStruct();
  return { errorCode, quorum };
}

function readReplica(reader: Reader, version: number): QuorumReplica {
  const replica = {
    nodeId: reader.int32(),
    directoryId: version >= 2 ? reader.uuid() : null,
    logEndOffset: reader.int64(),
    lastFetchMs: version >= 1 ? reader.int64() : -1,
    lastCaughtUpMs: version >= 1 ? reader.int64() : -1,
  };
  reader.endStruct();
  return replica;
}
