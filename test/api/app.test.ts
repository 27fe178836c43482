// The HTTP side of the API: what it accepts, what it answers, how it refuses.
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp, type AppOptions } from '../../src/api/app.ts';
import { parseTokens } from '../../src/api/auth.ts';
import { CLUSTER_STATUS, NODE_STATUS } from '../../src/model/cluster.ts';
import type { PreflightFound, WhyFound } from '../../src/api/questions.ts';
import { MillraceError } from '../../src/model/errors.ts';
import { fakeGateway, sampleState } from './fake-gateway.ts';

let app: Awaited<ReturnType<typeof buildApp>> | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function ask(request: InjectOptions | string, options: Partial<AppOptions> = {}) {
  const gateway = fakeGateway();
  app = await buildApp({ gateway, namespace: 'default', uiUrl: 'http://ui', ...options });
  const answer = await app.inject(request);
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers, asked: gateway.asked };
}
const post = (url: string, payload?: string, type = 'application/json'): InjectOptions => ({
  method: 'POST',
  url,
  ...(payload === undefined ? {} : { payload, headers: { 'content-type': type } }),
});

describe('POST /v1/clusters', () => {
  it('takes YAML, fills the spec in with the defaults of the site, and answers with plan and links', async () => {
    const { status, body, asked } = await ask(
      post('/v1/clusters', 'name: team/orders\n', 'application/yaml'),
      {
        site: { java: { path: '/opt/java' } },
      },
    );
    expect(status).toBe(202);
    expect(asked[0]?.[1]).toMatchObject({
      requestedBy: 'anonymous',
      spec: { name: 'team/orders', brokers: { count: 3 }, java: { path: '/opt/java' } },
    });
    expect(body).toMatchObject({ operationId: 'orders/install#1', plan: { phases: expect.any(Array) } });
    expect(body.links).toEqual({
      operation: '/v1/operations/orders%2Finstall%231',
      temporalUi: 'http://ui/namespaces/default/workflows/kafka%2Forders%2Finstall%231',
    });
  });

  it('takes JSON with who asks and an idempotency key', async () => {
    const request = post('/v1/clusters', '{"name":"orders"}');
    const { status, asked } = await ask({
      ...request,
      headers: { ...request.headers, 'x-requested-by': 'ann', 'idempotency-key': 'k1' },
    });
    expect(status).toBe(202);
    expect(asked).toEqual([['install', expect.objectContaining({ requestedBy: 'ann' }), 'k1']]);
  });

  it.each([
    ['YAML', 'application/yaml', 'name: orders\nbrokrs:\n  count: 3\n', 2, 1],
    ['JSON', 'application/json', '{"name": "orders",\n "brokrs": {"count": 3}}', 2, 2],
  ])(
    'refuses a bad spec in %s with line and column, and asks nothing',
    async (_format, type, text, line, column) => {
      const { status, body, asked } = await ask(post('/v1/clusters', text, type));
      expect(status).toBe(400);
      expect(body.error).toMatchObject({ code: 'SPEC_INVALID', issues: [{ path: 'brokrs', line, column }] });
      expect(asked).toEqual([]);
    },
  );

  it('refuses a body of another type', async () => {
    const { status, body } = await ask(post('/v1/clusters', 'name: x', 'text/plain'));
    expect(status).toBe(400);
    expect(body.error.code).toBe('REQUEST_INVALID');
  });

  it('shows the operation that holds the name when it is taken', async () => {
    const gateway = fakeGateway({
      install: () =>
        Promise.reject(
          new MillraceError('CLUSTER_EXISTS', 'taken', { details: { operationId: 'orders/install#1' } }),
        ),
    });
    const { status, body } = await ask(post('/v1/clusters', '{"name":"orders"}'), { gateway });
    expect(status).toBe(409);
    expect(body).toEqual({
      error: { code: 'CLUSTER_EXISTS', message: 'taken', details: { operationId: 'orders/install#1' } },
    });
  });
});

describe('GET /v1/clusters', () => {
  it('lists a cluster that does not answer beside those that do', async () => {
    const gateway = fakeGateway({
      clusters: async () => [
        { name: 'orders', state: sampleState() },
        { name: 'sick', state: new MillraceError('NO_WORKER', 'nobody took it') },
      ],
    });
    const { body } = await ask('/v1/clusters', { gateway });
    expect(body.clusters).toMatchObject([
      { name: 'orders', status: 'INSTALLING', brokers: { ready: 0, total: 3 } },
      { name: 'sick', status: 'UNKNOWN', problem: 'nobody took it' },
    ]);
  });

  it('shows one cluster by its URL-encoded name, with its bootstrap servers', async () => {
    const { status, body, asked } = await ask('/v1/clusters/team%2Forders');
    expect(asked).toEqual([['cluster', 'team/orders']]);
    expect(status).toBe(200);
    const brokers = body.nodes.filter(({ kind }: { kind: string }) => kind === 'broker');
    expect(body.bootstrapServers).toBe(
      brokers.map(({ host, port }: { host: string; port: number }) => `${host}:${port}`).join(','),
    );
    expect(brokers).toHaveLength(3);
  });

  it('shows brokers with address, agent and task', async () => {
    const state = sampleState();
    Object.assign(state.nodes['broker-1']!, {
      launches: 2,
      status: NODE_STATUS.READY,
      taskState: 'TASK_RUNNING',
    });
    const { body } = await ask('/v1/clusters/orders/brokers', {
      gateway: fakeGateway({ cluster: async () => state }),
    });
    const { agentId, hostname, port } = state.nodes['broker-1']!.placement!;
    expect(body.brokers[1]).toMatchObject({
      name: 'broker-1',
      status: 'READY',
      agent: agentId,
      host: hostname,
      port,
      task: 'broker-1.2',
      taskState: 'TASK_RUNNING',
    });
  });

  it('knows no cluster that was uninstalled, and says by what', async () => {
    const state = sampleState();
    state.status = CLUSTER_STATUS.UNINSTALLED;
    const { status, body } = await ask('/v1/clusters/orders', {
      gateway: fakeGateway({ cluster: async () => state }),
    });
    expect(status).toBe(404);
    expect(body.error).toMatchObject({
      code: 'CLUSTER_NOT_FOUND',
      message: expect.stringContaining('uninstalled'),
    });
  });
});

describe('operations', () => {
  it.each([
    ['pause', undefined, 'pause', {}],
    ['resume', '{}', 'resume', {}],
    ['retry', '{"step":"start:broker-0"}', 'retryStep', { step: 'start:broker-0' }],
    ['skip', '{"step":"verify","reason":"later"}', 'skipStep', { step: 'verify', reason: 'later' }],
    ['abort', '{"reason":"wrong one"}', 'abort', { reason: 'wrong one' }],
  ])('takes %s and tells the operation', async (path, payload, message, argument) => {
    const { status, asked, body } = await ask(
      post(`/v1/operations/team%2Forders%2Finstall%231/${path}`, payload),
    );
    expect(asked).toEqual([['tell', 'team/orders/install#1', message, { ...argument, by: 'anonymous' }]]);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      operationId: 'orders/install#1',
      state: 'RUNNING',
      phases: expect.any(Array),
    });
  });

  it.each([
    ['retry', '{}', 'step'],
    ['skip', '{"step":"verify"}', 'reason'],
    ['skip', '{"step":"verify","reason":"  "}', 'reason'],
    ['abort', '{"reason":"x","force":true}', 'force'],
    ['abort', '{bad', 'JSON'],
  ])('refuses %s with %s, naming what is wrong', async (path, payload, named) => {
    const { status, body, asked } = await ask(post(`/v1/operations/orders%2Finstall%231/${path}`, payload));
    expect(status).toBe(400);
    expect(body.error.code).toBe('REQUEST_INVALID');
    expect(JSON.stringify(body.error)).toContain(named);
    expect(asked).toEqual([]);
  });

  it('are listed by cluster and state', async () => {
    const { asked } = await ask('/v1/operations?cluster=team%2Forders&state=FAILED');
    expect(asked).toEqual([['operations', { cluster: 'team/orders', state: 'FAILED', limit: 100 }]]);
  });

  it('explains URL-encoding where an id was not encoded', async () => {
    const { status, body } = await ask('/v1/operations/orders/install%231');
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('%2F') });
  });
});

describe('who may ask', () => {
  const tokens = parseTokens('# team\nann 0123456789abcdef0123\n', 'tokens');

  it('is everybody without tokens, and only holders of a token with them', async () => {
    expect((await ask('/v1/clusters')).status).toBe(200);
    const refused = await ask('/v1/clusters', { tokens });
    expect(refused.status).toBe(401);
    expect(refused.body.error.code).toBe('UNAUTHENTICATED');
    expect(refused.asked).toEqual([]);
    expect((await ask('/healthz', { tokens })).status).toBe(200);
  });

  it.each([
    '/%761/clusters',
    'http://elsewhere/v1/clusters',
    '//v1/clusters',
    '/v1/../v1/clusters',
    '/nowhere',
  ])('is not let in by writing the path as %s', async (path) => {
    const gateway = fakeGateway();
    const app = await buildApp({ gateway, namespace: 'default', tokens });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const body = '{"name":"orders"}';
    const socket = connect(port, '127.0.0.1');
    socket.end(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = await text(socket);
    await app.close();
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(gateway.asked).toEqual([]);
  });

  it.each(['/healthz', '/readyz', '/openapi.json', '/reference/'])('lets everybody see %s', async (path) => {
    app = await buildApp({ gateway: fakeGateway(), namespace: 'default', tokens });
    expect((await app.inject(path)).statusCode).toBe(200);
  });

  it('is named by the token, whatever the header claims', async () => {
    const gateway = fakeGateway();
    const headers = { authorization: 'Bearer 0123456789abcdef0123', 'x-requested-by': 'boss' };
    await ask({ method: 'DELETE', url: '/v1/clusters/orders', headers }, { tokens, gateway });
    expect(gateway.asked).toEqual([['uninstall', 'orders', { requestedBy: 'ann' }, undefined]]);
  });

  it("is not the page of another site in somebody's browser", async () => {
    const request = post('/v1/operations/orders%2Finstall%231/pause');
    const { status, asked } = await ask({ ...request, headers: { 'sec-fetch-site': 'cross-site' } });
    expect(status).toBe(401);
    expect(asked).toEqual([]);
  });

  it('is refused at start when the token file is wrong', () => {
    expect(() => parseTokens('ann short', 'tokens')).toThrow(/tokens:1: .*16 characters/);
    expect(() => parseTokens('\n', 'tokens')).toThrow(/holds no token/);
  });
});

describe('errors', () => {
  it('that are not of the table say no more than the request, and keep the rest for the log', async () => {
    const gateway = fakeGateway({ cluster: () => Promise.reject(new Error('secret detail')) });
    const { status, body } = await ask('/v1/clusters/orders', { gateway });
    expect(status).toBe(500);
    expect(body.error.code).toBe('INTERNAL');
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('that pass by themselves say when to ask again', async () => {
    const gateway = fakeGateway({
      ready: () => Promise.reject(new MillraceError('TEMPORAL_UNREACHABLE', 'away')),
    });
    const { status, headers } = await ask('/readyz', { gateway });
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('2');
  });
});

describe('questions about placement', () => {
  const verdict = {
    agentId: 'A1',
    hostname: 'h1',
    fits: false,
    reasons: ['cpus 0.5 < 1.1'],
    notes: [],
    obstacles: ['RESOURCES' as const],
  };
  const preflight = (changes: Partial<PreflightFound> = {}, answer: Partial<PreflightFound['answer']> = {}) =>
    fakeGateway({
      preflight: async () => ({
        answer: {
          atMs: 1,
          agents: 2,
          nodes: [],
          tight: false,
          quota: [],
          frameworksInRole: [],
          unknown: [],
          ...answer,
        },
        existing: null,
        roleHolder: null,
        ...changes,
      }),
    });
  const dryRun = post('/v1/clusters?dryRun=true', '{"name":"orders"}');
  const fit = { node: 'controller-0', fits: true as const, agentId: 'A1', hostname: 'h1', port: 1 };

  it('answer whether a cluster would fit, and install nothing', async () => {
    const gateway = preflight({}, { nodes: [fit] });
    const { status, body } = await ask(dryRun, { gateway });
    expect([status, body.fits, body.role, body.nodes]).toEqual([200, true, 'orders-role', [fit]]);
    expect(gateway.asked.map(([name]) => name)).toEqual(['preflight']);
  });

  it('answer why it would not: nodes, name, role, quota; another framework in the role is a warning', async () => {
    const refused = { node: 'broker-0', fits: false as const, agents: [verdict], agentsLeftOut: 3 };
    const nodes = await ask(dryRun, { gateway: preflight({}, { nodes: [fit, refused] }) });
    expect(nodes.body).toMatchObject({ fits: false, problems: [] });
    expect(nodes.body.nodes[1]).toMatchObject({
      wants: expect.arrayContaining(['cpus 1.1', 'hostname UNIQUE']),
      agentsLeftOut: 3,
      advice: ['free resources on h1', expect.stringMatching(/^add an agent/)],
    });
    const remote = { ...refused, agents: [{ ...verdict, obstacles: ['CONSTRAINT' as const] }] };
    const region = await ask(dryRun, { gateway: preflight({}, { nodes: [remote], region: 'eu' }) });
    expect(region.body.nodes[0]?.advice[0]).toBe(
      'loosen placement.brokers or placement.region: h1 would have room for it',
    );
    const existing = await ask(dryRun, { gateway: preflight({ existing: sampleState() }) });
    expect(existing.body).toMatchObject({
      fits: false,
      problems: [expect.stringMatching(/^cluster orders exists already \(INSTALLING\)/)],
    });
    const role = await ask(dryRun, { gateway: preflight({ roleHolder: 'other' }) });
    expect(role.body).toMatchObject({
      fits: false,
      problems: [expect.stringContaining('cluster other has')],
    });
    const quota = await ask(dryRun, {
      gateway: preflight({}, { quota: ['quota of role r exhausted'], agents: 0 }),
    });
    expect(quota.body).toMatchObject({
      fits: false,
      problems: ['quota of role r exhausted', 'no agent is registered with Mesos'],
    });
    const stranger = await ask(dryRun, {
      gateway: preflight({}, { nodes: [fit], frameworksInRole: [{ id: 'F9', name: 'spark' }] }),
    });
    expect(stranger.body).toMatchObject({ fits: true, warnings: [expect.stringContaining('spark (F9)')] });
    const tight = await ask(dryRun, { gateway: preflight({}, { nodes: [fit], tight: true }) });
    expect(tight.body).toMatchObject({
      fits: true,
      warnings: [expect.stringContaining('not in every order')],
    });
  });

  it.each(['dryRun=yes', 'dryrun=true', 'dryRun=true&wait=1'])(
    'refuse a query that they do not know (%s): a misspelt one must not install',
    async (query) => {
      const { status, body, asked } = await ask(post(`/v1/clusters?${query}`, '{"name":"orders"}'));
      expect([status, body.error.code]).toEqual([400, 'REQUEST_INVALID']);
      expect(asked).toEqual([]);
    },
  );

  it('refuse a bad spec as an install does', async () => {
    const { status, body } = await ask(post('/v1/clusters?dryRun=true', '{"name":"Orders"}'));
    expect([status, body.error.code]).toEqual([400, 'SPEC_INVALID']);
  });

  it('answer why nodes wait, the newest offer first, with what is not known', async () => {
    const offer = (n: number) => ({
      atMs: n,
      offerId: `o${n}`,
      agentId: 'A1',
      hostname: 'h1',
      offered: 'cpus 1',
      outcome: 'expired' as const,
      reason: 'no',
    });
    const waiting: WhyFound['waiting'] = [
      {
        node: 'broker-0',
        kind: 'broker',
        stage: 'PLACE',
        operationId: 'orders/install#1',
        status: 'WAITING',
        sinceMs: 5,
      },
    ];
    const explanations = [
      {
        nodes: ['broker-0'],
        stage: 'PLACE' as const,
        wants: ['cpus 1.1'],
        everywhere: [],
        agents: [verdict],
        agentsLeftOut: 0,
        advice: ['add an agent'],
      },
    ];
    const gateway = fakeGateway({
      why: async () => ({
        state: sampleState(),
        waiting,
        answer: { atMs: 9, explanations, offers: [offer(1), offer(2)], unknown: ['quotas: no'] },
      }),
    });
    const { status, body } = await ask('/v1/clusters/orders/why', { gateway });
    expect(status).toBe(200);
    expect(body).toEqual({
      cluster: 'orders',
      status: 'INSTALLING',
      session: { open: false },
      waiting,
      explanations,
      offers: [offer(2), offer(1)],
      unknown: ['quotas: no'],
      atMs: 9,
    });
  });

  it('say that nothing waits, and know no cluster that was uninstalled', async () => {
    const calm = await ask('/v1/clusters/orders/why');
    expect(calm.body).toMatchObject({ waiting: [], explanations: [], offers: null, unknown: [] });
    const gone = fakeGateway({
      cluster: async () => ({ ...sampleState(), status: CLUSTER_STATUS.UNINSTALLED }),
    });
    expect((await ask('/v1/clusters/orders/why', { gateway: gone })).status).toBe(404);
  });
});
