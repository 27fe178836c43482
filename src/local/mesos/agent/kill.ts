// Ending tasks: SIGTERM, the grace, SIGKILL.
import { hasCapability } from '../master/master.ts';
import type { Master } from '../master/master.ts';
import type { Task } from '../master/state.ts';
import { queueUpdate } from '../master/task-updates.ts';
import { containerStatus } from './container-status.ts';
import { signal } from './proc.ts';

/**
 * Tells a task to end: SIGTERM now, SIGKILL after the grace; a grace of 0 is SIGKILL now. A later kill can only shorten
 * the grace.
 */
export function killTask(master: Master, task: Task, graceMs: number): void {
  if (task.phase === 'ENDED') return;
  const killAtMs = Date.now() + graceMs;
  const isFirst = task.killAtMs === undefined;
  if (task.killAtMs !== undefined && task.killAtMs <= killAtMs) return;
  task.killAtMs = killAtMs;
  master.changed();
  if (task.phase !== 'STARTED') return;
  if (
    isFirst &&
    graceMs > 0 &&
    hasCapability(master.state.frameworks[task.frameworkId], 'TASK_KILLING_STATE')
  )
    queueUpdate(master, task, 'TASK_KILLING', { container_status: containerStatus(master, task, 'full') });
  if (isFirst && graceMs > 0)
    master.afterCommit(() => {
      signalGroup(task, 'SIGTERM');
    });
  killLater(master, task);
}

/** Sees to it that a task that was told to end is gone when its grace is over. */
export function killLater(master: Master, task: Task): void {
  const { killAtMs } = task;
  if (killAtMs === undefined) return;
  const kill = (): void => {
    if (task.phase === 'STARTED') signalGroup(task, 'SIGKILL');
  };
  const leftMs = killAtMs - Date.now();
  if (leftMs <= 0) master.afterCommit(kill);
  else master.later(leftMs, kill);
}

/** The grace of a task's own kill policy. */
export function killGraceMs(master: Master, task: Task, override?: { nanoseconds: number }): number {
  const grace = override ?? task.description.kill_policy?.grace_period;
  return grace ? grace.nanoseconds / 1e6 : master.settings.killGraceMs;
}

/** Sends a signal to the process group of a task. */
export function signalGroup(task: Task, name: NodeJS.Signals): void {
  if (task.process) signal(-task.process.pid, name);
}
