// Connects to Temporal as TEMPORAL_* or a profile in temporal.toml says, so that a dev server, a cluster of one's own and
// Temporal Cloud are reached by the same code.
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnection } from '@temporalio/worker';
import { MillraceError } from '../model/errors.ts';
import { loadFootprint } from './footprint.ts';
import { GRPC, grpcCodeOf, reasonOf } from './grpc.ts';

export interface TemporalTarget {
  /** `host:port`. */
  address: string;
  namespace: string;
}
export interface ConnectedClient extends TemporalTarget {
  client: Client;
  connection: Connection;
}

/** What Temporal's own tools assume when nothing is set. */
const DEFAULT_ADDRESS = '127.0.0.1:7233';
/** Long enough for a TLS handshake over the world; short enough for a person who waits. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Where Temporal is: `TEMPORAL_ADDRESS` and `TEMPORAL_NAMESPACE`, then the profile, then 127.0.0.1:7233 and the namespace of
 * temporal.yaml.
 *
 * @throws MillraceError REQUEST_INVALID when temporal.toml or a file it names can't be read
 */
export function temporalTarget(): TemporalTarget {
  const { address, namespace } = settings();
  return { address, namespace };
}

/** A client over a connection that is proven to work. @throws MillraceError TEMPORAL_UNREACHABLE, REQUEST_INVALID */
export async function connectClient(): Promise<ConnectedClient> {
  const connected = lazyClient();
  try {
    await connected.connection.ensureConnected();
    return connected;
  } catch (error) {
    await connected.connection.close();
    throw unreachable(connected, error);
  }
}

/**
 * A client whose connection is made with the first call, again and again: for a process that outlives an outage.
 * `maxAttempts` is how often a call is tried while the server can't be reached; few, where a person waits for the answer.
 * @default maxAttempts 10, which take half a minute
 */
export function lazyClient({ maxAttempts }: { maxAttempts?: number } = {}): ConnectedClient {
  const { address, namespace, options } = settings();
  const connection = Connection.lazy({
    ...options,
    address,
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(maxAttempts === undefined
      ? {}
      : { interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts }))] }),
  });
  return { client: new Client({ connection, namespace }), connection, address, namespace };
}

/** The connection of a worker. The native part is loaded only here. @throws as `connectClient` */
export async function connectNative(): Promise<TemporalTarget & { connection: NativeConnection }> {
  const { address, namespace, options } = settings();
  const { NativeConnection } = await import('@temporalio/worker');
  try {
    return { connection: await NativeConnection.connect({ ...options, address }), address, namespace };
  } catch (error) {
    throw unreachable({ address, namespace }, error);
  }
}

/** TEMPORAL_UNREACHABLE, saying which address was tried and how another is set. */
export function unreachable({ address, namespace }: TemporalTarget, error: unknown): MillraceError {
  const code = grpcCodeOf(error);
  const refused = code === GRPC.UNAUTHENTICATED || code === GRPC.PERMISSION_DENIED;
  return new MillraceError(
    'TEMPORAL_UNREACHABLE',
    `Temporal at ${address} (namespace ${namespace}) ${refused ? 'refused the credentials' : 'does not answer'}: ${reasonOf(error)}. ` +
      'Nothing was changed. Set TEMPORAL_ADDRESS=host:port and, where they are needed, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, ' +
      'TEMPORAL_TLS, or TEMPORAL_PROFILE for a profile of temporal.toml; "millrace up" starts a local one.',
    { details: { address, namespace }, cause: error },
  );
}

function settings() {
  try {
    const { namespace, connectionOptions } = loadClientConnectConfig();
    const { address, apiKey, tls, metadata } = connectionOptions;
    return {
      address: address ?? DEFAULT_ADDRESS,
      namespace: namespace ?? loadFootprint().namespace.name,
      options: {
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(tls === undefined ? {} : { tls }),
        ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
      },
    };
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError(
      'REQUEST_INVALID',
      `The settings of the connection to Temporal can't be used: ${reasonOf(error)}. Look at TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE, ` +
        'TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH and TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
      { cause: error },
    );
  }
}
