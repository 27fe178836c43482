// What a session tells the entity of tasks: states that it must know, and those that a reconciliation brings to light.
import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Scheduler } from '../mesos/index.ts';
import type { TaskStatus } from '../mesos/types.ts';
import {
  isAbsent,
  isTerminal,
  isUnreachable,
  isWorthRecording,
  RECONCILIATION,
} from '../model/task-state.ts';
import { clusterWorkflowId, taskStatusSignal, type TaskStatusSignal } from '../workflows/contract.ts';
import { pause } from './pause.ts';

/** Implicit reconciliation, now and then: what the master knows that we do not. */
const RECONCILE_EVERY_MS = 15 * 60_000;
/** A task whose agent is out of reach is asked about this often: Mesos does not say by itself that it will not come back. */
const ASK_LOST_EVERY_MS = 30_000;
/** Between the two answers from which gone is concluded. */
const ASK_AGAIN_MS = 5_000;

/** The newest state that the entity was told of each task. */
export type KnownTasks = Map<string, { state: string; agentId: string }>;

export interface SessionTasks {
  client: Client;
  cluster: string;
  known: KnownTasks;
}

/**
 * Asks about every task that should be there, at once, and again and again about those out of reach; now and then about
 * whatever the master knows.
 */
export async function reconcile(
  tasks: SessionTasks,
  scheduler: Scheduler,
  signal: AbortSignal,
): Promise<never> {
  await askAbout(tasks, scheduler, { taskIds: [...tasks.known.keys()], signal });
  for (let sinceMs = RECONCILE_EVERY_MS; ; sinceMs += ASK_LOST_EVERY_MS) {
    if (sinceMs >= RECONCILE_EVERY_MS) {
      await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
      sinceMs = 0;
    }
    await pause(ASK_LOST_EVERY_MS);
    signal.throwIfAborted();
    const lost = [...tasks.known].filter(([, { state }]) => isUnreachable(state)).map(([taskId]) => taskId);
    await askAbout(tasks, scheduler, { taskIds: lost, signal });
  }
}

/** Tells the entity of those that are gone. Gone is concluded from two answers: a new master may not know its agents yet. */
async function askAbout(
  tasks: SessionTasks,
  scheduler: Scheduler,
  { taskIds, signal }: { taskIds: string[]; signal: AbortSignal },
): Promise<void> {
  await Promise.all(
    taskIds.map(async (taskId) => {
      const agentId = tasks.known.get(taskId)?.agentId ?? '';
      const ask = () => scheduler.reconcile(taskId, agentId === '' ? undefined : agentId, signal);
      const first = await ask();
      if (!isAbsent(first.state) || first.uuid !== undefined) return;
      await pause(ASK_AGAIN_MS);
      const second = await ask();
      if (!isAbsent(second.state)) return;
      const state = second.state === 'TASK_UNKNOWN' ? 'TASK_GONE' : second.state;
      await tell(tasks, { taskId, agentId, state, reason: RECONCILIATION });
    }),
  );
}

/** Resolves when Temporal has accepted the status durably; only then is it acknowledged to Mesos. */
export async function recordStatus(tasks: SessionTasks, status: TaskStatus): Promise<void> {
  const { cluster, known } = tasks;
  const taskId = status.task_id.value;
  const { state } = status;
  if (!isWorthRecording(state)) return;
  // What the master says by itself is news only when it differs; and absence is `reconcile`'s to conclude.
  if (
    status.uuid === undefined &&
    (known.get(taskId)?.state === state || (status.reason === RECONCILIATION && isAbsent(state)))
  )
    return;
  if (isUnreachable(state)) log.warn('Mesos cannot reach the agent of a task', { cluster, taskId, state });
  await tell(tasks, {
    taskId,
    agentId: status.agent_id?.value ?? '',
    state,
    ...(status.uuid === undefined ? {} : { uuid: status.uuid }),
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    ...(status.message === undefined ? {} : { message: status.message }),
  });
}

async function tell({ client, cluster, known }: SessionTasks, status: TaskStatusSignal): Promise<void> {
  await client.workflow.getHandle(clusterWorkflowId(cluster)).signal(taskStatusSignal, status);
  if (isTerminal(status.state)) known.delete(status.taskId);
  else known.set(status.taskId, { state: status.state, agentId: status.agentId });
}
