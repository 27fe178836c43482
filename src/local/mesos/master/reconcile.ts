// RECONCILE, and the answer to a KILL of what is not there: the state as the master knows it.
import type { TaskStatus } from '../../../mesos/types.ts';
import { isAwaited, isOnRecord } from './away.ts';
import { hasCapability, nowSeconds } from './master.ts';
import type { Master } from './master.ts';
import { taskKey } from './state.ts';
import type { Framework, LostTask, Task } from './state.ts';
import { sendMasterStatus } from './task-updates.ts';

/** Answers RECONCILE: about the tasks asked for, or about all that the master knows when none is named. */
export function reconcile(
  master: Master,
  framework: Framework,
  asked: readonly { task_id: { value: string }; agent_id?: { value: string } }[],
): void {
  if (asked.length === 0)
    for (const task of Object.values(master.state.tasks))
      if (task.frameworkId === framework.id && !task.orphaned && isOnRecord(master, task.agentId))
        answerKnown(master, task);
  for (const { task_id: task, agent_id: agent } of asked)
    reconcileTask(master, framework, task.value, agent?.value);
}

/** Answers about one task. */
export function reconcileTask(
  master: Master,
  framework: Framework,
  taskId: string,
  agentId: string | undefined,
): void {
  const key = taskKey(framework.id, taskId);
  const task = master.state.tasks[key];
  const lost = master.state.lostTasks[key];
  if (task && isOnRecord(master, task.agentId)) {
    answerKnown(master, task);
    return;
  }
  const gone = lost ?? lostWithAgent(master, agentId);
  // A new master does not know yet what agents that it awaits are running.
  if (!gone && isAwaited(master, agentId)) return;
  sendMasterStatus(master, framework.id, {
    task_id: { value: taskId },
    ...(gone ? lostStatus(gone, framework) : unknownStatus(master, framework, agentId)),
    source: 'SOURCE_MASTER',
    reason: 'REASON_RECONCILIATION',
    ...(gone || agentId !== undefined ? { agent_id: { value: gone?.agentId ?? agentId ?? '' } } : {}),
    timestamp: nowSeconds(),
    ...(gone?.state === 'TASK_UNREACHABLE' ? { unreachable_time: { nanoseconds: gone.lostAtMs * 1e6 } } : {}),
  });
}

/** Of a task that the master never knew it says what became of the agent that is named. */
function lostWithAgent(
  master: Master,
  agentId: string | undefined,
): Pick<LostTask, 'agentId' | 'state' | 'lostAtMs'> | undefined {
  if (agentId === undefined) return undefined;
  const away = master.state.awayAgents[agentId];
  if (away?.absence === 'unreachable' || away?.absence === 'powerCut')
    return { agentId, state: 'TASK_UNREACHABLE', lostAtMs: away.sinceMs };
  return master.state.goneAgents.includes(agentId)
    ? { agentId, state: 'TASK_GONE_BY_OPERATOR', lostAtMs: 0 }
    : undefined;
}

/** A task that was launched and of which no update came yet is not spoken of: it will speak for itself. */
function answerKnown(master: Master, task: Task): void {
  const latest = task.statuses.at(-1);
  if (!latest) {
    sendMasterStatus(master, task.frameworkId, known(task, { state: 'TASK_STAGING' }));
    return;
  }
  const {
    state,
    healthy,
    check_status: check,
    container_status: container,
  } = latest as TaskStatus & { check_status?: object };
  sendMasterStatus(
    master,
    task.frameworkId,
    known(task, {
      state,
      ...(healthy === undefined ? {} : { healthy }),
      ...(check ? { check_status: check } : {}),
      ...(container ? { container_status: container } : {}),
    }),
  );
}

function known(task: Task, rest: Pick<TaskStatus, 'state'>): TaskStatus {
  return {
    task_id: { value: task.id },
    message: 'Reconciliation: Latest task state',
    source: 'SOURCE_MASTER',
    reason: 'REASON_RECONCILIATION',
    agent_id: { value: task.agentId },
    timestamp: nowSeconds(),
    ...rest,
  };
}

function lostStatus(
  lost: Pick<LostTask, 'state'>,
  framework: Framework,
): Pick<TaskStatus, 'state' | 'message'> {
  return {
    state: hasCapability(framework, 'PARTITION_AWARE') ? lost.state : 'TASK_LOST',
    message: `Reconciliation: Task is ${lost.state === 'TASK_UNREACHABLE' ? 'unreachable' : 'gone'}`,
  };
}

function unknownStatus(
  master: Master,
  framework: Framework,
  agentId: string | undefined,
): Pick<TaskStatus, 'state' | 'message'> {
  const isAgentKnown = agentId !== undefined && isOnRecord(master, agentId);
  const state = isAgentKnown ? 'TASK_GONE' : 'TASK_UNKNOWN';
  return {
    state: hasCapability(framework, 'PARTITION_AWARE') ? state : 'TASK_LOST',
    message: `Reconciliation: Task is unknown${isAgentKnown ? ' to the agent' : ''}`,
  };
}
