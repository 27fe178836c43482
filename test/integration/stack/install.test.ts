import { mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorBody } from '../../../src/model/errors.ts';
import { findStep, operationState } from '../../../src/model/plan/progress.ts';
import { retryStepSignal } from '../../../src/workflows/contract.ts';
import {
  clusterWorkflowId,
  nodesInMesos,
  operationWorkflowId,
  smallSpec,
  startTestStack,
  tinySpec,
  type TestStack,
} from '../../support/stack.ts';
import { consumeRecords, produceRecords } from '../../support/records.ts';
import { stepIs } from '../../support/progress.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(async () => {
  await stack.close();
});

describe('installing and uninstalling', () => {
  it('brings up a cluster that takes and gives records, and leaves nothing behind', async () => {
    const name = 'team/orders';
    const operationId = await stack.install(smallSpec(name));
    const progress = await stack.complete(operationId);
    expect(progress.phases.map((phase) => `${phase.name} ${phase.status}`)).toEqual([
      'reserve COMPLETE',
      'controllers COMPLETE',
      'brokers COMPLETE',
      'verify COMPLETE',
    ]);
    expect(await stack.historyLength(operationWorkflowId(operationId))).toBeLessThanOrEqual(150);
    expect(await stack.historyLength(clusterWorkflowId(name))).toBeLessThanOrEqual(100);

    const cluster = await stack.cluster(name);
    expect(cluster.status).toBe('RUNNING');
    expect(new Set(cluster.nodes.filter(({ kind }) => kind === 'broker').map(({ host }) => host)).size).toBe(
      3,
    );
    await produceRecords(cluster.bootstrapServers, 200);
    await consumeRecords(cluster.bootstrapServers, 200);

    const second = await stack.request<{ error: ErrorBody }>('POST', '/v1/clusters', smallSpec(name));
    expect(second.status).toBe(409);
    expect(second.body.error.code).toBe('CLUSTER_EXISTS');
    expect(second.body.error.message).toContain(operationId);

    await stack.complete(await stack.uninstall(name));
    const state = await stack.mesos();
    expect(state.tasks.filter(({ state }) => state === 'TASK_RUNNING')).toEqual([]);
    expect(state.reservations).toEqual([]);
    expect(state.volumes).toEqual([]);
    expect(state.frameworks).toEqual([]);
    expect((await stack.request('GET', `/v1/clusters/${encodeURIComponent(name)}`)).status).toBe(404);
  });

  it('runs two clusters side by side', async () => {
    const ids = await Promise.all([stack.install(tinySpec('left')), stack.install(tinySpec('right'))]);
    await Promise.all(ids.map((id) => stack.complete(id)));
    const list = await stack.request<{ clusters: { name: string; status: string }[] }>('GET', '/v1/clusters');
    expect(list.body.clusters.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
      'left RUNNING',
      'right RUNNING',
    ]);
    await Promise.all(
      (await Promise.all(['left', 'right'].map((name) => stack.uninstall(name)))).map((id) =>
        stack.complete(id),
      ),
    );
    expect((await stack.mesos()).reservations).toEqual([]);
  });
});

describe('a step that fails', () => {
  it('shows why, and the install goes on after the cause is fixed and the step retried by signal', async () => {
    const spec = tinySpec('broken');
    const directory = mkdtempSync(join(tmpdir(), 'millrace-artifact-'));
    const missing = join(directory, 'kafka.tgz');
    const operationId = await stack.install({
      ...spec,
      kafka: { ...spec.kafka, artifact: { uri: `file://${missing}` } },
    });
    const failed = await stack.progressUntil(operationId, stepIs('start:controller-0', 'FAILED'));
    expect(findStep(failed, 'start:controller-0')?.reason).toMatch(/fetch/i);
    const refused = await stack.request<{ error: ErrorBody }>(
      'POST',
      `/v1/operations/${encodeURIComponent(operationId)}/retry`,
      { step: 'start:broker-7' },
    );
    expect([refused.status, refused.body.error.code]).toEqual([404, 'STEP_NOT_FOUND']);

    renameSync(await packKafka(directory), missing);
    const handle = stack.client.workflow.getHandle(operationWorkflowId(operationId));
    await handle.signal(retryStepSignal, { step: 'start:controller-0' });
    await stack.complete(operationId);
    await stack.complete(await stack.uninstall('broken'));
  });

  it('waits, says per agent what is missing, and goes on by itself when an agent comes', async () => {
    const spec = tinySpec('big');
    const operationId = await stack.install({ ...spec, brokers: { ...spec.brokers, cpus: 3 } });
    const waiting = await stack.progressUntil(operationId, stepIs('place:broker-0', 'WAITING'));
    expect(findStep(waiting, 'place:broker-0')?.reason).toMatch(/4 agents: .*cpus 2(\.0)? < 3\.1/);
    const added = await fetch(`${stack.urls.mesos}/local/agents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cpus: 4, memMb: 2048, diskMb: 8192 }),
    });
    expect(added.ok).toBe(true);
    await stack.complete(operationId);
    await stack.complete(await stack.uninstall('big'));
  });
});

describe('an uninstall', () => {
  it('ends when an agent is gone, and says what it could not release', async () => {
    await stack.complete(await stack.install(tinySpec('orphan')));
    const broker = (await stack.cluster('orphan')).nodes.find(({ kind }) => kind === 'broker');
    await fetch(`${stack.urls.mesos}/local/agents/${broker?.agent ?? ''}`, { method: 'DELETE' });
    // The agent took its broker with it, so a recovery waits for it; an uninstall wants it aborted first.
    const cluster = await stack.cluster('orphan');
    if (cluster.operation)
      await stack.request('POST', `/v1/operations/${encodeURIComponent(cluster.operation.id)}/abort`, {
        reason: 'the agent is gone',
      });
    await stack.progressUntil(cluster.operation?.id ?? 'orphan/install#1', (progress) =>
      ['ABORTED', 'COMPLETE'].includes(operationState(progress)),
    );
    const uninstallId = await stack.uninstall('orphan');
    const progress = await stack.complete(uninstallId);
    expect(findStep(progress, 'release:broker-0')?.reason).toContain(broker?.agent);
    expect(await stack.client.workflow.getHandle(operationWorkflowId(uninstallId)).result()).toMatchObject({
      state: 'COMPLETE',
    });
    expect((await nodesInMesos(stack, 'orphan')).frameworks).toBe(0);
  });
});

/** The distribution as the official tarball is laid out. */
async function packKafka(directory: string): Promise<string> {
  const { execFileSync } = await import('node:child_process');
  const { kafkaHome } = await import('../../support/components.ts');
  const archive = join(directory, 'packed.tgz');
  const home = await kafkaHome();
  execFileSync('tar', ['-czhf', archive, '--transform', 's,^\\./,kafka_2.13-4.4.0/,', '-C', home, './libs']);
  return archive;
}
