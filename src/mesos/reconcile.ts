// Asks the master what it knows of one task until it answers: one that was just elected is silent while its agents
// have yet to register, even about tasks that it does not know.
import { MillraceError } from '../model/errors.ts';
import { isTerminal } from '../model/task-state.ts';
import type { SchedulerOptions } from './contract.ts';
import type { SchedulerCall, TaskStatus } from './types.ts';
import { sleep, type Watchers } from './watchers.ts';

export interface ReconcileOptions {
  taskId: string;
  agentId: string | undefined;
  signal: AbortSignal;
  call(call: SchedulerCall): Promise<void>;
  statuses: Watchers<TaskStatus>;
  log: SchedulerOptions['log'];
}

/** Agents of a new master take from a second to some minutes to register. */
export const FIRST_PAUSE_MS = 500;
export const LAST_PAUSE_MS = 10_000;

/** The master's answer. @throws the signal's reason, or MillraceError SESSION_MOVED, MESOS_REFUSED */
export async function reconcileTask(options: ReconcileOptions): Promise<TaskStatus> {
  const { taskId, signal, statuses } = options;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const answer = statuses.next((status) => status.task_id.value === taskId && isAnswer(status), either);
  try {
    return await Promise.race([answer, keepAsking(options, either)]);
  } finally {
    over.abort();
    answer.catch(() => undefined);
  }
}

/**
 * What the master itself says has no uuid and is the latest it knows. An update with one may be an old one on its way
 * again; only when it is terminal nothing newer can follow.
 */
function isAnswer(status: TaskStatus): boolean {
  return status.uuid === undefined || isTerminal(status.state);
}

async function keepAsking(
  { taskId, agentId, call, log }: ReconcileOptions,
  over: AbortSignal,
): Promise<never> {
  const task = {
    task_id: { value: taskId },
    ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
  };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
    try {
      await call({ type: 'RECONCILE', reconcile: { tasks: [task] } });
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === 'MESOS_UNREACHABLE')) throw error;
      log?.warn('a reconciliation could not be asked for; it is tried again', {
        taskId,
        error: error.message,
      });
    }
    await sleep(pauseMs, over);
    over.throwIfAborted();
  }
}
