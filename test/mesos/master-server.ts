// A plain HTTP server in the place of a Mesos master; the test says what it answers.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { encodeRecord } from '../../src/mesos/record-io.ts';
import { MillraceError } from '../../src/model/errors.ts';

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface MasterServer {
  url: string;
  port: number;
  readonly requests: SeenRequest[];
  /** Resolves when the client has closed the connection of the last unfinished response. */
  streamClosed: Promise<void>;
  close(): Promise<void>;
}

export type Answer = (request: SeenRequest, response: ServerResponse) => void;

/** @param tls makes it speak https @param host where it listens */
export async function masterServer(
  answer: Answer,
  { tls, host = '127.0.0.1' }: { tls?: ServerOptions; host?: string } = {},
): Promise<MasterServer> {
  const requests: SeenRequest[] = [];
  const streamClosed = Promise.withResolvers<undefined>();
  const handle = (message: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const seen = {
        method: message.method ?? '',
        path: message.url ?? '',
        headers: message.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      requests.push(seen);
      response.on('close', () => {
        if (!response.writableFinished) streamClosed.resolve(undefined);
      });
      answer(seen, response);
    });
  };
  const server = tls ? createTlsServer(tls, handle) : createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    streamClosed: streamClosed.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Opens the event stream of a subscription. */
export function openStream(response: ServerResponse, ...events: object[]): void {
  response.writeHead(200, { 'Mesos-Stream-Id': 'stream-1', 'Content-Type': 'application/json' });
  for (const event of events) response.write(encodeRecord(JSON.stringify(event)));
}

export function refuse(
  response: ServerResponse,
  status: number,
  text = '',
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  response.end(text);
}

export const SUBSCRIBED = {
  type: 'SUBSCRIBED',
  subscribed: { framework_id: { value: 'framework-1' }, heartbeat_interval_seconds: 15 },
};

/** The error of Millrace with which a promise rejects; anything else is an error of the test. */
export async function failure(promise: Promise<unknown>): Promise<MillraceError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof MillraceError) return error;
  throw new Error(`expected a MillraceError, got ${inspect(error)}`);
}

/** A framework of which a test cares for nothing. */
export const frameworkInfo = {
  user: 'root',
  name: 'kafka-demo',
  roles: ['kafka'],
  failover_timeout: 60,
  checkpoint: true,
  capabilities: [],
};
