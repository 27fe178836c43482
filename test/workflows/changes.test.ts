// Changes of a cluster that serves: restarts, broker pause and resume, queue, windows; and what falls meanwhile.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ClusterState } from '../../src/model/cluster.ts';
import { findStep } from '../../src/model/plan/progress.ts';
import * as contract from '../../src/workflows/contract.ts';
import { isComplete, stateIs, stepIs, stepsOf } from '../support/progress.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

let env: WorkflowEnv;
let name = '';
let clusters = 0;
beforeAll(async () => {
  env = await startWorkflowEnv();
});
afterAll(async () => {
  await env.close();
});
afterEach(() => {
  env.world.fault = () => undefined;
  env.world.activeController = null;
  env.world.placed.clear();
  env.world.running.clear();
});

const BY = { requestedBy: 'ann' };
const entity = () => env.client.workflow.getHandle(contract.clusterWorkflowId(name));
const operation = (id: string) => env.client.workflow.getHandle(contract.operationWorkflowId(id));
const restart = (request: object = {}) =>
  entity().executeUpdate(contract.restartUpdate, { args: [{ ...BY, ...request }] });
const inHistory =
  (id: string) =>
  ({ history }: ClusterState) =>
    history.some((one) => one.id === id);
const refusal = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    () => null,
    (failed: unknown) => failed,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`not refused: ${String(error)}`);
  return error.cause instanceof ApplicationFailure
    ? `${error.cause.type}: ${error.cause.message}`
    : String(error.cause);
};

async function installed(spec: object = {}): Promise<void> {
  clusters += 1;
  name = `changing-${clusters}`;
  const { operationId } = await env.install({
    name,
    controllers: { count: 1 },
    brokers: { count: 2 },
    ...spec,
  });
  await env.progressUntil(operationId, isComplete);
  env.world.effects.splice(0);
}

describe('a restart', () => {
  it('takes one node after the other, controllers first, and gives the leaders back', async () => {
    await installed();
    const { operationId } = await restart();
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects).toEqual([
      'stop controller-0.1',
      'launch controller-0.2',
      'stop broker-0.1',
      'launch broker-0.2',
      'leaders broker-0',
      'stop broker-1.1',
      'launch broker-1.2',
      'leaders broker-1',
    ]);
    const state = await env.stateUntil(name, inHistory(operationId));
    expect(state.status).toBe('RUNNING');
    expect(Object.values(state.nodes).map(({ status, launches }) => [status, launches])).toEqual([
      ['READY', 2],
      ['READY', 2],
      ['READY', 2],
    ]);
  });

  it('costs at most 40 events of history a broker', async () => {
    await installed({ brokers: { count: 3 } });
    const { operationId } = await restart({ nodes: ['broker-0', 'broker-1', 'broker-2'] });
    await env.progressUntil(operationId, isComplete);
    const { historyLength } = await operation(operationId).describe();
    expect(historyLength / 3).toBeLessThanOrEqual(40);
  });

  it('that is paused holds no node that it has not stopped', async () => {
    await installed({ brokers: { count: 2 } });
    let paused = false;
    env.world.fault = async (activity, node) => {
      if (activity !== 'awaitBrokerReady' || node !== 'broker-0' || paused) return;
      paused = true;
      await operation(operationId).executeUpdate(contract.pauseUpdate, { args: [{ by: 'me' }] });
    };
    const { operationId } = await restart({ nodes: ['broker-0', 'broker-1'] });
    await env.progressUntil(operationId, stepIs('start:broker-0', 'COMPLETE'));
    await env.world.endTask(name, 'broker-1.1');
    await env.stateUntil(name, ({ nodes }) => nodes['broker-1']?.taskState === 'TASK_RUNNING');
    const seen = await env.stateUntil(name, ({ history }) => history.some(({ kind }) => kind === 'recover'));
    expect(seen.nodes['broker-1']).toMatchObject({ status: 'READY', launches: 2 });
    await operation(operationId).executeUpdate(contract.resumeUpdate, { args: [{ by: 'me' }] });
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects.filter((effect) => effect.includes('broker-1'))).toEqual([
      'launch broker-1.2',
      'stop broker-1.2',
      'launch broker-1.3',
      'leaders broker-1',
    ]);
  });

  it('leaves the controller that leads for the end', async () => {
    await installed({ controllers: { count: 3 } });
    env.world.activeController = 3000;
    const { operationId } = await restart({ nodes: ['controller-0', 'controller-1', 'controller-2'] });
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects.filter((effect) => effect.startsWith('stop'))).toEqual([
      'stop controller-1.1',
      'stop controller-2.1',
      'stop controller-0.1',
    ]);
  });

  it('takes nothing that Mesos says of a node it stops for a fall of that node', async () => {
    await installed();
    env.world.fault = async (activity, taskId) => {
      if (activity === 'stopNode:done') await env.world.endTask(name, taskId, 'TASK_KILLED');
    };
    const { operationId } = await restart({ nodes: ['broker-1'] });
    const seen = await env.progressUntil(operationId, isComplete);
    expect(stepsOf(seen).map(({ id, runs }) => [id, runs])).toEqual([
      ['stop:broker-1', 1],
      ['start:broker-1', 1],
    ]);
    const state = await env.stateUntil(name, inHistory(operationId));
    expect(state.history.map(({ kind }) => kind)).toEqual(['install', 'restart']);
    expect(state.nodes['broker-1']).toMatchObject({ status: 'READY', launches: 2 });
    expect(state.nodes['broker-1']?.quickEnds).toBeUndefined();
  });

  it('does not keep another node from being recovered meanwhile', async () => {
    await installed();
    let open = false;
    env.world.fault = (activity, taskId) => {
      if (activity === 'stopNode' && taskId === 'broker-0.1' && !open)
        throw ApplicationFailure.retryable('KAFKA_UNREACHABLE: not yet', 'KAFKA_UNREACHABLE');
    };
    const { operationId } = await restart({ nodes: ['broker-0'] });
    await env.progressUntil(operationId, stepIs('stop:broker-0', 'WAITING'));
    await env.world.endTask(name, 'broker-1.1');
    const state = await env.stateUntil(name, ({ nodes }) => nodes['broker-1']?.launches === 2);
    expect(state.recoveries.length + state.history.length).toBeGreaterThan(1);
    await env.stateUntil(name, ({ nodes }) => nodes['broker-1']?.status === 'READY');
    open = true;
    await env.progressUntil(operationId, isComplete);
    expect((await env.state(name)).nodes['broker-0']).toMatchObject({ status: 'READY', launches: 2 });
  });

  it('takes a node over from its recovery', async () => {
    await installed();
    let fails = true;
    env.world.fault = (activity, subject) => {
      if (activity === 'awaitBrokerReady' && subject === 'broker-1' && fails)
        throw ApplicationFailure.retryable('catching up', 'KAFKA_NOT_READY');
    };
    await env.world.endTask(name, 'broker-1.1');
    await env.stateUntil(name, ({ recoveries }) => recoveries.length === 1);
    await env.stateUntil(name, ({ nodes }) => nodes['broker-1']?.launches === 2);
    const { operationId } = await restart({ nodes: ['broker-1'] });
    await env.progressUntil(operationId, stepIs('stop:broker-1', 'COMPLETE'));
    fails = false;
    await env.progressUntil(operationId, isComplete);
    const state = await env.stateUntil(name, ({ recoveries }) => recoveries.length === 0);
    expect(state.nodes['broker-1']).toMatchObject({ status: 'READY' });
    expect(state.status).toBe('RUNNING');
  });

  it('starts a process anew that hangs', async () => {
    await installed();
    env.world.hanging.add('broker-1.2');
    const { operationId } = await restart({ nodes: ['broker-1'] });
    const done = await env.progressUntil(operationId, isComplete);
    expect(done.notes).toContain('broker-1.2 hangs and is started anew: not heard of');
    expect(env.world.effects).toEqual([
      'stop broker-1.1',
      'launch broker-1.2',
      'stop broker-1.2',
      'launch broker-1.3',
      'leaders broker-1',
    ]);
  });

  it('leaves a node alone whose stop is skipped while it waits, and goes on', async () => {
    await installed();
    env.world.fault = (activity, taskId) => {
      if (activity === 'stopNode' && taskId === 'broker-0.1')
        throw ApplicationFailure.retryable('the gate is closed', 'KAFKA_UNREACHABLE');
    };
    const { operationId } = await restart({ nodes: ['broker-0', 'broker-1'] });
    await env.progressUntil(operationId, stepIs('stop:broker-0', 'WAITING'));
    await operation(operationId).executeUpdate(contract.skipStepUpdate, {
      args: [{ step: 'stop:broker-0', reason: 'later', by: 'ann' }],
    });
    const seen = await env.progressUntil(operationId, isComplete);
    expect(findStep(seen, 'stop:broker-0')).toMatchObject({ status: 'SKIPPED', reason: 'later' });
    const state = await env.stateUntil(name, inHistory(operationId));
    expect(state.nodes['broker-0']).toMatchObject({ status: 'READY', launches: 1 });
    expect(state.nodes['broker-1']).toMatchObject({ status: 'READY', launches: 2 });
  });

  it('that is aborted in the middle leaves a stopped node to be recovered at once', async () => {
    await installed();
    let holds = true;
    env.world.fault = (activity, taskId) => {
      if (activity === 'launchNode' && taskId === 'broker-0.2' && holds)
        throw ApplicationFailure.retryable('no offer', 'MESOS_UNREACHABLE');
    };
    const { operationId } = await restart({ nodes: ['broker-0'] });
    await env.progressUntil(operationId, stepIs('start:broker-0', 'WAITING'));
    await operation(operationId).executeUpdate(contract.abortUpdate, { args: [{ reason: 'enough' }] });
    holds = false;
    const state = await env.stateUntil(
      name,
      ({ nodes, recoveries, operation: running }) =>
        running === null && recoveries.length === 0 && nodes['broker-0']?.status === 'READY',
    );
    expect(state.history.map(({ kind, state: ended }) => `${kind} ${ended}`)).toEqual([
      'install COMPLETE',
      'restart ABORTED',
      'recover COMPLETE',
    ]);
    expect(state.status).toBe('RUNNING');
  });

  it('waits for its window before it stops a node', async () => {
    await installed();
    const minute = new Date().getUTCHours() * 60 + new Date().getUTCMinutes();
    const window = { fromMinute: (minute + 600) % 1440, toMinute: (minute + 660) % 1440 };
    const { operationId } = await restart({ nodes: ['broker-0'], window });
    const seen = await env.progressUntil(operationId, stepIs('stop:broker-0', 'WAITING'));
    expect(findStep(seen, 'stop:broker-0')?.reason).toContain('which opens at');
    expect(env.world.effects).toEqual([]);
    await operation(operationId).executeUpdate(contract.abortUpdate, { args: [{ reason: 'enough' }] });
    await env.progressUntil(operationId, stateIs('ABORTED'));
  });

  it('refuses unknown nodes, a stale plan and a bad window, and changes nothing', async () => {
    await installed();
    expect(await refusal(restart({ nodes: ['broker-7'] }))).toMatch(/NODE_NOT_FOUND.*broker-7.*broker-1/);
    expect(await refusal(restart({ planHash: '0123456789abcdef' }))).toContain('PLAN_STALE');
    expect(await refusal(restart({ window: { fromMinute: -1, toMinute: 5 } }))).toMatch(
      /REQUEST_INVALID.*window/,
    );
    const state = await env.state(name);
    expect(state.operation).toBeNull();
    expect(state.history).toHaveLength(1);
  });
});

describe('a second operation', () => {
  const holdStop = () => {
    let held = true;
    env.world.fault = (activity) => {
      if (activity === 'stopNode' && held)
        throw ApplicationFailure.retryable('the gate is closed', 'KAFKA_UNREACHABLE');
    };
    return () => {
      held = false;
    };
  };

  it('is refused with the one that runs, and begun after it when it is queued', async () => {
    await installed();
    const release = holdStop();
    const first = await restart({ nodes: ['broker-0'] });
    expect(await refusal(restart())).toContain(first.operationId);
    const second = await restart({ nodes: ['broker-1'], queue: true });
    expect(second.queuedBehind).toBe(first.operationId);
    expect((await env.state(name)).queue?.map(({ id }) => id)).toEqual([second.operationId]);
    release();
    await env.stateUntil(name, inHistory(second.operationId));
    const state = await env.state(name);
    expect(state.history.map(({ id, state: ended }) => `${id} ${ended}`).slice(1)).toEqual([
      `${first.operationId} COMPLETE`,
      `${second.operationId} COMPLETE`,
    ]);
    expect(state.queue).toEqual([]);
  });

  it('is recorded with the reason when it cannot be done any more, or is taken out of the queue', async () => {
    await installed();
    const release = holdStop();
    await entity().executeUpdate(contract.pauseNodeUpdate, { args: [{ ...BY, node: 'broker-0' }] });
    const again = await entity().executeUpdate(contract.pauseNodeUpdate, {
      args: [{ ...BY, node: 'broker-0', queue: true }],
    });
    const unwanted = await restart({ queue: true });
    await entity().executeUpdate(contract.dequeueUpdate, {
      args: [{ ...BY, operationId: unwanted.operationId, reason: 'changed my mind' }],
    });
    release();
    const state = await env.stateUntil(name, inHistory(again.operationId));
    const outcomes = Object.fromEntries(state.history.map(({ id, outcome }) => [id, outcome]));
    expect(outcomes[again.operationId]).toContain('kept stopped already');
    expect(outcomes[unwanted.operationId]).toContain('changed my mind');
  });
});

describe('a broker that is paused', () => {
  it('stays stopped, is left out of restarts, and comes back with resume', async () => {
    await installed();
    const node = 'broker-1';
    const paused = await entity().executeUpdate(contract.pauseNodeUpdate, {
      args: [{ ...BY, node, reason: 'heap dump' }],
    });
    await env.progressUntil(paused.operationId, isComplete);
    const state = await env.stateUntil(name, inHistory(paused.operationId));
    expect(state.nodes[node]).toMatchObject({
      status: 'STOPPED',
      paused: { by: 'ann', reason: 'heap dump' },
      reason: 'kept stopped by ann: heap dump',
    });
    expect(state.recoveries).toEqual([]);
    const others = await restart();
    await env.progressUntil(others.operationId, isComplete);
    expect(env.world.effects.filter((effect) => effect.includes(node))).toEqual([`stop ${node}.1`]);
    const resumed = await entity().executeUpdate(contract.resumeNodeUpdate, { args: [{ ...BY, node }] });
    await env.progressUntil(resumed.operationId, isComplete);
    const after = await env.stateUntil(name, inHistory(resumed.operationId));
    expect(after.nodes[node]).toMatchObject({ status: 'READY', launches: 2 });
    expect(after.nodes[node]?.paused).toBeUndefined();
    expect(after.status).toBe('RUNNING');
  });

  it('is refused for controllers, unknown nodes and one that runs', async () => {
    await installed();
    const pause = (node: string) =>
      entity().executeUpdate(contract.pauseNodeUpdate, { args: [{ ...BY, node }] });
    expect(await refusal(pause('controller-0'))).toContain('only brokers');
    expect(await refusal(pause('broker-9'))).toContain('NODE_NOT_FOUND');
    const resume = entity().executeUpdate(contract.resumeNodeUpdate, { args: [{ ...BY, node: 'broker-0' }] });
    expect(await refusal(resume)).toContain('NOTHING_TO_DO');
  });
});
