// What becomes of nodes whose agents are lost, go into maintenance, or end again and again; time is skipped.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ClusterState } from '../../src/model/cluster.ts';
import { DRAIN_LEAD_MS } from '../../src/model/recovery.ts';
import { findStep } from '../../src/model/plan/progress.ts';
import * as contract from '../../src/workflows/contract.ts';
import { eventually } from '../support/eventually.ts';
import { isComplete, stateIs, stepIs, stepsOf } from '../support/progress.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

const NAME = 'lossy';
const SPEC = {
  name: NAME,
  controllers: { count: 1 },
  brokers: { count: 2 },
  recovery: { replaceAfterSeconds: 600, minSecondsBetweenReplacements: 3_600 },
};
const REPLACED = ['place broker-1 2', 'launch broker-1.2', 'release broker-1 1'];

let env: WorkflowEnv;
beforeEach(async () => {
  env = await startWorkflowEnv({ timeSkipping: true });
});
afterEach(async () => {
  await env.close();
});

const operation = (id: string) => env.client.workflow.getHandle(contract.operationWorkflowId(id));
const entity = () => env.client.workflow.getHandle(contract.clusterWorkflowId(NAME));
const report = (taskId: string, state: string) => env.world.endTask(NAME, taskId, state);
const nodeIs =
  (node: string, status: string) =>
  ({ nodes }: ClusterState) =>
    nodes[node]?.status === status;

async function installed(): Promise<void> {
  const { operationId } = await env.install(SPEC);
  await env.progressUntil(operationId, isComplete);
  env.world.effects.splice(0);
}

const ended = (id: string) => env.stateUntil(NAME, ({ history }) => history.some((one) => one.id === id));

describe('a node whose agent is out of reach', () => {
  it('is left alone, and is ready again when the agent is back', async () => {
    await installed();
    await report('broker-1.1', 'TASK_UNREACHABLE');
    await env.stateUntil(NAME, nodeIs('broker-1', 'UNREACHABLE'));
    await env.sleep('9 minutes');
    await report('broker-1.1', 'TASK_RUNNING');
    await env.stateUntil(NAME, nodeIs('broker-1', 'READY'));
    await env.sleep('1 day');
    const state = await env.state(NAME);
    expect(state.status).toBe('RUNNING');
    expect(state.history).toHaveLength(1);
    expect(env.world.effects).toEqual([]);
  });

  it('is replaced elsewhere after the time of the spec, one at a time and not too soon after another', async () => {
    await installed();
    const before = (await env.state(NAME)).nodes['broker-1']!;
    await report('broker-1.1', 'TASK_UNREACHABLE');
    await env.stateUntil(NAME, nodeIs('broker-1', 'UNREACHABLE'));
    await report('broker-0.1', 'TASK_UNREACHABLE');
    await env.stateUntil(NAME, nodeIs('broker-0', 'UNREACHABLE'));
    await env.sleep('11 minutes');
    const state = await ended(`${NAME}/replace#2`);
    expect(state.history.at(-1)).toMatchObject({
      state: 'COMPLETE',
      requestedBy: 'millrace',
      nodes: ['broker-1'],
    });
    const after = state.nodes['broker-1']!;
    expect(after).toMatchObject({ status: 'READY', nodeId: before.nodeId, launches: 2 });
    expect(after.placement).toMatchObject({ number: 2 });
    expect(after.placement?.agentId).not.toBe(before.placement?.agentId);
    expect(after.directoryId).not.toBe(before.directoryId);
    expect(state.superseded ?? []).toEqual([]);
    // Nobody knows whether the former task runs: it is killed as soon as another one takes its place.
    expect(env.world.effects.filter((effect) => effect !== 'kill broker-1.1')).toEqual(REPLACED);
    expect(env.world.effects).toContain('kill broker-1.1');
    await env.sleep('30 minutes');
    expect((await env.state(NAME)).nodes['broker-0']?.status).toBe('UNREACHABLE');
    await env.sleep('40 minutes');
    await env.stateUntil(NAME, nodeIs('broker-0', 'READY'));
  });

  it('is not replaced when it comes back while Kafka cannot do without its data', async () => {
    let closed = true;
    env.world.fault = (activity) => {
      if (closed && activity === 'awaitBrokerReplaceable')
        throw ApplicationFailure.create({
          message: 'the only replica in sync',
          nextRetryDelay: '10 minutes',
        });
    };
    await installed();
    await report('broker-1.1', 'TASK_UNREACHABLE');
    await env.stateUntil(NAME, nodeIs('broker-1', 'UNREACHABLE'));
    await env.sleep('15 minutes');
    await env.progressUntil(`${NAME}/replace#2`, stepIs('replaceable:broker-1', 'RUNNING'));
    await report('broker-1.1', 'TASK_RUNNING');
    const state = await ended(`${NAME}/replace#2`);
    expect(state.history.at(-1)).toMatchObject({
      state: 'ABORTED',
      outcome: expect.stringContaining('in reach again') as string,
    });
    expect(state.nodes['broker-1']).toMatchObject({ status: 'READY', launches: 1 });
    await eventually(() => {
      expect(env.world.effects).toEqual(['look for leftovers']);
    });
    closed = false;
  });

  it('is not replaced when it comes back while a place is looked for, whoever asked', async () => {
    await installed();
    await report('broker-1.1', 'TASK_UNREACHABLE');
    await env.stateUntil(NAME, nodeIs('broker-1', 'UNREACHABLE'));
    env.world.fault = (activity) => {
      if (activity === 'placeNode') throw ApplicationFailure.nonRetryable('no offer', 'MESOS_REFUSED');
    };
    const { operationId } = await entity().executeUpdate(contract.replaceUpdate, {
      args: [{ requestedBy: 'me', node: 'broker-1' }],
    });
    await env.progressUntil(operationId, stepIs('relocate:broker-1', 'FAILED'));
    await report('broker-1.1', 'TASK_RUNNING');
    const state = await ended(operationId);
    expect(state.history.at(-1)).toMatchObject({ state: 'ABORTED' });
    expect(state.nodes['broker-1']).toMatchObject({ status: 'READY', launches: 1 });
  });

  it('leaves its former place to be released when the agent comes back', async () => {
    await installed();
    const { placement } = (await env.state(NAME)).nodes['broker-1']!;
    env.world.lostAgents.add(placement!.agentId);
    await report('broker-1.1', 'TASK_GONE_BY_OPERATOR');
    const state = await ended(`${NAME}/replace#2`);
    expect(state.history.at(-1)?.outcome).toContain('left on its agent');
    expect(state.superseded).toEqual([{ node: 'broker-1', placement }]);
    await entity().signal(contract.formerReleasedSignal, { node: 'broker-1', placementNumber: 1 });
    await env.stateUntil(NAME, ({ superseded }) => superseded?.length === 0);
  });

  it('is taken over from the recovery that waits for its agent, whose other nodes go on', async () => {
    await installed();
    await report('broker-1.1', 'TASK_UNREACHABLE');
    let away = true;
    env.world.fault = (activity, subject) => {
      if (away && activity === 'launchNode' && !subject.startsWith('broker-1.3'))
        throw ApplicationFailure.nonRetryable('no offer', 'MESOS_REFUSED');
    };
    await report('broker-1.1', 'TASK_GONE');
    await report('broker-0.1', 'TASK_FAILED');
    await env.progressUntil(`${NAME}/recover#2`, stepIs('start:broker-1', 'FAILED'));
    await env.sleep('11 minutes');
    await env.stateUntil(NAME, nodeIs('broker-1', 'READY'));
    expect(findStep(await env.progress(`${NAME}/recover#2`), 'start:broker-1')).toMatchObject({
      status: 'SKIPPED',
      reason: expect.stringContaining('replaced') as string,
    });
    away = false;
    const { recoveries } = await env.state(NAME);
    const ofOther = recoveries.find(({ nodes }) => nodes?.includes('broker-0'));
    await operation(ofOther!.id).signal(contract.retryStepSignal, { step: 'start:broker-0' });
    await env.stateUntil(NAME, nodeIs('broker-0', 'READY'));
    await env.stateUntil(NAME, ({ recoveries }) => recoveries.length === 0);
  });
});

describe('a replacement that a person asks for', () => {
  const replace = (node: string) =>
    entity().executeUpdate(contract.replaceUpdate, {
      args: [{ requestedBy: 'me', reason: 'disk fails', node }],
    });

  it('reserves first, stops the node when Kafka can do without it, and starts it elsewhere', async () => {
    await installed();
    const { operationId } = await replace('broker-1');
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects).toEqual([
      'place broker-1 2',
      'stop broker-1.1',
      'launch broker-1.2',
      'release broker-1 1',
    ]);
  });

  it('does not ask Kafka when it is forced, which takes a reason, and shows what that means', async () => {
    await installed();
    const forced = { requestedBy: 'me', node: 'broker-1', force: true };
    const refused = await entity()
      .executeUpdate(contract.replaceUpdate, { args: [forced] })
      .catch((caught: unknown) => caught as WorkflowUpdateFailedError);
    expect(((refused as WorkflowUpdateFailedError).cause as ApplicationFailure).type).toBe('REQUEST_INVALID');
    const impact = { partitions: 2, bytes: 2_048, onlyHere: ['audit-0 (its only replica)'] };
    const { operationId, plan } = await entity().executeUpdate(contract.replaceUpdate, {
      args: [{ ...forced, reason: 'its disk is lost', impact }],
    });
    expect(plan.changes).toEqual([
      'broker-1 gets an empty disk: 2 replicas, 2.0 kB, copied from the others',
      '1 partition that nobody else has in full may lose records: audit-0 (its only replica)',
    ]);
    const done = await env.progressUntil(operationId, isComplete);
    expect(done.notes.join()).toContain('given up by force with broker-1: 1 partition');
    expect(stepsOf(done).map(({ action }) => action)).toContainEqual({ kind: 'stop', node: 'broker-1' });
  });

  it('makes a replaced controller a voter in place of the lost one', async () => {
    await installed();
    const before = (await env.state(NAME)).nodes['controller-0']!;
    const { operationId } = await replace('controller-0');
    await env.progressUntil(operationId, isComplete);
    const after = (await env.state(NAME)).nodes['controller-0']!;
    expect(after.joins).toEqual({ replacing: [before.directoryId] });
    expect(env.world.effects).toContain(`voter controller-0 ${after.directoryId}`);
  });

  it('is refused for a node that is not there, and while another one runs', async () => {
    await installed();
    const codeOf = async (node: string) => {
      const error = await replace(node).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
      return ((error as WorkflowUpdateFailedError).cause as ApplicationFailure).type;
    };
    expect(await codeOf('broker-7')).toBe('NODE_NOT_FOUND');
    env.world.fault = (activity) => {
      if (activity === 'placeNode') throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    const { operationId } = await replace('broker-1');
    await env.progressUntil(operationId, stepIs('relocate:broker-1', 'FAILED'));
    expect(await codeOf('broker-0')).toBe('OPERATION_RUNNING');
    await operation(operationId).executeUpdate(contract.abortUpdate, { args: [{ reason: 'enough' }] });
    await env.progressUntil(operationId, stateIs('ABORTED'));
    expect((await env.state(NAME)).nodes['broker-1']?.status).toBe('READY');
    await eventually(() => {
      expect(env.world.effects).toEqual(['look for leftovers']);
    });
  });

  it('that is aborted gives back what it reserved, and the next one takes another number', async () => {
    await installed();
    env.world.fault = (activity) => {
      if (activity === 'stopNode') throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    const first = await replace('broker-1');
    await env.progressUntil(first.operationId, stepIs('stop:broker-1', 'FAILED'));
    expect((await env.state(NAME)).nodes['broker-1']?.next?.placement.number).toBe(2);
    await operation(first.operationId).executeUpdate(contract.abortUpdate, { args: [{ reason: 'later' }] });
    await env.progressUntil(first.operationId, stateIs('ABORTED'));
    expect((await env.state(NAME)).nodes['broker-1']).not.toHaveProperty('next');
    env.world.fault = () => undefined;
    const second = await replace('broker-1');
    await env.progressUntil(second.operationId, isComplete);
    expect((await env.state(NAME)).nodes['broker-1']?.placement?.number).toBe(3);
  });
});

describe('a node whose task ends while an operation that has not touched it holds it', () => {
  it('is recovered where it is, and its replacement gives up', async () => {
    await installed();
    env.world.fault = (activity) => {
      if (activity === 'placeNode') throw ApplicationFailure.nonRetryable('no offer', 'MESOS_REFUSED');
    };
    const { operationId } = await entity().executeUpdate(contract.replaceUpdate, {
      args: [{ requestedBy: 'me', node: 'broker-1' }],
    });
    await env.progressUntil(operationId, stepIs('relocate:broker-1', 'FAILED'));
    await report('broker-1.1', 'TASK_FAILED');
    await env.stateUntil(NAME, nodeIs('broker-1', 'READY'));
    const { history, nodes } = await env.stateUntil(NAME, ({ recoveries }) => recoveries.length === 0);
    expect(history.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'install COMPLETE',
      'replace ABORTED',
      'recover COMPLETE',
    ]);
    expect(nodes['broker-1']).toMatchObject({ launches: 2, placement: { number: 1 } });
  });
});

describe('maintenance of an agent', () => {
  it('that is called off while a node waits for its gate leaves the node alone', async () => {
    await installed();
    const { agentId } = (await env.state(NAME)).nodes['broker-1']!.placement!;
    env.world.fault = (activity) => {
      if (activity === 'stopNode')
        throw ApplicationFailure.nonRetryable('the only one in sync', 'MESOS_REFUSED');
    };
    const window = { startMs: await env.now() };
    await entity().signal(contract.maintenanceSignal, { agentId, window });
    await env.stateUntil(NAME, ({ recoveries }) => recoveries.length === 1);
    await env.progressUntil(`${NAME}/drain#2`, stepIs('stop:broker-1', 'FAILED'));
    await entity().signal(contract.maintenanceSignal, { agentId, window: null });
    const state = await ended(`${NAME}/drain#2`);
    expect(findStep(await env.progress(`${NAME}/drain#2`), 'stop:broker-1')?.status).toBe('SKIPPED');
    expect(state.nodes['broker-1']).toMatchObject({ status: 'READY', launches: 1 });
    expect(env.world.effects).toEqual([]);
  });

  it('stops its nodes shortly before it begins, and starts them when they can be launched again', async () => {
    await installed();
    const { agentId } = (await env.state(NAME)).nodes['broker-1']!.placement!;
    let lifted = false;
    env.world.fault = (activity, subject) => {
      if (activity === 'launchNode' && !lifted)
        throw ApplicationFailure.create({
          message: `${subject} waits for the end of the maintenance`,
          type: 'KAFKA_NOT_READY',
          nonRetryable: true,
        });
    };
    const startMs = (await env.now()) + 3 * DRAIN_LEAD_MS;
    await entity().signal(contract.maintenanceSignal, { agentId, window: { startMs } });
    await env.sleep('15 minutes');
    expect((await env.state(NAME)).recoveries).toEqual([]);
    expect(env.world.effects).toEqual([]);
    await env.sleep('10 minutes');
    await env.progressUntil(`${NAME}/drain#2`, stepIs('start:broker-1', 'FAILED'));
    expect(env.world.effects).toEqual(['stop broker-1.1']);
    lifted = true;
    await operation(`${NAME}/drain#2`).signal(contract.retryStepSignal, { step: 'start:broker-1' });
    await env.stateUntil(NAME, nodeIs('broker-1', 'READY'));
    expect(env.world.effects).toEqual(['stop broker-1.1', 'launch broker-1.2']);
    await ended(`${NAME}/drain#2`);
  });
});

describe('a task that ends again and again', () => {
  it('is launched later and later, shows the next try, and a retry launches it at once', async () => {
    await installed();
    let crashing = true;
    env.world.fault = async (activity) => {
      if (activity !== 'awaitBrokerReady' || !crashing) return;
      const launches = (await env.state(NAME)).nodes['broker-1']!.launches;
      await report(`broker-1.${launches}`, 'TASK_FAILED');
    };
    await report('broker-1.1', 'TASK_FAILED');
    const id = `${NAME}/recover#2`;
    const waits = (seconds: number) =>
      env.progressUntil(id, (progress) => {
        const step = findStep(progress, 'start:broker-1');
        return step?.status === 'WAITING' && step.reason?.includes(`follows in ${seconds} s`) === true;
      });
    for (const seconds of [5, 10, 20]) {
      await waits(seconds);
      await env.sleep(`${seconds} seconds`);
    }
    await waits(40);
    await operation(id).executeUpdate(contract.retryStepUpdate, { args: [{ step: 'start:broker-1' }] });
    await waits(5);
    crashing = false;
    await env.sleep('5 seconds');
    await env.stateUntil(NAME, nodeIs('broker-1', 'READY'));
    await env.progressUntil(id, isComplete);
  });
});

describe('a task that ends soon after its node was ready, time and again', () => {
  it('is brought back later each time, by recoveries of their own', async () => {
    await installed();
    const launch = async () => (await env.state(NAME)).nodes['broker-1']!.launches;
    await report('broker-1.1', 'TASK_FAILED');
    await env.stateUntil(
      NAME,
      (state) => nodeIs('broker-1', 'READY')(state) && state.recoveries.length === 0,
    );
    expect(await launch()).toBe(2);
    await report('broker-1.2', 'TASK_FAILED');
    const waiting = await env.progressUntil(`${NAME}/recover#3`, stepIs('start:broker-1', 'WAITING'));
    expect(findStep(waiting, 'start:broker-1')?.reason).toContain(
      '2 times in a row. Its next launch follows in 5 s',
    );
    expect(await launch()).toBe(2);
    await env.sleep('5 seconds');
    await env.stateUntil(NAME, nodeIs('broker-1', 'READY'));
    expect(await launch()).toBe(3);
  });
});

describe('a paused recovery', () => {
  it('lets go of a node that is to be replaced all the same', async () => {
    await installed();
    env.world.fault = (activity, subject) => {
      if (activity === 'launchNode' && subject === 'broker-1.2')
        throw ApplicationFailure.nonRetryable('no offer', 'MESOS_REFUSED');
    };
    await report('broker-1.1', 'TASK_FAILED');
    const recovery = operation(`${NAME}/recover#2`);
    await env.progressUntil(`${NAME}/recover#2`, stepIs('start:broker-1', 'FAILED'));
    await recovery.executeUpdate(contract.pauseUpdate, { args: [{ by: 'ann' }] });
    await recovery.executeUpdate(contract.retryStepUpdate, { args: [{ step: 'start:broker-1' }] });
    await env.progressUntil(`${NAME}/recover#2`, stepIs('start:broker-1', 'PENDING'));
    const { operationId } = await entity().executeUpdate(contract.replaceUpdate, {
      args: [{ requestedBy: 'me', node: 'broker-1' }],
    });
    await env.progressUntil(operationId, isComplete);
    expect((await env.state(NAME)).nodes['broker-1']).toMatchObject({ status: 'READY', launches: 3 });
  });
});

describe('a framework that was removed', () => {
  it('is said plainly, starts nothing by itself, and is adopted when a person says so', async () => {
    await installed();
    const { frameworkId } = await env.state(NAME);
    const adopt = () => entity().executeUpdate(contract.adoptUpdate, { args: [{ requestedBy: 'me' }] });
    const early = await adopt().catch((error: unknown) => error);
    expect(((early as WorkflowUpdateFailedError).cause as ApplicationFailure).type).toBe('NOTHING_TO_DO');
    env.world.running.clear();
    await entity().signal(contract.sessionProblemSignal, {
      code: 'FRAMEWORK_REMOVED',
      reason: 'Framework has been removed',
    });
    const removed = await env.stateUntil(NAME, ({ status }) => status === 'DEGRADED');
    expect(Object.values(removed.nodes).every(({ status }) => status === 'FAILED')).toBe(true);
    await env.sleep('1 day');
    expect(env.world.effects.filter((effect) => !effect.startsWith('subscribe'))).toEqual([]);
    const { operationId } = await adopt();
    expect(operationId).toBe(`${NAME}/adopt#2`);
    await env.progressUntil(operationId, isComplete);
    const state = await env.state(NAME);
    expect(state.status).toBe('RUNNING');
    expect(state.frameworkId).not.toBe(frameworkId);
    expect(state.session?.frameworkId).toBe(state.frameworkId);
    expect(Object.values(state.nodes).map(({ launches }) => launches)).toEqual([2, 2, 2]);
  });
});
