// AlterPartitionReassignments (45): begins to move replicas, or calls a move off (KIP-455).
import type { Api } from '../api.ts';

export interface Reassignment {
  topic: string;
  partition: number;
  /** Its replicas from now on, the preferred leader first; null calls the move off that is under way. */
  replicas: readonly number[] | null;
}

interface AlterReassignmentsAnswer {
  errorCode: number;
  errorMessage: string | null;
  /** Of each partition; 0 = it was taken. */
  results: { topic: string; partition: number; errorCode: number; errorMessage: string | null }[];
}

/** Any broker passes it on to the active controller. Version 0 only: version 1 may forbid another number of replicas. */
export const alterPartitionReassignments: Api<
  { moves: readonly Reassignment[]; timeoutMs: number },
  AlterReassignmentsAnswer
> = {
  name: 'AlterPartitionReassignments',
  key: 45,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encode: (writer, { moves, timeoutMs }) => {
    writer.int32(timeoutMs);
    writer.array([...Map.groupBy(moves, ({ topic }) => topic)], ([topic, mine]) => {
      writer.string(topic);
      writer.array(mine, ({ partition, replicas }) => {
        writer.int32(partition);
        writer.array(replicas, (replica) => {
          writer.int32(replica);
        });
        writer.endStruct();
      });
      writer.endStruct();
    });
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    const errorCode = reader.int16();
    const errorMessage = reader.nullableString();
    const topics = reader.array(() => {
      const topic = reader.string();
      const results = reader.array(() => {
        const result = {
          topic,
          partition: reader.int32(),
          errorCode: reader.int16(),
          errorMessage: reader.nullableString(),
        };
        reader.endStruct();
        return result;
      });
      reader.endStruct();
      return results;
    });
    return { errorCode, errorMessage, results: topics.flat() };
  },
};
