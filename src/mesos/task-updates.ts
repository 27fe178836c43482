// Task statuses: recorded durably, then told to who waits, then acknowledged; one after the other for each task.
import type { SchedulerOptions } from './contract.ts';
import type { SchedulerCall, TaskStatus } from './types.ts';
import { sleep } from './watchers.ts';

export interface TaskUpdatesOptions {
  onTaskStatus: SchedulerOptions['onTaskStatus'];
  log: SchedulerOptions['log'];
  call(call: SchedulerCall): Promise<void>;
  /** Told of each status once it is recorded. */
  tell(status: TaskStatus): void;
  /** Aborted when the session has ended. */
  ended: AbortSignal;
}

export interface TaskUpdates {
  /** Takes a status as it arrives; returns at once. */
  handle(status: TaskStatus): void;
}

/** Pauses between tries to record what Mesos says only once. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 10_000;

export function createTaskUpdates(options: TaskUpdatesOptions): TaskUpdates {
  /** The end of the chain of each task that has statuses in work. */
  const tails = new Map<string, Promise<void>>();
  /** Updates in work, by uuid: Mesos repeats them when the record takes longer than its patience (10 s). */
  const inWork = new Set<string>();

  async function work(status: TaskStatus): Promise<void> {
    if (options.ended.aborted || !(await record(options, status))) return;
    options.tell(status);
    await acknowledge(options, status);
  }

  return {
    handle(status) {
      const taskId = status.task_id.value;
      const { uuid } = status;
      if (uuid !== undefined) {
        if (inWork.has(uuid)) return;
        inWork.add(uuid);
      }
      const tail = (tails.get(taskId) ?? Promise.resolve())
        .then(() => work(status))
        .finally(() => {
          if (uuid !== undefined) inWork.delete(uuid);
          if (tails.get(taskId) === tail) tails.delete(taskId);
        });
      tails.set(taskId, tail);
    },
  };
}

/** Whether the status was recorded. What Mesos would not say again is tried until the session ends. */
async function record(options: TaskUpdatesOptions, status: TaskStatus): Promise<boolean> {
  for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS)) {
    try {
      await options.onTaskStatus(status);
      return true;
    } catch (error) {
      const again = comesAgain(status);
      options.log?.warn('a task status was not recorded', {
        taskId: status.task_id.value,
        state: status.state,
        next: again ? 'Mesos says it again' : `tried again in ${pauseMs} ms`,
        error: error instanceof Error ? error.message : String(error),
      });
      if (again) return false;
    }
    await sleep(pauseMs, options.ended);
    if (options.ended.aborted) return false;
  }
}

/** An update with a uuid comes until it is acknowledged; a reconciliation is asked for again. */
function comesAgain(status: TaskStatus): boolean {
  return status.uuid !== undefined || status.reason === 'REASON_RECONCILIATION';
}

async function acknowledge(options: TaskUpdatesOptions, status: TaskStatus): Promise<void> {
  const { uuid, agent_id, task_id } = status;
  if (uuid === undefined || agent_id === undefined) return;
  try {
    await options.call({ type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
  } catch (error) {
    options.log?.warn('a task status was not acknowledged; Mesos sends it again', {
      taskId: task_id.value,
      state: status.state,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}
