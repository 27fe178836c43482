// A bare TCP connection to local Mesos: requests byte for byte, responses and chunks as they come.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface RawResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Sends bytes and reads the given number of responses that have a Content-Length. */
export async function exchange(port: number, bytes: Buffer, count: number): Promise<RawResponse[]> {
  const socket = await open(port);
  try {
    socket.write(bytes);
    let received = Buffer.alloc(0);
    const responses: RawResponse[] = [];
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      for (let next = takeResponse(received); next; next = takeResponse(received)) {
        responses.push(next.response);
        received = received.subarray(next.length);
      }
      if (responses.length >= count) break;
    }
    return responses;
  } finally {
    socket.destroy();
  }
}

export interface RawStream {
  status: number;
  headers: Record<string, string>;
  /** The chunks so far, without their framing. */
  chunks: string[];
  /** Closes the sending half only. */
  halfClose(): void;
  destroy(): void;
}

/** Sends a SUBSCRIBE and keeps reading the chunks of its response. */
export async function openRawStream(port: number, bytes: Buffer): Promise<RawStream> {
  const socket = await open(port);
  socket.write(bytes);
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    let stream: RawStream | undefined;
    socket.on('error', reject);
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      if (!stream) {
        const end = received.indexOf('\r\n\r\n');
        if (end === -1) return;
        stream = {
          ...headOf(received.subarray(0, end)),
          chunks: [],
          halfClose: () => socket.end(),
          destroy: () => socket.destroy(),
        };
        received = received.subarray(end + 4);
        resolve(stream);
      }
      for (let next = takeChunk(received); next; next = takeChunk(received)) {
        stream.chunks.push(next.text);
        received = received.subarray(next.length);
      }
    });
  });
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function takeResponse(bytes: Buffer): { response: RawResponse; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = headOf(bytes.subarray(0, end));
  const length = end + 4 + Number(head.headers['Content-Length'] ?? 0);
  if (bytes.length < length) return undefined;
  return { response: { ...head, body: bytes.subarray(end + 4, length) }, length };
}

function takeChunk(bytes: Buffer): { text: string; length: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n');
  if (lineEnd === -1) return undefined;
  const size = Number.parseInt(bytes.subarray(0, lineEnd).toString(), 16);
  const start = lineEnd + 2;
  if (bytes.length < start + size + 2) return undefined;
  return { text: bytes.subarray(start, start + size).toString(), length: start + size + 2 };
}

function headOf(bytes: Buffer): { status: number; headers: Record<string, string> } {
  const [statusLine = '', ...lines] = bytes.toString('latin1').split('\r\n');
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers) as Record<string, string>,
  };
}
