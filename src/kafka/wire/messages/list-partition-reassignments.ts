// ListPartitionReassignments (46): the partitions whose replicas are being moved.
import type { Api } from '../api.ts';

interface ListReassignmentsAnswer {
  errorCode: number;
  /** As Kafka's own tools write them: `orders-4`. */
  partitions: string[];
}

/** The request is passed on to the active controller; asked for all topics. Version 0 is the only one. */
export const listPartitionReassignments: Api<{ timeoutMs: number }, ListReassignmentsAnswer> = {
  name: 'ListPartitionReassignments',
  key: 46,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encode: (writer, { timeoutMs }) => {
    writer.int32(timeoutMs);
    writer.array(null, () => undefined);
    writer.endStruct();
  },
  decode: (reader) => {
    const int32 = () => reader.int32();
    reader.int32(); // throttle time
    const errorCode = reader.int16();
    reader.nullableString(); // error message
    const topics = reader.array(() => {
      const name = reader.string();
      const partitions = reader.array(() => {
        const partition = reader.int32();
        reader.array(int32); // replicas, those that are added, those that are removed
        reader.array(int32);
        reader.array(int32);
        reader.endStruct();
        return `${name}-${partition}`;
      });
      reader.endStruct();
      return partitions;
    });
    return { errorCode, partitions: topics.flat() };
  },
};
