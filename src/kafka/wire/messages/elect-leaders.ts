// ElectLeaders (43): gives the leadership of partitions back to their preferred replicas.
import type { Api } from '../api.ts';

const PREFERRED = 0;

interface ElectLeadersAnswer {
  errorCode: number;
  /** One for each partition whose leader was, or could not be, changed: `orders-4`. */
  results: { partition: string; errorCode: number; errorMessage: string | null }[];
}

/** Preferred leaders, of all partitions. Version 2 only, known from Kafka 2.4 on. */
export const electPreferredLeaders: Api<{ timeoutMs: number }, ElectLeadersAnswer> = {
  name: 'ElectLeaders',
  key: 43,
  minVersion: 2,
  maxVersion: 2,
  flexibleFrom: 2,
  encode: (writer, { timeoutMs }) => {
    writer.int8(PREFERRED);
    writer.array(null, () => undefined);
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
