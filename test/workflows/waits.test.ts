// What takes hours and months, on a server that skips them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { findStep } from '../../src/model/plan/progress.ts';
import * as contract from '../../src/workflows/contract.ts';
import { isComplete, stepIs } from '../support/progress.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

const SPEC = { name: 'patient', controllers: { count: 1 }, brokers: { count: 1 } };

let env: WorkflowEnv;
beforeEach(async () => {
  env = await startWorkflowEnv({ timeSkipping: true });
});
afterEach(async () => {
  await env.close();
});

const operation = (id: string) => env.client.workflow.getHandle(contract.operationWorkflowId(id));

describe('a wait', () => {
  it('for a person lasts as long as it takes, and costs no history', async () => {
    env.world.fault = (activity) => {
      if (activity === 'launchNode') throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    const { operationId } = await env.install(SPEC);
    await env.progressUntil(operationId, stepIs('start:controller-0', 'FAILED'));
    const begun = await env.progressUntil(operationId, stepIs('start:broker-0', 'FAILED'));
    const before = (await operation(operationId).describe()).historyLength;
    await env.sleep('90 days');
    const waited = await env.progress(operationId);
    expect(findStep(waited, 'start:broker-0')).toEqual(findStep(begun, 'start:broker-0'));
    expect((await operation(operationId).describe()).historyLength).toBe(before);
    env.world.fault = () => undefined;
    for (const step of ['start:broker-0', 'start:controller-0'])
      await operation(operationId).signal(contract.retryStepSignal, { step });
    await operation(operationId).result();
    expect(isComplete(await env.progress(operationId))).toBe(true);
  });

  it('for a session is shown when it is long, and ends when a worker opens one', async () => {
    let open = false;
    env.world.fault = (activity) => {
      if (activity === 'holdSubscription' && !open)
        throw ApplicationFailure.create({ message: 'no worker', nextRetryDelay: '1 hour' });
    };
    const { operationId } = await env.install(SPEC);
    await env.sleep('10 minutes');
    const waiting = await env.progress(operationId);
    expect(findStep(waiting, 'place:broker-0')).toMatchObject({
      status: 'WAITING',
      reason: expect.stringContaining('no worker has opened one yet') as string,
    });
    open = true;
    await env.sleep('1 hour');
    await operation(operationId).result();
  });

  it('between two launches grows, and the fourth end in a row fails the step', async () => {
    const launchedAtMs: number[] = [];
    env.world.fault = async (activity) => {
      if (activity !== 'awaitBrokerReady') return;
      const launches = env.world.effects.filter((effect) => effect.startsWith('launch broker-0')).length;
      const step = findStep(await env.progress('patient/install#1'), 'start:broker-0');
      launchedAtMs.push(step?.sinceMs ?? 0);
      await env.world.endTask('patient', `broker-0.${launches}`);
    };
    const { operationId } = await env.install(SPEC);
    for (let n = 0; n < 4; n += 1) {
      if (stepIs('start:broker-0', 'FAILED')(await env.progress(operationId))) break;
      await env.progressUntil(operationId, () => launchedAtMs.length > n);
      await env.sleep('1 minute');
    }
    const failed = await env.progressUntil(operationId, stepIs('start:broker-0', 'FAILED'));
    expect(findStep(failed, 'start:broker-0')?.reason).toContain('launch 4 of 4');
    const pausesMs = launchedAtMs.slice(1).map((atMs, n) => atMs - launchedAtMs[n]!);
    expect(pausesMs).toHaveLength(3);
    for (const [n, pauseMs] of pausesMs.entries()) expect(pauseMs).toBeGreaterThanOrEqual(1_000 * 2 ** n);
  });
});

describe('an entity', () => {
  it('whose install request never arrives ends by itself and leaves nothing', async () => {
    const handle = await env.client.workflow.start('cluster', {
      workflowId: contract.clusterWorkflowId('nobody'),
      taskQueue: contract.TASK_QUEUE,
      args: [{ name: 'nobody' }],
    });
    await handle.result();
    expect(env.world.effects).toEqual([]);
  });
});
