// ElectLeaders (43): gives the leadership of partitions back to their preferred replicas, or to any that serve.
import type { TopicPartition } from '../../../model/safety/snapshot.ts';
import type { Api } from '../api.ts';

/** Who may lead: the preferred replica where it is in sync (or any that is, of a partition without a leader), or any that serves. */
export const ELECTION = { PREFERRED: 0, UNCLEAN: 1 } as const;

export interface ElectLeadersRequest {
  type: (typeof ELECTION)[keyof typeof ELECTION];
  /** null: all of the cluster. */
  partitions: readonly TopicPartition[] | null;
  timeoutMs: number;
}

interface ElectLeadersAnswer {
  errorCode: number;
  /** One for each partition whose leader was, or could not be, changed: `orders-4`. */
  results: { partition: string; errorCode: number; errorMessage: string | null }[];
}

/** Version 2 only, known from Kafka 2.4 on. */
export const electLeaders: Api<ElectLeadersRequest, ElectLeadersAnswer> = {
  name: 'ElectLeaders',
  key: 43,
  minVersion: 2,
  maxVersion: 2,
  flexibleFrom: 2,
  encode: (writer, { type, partitions, timeoutMs }) => {
    writer.int8(type);
    const byTopic = partitions && [...Map.groupBy(partitions, ({ topic }) => topic)];
    writer.array(byTopic, ([topic, mine]) => {
      writer.string(topic);
      writer.array(mine, ({ partition }) => {
        writer.int32(partition);
      });
      writer.endStruct();
    });
    writer.int32(timeoutMs);
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    const errorCode = reader.int16();
    const topics = reader.array(() => {
      const topic = reader.string();
      const partitions = reader.array(() => {
        const result = {
          partition: `${topic}-${reader.int32()}`,
          errorCode: reader.int16(),
          errorMessage: reader.nullableString(),
        };
        reader.endStruct();
        return result;
      });
      reader.endStruct();
      return partitions;
    });
    return { errorCode, results: topics.flat() };
  },
};
