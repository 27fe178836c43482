// A master that says what was recorded, when the test tells it to: requests are held until then.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HeldRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  response: ServerResponse;
  /** Resolves when the connection is closed before the response was ended. */
  dropped: Promise<void>;
}

export interface ReplayServer {
  url: string;
  /** The next request of the client, in order. */
  next(): Promise<HeldRequest>;
  close(): Promise<void>;
}

export async function replayServer(): Promise<ReplayServer> {
  const arrived: HeldRequest[] = [];
  let waiting: ((request: HeldRequest) => void) | null = null;
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const dropped = Promise.withResolvers<undefined>();
      response.on('close', () => {
        if (!response.writableFinished) dropped.resolve(undefined);
      });
      const held = {
        method: message.method ?? '',
        path: message.url ?? '',
        headers: message.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        response,
        dropped: dropped.promise,
      };
      if (waiting === null) arrived.push(held);
      else waiting(held);
      waiting = null;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next() {
      const first = arrived.shift();
      if (first !== undefined) return Promise.resolve(first);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Headers that say how the bytes go over the wire; the server of the test makes its own. */
const OWN_HEADERS = new Set(['transfer-encoding', 'content-length', 'date', 'connection']);

/** Sends the recorded status and headers, and the text if it is a whole answer. */
export function answer(
  request: HeldRequest,
  http: { status?: number; headers?: Record<string, string> },
  text?: string,
): void {
  const headers = Object.entries(http.headers ?? {}).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
  request.response.writeHead(http.status ?? 0, Object.fromEntries(headers));
  if (text === undefined) request.response.flushHeaders();
  else request.response.end(text);
}
