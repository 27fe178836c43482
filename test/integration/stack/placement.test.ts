// A cluster that does not fit, on the real stack: what a dry run says before, what "why" says meanwhile, and how it ends.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PreflightView, WhyView } from '../../../src/api/schemas/placement.ts';
import type { ErrorBody } from '../../../src/model/errors.ts';
import { findStep } from '../../../src/model/plan/progress.ts';
import { cliAt } from '../../cli/run-cli.ts';
import { clusterWorkflowId, smallSpec, startTestStack, type TestStack } from '../../support/stack.ts';
import { stepIs } from '../../support/progress.ts';
import { waitFor } from '../../support/wait-for.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ agents: { count: 2, cpus: 2, memMb: 2048, diskMb: 8192 } });
});
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

const SPEC = smallSpec('crowded');
const folder = mkdtempSync(join(tmpdir(), 'millrace-placement-'));
const file = join(folder, 'crowded.json');
writeFileSync(file, JSON.stringify(SPEC));

const dryRun = async () => {
  const { code, out } = await cliAt(stack.urls.api, [
    'cluster',
    'install',
    '-f',
    file,
    '--dry-run',
    '-o',
    'json',
  ]);
  return { code, preflight: JSON.parse(out) as PreflightView };
};
const why = async () => {
  const { status, body } = await stack.request<WhyView>('GET', '/v1/clusters/crowded/why');
  if (status !== 200) throw new Error(`why: ${status} ${JSON.stringify(body)}`);
  return body;
};

describe('three brokers on two agents', () => {
  it('are told not to fit, wait with the reasons of each agent, and are placed when an agent comes', async () => {
    const before = await dryRun();
    expect(before.code).toBe(6);
    expect(before.preflight.nodes.map(({ node, fits }) => `${node} ${fits}`)).toEqual([
      'controller-0 true',
      'broker-0 true',
      'broker-1 true',
      'broker-2 false',
    ]);
    expect(
      before.preflight.nodes
        .at(-1)
        ?.agents?.flatMap(({ reasons }) => reasons)
        .sort(),
    ).toEqual(['hostname UNIQUE (broker-0 is there)', 'hostname UNIQUE (broker-1 is there)']);
    // A dry run leaves nothing, neither in Mesos nor in Temporal.
    const untouched = await stack.mesos();
    expect([untouched.reservations, untouched.frameworks]).toEqual([[], []]);
    expect((await stack.request('GET', '/v1/clusters/crowded')).status).toBe(404);

    const operationId = await stack.install(SPEC);
    const waits = await waitFor(
      why,
      ({ waiting }) => waiting.length === 1 && waiting[0]?.status === 'WAITING',
      {
        describe: 'one node that waits',
        timeoutMs: 60_000,
      },
    );
    const node = waits.waiting[0]?.node ?? '';
    const reason = waits.waiting[0]?.reason ?? '';
    const progress = await stack.progressUntil(operationId, stepIs(`place:${node}`, 'WAITING'));
    // The plan, the Temporal UI and "op watch" carry the short form.
    expect(findStep(progress, `place:${node}`)?.reason).toBe(reason);
    expect(reason).toMatch(/^2 agents: .*2 hostname UNIQUE \[127\.0\.0\.1 127\.0\.0\.2\]/);
    expect(waits).toMatchObject({ status: 'INSTALLING', session: { open: true } });
    const [explanation] = waits.explanations;
    expect(explanation).toMatchObject({ nodes: [node], stage: 'PLACE', agentsLeftOut: 0 });
    expect(explanation?.agents.map(({ reasons, fits }) => [fits, ...reasons])).toEqual([
      [false, expect.stringMatching(/^hostname UNIQUE \(broker-\d is there\)$/)],
      [false, expect.stringMatching(/^hostname UNIQUE \(broker-\d is there\)$/)],
    ]);
    expect(explanation?.advice.join()).toMatch(/loosen placement\.brokers.*add an agent/);
    // The worker that holds the session told of its offers, those with which the others were placed among them.
    expect(waits.offers?.map(({ outcome }) => outcome)).toContain('used');
    expect(waits.offers?.some(({ reason: said }) => said.includes(`place ${node}`))).toBe(true);
    expect(explanation?.agents.every(({ offeredAtMs }) => offeredAtMs !== undefined)).toBe(true);
    const table = await cliAt(stack.urls.api, ['cluster', 'why', 'crowded']);
    expect(table.code).toBe(0);
    expect(table.out).toMatch(new RegExp(`^${node} +a place +WAITING`, 'm'));
    const costs = await stack.historyLength(clusterWorkflowId('crowded'));
    await why();
    expect(await stack.historyLength(clusterWorkflowId('crowded'))).toBe(costs);

    const rival = await stack.request<{ error: ErrorBody }>('POST', '/v1/clusters', {
      ...smallSpec('rival'),
      role: 'crowded-role',
    });
    expect([rival.status, rival.body.error.code]).toEqual([409, 'ROLE_TAKEN']);
    expect(rival.body.error.message).toContain('cluster crowded');
    expect((await stack.request('GET', '/v1/clusters/rival')).status).toBe(404);

    const added = await fetch(`${stack.urls.mesos}/local/agents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cpus: 2, memMb: 2048, diskMb: 8192 }),
    });
    expect(added.ok).toBe(true);
    await stack.complete(operationId);
    expect(await why()).toMatchObject({ waiting: [], explanations: [] });
    const after = await dryRun();
    expect(after.code).toBe(6);
    expect(after.preflight.problems[0]).toMatch(/^cluster crowded exists already \(RUNNING\)/);
    await stack.complete(await stack.uninstall('crowded'));
    expect((await dryRun()).code).toBe(0);
  });
});
