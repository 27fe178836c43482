// A proxy before the Mesos master which tells when a request has been answered, so that a test can kill its sender there.
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FaultyProxy {
  url: string;
  /** Called when the master has answered and before its answer goes back; the answer waits for it. */
  afterRequest: (body: string) => Promise<void>;
  close(): Promise<void>;
}

/** Passes every request to `target` (an http URL) and streams the answers back. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const proxy: FaultyProxy = {
    url: '',
    afterRequest: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const passed = request(
        { hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers },
        (answer) => {
          void proxy.afterRequest(body.toString()).then(() => {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            outgoing.flushHeaders();
            answer.pipe(outgoing);
          });
        },
      );
      passed.on('error', () => outgoing.destroy());
      // The subscription ends when either side hangs up.
      outgoing.on('close', () => passed.destroy());
      passed.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => {
        resolve();
      });
    });
  return proxy;
}
