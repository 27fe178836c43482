import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import type { LaunchNodeInput } from '../../src/activities/contract.ts';
import { launchNode } from '../../src/activities/launch-node.ts';
import type { Sessions } from '../../src/activities/sessions.ts';
import type { Scheduler } from '../../src/mesos/index.ts';
import type { TaskStatus } from '../../src/mesos/types.ts';
import { clusterSpecSchema } from '../../src/model/spec/schema.ts';
import { runningCluster } from '../model/clusters.ts';

const TASK = 'broker-0.1';
const status = (state: string, more: Partial<TaskStatus> = {}): TaskStatus => ({
  task_id: { value: TASK },
  state,
  ...more,
});
const ABSENT = status('TASK_GONE', { reason: 'REASON_RECONCILIATION' });
const RUNNING = status('TASK_RUNNING', { uuid: 'dXVpZA==' });

/** A scheduler that answers questions with `known`, and after an ACCEPT sends `after`. */
function fakeScheduler(known: TaskStatus, after: TaskStatus[]) {
  const watchers: ((seen: TaskStatus) => void)[] = [];
  const calls: string[] = [];
  const send = (seen: TaskStatus) => {
    for (const watch of watchers) watch(seen);
  };
  const scheduler = {
    reconcile: async () => {
      calls.push('reconcile');
      return known;
    },
    taskStatus: (_id: string, until: (seen: TaskStatus) => boolean) =>
      new Promise<TaskStatus>((resolve) => {
        watchers.push((seen) => {
          if (until(seen)) resolve(seen);
        });
        if (calls.includes('reconcile'))
          queueMicrotask(() => {
            for (const seen of calls.includes('accept') ? [] : after) send(seen);
          });
      }),
    withOffers: async () => {
      calls.push('accept');
      for (const seen of after) send(seen);
      return null;
    },
  } as unknown as Scheduler;
  return { scheduler, calls };
}

function launch(fake: ReturnType<typeof fakeScheduler>, look: boolean) {
  const cluster = runningCluster();
  const session = {
    epoch: 1,
    frameworkId: 'f',
    streamId: 's',
    master: 'http://10.0.0.1:5050',
    taskQueue: 'q',
  };
  const sessions: Sessions = new Map([
    ['orders', { info: session, scheduler: fake.scheduler, placed: new Map() }],
  ]);
  const input: LaunchNodeInput = {
    caller: { operationWorkflowId: 'kafka/orders/install#1', step: 'start:broker-0' },
    session,
    cluster: 'orders',
    incarnation: cluster.incarnation,
    spec: clusterSpecSchema.parse({ name: 'orders', role: 'orders-role' }),
    kafkaClusterId: cluster.kafkaClusterId,
    node: cluster.nodes['broker-0']!,
    taskId: TASK,
    controllers: Object.values(cluster.nodes).filter(({ kind }) => kind === 'controller'),
    look,
  };
  const waiting = { set: () => undefined, signal: new AbortController().signal };
  return new MockActivityEnvironment().run(() => launchNode({ sessions }, input, waiting));
}

describe('a launch', () => {
  it('is not taken for ended by an answer to a question that was asked before it', async () => {
    const fake = fakeScheduler(ABSENT, [ABSENT, status('TASK_STAGING'), RUNNING]);
    expect(await launch(fake, true)).toMatchObject({ running: true });
    expect(fake.calls).toEqual(['reconcile', 'accept']);
  });

  it.each([
    status('TASK_DROPPED', { reason: 'REASON_INVALID_OFFERS', message: 'stale' }),
    status('TASK_FAILED', { reason: 'REASON_COMMAND_EXECUTOR_FAILED', message: 'stale', uuid: 'dXVpZA==' }),
  ])('that $state has ended, in the words of Mesos', async (end) => {
    const fake = fakeScheduler(ABSENT, [ABSENT, end]);
    expect(await launch(fake, false)).toEqual({
      running: false,
      state: end.state,
      reason: `${end.reason ?? ''}: stale`,
    });
  });

  it('is not repeated when the task is there, and waits for one that is on its way', async () => {
    const there = fakeScheduler(status('TASK_RUNNING', { reason: 'REASON_RECONCILIATION' }), []);
    expect(await launch(there, true)).toMatchObject({ running: true });
    const onItsWay = fakeScheduler(status('TASK_STAGING', { reason: 'REASON_RECONCILIATION' }), [
      ABSENT,
      RUNNING,
    ]);
    expect(await launch(onItsWay, true)).toMatchObject({ running: true });
    expect([...there.calls, ...onItsWay.calls]).toEqual(['reconcile', 'reconcile']);
  });
});
