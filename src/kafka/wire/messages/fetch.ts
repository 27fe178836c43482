// Fetch (1): records of one partition from an offset on, read as a plain consumer without group or session.
import type { Api } from '../api.ts';
import type { Reader } from '../reader.ts';
import { decodeRecordBatches, type FetchedRecord } from '../record-batch.ts';

/** Returned as soon as there is anything, at the latest after this time. */
const MAX_WAIT_MS = 500;
const MAX_BYTES = 1_048_576;

interface FetchRequest {
  topic: string;
  partition: number;
  /** The first offset wanted. */
  offset: number;
}

interface FetchAnswer {
  errorCode: number;
  /** May begin before the wanted offset: batches are returned whole. */
  records: FetchedRecord[];
}

/** Version 11 only: the newest in the classic encoding with topics by name, known from Kafka 2.3 to 4.x. */
export const fetch: Api<FetchRequest, FetchAnswer> = {
  name: 'Fetch',
  key: 1,
  minVersion: 11,
  maxVersion: 11,
  flexibleFrom: 12,
  encode: (writer, { topic, partition, offset }) => {
    writer.int32(-1); // replica id: a consumer
    writer.int32(MAX_WAIT_MS);
    writer.int32(1); // min bytes
    writer.int32(MAX_BYTES);
    writer.int8(0); // isolation level
    writer.int32(0); // session id
    writer.int32(-1); // session epoch: no session
    writer.array([topic], (name) => {
      writer.string(name);
      writer.array([partition], (index) => {
        writer.int32(index);
        writer.int32(-1); // current leader epoch: unknown
        writer.int64(offset);
        writer.int64(-1); // log start offset: for followers
        writer.int32(MAX_BYTES);
      });
    });
    writer.array([], () => undefined); // forgotten topics
    writer.string(''); // rack
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    const errorCode = reader.int16();
    reader.int32(); // session id
    const partitions = reader.array(() => {
      reader.string();
      return reader.array(() => readPartition(reader));
    });
    const answer = partitions[0]?.[0];
    if (errorCode !== 0 || !answer) return { errorCode: errorCode === 0 ? -1 : errorCode, records: [] };
    return answer;
  },
};

function readPartition(reader: Reader): FetchAnswer {
  reader.int32(); // partition
  const errorCode = reader.int16();
  reader.int64(); // high watermark
  reader.int64(); // last stable offset
  reader.int64(); // log start offset
  reader.array(() => [reader.int64(), reader.int64()]); // aborted transactions
  reader.int32(); // preferred read replica
  const length = reader.int32();
  return { errorCode, records: length > 0 ? decodeRecordBatches(reader.raw(length)) : [] };
}
