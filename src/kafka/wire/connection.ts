// One TCP connection to a Kafka node: versions agreed upon first, requests framed and correlated, closed in any case.
import { connect, type Socket } from 'node:net';
import { pickVersion, type Api, type VersionRange } from './api.ts';
import { errorName, NONE } from './error-codes.ts';
import { splitFrames } from './frames.ts';
import { apiVersions } from './messages/api-versions.ts';
import { createReader } from './reader.ts';
import { createWriter } from './writer.ts';
import type { AskOptions, KafkaAddress } from '../types.ts';

const CLIENT_ID = 'millrace';
/** A look is repeated by its caller, so it is better short; enough for the metadata of 100,000 partitions. */
const DEFAULT_TIMEOUT_MS = 5_000;

/** A connection whose versions are agreed upon. */
export interface Connection {
  /**
   * Sends a request in the newest version that both sides know and returns its decoded answer.
   * @throws Error when the node does not know the request, the connection breaks, or the answer is malformed
   */
  request<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response>;
  /** Whether the node knows the request in a version that is known here. */
  supports(api: Api<never, unknown>): boolean;
}

interface Pending {
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

/**
 * Connects, hands the connection to `use`, and closes it whatever happens; `timeoutMs` covers all of it.
 *
 * @throws Error in plain words (`connection refused`, `no answer within 5 s`), without the address; the reason of the
 *   signal when it is aborted
 */
export async function withConnection<T>(
  address: KafkaAddress,
  options: AskOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  signal?.throwIfAborted();
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  const onAbort = () =>
    socket.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal?.addEventListener('abort', onAbort, { once: true });
  const link = correlate(socket);
  try {
    await link.connected;
    const versions = await agreeOnVersions(link);
    return await use({
      request: (api, request) => {
        const version = pickVersion(api, versions.get(api.key));
        if (version === null) return Promise.reject(new Error(unsupported(api, versions.get(api.key))));
        return exchange(link, { api, version, request });
      },
      supports: (api) => pickVersion(api, versions.get(api.key)) !== null,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

interface Link {
  connected: Promise<void>;
  /** Sends one frame; resolves with the answer that carries the same correlation id, without that id. */
  send(correlationId: number, frame: Buffer): Promise<Buffer>;
  nextCorrelationId(): number;
}

/** Matches answers to requests; everything pending fails with the reason for which the socket closed. */
function correlate(socket: Socket): Link {
  const pending = new Map<number, Pending>();
  let failure: Error | null = null;
  let correlationId = 0;
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) => {
      failure = inWords(error);
      reject(failure);
    });
    socket.once('close', () => {
      failure ??= new Error('the node closed the connection');
      reject(failure);
      for (const waiter of pending.values()) waiter.reject(failure);
      pending.clear();
    });
  });
  const push = splitFrames((frame) => {
    const id = frame.readInt32BE(0);
    pending.get(id)?.resolve(frame.subarray(4));
    pending.delete(id);
  });
  socket.on('data', (chunk) => {
    try {
      push(chunk);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return {
    connected,
    send: (id, frame) =>
      new Promise((resolve, reject) => {
        if (failure) {
          reject(failure);
          return;
        }
        pending.set(id, { resolve, reject });
        socket.write(frame);
      }),
    nextCorrelationId: () => ++correlationId,
  };
}

async function agreeOnVersions(link: Link): Promise<Map<number, VersionRange>> {
  const answer = await exchange(link, { api: apiVersions, version: 0, request: undefined });
  if (answer.errorCode !== NONE)
    throw new Error(`ApiVersions was answered with ${errorName(answer.errorCode)}`);
  return answer.versions;
}

interface Exchange<Request, Response> {
  api: Api<Request, Response>;
  version: number;
  request: Request;
}

async function exchange<Request, Response>(link: Link, ask: Exchange<Request, Response>): Promise<Response> {
  const { api, version, request } = ask;
  const flexible = version >= api.flexibleFrom;
  const correlationId = link.nextCorrelationId();
  const header = createWriter(false); // the client id is never compact (RequestHeader.json)
  header.int16(api.key);
  header.int16(version);
  header.int32(correlationId);
  header.string(CLIENT_ID);
  if (flexible) header.uvarint(0);
  const body = createWriter(flexible);
  api.encode(body, request, version);
  const size = createWriter(false);
  size.int32(header.bytes().length + body.bytes().length);
  const answer = await link.send(correlationId, Buffer.concat([size.bytes(), header.bytes(), body.bytes()]));
  const reader = createReader(answer, flexible);
  try {
    reader.endStruct(); // the header's tagged fields; ApiVersions has none, and is asked in a classic version
    return api.decode(reader, version);
  } catch (error) {
    throw new Error(`${api.name} version ${version} was answered with something else`, { cause: error });
  }
}

function unsupported(api: Api<never, unknown>, node: VersionRange | undefined): string {
  const known = node ? `versions ${node.minVersion} to ${node.maxVersion}` : 'no version';
  return `the node knows ${known} of ${api.name}, needed is one of ${api.minVersion} to ${api.maxVersion}`;
}

/** A host name with several addresses fails with one error for each: the first tells enough. */
function inWords(error: Error & { code?: string }): Error {
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const words: Record<string, string> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'connection reset',
    ENOTFOUND: 'no such host',
    EHOSTUNREACH: 'host unreachable',
    ENETUNREACH: 'network unreachable',
    ETIMEDOUT: 'connection timed out',
  };
  const text = words[error.code ?? ''];
  return text === undefined ? first : new Error(text, { cause: first });
}
