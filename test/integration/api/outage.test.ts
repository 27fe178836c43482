// The API while no worker runs, and while Temporal is away: it says which of the two, and goes on by itself.
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildApp } from '../../../src/api/app.ts';
import { createGateway } from '../../../src/api/gateway.ts';
import { applyFootprint, lazyClient, loadFootprint } from '../../../src/temporal/index.ts';
import { temporalCliPath } from '../../support/components.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Nobody takes the requests, so each test waits this out. */
const CALL_DEADLINE_MS = 1_500;

describe('the API', () => {
  let env: TestWorkflowEnvironment | undefined;
  let app: Awaited<ReturnType<typeof buildApp>>;
  let temporal: ReturnType<typeof lazyClient>;
  beforeAll(async () => {
    env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: await temporalCliPath() } },
    });
    await applyFootprint(env.connection, loadFootprint(), 'default');
    vi.stubEnv('TEMPORAL_ADDRESS', env.address);
    temporal = lazyClient({ maxAttempts: 2 });
    app = await buildApp({
      gateway: createGateway(temporal, { callDeadlineMs: CALL_DEADLINE_MS }),
      namespace: temporal.namespace,
    });
  }, 600_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await app?.close();
    await temporal?.connection.close();
    await env?.teardown();
  });

  it('says NO_WORKER when Temporal answers and nobody takes the request, and lists the cluster all the same', async () => {
    const installed = await app.inject({ method: 'POST', url: '/v1/clusters', payload: { name: 'orphan' } });
    expect([installed.statusCode, installed.json().error.code]).toEqual([503, 'NO_WORKER']);
    const one = await app.inject('/v1/clusters/orphan');
    expect(one.json().error.code).toBe('NO_WORKER');
    const list = await waitFor(
      () => app.inject('/v1/clusters'),
      (answer) => answer.json().clusters.length === 1,
      { describe: 'orphan in the list' },
    );
    expect(list.json().clusters[0]).toMatchObject({
      name: 'orphan',
      status: 'UNKNOWN',
      problem: expect.stringContaining('No worker'),
    });
  }, 60_000);

  it('says TEMPORAL_UNREACHABLE with the address when Temporal is away', async () => {
    const { address } = env!;
    await env!.teardown();
    env = undefined;
    const answer = await app.inject('/v1/clusters');
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'TEMPORAL_UNREACHABLE']);
    expect(answer.json().error.message).toContain(address);
    const ready = await app.inject('/readyz');
    expect([ready.statusCode, (await app.inject('/healthz')).statusCode]).toEqual([503, 200]);
  }, 60_000);
});
