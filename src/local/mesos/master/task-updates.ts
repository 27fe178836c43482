// Status updates of tasks: in order, one at a time per task, sent again until acknowledged.
import { randomBytes } from 'node:crypto';
import type { TaskStatus } from '../../../mesos/types.ts';
import { deliveriesOf, takeFault } from '../faults/waiting.ts';
import { isReachable } from './away.ts';
import { isTerminal } from './terminal.ts';
import { nowSeconds, sendEvent } from './master.ts';
import type { Master } from './master.ts';
import { tellOperators } from './operator-events.ts';
import { taskKey } from './state.ts';
import type { Task } from './state.ts';

const MAX_RETRY_INTERVAL_MS = 600_000;

/** What a status says besides the task itself. */
export type StatusDetails = Pick<TaskStatus, 'message' | 'reason' | 'source' | 'container_status'>;

/** Queues an update that the scheduler has to acknowledge. Orphaned tasks have nobody to tell. */
export function queueUpdate(master: Master, task: Task, state: string, details: StatusDetails = {}): void {
  if (task.orphaned) return;
  const { message, source = 'SOURCE_EXECUTOR', container_status: container } = details;
  const reason = details.reason ?? (task.drained ? 'REASON_AGENT_DRAINING' : undefined);
  task.updates.push({
    task_id: { value: task.id },
    state,
    ...(message === undefined ? {} : { message }),
    source,
    ...(reason === undefined ? {} : { reason }),
    agent_id: { value: task.agentId },
    executor_id: { value: task.executorId },
    timestamp: nowSeconds(),
    uuid: randomBytes(16).toString('base64'),
    ...(task.healthy === undefined ? {} : { healthy: task.healthy }),
    ...(task.checkStatus ? { check_status: task.checkStatus } : {}),
    ...(container ? { container_status: container } : {}),
  });
  master.changed();
  if (task.updates.length === 1) forwardUpdate(master, task);
}

/** Sends the first unacknowledged update of a task, now and again until it is acknowledged. */
export function forwardUpdate(
  master: Master,
  task: Task,
  intervalMs: number = master.settings.updateRetryIntervalMs,
): void {
  const status = task.updates[0];
  // What an agent out of reach has to say waits until it is back.
  if (!status || !isReachable(master, task.agentId)) return;
  const delaysMs = deliveriesOf(master, status);
  if (delaysMs.length > 0 && task.statuses.at(-1)?.uuid !== status.uuid) {
    task.statuses.push(status);
    tellOperators(master, { type: 'TASK_UPDATED', task, status });
    master.changed();
  }
  for (const delayMs of delaysMs) deliver(master, task.frameworkId, status, delayMs);
  const key = taskKey(task.frameworkId, task.id);
  stopRetry(master, key);
  master.retries.set(
    key,
    master.later(intervalMs, () => {
      if (master.state.tasks[key]?.updates[0]?.uuid === status.uuid)
        forwardUpdate(master, task, Math.min(intervalMs * 2, MAX_RETRY_INTERVAL_MS));
    }),
  );
}

/** Takes an acknowledgement. One that is late, doubled or unknown changes nothing, as on a real master. */
export function acknowledgeUpdate(master: Master, frameworkId: string, taskId: string, uuid: string): void {
  const key = taskKey(frameworkId, taskId);
  const task = master.state.tasks[key];
  const status = task?.updates[0];
  if (!task || status?.uuid !== uuid || !isReachable(master, task.agentId)) return;
  if (takeFault(master, 'dropAcknowledgement', ({ taskId: only }) => (only ?? taskId) === taskId)) return;
  task.updates.shift();
  master.changed();
  stopRetry(master, key);
  if (isTerminal(status.state)) forgetTask(master, task);
  else forwardUpdate(master, task);
}

/** Forgets a task whose end is known to whoever wanted to know it. */
export function forgetTask(master: Master, task: Task): void {
  const key = taskKey(task.frameworkId, task.id);
  stopRetry(master, key);
  delete master.state.tasks[key];
  master.changed();
}

/** Sends a status of the master's own, which wants no acknowledgement. */
export function sendMasterStatus(master: Master, frameworkId: string, status: TaskStatus): void {
  sendEvent(master, frameworkId, { type: 'UPDATE', update: { status } });
}

function deliver(master: Master, frameworkId: string, status: TaskStatus, delayMs: number): void {
  const send = (): void => {
    sendMasterStatus(master, frameworkId, status);
  };
  if (delayMs === 0) send();
  else master.later(delayMs, send);
}

function stopRetry(master: Master, key: string): void {
  const timer = master.retries.get(key);
  if (!timer) return;
  clearTimeout(timer);
  master.timers.delete(timer);
  master.retries.delete(key);
}
