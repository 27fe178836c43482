// ListPartitionReassignments (46): the partitions whose replicas are being moved.
import type { Api } from '../api.ts';

interface ListReassignmentsAnswer {
  errorCode: number;
  moves: { topic: string; partition: number; adding: number[]; removing: number[] }[];
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
      const topic = reader.string();
      const moves = reader.array(() => {
        const partition = reader.int32();
        reader.array(int32); // all replicas
        const move = { topic, partition, adding: reader.array(int32), removing: reader.array(int32) };
        reader.endStruct();
        return move;
      });
      reader.endStruct();
      return moves;
    });
    return { errorCode, moves: topics.flat() };
  },
};
