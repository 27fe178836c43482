// What a person may do to workflows from the Temporal UI, at any moment, by mistake too: nothing gets stuck.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type WorkflowUpdateFailedError } from '@temporalio/client';
import { findStep } from '../../src/model/plan/progress.ts';
import * as contract from '../../src/workflows/contract.ts';
import { isComplete, stateIs, stepIs } from '../support/progress.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

const NAME = 'orders';
const SPEC = { name: NAME, controllers: { count: 1 }, brokers: { count: 1 } };
const START = 'start:broker-0';

let env: WorkflowEnv;
beforeEach(async () => {
  env = await startWorkflowEnv();
});
afterEach(async () => {
  await env.close();
});

const entity = () => env.client.workflow.getHandle(contract.clusterWorkflowId(NAME));
const operation = (id: string) => env.client.workflow.getHandle(contract.operationWorkflowId(id));
const installed = async () => {
  const { operationId } = await env.install(SPEC);
  await env.progressUntil(operationId, isComplete);
};
const uninstalled = async () => {
  await env.uninstall(NAME);
  await entity().result();
  expect(env.world.placed.size + env.world.running.size).toBe(0);
};
const hang = () => Context.current().cancelled;

describe('a signal of Millrace itself', () => {
  it('that a person sends with nothing, or with nonsense, changes nothing', async () => {
    env.world.fault = (activity) => (activity === 'verifyCluster' ? hang() : undefined);
    const { operationId } = await env.install(SPEC);
    await env.progressUntil(operationId, stepIs('verify', 'RUNNING'));
    const nonsense: unknown[][] = [
      [],
      [null],
      ['x'],
      [{}],
      [{ nodes: [null], operationId: 1, result: null }],
    ];
    for (const args of nonsense) {
      for (const signal of ['nodeChanged', 'operationEnded', 'taskStatus', 'sessionOpened', 'sessionProblem'])
        await entity().signal(signal, ...args);
      for (const signal of ['sessionChanged', 'taskEnded', 'stepWaiting'])
        await operation(operationId).signal(signal, ...args);
    }
    env.world.fault = () => undefined;
    await operation(operationId).executeUpdate(contract.abortUpdate, { args: [{ reason: 'enough' }] });
    await env.progressUntil(operationId, stateIs('ABORTED'));
    await uninstalled();
  });
});

describe('a request', () => {
  it.each(['uninstall', 'recover', 'install'])('%s without its argument is refused', async (update) => {
    await installed();
    for (const args of [[], [{}], [{ requestedBy: 7 }], [{ requestedBy: 'me', spec: { name: NAME } }]]) {
      const refused = await entity()
        .executeUpdate(update, { args: args as [unknown] })
        .catch((error: unknown) => error);
      const { type } = (refused as WorkflowUpdateFailedError).cause as ApplicationFailure;
      expect(['REQUEST_INVALID', 'SPEC_INVALID', 'NOTHING_TO_DO']).toContain(type);
      if (update === 'uninstall') break;
    }
    await uninstalled();
  });
});

describe('a workflow that somebody ends', () => {
  it.each(['cancel', 'terminate'] as const)('starts again when it is the session: %s', async (how) => {
    await installed();
    const { session } = await env.state(NAME);
    await env.client.workflow.getHandle(contract.sessionWorkflowId(NAME))[how]();
    await env.stateUntil(NAME, (state) => (state.session?.epoch ?? 0) > (session?.epoch ?? 0));
    await env.world.endTask(NAME, 'broker-0.1');
    await env.stateUntil(
      NAME,
      ({ nodes, recoveries }) => recoveries.length === 0 && nodes['broker-0']?.launches === 2,
    );
    await uninstalled();
  });

  it('goes on when it is the cluster that is cancelled', async () => {
    await installed();
    await entity().cancel();
    await env.world.endTask(NAME, 'broker-0.1');
    await env.stateUntil(
      NAME,
      ({ nodes, recoveries }) => recoveries.length === 0 && nodes['broker-0']?.launches === 2,
    );
    await uninstalled();
  });

  it('is aborted when it is an operation that is cancelled', async () => {
    env.world.fault = (activity) => (activity === 'awaitBrokerReady' ? hang() : undefined);
    const { operationId } = await env.install(SPEC);
    await env.progressUntil(operationId, stepIs(START, 'RUNNING'));
    await operation(operationId).cancel();
    const progress = await env.progressUntil(operationId, stateIs('ABORTED'));
    expect(findStep(progress, START)?.reason).toContain('the workflow was cancelled');
    const state = await env.state(NAME);
    expect([state.status, state.operation]).toEqual(['INSTALL_ABORTED', null]);
    await uninstalled();
  });
});

describe('a pause', () => {
  it('lets a node that falls back meanwhile be started after it', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    env.world.fault = (activity) => (activity === 'verifyCluster' ? gate : undefined);
    const { operationId } = await env.install(SPEC);
    await env.progressUntil(operationId, stepIs('verify', 'RUNNING'));
    await operation(operationId).executeUpdate(contract.pauseUpdate, { args: [{}] });
    await env.world.endTask(NAME, 'broker-0.1');
    const waiting = await env.progressUntil(operationId, stepIs(START, 'PENDING'));
    expect(findStep(waiting, START)?.reason).toContain('after the pause');
    release();
    await operation(operationId).executeUpdate(contract.resumeUpdate, { args: [{}] });
    await env.progressUntil(operationId, isComplete);
    expect(env.world.running.get('broker-0')).toBe('broker-0.2');
  });

  it('after a retry takes no skip of the step, which is not failed any more', async () => {
    let broken = true;
    env.world.fault = (activity, subject) => {
      if (broken && activity === 'launchNode' && subject.startsWith('broker'))
        throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    const { operationId } = await env.install(SPEC);
    await env.progressUntil(operationId, stepIs(START, 'FAILED'));
    await operation(operationId).executeUpdate(contract.pauseUpdate, { args: [{}] });
    await operation(operationId).executeUpdate(contract.retryStepUpdate, { args: [{ step: START }] });
    await env.progressUntil(operationId, stepIs(START, 'PENDING'));
    const refused = await operation(operationId)
      .executeUpdate(contract.skipStepUpdate, { args: [{ step: START, reason: 'no' }] })
      .catch((error: unknown) => error);
    expect(((refused as WorkflowUpdateFailedError).cause as ApplicationFailure).type).toBe('STEP_NOT_FAILED');
    broken = false;
    await operation(operationId).signal(contract.resumeSignal, {});
    await env.progressUntil(operationId, isComplete);
  });
});

describe('a recovery', () => {
  it('whose step is skipped is not begun again by itself', async () => {
    await installed();
    env.world.fault = (activity) => {
      if (activity === 'launchNode') throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    await env.world.endTask(NAME, 'broker-0.1');
    const recovery = `${NAME}/recover#2`;
    await env.progressUntil(recovery, stepIs(START, 'FAILED'));
    await operation(recovery).executeUpdate(contract.skipStepUpdate, {
      args: [{ step: START, reason: 'its disk is broken' }],
    });
    await env.progressUntil(recovery, isComplete);
    const state = await env.state(NAME);
    expect(state.recoveries).toEqual([]);
    expect(state.status).toBe('DEGRADED');
    expect(state.nodes['broker-0']?.reason).toContain('its disk is broken');
    expect((await env.uninstall(NAME)).operationId).toBe(`${NAME}/uninstall#3`);
  });

  it('that is asked for after an aborted one finds the task that was launched by it', async () => {
    await installed();
    env.world.fault = (activity, subject) =>
      activity === 'launchNode:done' && subject === 'broker-0.2' ? hang() : undefined;
    await env.world.endTask(NAME, 'broker-0.1');
    const recovery = `${NAME}/recover#2`;
    await waitFor(
      () => env.world.effects,
      (effects) => effects.includes('launch broker-0.2'),
      { describe: 'the second launch' },
    );
    await operation(recovery).executeUpdate(contract.abortUpdate, { args: [{ reason: 'not now' }] });
    await env.progressUntil(recovery, stateIs('ABORTED'));
    env.world.fault = () => undefined;
    const { operationId } = await entity().executeUpdate(contract.recoverUpdate, {
      args: [{ requestedBy: 'me' }],
    });
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects.filter((effect) => effect === 'launch broker-0.2')).toHaveLength(1);
    expect((await env.state(NAME)).status).toBe('RUNNING');
  });
});

describe('a moment without a master', () => {
  it('makes steps wait and try again, and fails none', async () => {
    const met = new Set<string>();
    env.world.fault = (activity, subject) => {
      if (!['placeNode', 'launchNode', 'stopNode', 'releaseNode', 'teardownFramework'].includes(activity))
        return;
      if (met.has(`${activity} ${subject}`)) return;
      met.add(`${activity} ${subject}`);
      throw ApplicationFailure.create({
        type: 'MESOS_UNREACHABLE',
        message: 'no master answers at mesos:5050',
      });
    };
    const { operationId } = await env.install(SPEC);
    const waiting = await env.progressUntil(operationId, stepIs('place:broker-0', 'WAITING'));
    expect(findStep(waiting, 'place:broker-0')?.reason).toContain('no master answers at mesos:5050');
    const done = await env.progressUntil(operationId, isComplete);
    expect(findStep(done, START)?.runs).toBe(1);
    await uninstalled();
    expect(met.size).toBe(9);
  });
});
