// Other specs and moving replicas: what is restarted, what takes whose place, what an abort puts back.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ApplyRequest } from '../../src/model/change-request.ts';
import type { ClusterState } from '../../src/model/cluster.ts';
import { findStep } from '../../src/model/plan/progress.ts';
import type { ClusterSpecInput } from '../../src/model/spec/schema.ts';
import * as contract from '../../src/workflows/contract.ts';
import { isComplete, stateIs, stepIs } from '../support/progress.ts';
import { specOf, startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

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
  const { world } = env;
  world.fault = () => undefined;
  world.partitions = [];
  world.throttle = null;
  world.cordoned.clear();
  world.placed.clear();
  world.running.clear();
});

const BY = { requestedBy: 'ann' };
const entity = () => env.client.workflow.getHandle(contract.clusterWorkflowId(name));
const operation = (id: string) => env.client.workflow.getHandle(contract.operationWorkflowId(id));
type Spec = Omit<ClusterSpecInput, 'name'>;
const SMALL: Spec = { controllers: { count: 1 }, brokers: { count: 3 }, update: { spareless: 'allow' } };
const apply = (spec: Spec, options: Partial<ApplyRequest> = {}) =>
  entity().executeUpdate(contract.applyUpdate, {
    args: [{ ...BY, ...options, spec: specOf({ ...SMALL, ...spec, name }) }],
  });
const abort = (id: string) =>
  operation(id).executeUpdate(contract.abortUpdate, { args: [{ reason: 'enough', by: 'ann' }] });
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
const stops = () => env.world.effects.filter((effect) => effect.startsWith('stop '));

async function installed(spec: Spec = {}): Promise<void> {
  clusters += 1;
  name = `updated-${clusters}`;
  const { operationId } = await env.install({ ...SMALL, ...spec, name });
  await env.progressUntil(operationId, isComplete);
  env.world.effects.splice(0);
}

/** Partitions on brokers 0 to 2, unevenly. */
function withPartitions(): void {
  env.world.partitions = Array.from({ length: 6 }, (_none, partition) => ({
    topic: 'orders',
    partition,
    replicas: [0, 1],
    bytes: 1_000,
  }));
}

describe('an apply', () => {
  it('does nothing when the cluster is as the spec says', async () => {
    await installed();
    expect(await refusal(apply({}))).toMatch(/NOTHING_TO_DO.*generation 1/);
    expect((await env.state(name)).generation).toBe(1);
  });

  it('changes while Kafka runs what it can, and restarts no node', async () => {
    await installed();
    const { operationId } = await apply({ kafka: { config: { 'num.io.threads': 16 } } });
    await env.progressUntil(operationId, isComplete);
    const state = await env.stateUntil(name, inHistory(operationId));
    expect(env.world.effects).toEqual(['configure {"num.io.threads":"16"}']);
    expect(state.dynamic).toEqual({ values: { 'num.io.threads': '16' }, unknown: [] });
    expect(await refusal(apply({ kafka: { config: { 'num.io.threads': 16 } } }))).toContain('NOTHING_TO_DO');
    const back = await apply({});
    await env.progressUntil(back.operationId, isComplete);
    expect(env.world.effects.at(-1)).toBe('configure {"num.io.threads":null}');
  });

  it('restarts what Kafka cannot change, grows what is reserved before, and remembers the specs in use', async () => {
    await installed();
    const { operationId, plan } = await apply({ brokers: { count: 3, memMb: 4096, heapMb: 2048 } });
    expect(plan.changes).toContain('brokers.heapMb: 1024 → 2048 (restart: broker-0, broker-1, broker-2)');
    await env.progressUntil(operationId, isComplete);
    expect(stops()).toEqual(['stop broker-0.1', 'stop broker-1.1', 'stop broker-2.1']);
    expect(env.world.effects.filter((effect) => effect.startsWith('fit'))).toEqual([
      'fit broker-0',
      'fit broker-1',
      'fit broker-2',
    ]);
    const state = await env.stateUntil(name, inHistory(operationId));
    expect(Object.values(state.nodes).map(({ generation = 1 }) => generation)).toEqual([1, 2, 2, 2]);
    expect(Object.keys(state.formerSpecs ?? {})).toEqual(['1']);
    expect(await refusal(apply({ brokers: { count: 3, memMb: 4096, heapMb: 2048 } }))).toContain(
      'NOTHING_TO_DO',
    );
  });

  it('gives way to a newer spec, and restarts no node that has it already', async () => {
    await installed();
    let held = true;
    env.world.fault = (activity, taskId) => {
      if (activity === 'stopNode' && taskId === 'broker-1.1' && held)
        throw ApplicationFailure.retryable('the gate is closed', 'KAFKA_UNREACHABLE');
    };
    const first = await apply({ brokers: { count: 3, jvmOptions: ['-Da=1'] } });
    await env.progressUntil(first.operationId, stepIs('stop:broker-1', 'WAITING'));
    const next = { brokers: { count: 3, jvmOptions: ['-Da=1'] }, labels: { team: 'payments' } };
    const second = await apply(next);
    held = false;
    await env.stateUntil(name, inHistory(second.operationId));
    const state = await env.state(name);
    expect(state.history.map(({ id, state: ended }) => `${id} ${ended}`).slice(1)).toEqual([
      `${first.operationId} ABORTED`,
      `${second.operationId} COMPLETE`,
    ]);
    expect(stops()).toEqual(['stop broker-0.1', 'stop broker-1.1', 'stop broker-2.1']);
    expect(Object.values(state.nodes).every(({ status }) => status === 'READY')).toBe(true);
  });

  it('restarts a rack at once, one rack after the other', async () => {
    await installed({ rack: 'cabinet', brokers: { count: 4 } });
    const { operationId, plan } = await apply({
      rack: 'cabinet',
      brokers: { count: 4, jvmOptions: ['-Da=1'] },
      update: { strategy: 'rack-parallel' },
    });
    expect(plan.phases.map(({ name: phase, steps }) => `${phase}: ${steps.length}`)).toEqual([
      'stop rack c0: 2',
      'start rack c0: 2',
      'stop rack c1: 2',
      'start rack c1: 2',
    ]);
    await env.progressUntil(operationId, isComplete);
    const order = env.world.effects
      .filter((effect) => /^(stop|launch) broker/.test(effect))
      .map((effect) => effect.split(' ')[0]);
    expect(order).toEqual(['stop', 'stop', 'launch', 'launch', 'stop', 'stop', 'launch', 'launch']);
  });

  it('waits for approval after its canaries', async () => {
    await installed();
    const { operationId, planHash } = await apply({
      brokers: { count: 3, jvmOptions: ['-Da=1'] },
      update: { strategy: 'canary', canaries: 1 },
    });
    await env.progressUntil(operationId, stepIs('approve', 'WAITING'));
    expect(stops()).toEqual(['stop broker-0.1']);
    const approve = (hash: string) =>
      operation(operationId).executeUpdate(contract.approveUpdate, { args: [{ planHash: hash }] });
    expect(await refusal(approve('0123456789'))).toContain('PLAN_STALE');
    await approve(planHash.slice(0, 12));
    await env.progressUntil(operationId, isComplete);
    expect(stops()).toHaveLength(3);
  });

  it('is refused what cannot be changed, and a plan that is not what would be done', async () => {
    await installed();
    expect(await refusal(apply({ user: 'kafka' }))).toMatch(/CHANGE_REFUSED.*user/);
    expect(await refusal(apply({ kafka: { version: '4.0.0' } }))).toMatch(/CHANGE_REFUSED.*kafka\.version/);
    expect(await refusal(apply({ labels: { a: 'b' } }, { planHash: 'abcdef0123' }))).toContain('PLAN_STALE');
    expect((await env.state(name)).generation).toBe(1);
  });
});

describe('scaling', () => {
  it('adds brokers and moves replicas to them; ids are never given twice', async () => {
    await installed();
    withPartitions();
    const out = await apply({ brokers: { count: 4 } });
    expect((await env.progressUntil(out.operationId, isComplete)).operation).toBe('scale');
    expect(env.world.partitions.some(({ replicas }) => replicas.includes(3))).toBe(true);
    const back = await apply({ brokers: { count: 3 } }, { remove: ['broker-3'] });
    await env.progressUntil(back.operationId, isComplete);
    const state = await env.stateUntil(name, inHistory(back.operationId));
    expect(Object.keys(state.nodes)).toEqual(['controller-0', 'broker-0', 'broker-1', 'broker-2']);
    expect(env.world.effects).toEqual(expect.arrayContaining(['unregister broker-3', 'release broker-3']));
    const again = await apply({ brokers: { count: 4 } });
    await env.progressUntil(again.operationId, isComplete);
    expect(Object.keys((await env.state(name)).nodes)).toContain('broker-4');
  });

  it('puts everything back when it is aborted before the first broker is stopped', async () => {
    // Fewer than three would change the defaults of replication, and restart all.
    await installed({ brokers: { count: 4 } });
    withPartitions();
    env.world.fault = (activity) => {
      if (activity === 'awaitEmpty') throw ApplicationFailure.retryable('not yet', 'KAFKA_NOT_READY');
    };
    const before = env.world.partitions.map(({ replicas }) => replicas);
    const { operationId } = await apply({ brokers: { count: 3 } }, { remove: ['broker-0'] });
    await env.progressUntil(operationId, stepIs('empty', 'RUNNING'));
    expect(env.world.cordoned).toEqual(new Set([0]));
    await abort(operationId);
    await env.stateUntil(name, inHistory(operationId));
    expect(env.world.cordoned).toEqual(new Set());
    expect(env.world.partitions.map(({ replicas }) => replicas)).toEqual(before);
    expect(stops()).toEqual([]);
    expect((await env.state(name)).nodes['broker-0']?.status).toBe('READY');
  });

  it('adds controllers one by one, and takes them out of the quorum before they are stopped', async () => {
    await installed();
    const out = await apply({ controllers: { count: 3 } });
    await env.progressUntil(out.operationId, isComplete);
    expect(
      env.world.effects.filter((effect) => effect.startsWith('voter')).map((one) => one.split(' ')[1]),
    ).toEqual(['controller-1', 'controller-2']);
    const back = await apply({ controllers: { count: 1 } });
    await env.progressUntil(back.operationId, isComplete);
    const order = env.world.effects.filter((effect) => /^(no voter|stop)/.test(effect));
    expect(order).toEqual([
      'no voter controller-1',
      'stop controller-1.1',
      'no voter controller-2',
      'stop controller-2.1',
    ]);
  });
});

describe('a rebalance', () => {
  const rebalance = (options: object = {}) =>
    entity().executeUpdate(contract.rebalanceUpdate, { args: [{ ...BY, ...options }] });

  it('runs the very proposal that a person approved', async () => {
    await installed();
    withPartitions();
    const { operationId } = await rebalance();
    const waiting = await env.progressUntil(operationId, stepIs('approve:moves', 'WAITING'));
    const hash = waiting.proposal!.hash;
    expect(findStep(waiting, 'approve:moves')?.reason).toContain(hash.slice(0, 12));
    expect(env.world.effects).toEqual([]);
    await operation(operationId).executeUpdate(contract.approveUpdate, { args: [{ planHash: hash }] });
    await env.progressUntil(operationId, isComplete);
    expect(env.world.effects).toEqual([`move ${waiting.proposal!.partitions}`]);
  });

  it('takes its throttle away when it is aborted, and leaves an earlier one', async () => {
    await installed();
    withPartitions();
    env.world.throttle = '777';
    env.world.fault = (activity) => {
      if (activity === 'moveReplicas') throw ApplicationFailure.retryable('not yet', 'KAFKA_NOT_READY');
    };
    const { operationId } = await rebalance({ approved: true, throttleBytesPerSecond: 5_000 });
    await env.progressUntil(operationId, stepIs('move', 'RUNNING'));
    await env.progressUntil(operationId, () => env.world.throttle === '5000');
    await abort(operationId);
    await env.progressUntil(operationId, stateIs('ABORTED'));
    expect(env.world.throttle).toBe('777');
    expect(env.world.effects).toEqual(['cancel moves']);
  });
});
