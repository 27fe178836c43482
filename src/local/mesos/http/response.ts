// Answers as Mesos' HTTP library gives them: which headers there are, and how texts are worded.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

export interface Answer {
  status: number;
  /** JSON when it is an object, text when it is a string, nothing when undefined. */
  body?: object | string;
  headers?: Record<string, string>;
}

/** Bodies from this size on are compressed for those who accept it. */
const GZIP_MINIMUM_BYTES = 1024;

/** An answer of plain text. */
export function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, body, headers };
}

/** 405 for a method that a path does not have. */
export function methodNotAllowed(expected: string, received: string): Answer {
  return text(
    405,
    `405 Method Not Allowed. Expecting one of { '${expected}' }, but received '${received}'.`,
    {
      Allow: expected,
    },
  );
}

/** Writes an answer. */
export function writeAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  bareHeaders(response);
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  const isText = typeof answer.body === 'string';
  if (answer.body !== undefined)
    response.setHeader('Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/json');
  let bytes = Buffer.from(
    isText ? (answer.body as string) : answer.body === undefined ? '' : JSON.stringify(answer.body),
  );
  if (bytes.length >= GZIP_MINIMUM_BYTES && /\bgzip\b/.test(headerOf(request, 'accept-encoding') ?? '')) {
    bytes = gzipSync(bytes);
    response.setHeader('Content-Encoding', 'gzip');
  }
  response.setHeader('Content-Length', bytes.length);
  response.end(bytes);
}

/** Mesos sends no Connection and no Keep-Alive header; connections stay open all the same. */
export function bareHeaders(response: ServerResponse): void {
  response.removeHeader('Connection');
}

/** A header as one string. */
export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Whether `Accept` allows JSON; no `Accept` allows everything. */
export function acceptsJson(request: IncomingMessage): boolean {
  const accept = headerOf(request, 'accept');
  return (
    accept === undefined ||
    accept.split(',').some((type) => JSON_TYPES.includes(type.split(';')[0]?.trim() ?? ''))
  );
}

const JSON_TYPES = ['application/json', 'application/*', '*/*'];
