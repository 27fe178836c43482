// DescribeLogDirs (35): how much a broker's replicas take on its disks.
import type { Api } from '../api.ts';

interface DescribeLogDirsAnswer {
  /** The first error of the answer or of one of its directories. */
  errorCode: number;
  /** Bytes by partition (`orders-4`), replicas on their way to another directory left out. */
  bytes: Map<string, number>;
  /** Replicas on their way to another directory of the same broker. */
  futures: number;
  /** Of the file system with the least room; null when the broker does not tell (before version 4). */
  disk: { totalBytes: number; usableBytes: number } | null;
}

/** All partitions of the broker that is asked. Versions 3 and 4, both known to Kafka 4.0 and later ones. */
export const describeLogDirs: Api<void, DescribeLogDirsAnswer> = {
  name: 'DescribeLogDirs',
  key: 35,
  minVersion: 3,
  maxVersion: 4,
  flexibleFrom: 2,
  encode: (writer) => {
    writer.array(null, () => undefined);
    writer.endStruct();
  },
  decode: (reader, version) => {
    reader.int32(); // throttle time
    let errorCode = reader.int16();
    const bytes = new Map<string, number>();
    let futures = 0;
    let disk: DescribeLogDirsAnswer['disk'] = null;
    reader.array(() => {
      const directoryError = reader.int16();
      if (errorCode === 0) errorCode = directoryError;
      reader.string(); // path
      reader.array(() => {
        const topic = reader.string();
        reader.array(() => {
          const name = `${topic}-${reader.int32()}`;
          const size = reader.int64();
          reader.int64(); // offset lag
          const isFuture = reader.boolean();
          if (isFuture) futures += 1;
          else bytes.set(name, size);
          reader.endStruct();
        });
        reader.endStruct();
      });
      if (version >= 4) {
        const found = { totalBytes: reader.int64(), usableBytes: reader.int64() };
        if (found.totalBytes >= 0 && (disk === null || found.usableBytes < disk.usableBytes)) disk = found;
      }
      reader.endStruct();
    });
    return { errorCode, bytes, futures, disk };
  },
};
