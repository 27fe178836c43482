// What a real master finds wrong with tasks and executors before it lets them go. Texts as recorded where a recording has
// them, else after Mesos' validation.cpp.
import type { Resource } from '../../../mesos/types.ts';
import { sumScalar } from '../../../mesos/resources.ts';
import { allocateTo, normalise, resourceProblem, subtractPools, toPool } from '../resources/pool.ts';
import type { Pool } from '../resources/pool.ts';
import { resourcesText } from '../resources/text.ts';
import type { ExecutorDescription, TaskDescription } from '../wire/call-types.ts';
import { debugString } from '../wire/debug-string.ts';
import { commandProblem, containerProblem } from './container-validation.ts';
import type { Executor } from './state.ts';

export interface LaunchContext {
  agentId: string;
  role: string;
  frameworkId: string;
  available: Pool;
  /** Whether the framework has a task with this id. */
  isTaken(taskId: string): boolean;
}

const MIN_EXECUTOR_CPUS = 0.01;
const MIN_EXECUTOR_MEM_MB = 32;

/** The problem of one task of a LAUNCH. */
export function taskProblem(task: TaskDescription, context: LaunchContext): string | undefined {
  return (
    singleTaskProblem(task, context) ?? fitProblem(task.resources ?? [], 'task and its executor is', context)
  );
}

/** The problem of a LAUNCH_GROUP: one bad task fails them all. */
export function groupProblem(
  executor: ExecutorDescription,
  running: Executor | undefined,
  tasks: readonly TaskDescription[],
  context: LaunchContext,
): string | undefined {
  const executorTrouble = executorProblem(executor, running, context);
  if (executorTrouble !== undefined) return executorTrouble;
  for (const task of tasks) {
    const trouble =
      singleTaskProblem(task, context) ??
      (task.executor ? "'TaskInfo.executor' must not be set" : undefined) ??
      (task.container?.type === 'DOCKER' ? 'Docker ContainerInfo is not supported on the task' : undefined);
    if (trouble !== undefined) return `Task '${task.task_id.value}' is invalid: ${trouble}`;
  }
  const wanted = [
    ...(running ? [] : (executor.resources ?? [])),
    ...tasks.flatMap((task) => task.resources ?? []),
  ];
  return fitProblem(wanted, 'task group and its executor is', context);
}

function singleTaskProblem(task: TaskDescription, context: LaunchContext): string | undefined {
  const idTrouble = idProblem(task.task_id.value);
  if (idTrouble !== undefined) return idTrouble;
  if (context.isTaken(task.task_id.value)) return `Task has duplicate ID: ${task.task_id.value}`;
  if (task.agent_id.value !== context.agentId)
    return `Task uses invalid agent ${task.agent_id.value} while agent ${context.agentId} is expected`;
  if ((task.command === undefined) === (task.executor === undefined))
    return 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';
  if (task.executor) return 'Local Mesos runs no custom executors: give the task a command';
  const command = commandProblem(task.command);
  if (command !== undefined) return `Task's \`CommandInfo\` is invalid: ${command}`;
  const container = containerProblem(task.container);
  if (container !== undefined) return `Task's \`ContainerInfo\` is invalid: ${container}`;
  const resources = task.resources ?? [];
  if (resources.length === 0) return 'Task uses no resources';
  const broken = resources.map(resourceProblem).find((problem) => problem !== undefined);
  return broken === undefined ? undefined : `Task uses invalid resources: ${broken}`;
}

function executorProblem(
  executor: ExecutorDescription,
  running: Executor | undefined,
  { role, frameworkId }: LaunchContext,
): string | undefined {
  const id = executor.executor_id.value;
  const idTrouble = idProblem(id);
  if (idTrouble !== undefined) return idTrouble;
  if (!executor.framework_id) return "'ExecutorInfo.framework_id' must be set";
  if (executor.framework_id.value !== frameworkId)
    return `ExecutorInfo has an invalid FrameworkID (Actual: ${executor.framework_id.value} vs Expected: ${frameworkId})`;
  if (executor.type !== 'DEFAULT') return 'Local Mesos launches groups only with executors of type DEFAULT';
  const container = containerProblem(executor.container);
  if (container !== undefined) return `Executor's \`ContainerInfo\` is invalid: ${container}`;
  if (executor.container?.type === 'DOCKER') return 'Docker ContainerInfo is not supported on the executor';
  if (executor.command) return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
  const broken = (executor.resources ?? []).map(resourceProblem).find((problem) => problem !== undefined);
  if (broken !== undefined) return `Executor uses invalid resources: ${broken}`;
  if (running) {
    const described = { ...executor, resources: allocateTo(role, (executor.resources ?? []).map(normalise)) };
    const [existing, given] = [
      debugString('Executor', running.description),
      debugString('Executor', described),
    ];
    if (existing !== given) return incompatible(existing, given);
  }
  return resourcesProblem(id, executor.resources ?? []);
}

function resourcesProblem(id: string, resources: readonly Resource[]): string | undefined {
  const pool = toPool(resources);
  const has = (name: string): boolean => pool.some((resource) => resource.name === name);
  const [cpus, mem] = [sumScalar(pool, 'cpus'), sumScalar(pool, 'mem')];
  if (cpus < MIN_EXECUTOR_CPUS)
    return `Executor '${id}' uses less CPUs (${has('cpus') ? cpus : 'None'}) than the minimum required (${MIN_EXECUTOR_CPUS})`;
  if (mem < MIN_EXECUTOR_MEM_MB)
    return `Executor '${id}' uses less memory (${has('mem') ? `${mem}MB` : 'None'}) than the minimum required (${MIN_EXECUTOR_MEM_MB}MB)`;
  return has('disk') ? undefined : `Executor '${id}' uses no disk`;
}

const LINE = '-'.repeat(60);

function incompatible(existing: string, given: string): string {
  return `ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n${LINE}\nExisting ExecutorInfo:\n${existing}\n${LINE}\nExecutorInfo:\n${given}\n${LINE}\n`;
}

function fitProblem(
  wanted: readonly Resource[],
  who: string,
  { available, role }: LaunchContext,
): string | undefined {
  if (subtractPools(available, wanted)) return undefined;
  const needed = resourcesText(allocateTo(role, wanted.map(normalise)));
  return `Total resources ${needed} required by ${who} more than available ${resourcesText(allocateTo(role, available))}`;
}

function idProblem(id: string): string | undefined {
  if (id === '') return 'ID must not be empty';
  if (Buffer.byteLength(id) > 255) return 'ID must not be greater than 255 characters';
  if (id === '.' || id === '..') return `'${id}' is disallowed`;
  return /[/\\\s\u0000-\u001f\u007f]/.test(id) ? `'${id}' contains invalid characters` : undefined;
}
