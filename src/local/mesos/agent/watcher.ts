// Sees the end of tasks' processes, and finds them again after a restart of local Mesos.
import { finishDrains } from '../master/drain.ts';
import type { Master } from '../master/master.ts';
import { executorKey } from '../master/state.ts';
import type { Task } from '../master/state.ts';
import { startChecks } from './checks.ts';
import { containerStatus } from './container-status.ts';
import { endTask, launchTasks, markRunning } from './containers.ts';
import { killLater } from './kill.ts';
import { NEVER_RAN_STATUS, commandEnd } from './exit-text.ts';
import { isAlive, sessionMembers, signal, statOf } from './proc.ts';
import { endStrayKeepers } from './stray-keepers.ts';
import { dismissKeeper } from './task-process.ts';

/** Short against what a real Mesos takes to report an end (100-500 ms), and some 20 µs of work a task. */
const POLL_INTERVAL_MS = 50;

/** Watches the processes of all tasks until the master stops. */
export function watchProcesses(master: Master): void {
  const poll = (): void => {
    for (const task of Object.values(master.state.tasks)) if (task.phase === 'STARTED') look(master, task);
    finishDrains(master);
    master.later(POLL_INTERVAL_MS, poll);
  };
  poll();
}

/** Takes up the tasks of an earlier run: what runs goes on, what ended meanwhile is reported, what never began is launched. */
export function recoverTasks(master: Master): void {
  endStrayKeepers(master);
  for (const task of Object.values(master.state.tasks)) {
    if (task.phase === 'ENDED' && task.keeper) dismissKeeper(task.keeper);
    if (task.phase === 'GATED') recoverGated(master, task);
    if (task.phase === 'LAUNCHING') relaunch(master, task);
    if (task.phase !== 'STARTED') continue;
    killLater(master, task);
    startChecks(master, task);
  }
}

/** The gate closed when the earlier run died: what still lives was let go, what ended at the gate never ran. */
function recoverGated(master: Master, task: Task): void {
  const stat = task.process && statOf(task.process);
  if (stat && !isAlive(stat) && stat.exitCode === NEVER_RAN_STATUS) {
    if (task.keeper) dismissKeeper(task.keeper);
    delete task.process;
    delete task.keeper;
    task.phase = 'LAUNCHING';
    master.changed();
  } else {
    markRunning(master, task);
  }
}

function relaunch(master: Master, task: Task): void {
  const executor = master.state.executors[executorKey(task.agentId, task.frameworkId, task.executorId)];
  if (executor) launchTasks(master, executor, [task]);
}

function look(master: Master, task: Task): void {
  const stat = task.process && statOf(task.process);
  if (isAlive(stat)) return;
  // What the command left behind ends with it; its resources are free only when all is gone.
  const left = task.process ? sessionMembers(task.process.pid) : [];
  if (left.length > 0) {
    for (const pid of left) signal(pid, 'SIGKILL');
    return;
  }
  const executor = master.state.executors[executorKey(task.agentId, task.frameworkId, task.executorId)];
  const status = containerStatus(master, task, executor?.isDefault === true ? 'id' : 'full');
  if (!stat) {
    endTask(master, task, task.killAtMs === undefined ? 'TASK_FAILED' : 'TASK_KILLED', {
      message: 'Abnormal executor termination: the exit status of the command is unknown',
      reason: 'REASON_EXECUTOR_TERMINATED',
      source: 'SOURCE_AGENT',
      container_status: status,
    });
    return;
  }
  if (executor?.killed === true) {
    endTask(master, task, 'TASK_FAILED', {
      message: 'Executor terminated',
      reason: 'REASON_EXECUTOR_TERMINATED',
      source: 'SOURCE_AGENT',
      container_status: status,
    });
    return;
  }
  const end = commandEnd(stat.exitCode);
  const state = task.killAtMs !== undefined ? 'TASK_KILLED' : end.succeeded ? 'TASK_FINISHED' : 'TASK_FAILED';
  endTask(master, task, state, { message: end.text, container_status: status });
}
