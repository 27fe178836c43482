// ApiVersions (18): which versions of which requests a node knows. Always the first request of a connection.
import type { Api, VersionRange } from '../api.ts';

interface ApiVersionsAnswer {
  errorCode: number;
  /** By request key. */
  versions: Map<number, VersionRange>;
}

/** Version 0 only: every node answers it, older and newer ones, brokers and controllers. */
export const apiVersions: Api<void, ApiVersionsAnswer> = {
  name: 'ApiVersions',
  key: 18,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 3,
  encode: () => undefined,
  decode: (reader) => {
    const errorCode = reader.int16();
    const versions = reader.array((): [number, VersionRange] => [
      reader.int16(),
      { minVersion: reader.int16(), maxVersion: reader.int16() },
    ]);
    return { errorCode, versions: new Map(versions) };
  },
};
