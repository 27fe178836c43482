// Servers that speak as much of Kafka's framing as a test of the client needs.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { KafkaAddress } from '../../../src/kafka/types.ts';
import { RECORDED } from './recorded.ts';

export const serversOpen: Server[] = [];
export const socketsOpen: Socket[] = [];

/** After each test. */
export async function closeNodes(): Promise<void> {
  for (const socket of socketsOpen.splice(0)) socket.destroy();
  await Promise.all(serversOpen.splice(0).map((server) => once(server.close(), 'close')));
}

/** A server that hands each request (with its length cut off) to `onRequest`, and counts what is connected. */
export async function serve(onRequest: (request: Buffer, socket: Socket) => void): Promise<KafkaAddress> {
  const server = createServer((socket) => {
    socketsOpen.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      onRequest(data.subarray(4), socket);
    });
  });
  serversOpen.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { nodeId: 1, host: '127.0.0.1', port: address.port };
}

/** A recorded answer with the correlation id of its request. */
export function frame(request: Buffer, recorded: keyof typeof RECORDED): Buffer {
  const body = Buffer.from(RECORDED[recorded], 'base64');
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 4);
  request.copy(head, 4, 4, 8); // the correlation id
  return Buffer.concat([head, body]);
}

/** As a 4.4.0 controller answers. */
export function answer(request: Buffer, socket: Socket): void {
  socket.write(frame(request, request.readInt16BE(0) === 18 ? 'apiVersionsController' : 'describeQuorum2'));
}
