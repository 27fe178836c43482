// The life of tasks on their agents: launch, kill, end; and of executors, which end with their last task.
import { join } from 'node:path';
import { sendEvent } from '../master/master.ts';
import type { Master } from '../master/master.ts';
import { executorKey, taskKey } from '../master/state.ts';
import type { Executor, Task } from '../master/state.ts';
import { forgetTask, queueUpdate } from '../master/task-updates.ts';
import type { StatusDetails } from '../master/task-updates.ts';
import { startChecks } from './checks.ts';
import { commandArgv, taskEnvironment } from './command.ts';
import { containerStatus } from './container-status.ts';
import { fetchUris } from './fetcher.ts';
import { killGraceMs, killLater, killTask, signalGroup } from './kill.ts';
import { checkContainer, limited } from './isolation.ts';
import { dismissKeeper, startGated } from './task-process.ts';
import { isUser } from './users.ts';
import type { GatedProcess } from './task-process.ts';
import { agentDirectory, prepareSandbox } from './sandbox.ts';

/** Starts tasks that were just added to the state, or that an earlier run did not get to start. */
export function launchTasks(master: Master, executor: Executor, tasks: readonly Task[]): void {
  for (const task of tasks) {
    if (executor.isDefault && task.statuses.length + task.updates.length === 0)
      queueUpdate(master, task, 'TASK_STARTING', { container_status: containerStatus(master, task, 'id') });
    master.afterCommit(() => {
      void launch(master, executor, task).catch(master.settings.onError);
    });
  }
}

/** Ends an executor at once, as SHUTDOWN does; a framework that is gone wants no more updates of it. */
export function shutDownExecutor(master: Master, executor: Executor, options: { orphan: boolean }): void {
  for (const task of tasksOf(master, executor)) {
    if (options.orphan) orphan(master, task);
    killTask(master, task, executor.isDefault ? 0 : killGraceMs(master, task));
  }
  endExecutorWhenIdle(master, executor);
}

/** Kills the process of an executor: its tasks die with it, without a word of theirs. */
export function killExecutor(master: Master, executor: Executor): void {
  executor.killed = true;
  master.changed();
  for (const task of tasksOf(master, executor))
    master.afterCommit(() => {
      signalGroup(task, 'SIGKILL');
    });
}

/** Records the end of a task: its last update, its resources, its group, its executor. */
export function endTask(master: Master, task: Task, state: string, details: StatusDetails): void {
  task.phase = 'ENDED';
  task.released = true;
  master.changed();
  const { keeper } = task;
  if (keeper && task.orphaned) dismissKeeper(keeper);
  else if (keeper)
    master.afterCommit(() => {
      dismissKeeper(keeper);
    });
  if (task.checkStatus) task.checkStatus = { type: 'COMMAND', command: {} };
  if (task.healthy === true) delete task.healthy;
  if (task.orphaned) forgetTask(master, task);
  else queueUpdate(master, task, state, details);
  const executor = executorOf(master, task);
  if (!executor) return;
  if (state !== 'TASK_FINISHED' && executor.isDefault && executor.killed !== true)
    for (const other of tasksOf(master, executor))
      if (other.groupId === task.groupId) killTask(master, other, killGraceMs(master, other));
  endExecutorWhenIdle(master, executor);
}

/** The tasks of an executor that have not ended. */
export function tasksOf(master: Master, executor: Executor): Task[] {
  return Object.values(master.state.tasks).filter(
    (task) =>
      task.phase !== 'ENDED' &&
      task.agentId === executor.agentId &&
      task.frameworkId === executor.frameworkId &&
      task.executorId === executor.id,
  );
}

/** The executor of a task, while it lives. */
export function executorOf(master: Master, task: Task): Executor | undefined {
  return master.state.executors[executorKey(task.agentId, task.frameworkId, task.executorId)];
}

function orphan(master: Master, task: Task): void {
  task.orphaned = true;
  task.updates = [];
  master.changed();
}

function endExecutorWhenIdle(master: Master, executor: Executor): void {
  const key = executorKey(executor.agentId, executor.frameworkId, executor.id);
  if (!master.state.executors[key] || tasksOf(master, executor).length > 0) return;
  delete master.state.executors[key];
  master.changed();
  if (executor.isDefault)
    sendEvent(master, executor.frameworkId, {
      type: 'FAILURE',
      failure: {
        agent_id: { value: executor.agentId },
        executor_id: { value: executor.id },
        // As wait(2) gives it: 9 is the end by SIGKILL.
        status: executor.killed === true ? 9 : 0,
      },
    });
}

async function launch(master: Master, executor: Executor, task: Task): Promise<void> {
  let gated: GatedProcess;
  const user = task.description.command?.user ?? master.state.frameworks[task.frameworkId]?.info.user;
  if (user !== undefined && user !== '' && !isUser(user)) {
    master.turn(() => {
      dropForUser(master, executor, task, user);
    });
    return;
  }
  const { container } = task.description;
  if (container?.type === 'DOCKER') {
    master.turn(() => {
      failUnsupported(master, task);
    });
    return;
  }
  try {
    checkContainer(executor.description.container);
    checkContainer(container);
    const env = taskEnvironment(master, executor, task);
    prepareSandbox(master.settings.stateDir, executor, task);
    const uris = task.description.command?.uris ?? [];
    const cache = join(agentDirectory(master.settings.stateDir, task.agentId), 'cache');
    await fetchUris(uris, task.sandbox, cache).catch((error: unknown) => {
      throw new Error(
        `Failed to fetch all URIs for container '${containerName(executor, task)}': exited with status 1`,
        {
          cause: error,
        },
      );
    });
    if (!isWanted(master, task)) {
      master.turn(() => {
        dropBeforeStart(master, task);
      });
      return;
    }
    gated = await startGated({
      argv: limited(commandArgv(task.description.command ?? {}), container?.rlimit_info?.rlimits),
      cwd: task.sandbox,
      env,
    });
  } catch (error) {
    master.turn(() => {
      failLaunch(master, executor, task, error);
    });
    return;
  }
  if (master.stopped) gated.abandon();
  else
    master.turn(() => {
      letGo(master, executor, task, gated);
    });
}

/** Puts the process on record, then opens its gate, then says that it runs. */
function letGo(master: Master, executor: Executor, task: Task, gated: GatedProcess): void {
  if (!isWanted(master, task)) {
    gated.abandon();
    master.afterCommit(() => {
      dismissKeeper(gated.keeper);
    });
    dropBeforeStart(master, task);
    return;
  }
  Object.assign(task, { process: gated.process, keeper: gated.keeper, phase: 'GATED' });
  master.changed();
  if (!executor.isDefault && task.statuses.length + task.updates.length === 0)
    queueUpdate(master, task, 'TASK_STARTING', { container_status: containerStatus(master, task, 'full') });
  master.afterCommit(() => {
    gated.open();
    master.turn(() => {
      markRunning(master, task);
    });
  });
}

/** Records that a command runs. */
export function markRunning(master: Master, task: Task): void {
  task.phase = 'STARTED';
  queueUpdate(master, task, 'TASK_RUNNING', { container_status: containerStatus(master, task, 'full') });
  if (task.killAtMs !== undefined) {
    signalGroup(task, 'SIGTERM');
    killLater(master, task);
  }
  startChecks(master, task);
  master.changed();
}

function isWanted(master: Master, task: Task): boolean {
  return master.state.tasks[taskKey(task.frameworkId, task.id)] === task && task.killAtMs === undefined;
}

function dropBeforeStart(master: Master, task: Task): void {
  if (task.phase === 'ENDED') return;
  endTask(master, task, 'TASK_KILLED', {
    message: 'Killed before delivery to the executor',
    reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
    source: 'SOURCE_AGENT',
  });
}

/** An agent without a containerizer for a container starts nothing, and then misses the executor. */
function failUnsupported(master: Master, task: Task): void {
  if (task.phase === 'ENDED') return;
  endTask(master, task, 'TASK_FAILED', {
    message: 'Abnormal executor termination: unknown container',
    reason: 'REASON_EXECUTOR_TERMINATED',
    source: 'SOURCE_AGENT',
  });
}

/** An agent cannot make the sandbox of a user that it does not know. */
function dropForUser(master: Master, executor: Executor, task: Task, user: string): void {
  if (task.phase === 'ENDED') return;
  endTask(master, task, 'TASK_DROPPED', {
    message: `Failed to create executor directory '${executor.sandbox}': Failed to chown directory to '${user}': No such user '${user}'`,
    reason: 'REASON_EXECUTOR_TERMINATED',
    source: 'SOURCE_AGENT',
  });
}

function failLaunch(master: Master, executor: Executor, task: Task, error: unknown): void {
  if (task.phase === 'ENDED') return;
  const why = error instanceof Error ? error.message : String(error);
  endTask(master, task, 'TASK_FAILED', {
    message: executor.isDefault ? why : `Failed to launch container: ${why}`,
    reason: 'REASON_CONTAINER_LAUNCH_FAILED',
    source: executor.isDefault ? 'SOURCE_EXECUTOR' : 'SOURCE_AGENT',
    ...(executor.isDefault ? { container_status: containerStatus(master, task, 'id') } : {}),
  });
}

function containerName(executor: Executor, task: Task): string {
  return executor.isDefault ? `${executor.containerId}.${task.containerId}` : task.containerId;
}
