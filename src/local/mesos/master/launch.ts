// LAUNCH and LAUNCH_GROUP: checks tasks, puts them on record, and has them started.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Resource } from '../../../mesos/types.ts';
import { launchTasks } from '../agent/containers.ts';
import { executorSandbox } from '../agent/sandbox.ts';
import { allocateTo, normalise, subtractPools, toPool } from '../resources/pool.ts';
import type { Pool } from '../resources/pool.ts';
import type { ExecutorDescription, TaskDescription } from '../wire/call-types.ts';
import type { Target } from './accept.ts';
import { isAllowed } from './acls.ts';
import { nowSeconds } from './master.ts';
import type { Master } from './master.ts';
import { tellOperators } from './operator-events.ts';
import { executorKey, taskKey } from './state.ts';
import type { Executor, Task } from './state.ts';
import { groupProblem, taskProblem } from './task-validation.ts';
import type { LaunchContext } from './task-validation.ts';
import { sendMasterStatus } from './task-updates.ts';

/** Launches plain command tasks; a bad one fails alone. Gives what is left of `available`. */
export function launch(
  master: Master,
  target: Target,
  tasks: readonly TaskDescription[],
  available: Pool,
): Pool {
  let left = available;
  for (const description of tasks) {
    const problem = taskProblem(description, contextOf(master, target, left));
    if (problem !== undefined) {
      sendTaskError(master, target, description, 'REASON_TASK_INVALID', problem);
      continue;
    }
    const unauthorized = userProblem(master, target, description);
    if (unauthorized !== undefined) {
      sendTaskError(master, target, description, 'REASON_TASK_UNAUTHORIZED', unauthorized);
      continue;
    }
    left = subtractPools(left, description.resources ?? []) ?? left;
    const executor = addExecutor(master, target, { executor_id: description.task_id }, false);
    launchTasks(master, executor, [addTask(master, target, executor, description, randomUUID())]);
  }
  return left;
}

/** Launches a group; one bad task fails them all. Gives what is left of `available`. */
export function launchGroup(
  master: Master,
  target: Target,
  group: { executor: ExecutorDescription; task_group: { tasks?: TaskDescription[] } },
  available: Pool,
): Pool {
  const { executor: description } = group;
  const tasks = group.task_group.tasks ?? [];
  const { agent, framework } = target;
  const running = master.state.executors[executorKey(agent.id, framework.id, description.executor_id.value)];
  const problem = groupProblem(description, running, tasks, contextOf(master, target, available));
  if (problem !== undefined) {
    for (const task of tasks) sendTaskError(master, target, task, 'REASON_TASK_GROUP_INVALID', problem);
    return available;
  }
  if (tasks.length === 0) return available;
  const unauthorized = tasks
    .map((task) => userProblem(master, target, task))
    .find((trouble) => trouble !== undefined);
  if (unauthorized !== undefined) {
    for (const task of tasks)
      sendTaskError(master, target, task, 'REASON_TASK_GROUP_UNAUTHORIZED', unauthorized);
    return available;
  }
  const executor = running ?? addExecutor(master, target, description, true);
  const groupId = randomUUID();
  const added = tasks.map((task) => addTask(master, target, executor, task, groupId));
  launchTasks(master, executor, added);
  const used = [
    ...(running ? [] : (description.resources ?? [])),
    ...tasks.flatMap(({ resources }) => resources ?? []),
  ];
  return subtractPools(available, used) ?? available;
}

/** Whether the framework's principal may run a task as its user. */
function userProblem(master: Master, { framework }: Target, task: TaskDescription): string | undefined {
  const user = task.command?.user ?? framework.info.user;
  const { principal } = framework.info;
  return isAllowed(master, 'run_tasks', principal, [user])
    ? undefined
    : `${principal === undefined ? 'Framework' : `Principal '${principal}'`} no authorized to launch task ${task.task_id.value} of framework ${framework.id} under user '${user}'`;
}

function contextOf(master: Master, { agent, framework, role }: Target, available: Pool): LaunchContext {
  return {
    agentId: agent.id,
    role,
    frameworkId: framework.id,
    available,
    isTaken: (taskId) => master.state.tasks[taskKey(framework.id, taskId)] !== undefined,
  };
}

function addExecutor(
  master: Master,
  { framework, agent, role }: Target,
  description: ExecutorDescription,
  isDefault: boolean,
): Executor {
  const resources = allocateTo(role, (description.resources ?? []).map(normalise));
  const executor = {
    id: description.executor_id.value,
    frameworkId: framework.id,
    agentId: agent.id,
    containerId: randomUUID(),
    role,
    isDefault,
    description: { ...description, resources },
    resources: held(resources),
  };
  const complete = { ...executor, sandbox: executorSandbox(master.settings.stateDir, executor) };
  master.state.executors[executorKey(agent.id, framework.id, executor.id)] = complete;
  master.changed();
  return complete;
}

function addTask(
  master: Master,
  { framework, agent, role }: Target,
  executor: Executor,
  description: TaskDescription,
  groupId: string,
): Task {
  const task: Task = {
    id: description.task_id.value,
    frameworkId: framework.id,
    agentId: agent.id,
    executorId: executor.id,
    groupId,
    containerId: executor.isDefault ? randomUUID() : executor.containerId,
    role,
    description,
    resources: held(description.resources ?? []),
    sandbox: executor.isDefault
      ? join(executor.sandbox, 'tasks', encodeURIComponent(description.task_id.value))
      : executor.sandbox,
    phase: 'LAUNCHING',
    released: false,
    ...(description.check ? { checkStatus: { type: 'COMMAND', command: {} } } : {}),
    statuses: [],
    updates: [],
  };
  master.state.tasks[taskKey(framework.id, task.id)] = task;
  tellOperators(master, { type: 'TASK_ADDED', task });
  master.changed();
  return task;
}

function held(resources: readonly Resource[]): Resource[] {
  return [...toPool(resources)];
}

function sendTaskError(
  master: Master,
  { framework }: Target,
  task: TaskDescription,
  reason: string,
  message: string,
): void {
  sendMasterStatus(master, framework.id, {
    task_id: task.task_id,
    state: 'TASK_ERROR',
    message,
    source: 'SOURCE_MASTER',
    reason,
    agent_id: task.agent_id,
    timestamp: nowSeconds(),
  });
}
