// What a task's command becomes: arguments and environment. Nothing of local Mesos' own environment is inherited.
import { agentOf } from '../master/away.ts';
import type { Master } from '../master/master.ts';
import type { Executor, Task } from '../master/state.ts';
import type { CommandDescription } from '../wire/call-types.ts';
import { resolveSecrets } from './isolation.ts';
import { TASK_PATH } from './task-process.ts';

/** Program and arguments of a command; `shell` is true by default, as in Mesos. */
export function commandArgv(command: CommandDescription): string[] {
  if (command.shell !== false) return ['/bin/sh', '-c', command.value ?? ''];
  return [command.value ?? '', ...(command.arguments ?? []).slice(1)];
}

/**
 * The environment of a task: Mesos' variables, then the executor's and the task's own, which win.
 * @throws Error when a secret cannot be resolved
 */
export function taskEnvironment(master: Master, executor: Executor, task: Task): Record<string, string> {
  const variables = [
    ...(executor.description.command?.environment?.variables ?? []),
    ...(task.description.command?.environment?.variables ?? []),
  ];
  return {
    PATH: TASK_PATH,
    MESOS_SANDBOX: task.sandbox,
    MESOS_DIRECTORY: executor.sandbox,
    MESOS_CONTAINER_IP: agentOf(master, task.agentId)?.hostname ?? '127.0.0.1',
    MESOS_TASK_ID: task.id,
    MESOS_EXECUTOR_ID: task.executorId,
    MESOS_FRAMEWORK_ID: task.frameworkId,
    MESOS_AGENT_ID: task.agentId,
    MESOS_SLAVE_ID: task.agentId,
    MESOS_ALLOCATION_ROLE: task.role,
    ...Object.fromEntries(
      variables.filter(({ type }) => type !== 'SECRET').map(({ name, value }) => [name, value ?? '']),
    ),
    ...resolveSecrets(executor.description.command),
    ...resolveSecrets(task.description.command),
  };
}
