// A gate before masters, as DC/OS in strict mode has it: a login for service accounts, and nothing without one of its tokens.
import { randomUUID, verify, type KeyObject } from 'node:crypto';
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface LoginProxy {
  url: string;
  loginEndpoint: string;
  /** Every token that was given out, the newest last. */
  issued: string[];
  /** The signed tokens that were exchanged for them. */
  signed: string[];
  /** Requests that came without a good token. */
  refused(): number;
  /** Sends whatever comes with a good token there. */
  leadTo(url: string): void;
  /** No token that was given out is good any more. */
  revoke(): void;
  close(): Promise<void>;
}

const LOGIN_PATH = '/acs/api/v1/auth/login';
const TOKEN_SECONDS = 3_600;

/** Starts one for the account whose public key this is. */
export async function startLoginProxy(
  account: { uid: string; publicKey: KeyObject },
  tls: { key: string; cert: string },
): Promise<LoginProxy> {
  const issued: string[] = [];
  const signed: string[] = [];
  let good = new Set<string>();
  let refused = 0;
  let target: string | null = null;
  const login = async (request: IncomingMessage, response: ServerResponse) => {
    const { uid, token } = JSON.parse(await textOf(request)) as { uid: string; token: string };
    if (uid !== account.uid || !isSignedBy(account, token)) {
      response.writeHead(401).end(JSON.stringify({ title: 'Unauthorized' }));
      return;
    }
    signed.push(token);
    const claims = { uid, jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + TOKEN_SECONDS };
    const given = [{ alg: 'HS256', typ: 'JWT' }, claims].map(encoded).join('.') + `.${randomUUID()}`;
    issued.push(given);
    good.add(given);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token: given }));
  };
  const server = createServer(tls, (request, response) => {
    const { authorization = '', ...headers } = request.headers;
    if (request.method === 'POST' && request.url === LOGIN_PATH) {
      login(request, response).catch((error: unknown) => {
        response.writeHead(400).end(String(error));
      });
      return;
    }
    if (!good.has(authorization.replace(/^token=/, ''))) {
      refused += 1;
      response.writeHead(401).end('401 Unauthorized.');
      return;
    }
    if (target === null) {
      response.writeHead(503).end();
      return;
    }
    const { method } = request;
    const passed = forward(
      `${target}${request.url ?? ''}`,
      { ...(method ? { method } : {}), headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      },
    );
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    loginEndpoint: `${url}${LOGIN_PATH}`,
    issued,
    signed,
    refused: () => refused,
    leadTo: (there) => {
      target = there;
    },
    revoke: () => {
      good = new Set();
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

/** Whether a JSON web token has the account's signature (RS256) and has not expired. */
function isSignedBy({ uid, publicKey }: { uid: string; publicKey: KeyObject }, token: string): boolean {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const read = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as { alg?: string; uid?: string; exp?: number };
  return (
    read(head).alg === 'RS256' &&
    read(claims).uid === uid &&
    (read(claims).exp ?? 0) * 1000 > Date.now() &&
    verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
  );
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
