import { generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/activities/failure.ts';
import {
  createLoginTokens,
  getAgents,
  getMaster,
  parseServiceAccount,
  schedulerCall,
  sharedConnections,
  subscribe,
  type MesosEndpoint,
  type MesosTls,
} from '../../src/mesos/index.ts';
import { MillraceError, toErrorBody } from '../../src/model/errors.ts';
import {
  failure,
  frameworkInfo,
  masterServer,
  openStream,
  refuse,
  SUBSCRIBED,
  type Answer,
  type MasterServer,
  type SeenRequest,
} from './master-server.ts';

const pem = (name: string) => readFileSync(new URL(`tls/${name}`, import.meta.url), 'utf8');
const SERVER_TLS = { key: pem('master.key'), cert: pem('master.pem') };
const OWN_CA: MesosTls = { ca: pem('ca.pem') };
const CLIENT: MesosTls = { ...OWN_CA, certificate: pem('client.pem'), key: pem('client.key') };
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PRIVATE_PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const MASTER = '{"type":"GET_MASTER","get_master":{"master_info":{"id":"m","version":"1.12.0"}}}';

const servers: MasterServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function server(...args: Parameters<typeof masterServer>): Promise<MasterServer> {
  const made = await masterServer(...args);
  servers.push(made);
  return made;
}

const sayMaster: Answer = (_request, response) => {
  response.end(MASTER);
};

describe('masters that speak https', () => {
  it('are trusted by the configured authority, for every kind of request', async () => {
    const { url } = await server(
      (request, response) => {
        if (request.body.includes('SUBSCRIBE')) openStream(response, SUBSCRIBED);
        else if (request.body.includes('REVIVE')) refuse(response, 202);
        else response.end(MASTER);
      },
      { tls: SERVER_TLS },
    );
    const endpoint: MesosEndpoint = { masters: [url], tls: OWN_CA };
    expect(await getMaster(endpoint)).toMatchObject({ id: 'm', url });
    const subscription = await subscribe({
      ...endpoint,
      frameworkInfo,
      signal: new AbortController().signal,
    });
    await subscription.call({ type: 'REVIVE' });
    await schedulerCall({ frameworkId: 'f', streamId: 's', master: url }, endpoint, { type: 'REVIVE' });
    subscription.close();
  });

  it('are not trusted without it, and the reason is said', async () => {
    const { url } = await server(sayMaster, { tls: SERVER_TLS });
    const error = await failure(getMaster({ masters: [url] }));
    expect(error).toMatchObject({ code: 'MESOS_UNREACHABLE' });
    expect(error.message).toMatch(/certificate/);
  });

  it('that ask for a client certificate get it', async () => {
    const tls = { ...SERVER_TLS, ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true };
    const { url } = await server(sayMaster, { tls });
    expect(await getMaster({ masters: [url], tls: CLIENT })).toMatchObject({ id: 'm' });
    expect((await failure(getMaster({ masters: [url], tls: OWN_CA }))).code).toBe('MESOS_UNREACHABLE');
  });

  it('do not lead to one that speaks http: what is secret would be sent in the clear', async () => {
    const plain = await server(sayMaster);
    const { url } = await server(
      (request, response) => {
        refuse(response, 307, '', { Location: `${plain.url}${request.path}` });
      },
      { tls: SERVER_TLS },
    );
    const error = await failure(getMaster({ masters: [url], tls: OWN_CA }));
    expect(error.message).toContain(`redirects to ${plain.url}, which is not encrypted`);
    expect(plain.requests).toEqual([]);
  });
});

/** A login that gives tokens with this life, and counts. */
async function dcos(
  lifeSeconds: number | null,
  more: { nowMs?: () => number; login?: (count: number, response: ServerResponse) => boolean } = {},
) {
  const nowMs = more.nowMs ?? Date.now;
  const issued: string[] = [];
  let count = 0;
  const login = await server((_request, response) => {
    count += 1;
    if (more.login?.(count, response) === true) return;
    const claims = lifeSeconds === null ? {} : { exp: Math.floor(nowMs() / 1000) + lifeSeconds };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'HS256' })}.${part({ uid: 'kafka', n: issued.length, ...claims })}.c2lnbmF0dXJl`;
    issued.push(token);
    response.end(JSON.stringify({ token }));
  });
  const account = parseServiceAccount(
    JSON.stringify({
      uid: 'kafka',
      private_key: PRIVATE_PEM,
      login_endpoint: `${login.url}/acs/api/v1/auth/login`,
      scheme: 'RS256',
    }),
  );
  const tokens = createLoginTokens(account, {
    dispatcher: sharedConnections(undefined),
    nowMs,
    timeoutMs: 1_000,
  });
  return { tokens, issued, login };
}

const header = (request: SeenRequest | undefined) => request?.headers.authorization;

describe('a DC/OS service account', () => {
  it('logs in with a token that its key signed, and sends the token that it gets', async () => {
    const { tokens, issued, login } = await dcos(3600);
    const master = await server(sayMaster);
    await getMaster({ masters: [master.url], tokens });
    expect(header(master.requests[0])).toBe(`token=${issued[0]}`);
    expect(login.requests[0]).toMatchObject({ method: 'POST', path: '/acs/api/v1/auth/login' });
    expect(login.requests[0]?.headers['content-type']).toBe('application/json');
    const { uid, token } = JSON.parse(login.requests[0]?.body ?? '') as { uid: string; token: string };
    expect(uid).toBe('kafka');
    const [head = '', claims = '', signature = ''] = token.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
    expect(read(head)).toEqual({ alg: 'RS256', typ: 'JWT' });
    expect(read(claims)).toEqual({ uid: 'kafka', exp: expect.any(Number) as number });
    const { exp } = read(claims) as { exp: number };
    expect(exp * 1000).toBeGreaterThan(Date.now());
    expect(exp * 1000).toBeLessThan(Date.now() + 600_000);
    expect(
      verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url')),
    ).toBe(true);
  });

  it('logs in once for all who ask at the same time', async () => {
    const { tokens, login } = await dcos(3600);
    const master = await server(sayMaster);
    await Promise.all(Array.from({ length: 20 }, () => getMaster({ masters: [master.url], tokens })));
    expect(login.requests).toHaveLength(1);
    expect(new Set(master.requests.map(header)).size).toBe(1);
  });

  it('renews its token before it expires, and not all the time', async () => {
    let nowMs = 1_800_000_000_000;
    const { tokens, login, issued } = await dcos(1_000, { nowMs: () => nowMs });
    const { signal } = new AbortController();
    expect(await tokens.current(signal)).toBe(issued[0]);
    nowMs += 700_000;
    expect(await tokens.current(signal)).toBe(issued[0]);
    expect(login.requests).toHaveLength(1);
    nowMs += 150_000;
    expect(await tokens.current(signal)).toBe(issued[1]);
    expect(login.requests).toHaveLength(2);
  });

  it('goes on with its token while the login is away, until it expires', async () => {
    let nowMs = 1_800_000_000_000;
    const { tokens, issued } = await dcos(1_000, {
      nowMs: () => nowMs,
      login: (count, response) => {
        if (count > 1) refuse(response, 503, 'restarting');
        return count > 1;
      },
    });
    const { signal } = new AbortController();
    await tokens.current(signal);
    nowMs += 900_000;
    expect(await tokens.current(signal)).toBe(issued[0]);
    nowMs += 200_000;
    expect(await failure(tokens.current(signal))).toMatchObject({ code: 'MESOS_UNREACHABLE' });
  });

  it('logs in again at once when a master refuses the token, and the request goes through', async () => {
    const { tokens, issued, login } = await dcos(null);
    const old = await tokens.current(new AbortController().signal);
    const answer: Answer = (request, response) => {
      if (header(request) === `token=${old}`) refuse(response, 401, '401 Unauthorized.');
      else if (request.body.includes('SUBSCRIBE')) openStream(response, SUBSCRIBED);
      else refuse(response, 202);
    };
    const master = await server(answer);
    const signal = new AbortController().signal;
    const subscription = await subscribe({ masters: [master.url], tokens, frameworkInfo, signal });
    await subscription.call({ type: 'REVIVE' });
    subscription.close();
    expect(login.requests).toHaveLength(2);
    expect(master.requests.map(header)).toEqual([old, issued[1], issued[1]].map((token) => `token=${token}`));
  });

  it('is refused for good when masters refuse a fresh token too', async () => {
    const { tokens, login } = await dcos(3600);
    const master = await server((_request, response) => {
      refuse(response, 401, '401 Unauthorized.');
    });
    const error = await failure(getMaster({ masters: [master.url], tokens }));
    expect(error).toMatchObject({ code: 'MESOS_REFUSED' });
    expect(error.message).toContain('MILLRACE_MESOS_SERVICE_ACCOUNT_FILE');
    expect(login.requests).toHaveLength(2);
    expect(master.requests).toHaveLength(2);
  });

  it('does not storm a login that fails', async () => {
    const { tokens, login } = await dcos(3600, {
      login: (_count, response) => {
        refuse(response, 401, 'unknown account');
        return true;
      },
    });
    const error = await failure(tokens.current(new AbortController().signal));
    expect(error).toMatchObject({ code: 'MESOS_REFUSED' });
    expect(error.message).toMatch(/service account kafka at http.*refused: 401 \(unknown account\)/);
    await Promise.all(
      Array.from({ length: 20 }, () => failure(tokens.current(new AbortController().signal))),
    );
    expect(login.requests).toHaveLength(1);
  });

  it('leaves the login to others when one who waits gives up', async () => {
    const held = Promise.withResolvers<() => void>();
    const { tokens } = await dcos(3600, {
      login: (_count, response) => {
        held.resolve(() => response.end('{"token":"fresh"}'));
        return true;
      },
    });
    const stop = new AbortController();
    const impatient = tokens.current(stop.signal);
    const patient = tokens.current(new AbortController().signal);
    const answerIt = await held.promise;
    stop.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    answerIt();
    expect(await patient).toBe('fresh');
  });

  it.each<[string, RegExp]>([
    ['not json: PRIVATE', /it is not JSON/],
    ['{}', /uid: .*private_key: .*login_endpoint: .*scheme: accepted: RS256/],
    [
      JSON.stringify({ uid: 'u', private_key: 'PRIVATE', login_endpoint: 'http://h/', scheme: 'RS256' }),
      /private_key: is not a private key/,
    ],
    [
      JSON.stringify({
        uid: 'u',
        private_key: pem('client.key'),
        login_endpoint: 'http://h/',
        scheme: 'RS256',
      }),
      /private_key: is not an RSA key/,
    ],
  ])('that is wrong is refused by its field, without its content: %s', (text, message) => {
    expect(() => parseServiceAccount(text)).toThrow(message);
    expect(() => parseServiceAccount(text)).not.toThrow(/PRIVATE/);
  });
});

describe('what is secret is not in an error', () => {
  const SECRET = 'top-secret-words';
  const echo = (request: SeenRequest) => `${request.headers.authorization ?? ''} ${request.body} ${SECRET}`;
  const failures: [string, Answer | null][] = [
    ['does not listen', null],
    ['refuses with 401 and repeats the request', (request, response) => refuse(response, 401, echo(request))],
    ['refuses with 403 and repeats the request', (request, response) => refuse(response, 403, echo(request))],
    ['refuses with 400 and repeats the request', (request, response) => refuse(response, 400, echo(request))],
    ['breaks with 500 and repeats the request', (request, response) => refuse(response, 500, echo(request))],
    ['answers with what is no JSON', (request, response) => void response.end(echo(request))],
    [
      'answers with other JSON',
      (request, response) => void response.end(JSON.stringify({ said: echo(request) })),
    ],
    ['ends the connection', (_request, response) => void response.destroy()],
    [
      'breaks HTTP',
      (request, response) => void response.socket?.end(`HTTP/1.1 nonsense ${echo(request)}\r\n\r\n`),
    ],
    ['says nothing', () => undefined],
  ];

  /** Everything by which an error might be seen: texts, causes, JSON, and what Temporal would put into a history. */
  function seen(error: MillraceError): string {
    const failed = new DefaultFailureConverter().errorToFailure(toFailure(error), defaultPayloadConverter);
    const payloads = JSON.stringify(failed, (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
    );
    return [
      error.message,
      error.stack,
      inspect(error, { depth: 20, showHidden: true }),
      JSON.stringify(error),
      JSON.stringify(toErrorBody(error)),
      payloads,
    ].join('\n');
  }

  async function provoke(endpoint: MesosEndpoint, master: string): Promise<MillraceError[]> {
    const signal = new AbortController().signal;
    return Promise.all([
      failure(getAgents(endpoint, { timeoutMs: 300 })),
      failure(subscribe({ ...endpoint, frameworkInfo, signal, timeoutMs: 300 })),
      failure(
        Promise.race([
          schedulerCall(
            { frameworkId: 'f', streamId: 's', master },
            endpoint,
            { type: 'REVIVE' },
            { signal: AbortSignal.timeout(300) },
          ).then(() => Promise.reject(new MillraceError('INTERNAL', 'a 200 is an answer to a call'))),
        ]),
      ),
    ]);
  }

  it.each(failures)('when a master %s', async (_what, answer) => {
    const master = await server(answer ?? (() => undefined));
    if (answer === null) await master.close();
    const credential = { principal: 'millrace', secret: SECRET };
    const { tokens, issued, login } = await dcos(3600);
    for (const identity of [{ credential }, { tokens }]) {
      const errors = await provoke({ masters: [master.url], ...identity }, master.url);
      const signed = login.requests.map(({ body }) => (JSON.parse(body) as { token: string }).token);
      const secrets =
        'credential' in identity
          ? [SECRET, Buffer.from(`millrace:${SECRET}`).toString('base64')]
          : [...issued, ...signed, ...PRIVATE_PEM.split('\n').filter((line) => line.length > 40)];
      expect(secrets.length).toBeGreaterThan(1);
      for (const error of errors) for (const secret of secrets) expect(seen(error)).not.toContain(secret);
    }
  });

  it.each(failures)('when a login %s', async (_what, answer) => {
    const { tokens, login } = await dcos(3600, {
      login: (_count, response) => {
        const request = login.requests.at(-1);
        if (request !== undefined) answer?.(request, response);
        return true;
      },
    });
    if (answer === null) await login.close();
    const patience = AbortSignal.timeout(6_000);
    const error = await failure(tokens.current(patience));
    const signed = login.requests.map(({ body }) => (JSON.parse(body) as { token: string }).token);
    expect(signed).toHaveLength(answer === null ? 0 : 1);
    for (const secret of [...signed, ...PRIVATE_PEM.split('\n').filter((line) => line.length > 40)])
      expect(seen(error)).not.toContain(secret);
  });

  it('when a login gives a token that cannot be a header', async () => {
    const bad = 'a-secret\r\ntoken';
    const { tokens } = await dcos(3600, {
      login: (_count, response) => {
        response.end(JSON.stringify({ token: bad }));
        return true;
      },
    });
    const master = await server(sayMaster);
    const [error] = await provoke({ masters: [master.url], tokens }, master.url);
    expect(error?.code).toBe('MESOS_UNREACHABLE');
    expect(error === undefined ? 'a-secret' : seen(error)).not.toContain('a-secret');
  });
});
