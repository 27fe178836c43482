// What a request of Kafka's protocol is to the connection: its key, its versions, how it is written and read.
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * One request and its response. Layouts are Kafka's own: `common/message/*.json` inside kafka-clients.jar.
 *
 * @example a new request is one file under `messages/` that exports such a value
 */
export interface Api<Request, Response> {
  name: string;
  key: number;
  /** The versions that the two functions below know; the connection picks the newest that the node knows too. */
  minVersion: number;
  maxVersion: number;
  /** First version in the flexible encoding (KIP-482). */
  flexibleFrom: number;
  encode(writer: Writer, request: Request, version: number): void;
  decode(reader: Reader, version: number): Response;
}

/** Versions of one request that a node knows. */
export interface VersionRange {
  minVersion: number;
  maxVersion: number;
}

/** The newest version that both sides know; null when there is none. */
export function pickVersion(
  api: Pick<Api<never, unknown>, 'minVersion' | 'maxVersion'>,
  node: VersionRange | undefined,
): number | null {
  if (node === undefined) return null;
  const version = Math.min(api.maxVersion, node.maxVersion);
  return version >= Math.max(api.minVersion, node.minVersion) ? version : null;
}
