// The HTTP servers of the masters: routes as Mesos does, where a path is also found below /master and by its first parts.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Master } from '../master/master.ts';
import { refusalOf } from '../masters/election.ts';
import { isAllowed } from '../master/acls.ts';
import { authenticate } from './authentication.ts';
import { serveControl } from './control-api.ts';
import type { ControlContext } from './control-api.ts';
import { serveOperator } from './operator-api.ts';
import { flagsOf, versionInfo } from './operator-views.ts';
import { text, writeAnswer } from './response.ts';
import type { Answer } from './response.ts';
import { serveScheduler } from './scheduler-api.ts';

export interface HttpServer {
  /** Has a master listen, on the port that it always had; does nothing when it does. */
  open(seat: number): Promise<void>;
  /** Closes the port of a master and all its connections. */
  shut(seat: number): Promise<void>;
  /** Closes all. */
  close(): Promise<void>;
}

/**
 * Serves all masters on loopback ports.
 * @throws Error when a port is taken
 */
export async function listen(master: Master, control: () => ControlContext): Promise<HttpServer> {
  const { masters, port, standbyPorts } = master.settings;
  const servers = new Map<number, Server>();
  const http: HttpServer = {
    async open(seat) {
      if (servers.has(seat)) return;
      const server = createMasterServer(master, seat, control);
      servers.set(seat, server);
      await listenOn(server, master.ports[seat] ?? (seat === 0 ? port : (standbyPorts[seat - 1] ?? 0)));
      master.ports[seat] = (server.address() as AddressInfo).port;
    },
    async shut(seat) {
      const server = servers.get(seat);
      servers.delete(seat);
      if (server) await close(server);
    },
    async close() {
      await Promise.all([...servers.values()].map(close));
    },
  };
  for (let seat = 0; seat < masters; seat++) await http.open(seat);
  master.port = master.ports[0] ?? 0;
  return http;
}

function createMasterServer(master: Master, seat: number, control: () => ControlContext): Server {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    route(master, seat, control, request, response).catch((error: unknown) => {
      master.settings.onError(error);
      writeAnswer(request, response, text(500, 'Local Mesos met an error of its own'));
    });
  };
  const options = { requireHostHeader: false, requestTimeout: 0 };
  const { tls } = master.settings;
  const server = tls ? createTlsServer({ ...options, ...tls }, serve) : createServer(options, serve);
  // Mesos sends no "100 Continue"; the answer follows the body.
  server.on('checkContinue', serve);
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
  });
  return server;
}

async function route(
  master: Master,
  seat: number,
  control: () => ControlContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(`http://master${request.url?.startsWith('/') === true ? request.url : '/'}`);
  const path = url.pathname.replace(/^\/master(?=\/)/, '').replace(/\/+$/, '');
  if (isBelow(path, '/local')) {
    await serveControl(control(), request, response, url);
    return;
  }
  const refusal = path === '/health' ? undefined : refusalOf(master, seat, url);
  if (refusal) writeAnswer(request, response, refusal);
  else if (isBelow(path, '/api/v1/scheduler')) await serveScheduler(master, request, response);
  else if (isBelow(path, '/api/v1')) await serveOperator(master, request, response);
  else if (path === '/health') writeAnswer(request, response, { status: 200 });
  else if (path === '/version') writeAnswer(request, response, { status: 200, body: versionInfo() });
  else writeAnswer(request, response, answerReadOnly(master, request, path));
}

/** The few endpoints of the v0 API that are here. All of them are read-only, and asked for who reads. */
function answerReadOnly(master: Master, request: IncomingMessage, path: string): Answer {
  const caller = authenticate(master, request, 'mesos-master-readonly');
  if ('refusal' in caller) return caller.refusal;
  if (path !== '/flags') return text(404, '404 Not Found.');
  return isAllowed(master, 'view_flags', caller.principal)
    ? { status: 200, body: { flags: flagsOf(master) } }
    : text(403, '403 Forbidden.');
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
