import { MockActivityEnvironment } from '@temporalio/testing';
import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reconcile, recordStatus, type SessionTasks } from '../../src/activities/session-tasks.ts';
import type { Scheduler } from '../../src/mesos/index.ts';
import type { TaskStatus } from '../../src/mesos/types.ts';

const HOUR_MS = 3_600_000;
let told: { taskId: string; state: string }[];
let tasks: SessionTasks;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  const client = {
    workflow: {
      getHandle: () => ({
        signal: async (_signal: unknown, { taskId, state }: { taskId: string; state: string }) => {
          told.push({ taskId, state });
        },
      }),
    },
  } as unknown as Client;
  tasks = { client, cluster: 'orders', known: new Map() };
});
afterEach(() => {
  vi.useRealTimers();
});

const status = (state: string, more: Partial<TaskStatus> = {}) =>
  ({ task_id: { value: 'broker-0.1' }, agent_id: { value: 'agent' }, state, ...more }) as TaskStatus;
const answered = (state: string) => status(state, { reason: 'REASON_RECONCILIATION' });

const record = (seen: TaskStatus) => new MockActivityEnvironment().run(() => recordStatus(tasks, seen));

/** Lets a session reconcile for an hour with a master that gives these answers, the last again and again. */
async function reconcileForAnHour(answers: string[]) {
  let asked = 0;
  let implicit = 0;
  const scheduler = {
    reconcile: async () => {
      asked += 1;
      return answered(answers[Math.min(asked, answers.length) - 1]!);
    },
    call: async () => {
      implicit += 1;
    },
  } as unknown as Scheduler;
  const controller = new AbortController();
  const end = new MockActivityEnvironment().run(() => reconcile(tasks, scheduler, controller.signal));
  end.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  controller.abort(new Error('over'));
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  await expect(end).rejects.toThrow('over');
  return { asked, implicit };
}

describe('a session', () => {
  it('asks about each known task once when it begins, and about whatever there is four times an hour', async () => {
    tasks.known.set('broker-0.1', { state: 'TASK_RUNNING', agentId: 'agent' });
    const { asked, implicit } = await reconcileForAnHour(['TASK_RUNNING']);
    expect(asked).toBe(1);
    expect(implicit).toBeGreaterThanOrEqual(4);
    expect(implicit).toBeLessThanOrEqual(5);
    expect(told).toEqual([]);
  });

  it('takes a task for gone by two answers, not by one', async () => {
    tasks.known.set('broker-0.1', { state: 'TASK_RUNNING', agentId: 'agent' });
    await reconcileForAnHour(['TASK_GONE', 'TASK_RUNNING']);
    expect(told).toEqual([]);
    tasks.known.set('broker-0.1', { state: 'TASK_RUNNING', agentId: 'agent' });
    await reconcileForAnHour(['TASK_UNKNOWN', 'TASK_UNKNOWN']);
    expect(told).toEqual([{ taskId: 'broker-0.1', state: 'TASK_GONE' }]);
  });

  it.each(['TASK_LOST', 'TASK_UNREACHABLE'])(
    'goes on asking about a task in %s until it is gone',
    async (lost) => {
      await record(status(lost));
      await reconcileForAnHour([lost, lost, lost, 'TASK_UNKNOWN', 'TASK_UNKNOWN']);
      expect(told).toEqual([
        { taskId: 'broker-0.1', state: lost },
        { taskId: 'broker-0.1', state: 'TASK_GONE' },
      ]);
    },
  );

  it('tells what an agent says as often as it says it, and what the master says when it is news', async () => {
    await record(status('TASK_RUNNING', { uuid: 'dQ==' }));
    await record(status('TASK_RUNNING', { uuid: 'dQ==' }));
    await record(answered('TASK_RUNNING'));
    await record(answered('TASK_GONE'));
    await record(status('TASK_STARTING', { uuid: 'dg==' }));
    await record(answered('TASK_UNREACHABLE'));
    expect(told.map(({ state }) => state)).toEqual(['TASK_RUNNING', 'TASK_RUNNING', 'TASK_UNREACHABLE']);
  });
});
