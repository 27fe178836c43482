// What a session tells the entity of tasks: states that it must know, and those that a reconciliation brings to light.
import { log, sleep } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Scheduler } from '../mesos/index.ts';
import type { TaskStatus } from '../mesos/types.ts';
import { isAbsent, isUnreachable, isWorthRecording } from '../model/task-state.ts';
import { clusterWorkflowId, taskStatusSignal, type ClaimedEpoch } from '../workflows/contract.ts';

/** Implicit reconciliation, now and then: what the master knows that we do not. */
const RECONCILE_EVERY_MS = 15 * 60_000;

/** Asks about every task that should be there, at once; then, now and then, about whatever the master knows. */
export async function reconcile(
  client: Client,
  cluster: string,
  scheduler: Scheduler,
  claimed: ClaimedEpoch,
  signal: AbortSignal,
): Promise<never> {
  await Promise.all(
    claimed.knownTasks.map(async ({ taskId, agentId }) => {
      const first = await scheduler.reconcile(taskId, agentId, signal);
      if (!isAbsent(first.state) || first.uuid !== undefined) return;
      // Gone is never concluded from one message: a master that has just been elected may not know its agents yet.
      await sleep(5_000);
      const second = await scheduler.reconcile(taskId, agentId, signal);
      if (!isAbsent(second.state)) return;
      const state = second.state === 'TASK_UNKNOWN' ? 'TASK_GONE' : second.state;
      await entityOf(client, cluster).signal(taskStatusSignal, {
        taskId,
        agentId,
        state,
        reason: 'REASON_RECONCILIATION',
      });
    }),
  );
  for (;;) {
    await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
    await sleep(RECONCILE_EVERY_MS);
    signal.throwIfAborted();
  }
}

/** Resolves when Temporal has accepted the status durably; only then is it acknowledged to Mesos. */
export async function recordStatus(
  client: Client,
  cluster: string,
  known: Map<string, string>,
  status: TaskStatus,
): Promise<void> {
  const taskId = status.task_id.value;
  const { state } = status;
  if (!isWorthRecording(state)) return;
  // What the master says by itself is news only when it differs; and absence is `reconcile`'s to conclude.
  if (
    status.uuid === undefined &&
    (known.get(taskId) === state || (status.reason === 'REASON_RECONCILIATION' && isAbsent(state)))
  )
    return;
  if (isUnreachable(state)) log.warn('Mesos cannot reach the agent of a task', { cluster, taskId, state });
  await entityOf(client, cluster).signal(taskStatusSignal, {
    taskId,
    agentId: status.agent_id?.value ?? '',
    state,
    ...(status.uuid === undefined ? {} : { uuid: status.uuid }),
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    ...(status.message === undefined ? {} : { message: status.message }),
  });
  known.set(taskId, state);
}

function entityOf(client: Client, cluster: string) {
  return client.workflow.getHandle(clusterWorkflowId(cluster));
}
