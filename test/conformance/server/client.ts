// A plain HTTP client that shows responses as they are, headers included, and collects the events of streams.
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRecordDecoder } from '../../../src/mesos/record-io.ts';

export interface PlainResponse {
  status: number;
  /** As sent, names included; a name that came twice would show. */
  headers: Record<string, string>;
  body: unknown;
}

export interface EventStream {
  events: unknown[];
  ended: boolean;
  /** Ended, or broken off. */
  closed: boolean;
  close(): void;
}

export interface PlainRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Nothing for requests without. */
  body: string | undefined;
}

export interface Sent {
  response: PlainResponse;
  /** Present when the response is a stream of events. */
  stream?: EventStream;
}

/** Sends a POST and waits for its response; for a stream, for its headers. */
export function send(
  base: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<Sent> {
  return sendRequest(base, { method: 'POST', path, headers, body });
}

/** Sends any request and waits for its response; for a stream, for its headers. */
export function sendRequest(base: string, { method, path, headers, body }: PlainRequest): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${base}${path}`,
      {
        method,
        agent: false,
        headers: {
          ...headers,
          ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
        },
      },
      (incoming) => {
        const response = { status: incoming.statusCode ?? 0, headers: plainHeaders(incoming), body: null };
        if (incoming.headers['transfer-encoding'] === 'chunked')
          resolve({ response, stream: collect(outgoing, incoming) });
        else
          readAll(incoming).then((text) => {
            resolve({ response: { ...response, body: bodyOf(incoming, text) } });
          }, reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function collect(outgoing: ClientRequest, incoming: IncomingMessage): EventStream {
  const decoder = createRecordDecoder();
  const stream: EventStream = {
    events: [],
    ended: false,
    closed: false,
    close: () => {
      outgoing.destroy();
    },
  };
  incoming.on('data', (chunk: Buffer) => {
    for (const record of decoder.push(chunk)) stream.events.push(JSON.parse(Buffer.from(record).toString()));
  });
  incoming.once('end', () => {
    stream.ended = true;
  });
  incoming.once('close', () => {
    stream.closed = true;
  });
  // A stream that the replay closes itself.
  incoming.on('error', () => undefined);
  outgoing.on('error', () => undefined);
  return stream;
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function bodyOf(incoming: IncomingMessage, text: string): unknown {
  if (text === '') return null;
  return incoming.headers['content-type'] === 'application/json' ? (JSON.parse(text) as unknown) : text;
}

function plainHeaders(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < incoming.rawHeaders.length; at += 2)
    headers[incoming.rawHeaders[at] ?? ''] = incoming.rawHeaders[at + 1] ?? '';
  return headers;
}
