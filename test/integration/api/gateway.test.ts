// The API on a real Temporal server with the real workflows (on a Mesos and a Kafka in memory): what crosses the wire.
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../../src/api/app.ts';
import { createGateway } from '../../../src/api/gateway.ts';
import { clusterWorkflowId, operationWorkflowId } from '../../../src/workflows/contract.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../../support/workflow-env.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Enough for a worker on a busy machine, short for a test without one. */
const CALL_DEADLINE_MS = 5_000;

describe('the API on a real Temporal server', () => {
  let env: WorkflowEnv;
  let app: Awaited<ReturnType<typeof buildApp>>;
  beforeAll(async () => {
    env = await startWorkflowEnv();
    const temporal = {
      client: env.client,
      connection: env.client.connection as never,
      address: 'test',
      namespace: 'default',
    };
    app = await buildApp({
      gateway: createGateway(temporal, { callDeadlineMs: CALL_DEADLINE_MS }),
      namespace: 'default',
      uiUrl: 'http://ui',
    });
  }, 600_000);
  afterAll(async () => {
    await app?.close();
    await env?.close();
  });

  const send = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    body?: object,
    headers: object = {},
  ) => {
    const answer = await app.inject({
      method,
      url,
      headers: { ...headers },
      ...(body ? { payload: body } : {}),
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  const get = (url: string) => send('GET', url);
  const path = (operationId: string) => `/v1/operations/${encodeURIComponent(operationId)}`;
  const untilState = (operationId: string, state: string) =>
    waitFor(
      () => get(path(operationId)),
      ({ body }) => body.state === state,
      { describe: `${operationId} ${state}` },
    );

  it('installs with update-with-start, shows cluster and operation, and uninstalls', async () => {
    const installed = await send(
      'POST',
      '/v1/clusters',
      { name: 'team/orders' },
      { 'x-requested-by': 'ann' },
    );
    expect(installed).toMatchObject({ status: 202, body: { operationId: 'team/orders/install#1' } });
    const { body: done } = await untilState('team/orders/install#1', 'COMPLETE');
    expect(done).toMatchObject({ requestedBy: 'ann', planHash: installed.body.planHash });
    const { workflowExecutionInfo } = (
      await env.client.workflow.getHandle(clusterWorkflowId('team/orders')).describe()
    ).raw;
    expect(workflowExecutionInfo?.type?.name).toBe('cluster');

    const cluster = await waitFor(
      () => get('/v1/clusters/team%2Forders'),
      ({ body }) => body.status === 'RUNNING',
      {
        describe: 'team/orders RUNNING',
      },
    );
    expect(cluster.body.bootstrapServers.split(',')).toHaveLength(3);
    const listed = await waitFor(
      () => get('/v1/clusters'),
      ({ body }) => body.clusters.length === 1,
      { describe: 'listed' },
    );
    expect(listed.body.clusters[0]).toMatchObject({ name: 'team/orders', brokers: { ready: 3, total: 3 } });
    const operations = await waitFor(
      () => get('/v1/clusters/team%2Forders/operations'),
      ({ body }) => body.operations[0]?.state === 'COMPLETE',
      { describe: 'operation in the list' },
    );
    expect(operations.body.operations).toMatchObject([
      { id: 'team/orders/install#1', kind: 'install', cluster: 'team/orders' },
    ]);
    expect((await get('/v1/operations?cluster=other')).body.operations).toEqual([]);

    const uninstalled = await send('DELETE', '/v1/clusters/team%2Forders');
    expect(uninstalled.status).toBe(202);
    await untilState(uninstalled.body.operationId, 'COMPLETE');
    await waitFor(
      () => get('/v1/clusters/team%2Forders'),
      ({ status }) => status === 404,
      { describe: 'gone' },
    );
    expect((await send('DELETE', '/v1/clusters/team%2Forders')).body.error.code).toBe('CLUSTER_NOT_FOUND');
    expect((await get(path('team/orders/install#1'))).body.state).toBe('COMPLETE');
  }, 60_000);

  it('starts nothing twice for one idempotency key, and refuses a second install without', async () => {
    const first = await send('POST', '/v1/clusters', { name: 'once' }, { 'idempotency-key': 'k' });
    const again = await send('POST', '/v1/clusters', { name: 'once' }, { 'idempotency-key': 'k' });
    expect(again).toEqual(first);
    const second = await send('POST', '/v1/clusters', { name: 'once' });
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({
      code: 'CLUSTER_EXISTS',
      details: { operationId: 'once/install#1' },
    });
    await untilState('once/install#1', 'COMPLETE');
  }, 60_000);

  it('takes a retry of a failed step only, and says why it refuses another message', async () => {
    // The world knows nodes by their names alone: those of the cluster before must not be in the way.
    env.world.running.clear();
    env.world.placed.clear();
    const failing = { on: true };
    env.world.fault = (activity) => {
      if (failing.on && activity === 'verifyCluster')
        throw ApplicationFailure.nonRetryable('no luck', 'VERIFY_FAILED');
    };
    const { body } = await send('POST', '/v1/clusters', { name: 'failing' });
    const id = body.operationId as string;
    await untilState(id, 'FAILED');
    const found = await waitFor(
      () => get('/v1/operations?state=FAILED'),
      (answer) => answer.body.operations.length > 0,
      { describe: 'found by its state' },
    );
    expect(found.body.operations).toMatchObject([{ id }]);
    const refused = async (message: string, argument: object) => {
      const answer = await send('POST', `${path(id)}/${message}`, argument);
      return [answer.status, answer.body.error.code];
    };
    expect(await refused('retry', { step: 'start:broker-9' })).toEqual([404, 'STEP_NOT_FOUND']);
    expect(await refused('skip', { step: 'start:broker-0', reason: 'x' })).toEqual([409, 'STEP_NOT_FAILED']);
    const busy = await send('DELETE', '/v1/clusters/failing');
    expect(busy).toMatchObject({
      status: 409,
      body: { error: { code: 'OPERATION_RUNNING', details: { operationId: id } } },
    });
    failing.on = false;
    expect((await send('POST', `${path(id)}/retry`, { step: 'verify' })).status).toBe(200);
    await untilState(id, 'COMPLETE');
    await env.client.workflow.getHandle(operationWorkflowId(id)).result();
    expect(await refused('abort', { reason: 'too late' })).toEqual([409, 'OPERATION_NOT_ACTIVE']);
  }, 60_000);

  it('refuses a cluster whose role another one has, and starts nothing', async () => {
    env.world.placed.clear();
    env.world.running.clear();
    await send('POST', '/v1/clusters', { name: 'holder', role: 'shared' });
    await untilState('holder/install#1', 'COMPLETE');
    const second = await waitFor(
      () => send('POST', '/v1/clusters?dryRun=true', { name: 'intruder', role: 'shared' }),
      ({ body }) => body.fits === false,
      { describe: 'the role in the list of clusters' },
    );
    expect(second).toMatchObject({
      status: 200,
      body: { problems: [expect.stringContaining('cluster holder')] },
    });
    const refused = await send('POST', '/v1/clusters', { name: 'intruder', role: 'shared' });
    expect(refused).toMatchObject({
      status: 409,
      body: { error: { code: 'ROLE_TAKEN', details: { role: 'shared', cluster: 'holder' } } },
    });
    expect((await get('/v1/clusters/intruder')).body.error.code).toBe('CLUSTER_NOT_FOUND');
    // The cluster itself may ask again: that its name is taken is another refusal.
    const again = await send('POST', '/v1/clusters', { name: 'holder', role: 'shared' });
    expect(again.body.error.code).toBe('CLUSTER_EXISTS');
  }, 60_000);

  it('says why nodes wait, where the offers are or else without them, and that nothing waits', async () => {
    env.world.placed.clear();
    env.world.running.clear();
    const held = Promise.withResolvers<undefined>();
    env.world.fault = (activity) => (activity === 'placeNode' ? held.promise : undefined);
    await send('POST', '/v1/clusters', { name: 'stuck' });
    const asked = await waitFor(
      () => get('/v1/clusters/stuck/why'),
      ({ body }) => body.waiting?.length === 6 && body.session.open,
      { describe: 'six nodes of stuck wait' },
    );
    expect(asked.body).toMatchObject({ cluster: 'stuck', offers: [], unknown: [] });
    expect(asked.body.waiting[0]).toMatchObject({
      node: 'controller-0',
      stage: 'PLACE',
      operationId: 'stuck/install#1',
    });
    env.world.fault = (activity) => {
      if (activity === 'explainPlacement:session')
        throw ApplicationFailure.nonRetryable('this worker dies', 'WorkerShutdown');
      return activity === 'placeNode' ? held.promise : undefined;
    };
    const without = await get('/v1/clusters/stuck/why');
    expect(without.body).toMatchObject({ offers: null, unknown: ['offers: asked where no session is'] });
    held.resolve(undefined);
    env.world.fault = () => undefined;
    await untilState('stuck/install#1', 'COMPLETE');
    const calm = await get('/v1/clusters/stuck/why');
    expect(calm).toMatchObject({ status: 200, body: { waiting: [], explanations: [], offers: null } });
    expect((await get('/v1/clusters/nobody/why')).body.error.code).toBe('CLUSTER_NOT_FOUND');
  }, 60_000);

  it('passes on why a question found no answer', async () => {
    env.world.fault = (activity) => {
      if (activity === 'preflight')
        throw ApplicationFailure.create({
          type: 'MESOS_UNREACHABLE',
          message: 'no master',
          details: [{ code: 'MESOS_UNREACHABLE', message: 'no master' }],
        });
    };
    const answer = await send('POST', '/v1/clusters?dryRun=true', { name: 'unasked' });
    env.world.fault = () => undefined;
    expect(answer).toMatchObject({
      status: 503,
      body: { error: { code: 'MESOS_UNREACHABLE', message: 'no master' } },
    });
    expect((await get('/v1/clusters/unasked')).status).toBe(404);
  }, 60_000);

  it('knows what is not there', async () => {
    expect((await get('/v1/clusters/nobody')).body.error.code).toBe('CLUSTER_NOT_FOUND');
    expect((await get(path('nobody/install#1'))).body.error.code).toBe('OPERATION_NOT_FOUND');
    expect((await get(path('nonsense'))).body.error.code).toBe('OPERATION_NOT_FOUND');
    const told = await send('POST', `${path('nobody/install#1')}/pause`, {});
    expect(told.body.error.code).toBe('OPERATION_NOT_FOUND');
    expect((await get('/readyz')).status).toBe(200);
  });
});
