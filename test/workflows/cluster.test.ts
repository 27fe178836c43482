import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { findStep } from '../../src/model/plan/progress.ts';
import * as contract from '../../src/workflows/contract.ts';
import { Context } from '@temporalio/activity';
import { waitFor } from '../support/wait-for.ts';
import { isComplete, stepIs } from '../support/progress.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

const SMALL = { controllers: { count: 1 }, brokers: { count: 3 } };

let env: WorkflowEnv;
let counter = 0;
let name = '';

// A server each: a cluster of an earlier test must not act on the world of a later one.
beforeEach(async () => {
  counter += 1;
  name = `c${counter}`;
  env = await startWorkflowEnv();
});
afterEach(async () => {
  await env.close();
});

const operation = (id: string) => env.client.workflow.getHandle(contract.operationWorkflowId(id));

describe('an install', () => {
  it('places, starts and verifies every node once, and leaves the cluster RUNNING', async () => {
    const accepted = await env.install({ name, ...SMALL });
    expect(accepted.operationId).toBe(`${name}/install#1`);
    expect(accepted.plan.phases.map((phase) => phase.name)).toEqual([
      'reserve',
      'controllers',
      'brokers',
      'verify',
    ]);
    const progress = await env.progressUntil(accepted.operationId, isComplete);
    expect(progress.planHash).toBe(accepted.planHash);
    const state = await env.stateUntil(name, ({ operation }) => operation === null);
    expect(state.status).toBe('RUNNING');
    expect(Object.values(state.nodes).map(({ status }) => status)).toEqual([
      'READY',
      'READY',
      'READY',
      'READY',
    ]);
    expect(env.world.effects.filter((effect) => !effect.startsWith('subscribe')).sort()).toEqual(
      ['controller-0', 'broker-0', 'broker-1', 'broker-2']
        .flatMap((node) => [`launch ${node}.1`, `place ${node}`])
        .sort(),
    );
    const history = await operation(accepted.operationId).fetchHistory();
    const entity = await env.client.workflow.getHandle(contract.clusterWorkflowId(name)).fetchHistory();
    expect(history.events?.length).toBeLessThanOrEqual(150);
    expect(entity.events?.length).toBeLessThanOrEqual(100);
  });

  it('is refused when the name is taken, and names the operation of the first', async () => {
    const first = await env.install({ name, ...SMALL });
    const second = await env.install({ name, ...SMALL }).catch((error: unknown) => error);
    expect(second).toBeInstanceOf(WorkflowUpdateFailedError);
    const cause = (second as WorkflowUpdateFailedError).cause as ApplicationFailure;
    expect(cause.type).toBe('CLUSTER_EXISTS');
    expect(cause.message).toContain(first.operationId);
    const other = await env.install({ name, ...SMALL, user: 'kafka' }).catch((error: unknown) => error);
    expect(((other as WorkflowUpdateFailedError).cause as ApplicationFailure).message).toContain(
      'user is "kafka", but must stay not set',
    );
    await env.progressUntil(first.operationId, isComplete);
  });

  it('waits with a failed step until it is retried by signal, and goes on from there', async () => {
    let broken = true;
    env.world.fault = (activity, subject) => {
      if (broken && activity === 'launchNode' && subject.startsWith('broker-1'))
        throw ApplicationFailure.nonRetryable('cannot fetch the artifact', 'MESOS_REFUSED');
    };
    const { operationId } = await env.install({ name, ...SMALL });
    const failed = await env.progressUntil(operationId, stepIs('start:broker-1', 'FAILED'));
    expect(findStep(failed, 'start:broker-1')?.reason).toContain('cannot fetch the artifact');
    expect(failed.status).toBe('FAILED');
    broken = false;
    await operation(operationId).signal(contract.retryStepSignal, { step: 'start:broker-1' });
    const done = await env.progressUntil(operationId, isComplete);
    expect(findStep(done, 'start:broker-1')?.runs).toBe(2);
    expect(findStep(done, 'start:broker-0')?.runs).toBe(1);
  });

  it('refuses a retry of a step that is not there or not failed, and notes a bad signal', async () => {
    const { operationId } = await env.install({ name, ...SMALL });
    env.world.fault = (activity) => {
      if (activity === 'verifyCluster') throw ApplicationFailure.nonRetryable('no', 'VERIFY_FAILED');
    };
    await env.progressUntil(operationId, stepIs('verify', 'FAILED'));
    const refusal = async (step: string) => {
      const error = await operation(operationId)
        .executeUpdate(contract.retryStepUpdate, { args: [{ step }] })
        .catch((caught: unknown) => caught);
      return ((error as WorkflowUpdateFailedError).cause as ApplicationFailure).type;
    };
    expect(await refusal('start:broker-9')).toBe('STEP_NOT_FOUND');
    expect(await refusal('start:broker-0')).toBe('STEP_NOT_FAILED');
    await operation(operationId).signal(contract.retryStepSignal, { step: 'start:broker-9' });
    const noted = await env.progressUntil(operationId, ({ notes }) => notes.length > 0);
    expect(noted.notes[0]).toContain('start:broker-9');
    env.world.fault = () => undefined;
    await operation(operationId).executeUpdate(contract.retryStepUpdate, { args: [{ step: 'verify' }] });
    await env.progressUntil(operationId, isComplete);
  });

  it('skips a failed step with a reason', async () => {
    env.world.fault = (activity) => {
      if (activity === 'verifyCluster') throw ApplicationFailure.nonRetryable('no', 'VERIFY_FAILED');
    };
    const { operationId } = await env.install({ name, ...SMALL });
    await env.progressUntil(operationId, stepIs('verify', 'FAILED'));
    await operation(operationId).executeUpdate(contract.skipStepUpdate, {
      args: [{ step: 'verify', reason: 'checked by hand' }],
    });
    const done = await env.progressUntil(operationId, isComplete);
    expect(findStep(done, 'verify')).toMatchObject({ status: 'SKIPPED', reason: 'checked by hand' });
  });

  it('begins no step while it is paused', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    env.world.fault = (activity) => (activity === 'placeNode' ? gate : undefined);
    const { operationId } = await env.install({ name, ...SMALL });
    await env.progressUntil(operationId, stepIs('place:broker-0', 'RUNNING'));
    await operation(operationId).executeUpdate(contract.pauseUpdate, { args: [{ by: 'me' }] });
    release();
    const paused = await env.progressUntil(operationId, ({ phases }) => phases[0]?.status === 'COMPLETE');
    expect(paused.paused).toBe(true);
    expect(findStep(paused, 'start:broker-0')?.status).toBe('PENDING');
    await operation(operationId).executeUpdate(contract.resumeUpdate, { args: [{ by: 'me' }] });
    await env.progressUntil(operationId, isComplete);
  });

  it('aborts where it is, leaves what there is, and can be uninstalled then', async () => {
    env.world.fault = (activity, subject) => {
      if (activity === 'launchNode' && subject.startsWith('broker-2'))
        throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    const { operationId } = await env.install({ name, ...SMALL });
    await env.progressUntil(operationId, stepIs('start:broker-2', 'FAILED'));
    await operation(operationId).executeUpdate(contract.abortUpdate, {
      args: [{ by: 'me', reason: 'wrong version' }],
    });
    expect(await operation(operationId).result()).toMatchObject({ state: 'ABORTED' });
    const state = await env.stateUntil(name, ({ operation }) => operation === null);
    expect(state.status).toBe('INSTALL_ABORTED');
    const uninstall = await env.uninstall(name);
    await env.client.workflow.getHandle(contract.clusterWorkflowId(name)).result();
    expect(uninstall.operationId).toBe(`${name}/uninstall#2`);
    expect(env.world.placed.size).toBe(0);
    expect(env.world.running.size).toBe(0);
  });

  it('launches a node again whose process ends while it starts', async () => {
    let killed = false;
    env.world.fault = async (activity) => {
      if (activity !== 'awaitBrokerReady' || killed) return;
      killed = true;
      await env.world.endTask(name, 'broker-0.1');
    };
    const { operationId } = await env.install({ name, ...SMALL, brokers: { count: 1 } });
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects).toContain('launch broker-0.2');
    expect(env.world.running.get('broker-0')).toBe('broker-0.2');
  });

  it('fails the step when the node ends again and again', async () => {
    env.world.fault = async (activity) => {
      if (activity === 'awaitBrokerReady')
        await env.world.endTask(
          name,
          `broker-0.${env.world.effects.filter((e) => e.startsWith('launch broker-0')).length}`,
        );
    };
    const { operationId } = await env.install({ name, ...SMALL, brokers: { count: 1 } });
    const failed = await env.progressUntil(operationId, stepIs('start:broker-0', 'FAILED'));
    expect(findStep(failed, 'start:broker-0')?.reason).toContain('launch 4 of 4');
    env.world.fault = () => undefined;
    await operation(operationId).signal(contract.retryStepSignal, { step: 'start:broker-0' });
    await env.progressUntil(operationId, isComplete);
    expect(env.world.running.get('broker-0')).toBe('broker-0.5');
  });
});

describe('a session', () => {
  it('that moves during a launch makes the launch be looked for and not repeated', async () => {
    let moved = false;
    env.world.fault = (activity, subject) => {
      if (activity !== 'launchNode:done' || subject !== 'broker-0.1' || moved) return;
      moved = true;
      throw ApplicationFailure.nonRetryable('stream id does not match', 'SESSION_MOVED');
    };
    const { operationId } = await env.install({ name, ...SMALL, brokers: { count: 1 } });
    await env.progressUntil(operationId, stepIs('start:broker-0', 'WAITING'));
    await env.world.moveSession(name);
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects.filter((effect) => effect === 'launch broker-0.1')).toHaveLength(1);
  });

  it('of an old holder is refused the epoch', async () => {
    const { operationId } = await env.install({ name, ...SMALL, brokers: { count: 1 } });
    await env.progressUntil(operationId, isComplete);
    const { session } = await env.state(name);
    const entity = env.client.workflow.getHandle(contract.clusterWorkflowId(name));
    const stale = await entity
      .executeUpdate(contract.claimEpochUpdate, {
        args: [{ epoch: session!.epoch, frameworkId: session!.frameworkId }],
      })
      .catch((error: unknown) => error);
    expect(((stale as WorkflowUpdateFailedError).cause as ApplicationFailure).type).toBe('EPOCH_STALE');
  });
});

describe('a running cluster', () => {
  it('recovers a broker whose task ends, with an operation of its own', async () => {
    const { operationId } = await env.install({ name, ...SMALL });
    await env.progressUntil(operationId, isComplete);
    await env.stateUntil(name, ({ operation }) => operation === null);
    await env.world.endTask(name, 'broker-1.1');
    const recovered = await env.stateUntil(
      name,
      ({ history, recoveries }) => history.length === 2 && recoveries.length === 0,
    );
    expect(recovered.history[1]).toMatchObject({
      id: `${name}/recover#2`,
      state: 'COMPLETE',
      requestedBy: 'millrace',
    });
    expect(env.world.running.get('broker-1')).toBe('broker-1.2');
    expect(recovered.status).toBe('RUNNING');
  });

  it('recovers nodes beside a recovery that waits for them', async () => {
    const { operationId } = await env.install({ name, controllers: { count: 3 }, brokers: { count: 1 } });
    await env.progressUntil(operationId, isComplete);
    // As with real controllers: none is ready without a majority.
    env.world.fault = async (activity) => {
      if (activity !== 'awaitControllerReady') return;
      await waitFor(
        () => [...env.world.running.keys()].filter((node) => node.startsWith('controller')).length,
        (running) => running >= 2,
        { describe: 'a majority of controllers' },
      );
    };
    for (const controller of [0, 1, 2]) await env.world.endTask(name, `controller-${controller}.1`);
    const recovered = await env.stateUntil(
      name,
      ({ nodes, recoveries }) =>
        recoveries.length === 0 && Object.values(nodes).every(({ status }) => status === 'READY'),
    );
    expect(recovered.status).toBe('RUNNING');
    expect(new Set(recovered.history.flatMap(({ nodes = [] }) => nodes))).toEqual(
      new Set(['controller-0', 'controller-1', 'controller-2']),
    );
    const busy = env.world.effects.filter((effect) => /^launch controller-\d\.2$/.test(effect));
    expect(busy).toHaveLength(3);
  });

  it('is DEGRADED, and not to be uninstalled, while it recovers', async () => {
    const { operationId } = await env.install({ name, ...SMALL });
    await env.progressUntil(operationId, isComplete);
    env.world.fault = (activity) =>
      activity === 'awaitBrokerReady' ? Context.current().cancelled : undefined;
    await env.world.endTask(name, 'broker-1.1');
    const state = await env.stateUntil(name, ({ recoveries }) => recoveries.length === 1);
    expect(state.status).toBe('DEGRADED');
    const refused = await env.uninstall(name).catch((error: unknown) => error);
    const cause = (refused as WorkflowUpdateFailedError).cause as ApplicationFailure;
    expect(cause.type).toBe('OPERATION_RUNNING');
    expect(cause.message).toContain(`${name}/recover#2`);
  });

  it('leaves a broker alone whose recovery was aborted, until somebody asks', async () => {
    const { operationId } = await env.install({ name, ...SMALL, brokers: { count: 1 } });
    await env.progressUntil(operationId, isComplete);
    await env.stateUntil(name, ({ operation }) => operation === null);
    env.world.fault = (activity) => {
      if (activity === 'launchNode') throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    await env.world.endTask(name, 'broker-0.1');
    const recovery = await env.stateUntil(name, ({ recoveries }) => recoveries.length > 0);
    const recoveryId = recovery.recoveries[0]!.id;
    await env.progressUntil(recoveryId, stepIs('start:broker-0', 'FAILED'));
    await operation(recoveryId).executeUpdate(contract.abortUpdate, { args: [{ reason: 'not now' }] });
    const after = await env.stateUntil(name, ({ recoveries }) => recoveries.length === 0);
    expect(after.status).toBe('DEGRADED');
    expect(after.nodes['broker-0']).toMatchObject({ status: 'FAILED', recoveryAborted: true });
    expect(after.nodes['broker-0']?.reason).toContain('not now');
    // Nothing has begun again: the next operation is the one that is asked for.
    env.world.fault = () => undefined;
    const entity = env.client.workflow.getHandle(contract.clusterWorkflowId(name));
    const recover = () => entity.executeUpdate(contract.recoverUpdate, { args: [{ requestedBy: 'me' }] });
    const asked = await recover();
    expect(asked.operationId).toBe(`${name}/recover#3`);
    expect(asked.plan.phases.flatMap(({ steps }) => steps.map(({ id }) => id))).toEqual(['start:broker-0']);
    await env.progressUntil(asked.operationId, isComplete);
    const healed = await env.state(name);
    expect(healed.status).toBe('RUNNING');
    expect(healed.nodes['broker-0']).not.toHaveProperty('recoveryAborted');
    const again = await recover().catch((error: unknown) => error);
    expect(((again as WorkflowUpdateFailedError).cause as ApplicationFailure).type).toBe('NOTHING_TO_DO');
  });

  it('kills a task that is not the newest of its node', async () => {
    const { operationId } = await env.install({ name, ...SMALL, brokers: { count: 1 } });
    await env.progressUntil(operationId, isComplete);
    const entity = env.client.workflow.getHandle(contract.clusterWorkflowId(name));
    await entity.signal(contract.taskStatusSignal, {
      uuid: 'u',
      taskId: 'broker-7.1',
      agentId: 'a',
      state: 'TASK_RUNNING',
    });
    await env.stateUntil(name, () => env.world.effects.includes('kill broker-7.1'));
  });

  it('drops a status that comes twice', async () => {
    const { operationId } = await env.install({ name, ...SMALL, brokers: { count: 1 } });
    await env.progressUntil(operationId, isComplete);
    await env.stateUntil(name, ({ operation }) => operation === null);
    await env.world.endTask(name, 'broker-0.1');
    await env.world.endTask(name, 'broker-0.1');
    const after = await env.stateUntil(
      name,
      ({ history, recoveries }) => history.length === 2 && recoveries.length === 0,
    );
    expect(after.nodes['broker-0']?.launches).toBe(2);
  });
});

describe('an uninstall', () => {
  it('stops brokers before controllers, releases, deregisters, and ends the entity and its session', async () => {
    const { operationId } = await env.install({ name, ...SMALL });
    await env.progressUntil(operationId, isComplete);
    env.world.effects.length = 0;
    const entity = env.client.workflow.getHandle(contract.clusterWorkflowId(name));
    const accepted = await env.uninstall(name);
    await entity.result();
    expect(await operation(accepted.operationId).result()).toEqual({ state: 'COMPLETE' });
    const effects = env.world.effects;
    expect(effects.indexOf('stop controller-0.1')).toBe(3);
    expect(effects.at(-1)).toBe('teardown');
    expect(env.world.placed.size).toBe(0);
    // The name is free again, at once: what is left of the former session is in nobody's way.
    await env.progressUntil((await env.install({ name, ...SMALL })).operationId, isComplete);
    await env.uninstall(name);
    await entity.result();
    await env.client.workflow.getHandle(contract.sessionWorkflowId(name)).result();
  });

  it('is refused while an operation runs', async () => {
    env.world.fault = (activity) => {
      if (activity === 'verifyCluster') throw ApplicationFailure.nonRetryable('no', 'VERIFY_FAILED');
    };
    const { operationId } = await env.install({ name, ...SMALL });
    await env.progressUntil(operationId, stepIs('verify', 'FAILED'));
    const refused = await env.uninstall(name).catch((error: unknown) => error);
    const cause = (refused as WorkflowUpdateFailedError).cause as ApplicationFailure;
    expect(cause.type).toBe('OPERATION_RUNNING');
    expect(cause.message).toContain(operationId);
  });
});
