// What brokers tell of themselves over the Kafka protocol, and Millrace has no use for: racks and log directories.
import type { KafkaAddress } from '../../src/kafka/index.ts';
import { withConnection } from '../../src/kafka/wire/connection.ts';
import { describeCluster } from '../../src/kafka/wire/messages/describe-cluster.ts';
import { describeLogDirs } from '../../src/kafka/wire/messages/describe-log-dirs.ts';
import type { Api } from '../../src/kafka/wire/api.ts';

/** The rack with which each broker is registered, by node id. */
const describeRacks: Api<void, Record<number, string | null>> = {
  ...describeCluster,
  decode: (reader) => {
    reader.int32(); // throttle time
    reader.int16(); // error
    reader.nullableString(); // error message
    reader.int8(); // endpoint type
    reader.string(); // cluster id
    reader.int32(); // controller id
    const brokers = reader.array(() => {
      const nodeId = reader.int32();
      reader.string(); // host
      reader.int32(); // port
      const rack = reader.nullableString();
      reader.boolean(); // fenced
      reader.endStruct();
      return [nodeId, rack] as const;
    });
    reader.int32(); // authorized operations
    return Object.fromEntries(brokers);
  },
};

/** A directory with the error that Kafka has for it (0: none), and how many replicas it holds. */
export interface LogDir {
  errorCode: number;
  path: string;
  replicas: number;
}

const describeDirs: Api<void, LogDir[]> = {
  ...describeLogDirs,
  decode: (reader, version) => {
    reader.int32(); // throttle time
    reader.int16(); // error
    const directories = reader.array(() => {
      const errorCode = reader.int16();
      const path = reader.string();
      let replicas = 0;
      reader.array(() => {
        reader.string(); // topic
        reader.array(() => {
          reader.int32(); // partition
          reader.int64(); // size
          reader.int64(); // offset lag
          reader.boolean(); // on its way to another directory
          reader.endStruct();
          replicas += 1;
        });
        reader.endStruct();
      });
      if (version >= 4) {
        reader.int64(); // size of the file system
        reader.int64(); // free bytes
      }
      reader.endStruct();
      return { errorCode, path, replicas };
    });
    return directories;
  },
};

export const racksOf = (broker: KafkaAddress) =>
  withConnection(broker, {}, (connection) => connection.request(describeRacks, undefined));

export const logDirsOf = (broker: KafkaAddress) =>
  withConnection(broker, {}, (connection) => connection.request(describeDirs, undefined));
