// DescribeCluster (60): the registered brokers including fenced ones (KIP-1073).
import type { Api } from '../api.ts';

interface DescribeClusterAnswer {
  errorCode: number;
  brokers: { nodeId: number; fenced: boolean }[];
}

/** Version 2 only, from Kafka 4.0 on: earlier ones do not tell of fenced brokers, Metadata says the rest. */
export const describeCluster: Api<void, DescribeClusterAnswer> = {
  name: 'DescribeCluster',
  key: 60,
  minVersion: 2,
  maxVersion: 2,
  flexibleFrom: 0,
  encode: (writer) => {
    writer.boolean(false); // authorized operations
    writer.int8(1); // endpoints of brokers, not of controllers
    writer.boolean(true); // fenced ones too
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    const errorCode = reader.int16();
    reader.nullableString(); // error message
    reader.int8(); // endpoint type
    reader.string(); // cluster id
    reader.int32(); // controller id
    const brokers = reader.array(() => {
      const nodeId = reader.int32();
      reader.string(); // host
      reader.int32(); // port
      reader.nullableString(); // rack
      const fenced = reader.boolean();
      reader.endStruct();
      return { nodeId, fenced };
    });
    reader.int32(); // authorized operations
    return { errorCode, brokers };
  },
};
