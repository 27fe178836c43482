// What the entity of a cluster knows of the end of a task.
import type { Client } from '@temporalio/client';
import { MillraceError } from '../model/errors.ts';
import { newestTask } from '../model/cluster.ts';
import { isTerminal } from '../model/task-state.ts';
import { clusterQuery, clusterWorkflowId } from '../workflows/contract.ts';

/** The end of a node's newest task as the entity has recorded it; null when it was never heard to end. */
export async function recordedEnd(
  client: Client,
  cluster: string,
  taskId: string,
): Promise<{ state: string; reason: string } | null> {
  const state = await client.workflow
    .getHandle(clusterWorkflowId(cluster))
    .query(clusterQuery)
    .catch((error: unknown) => {
      throw new MillraceError(
        'TEMPORAL_UNREACHABLE',
        `Cluster ${cluster} did not say how task ${taskId} ended: ${error instanceof Error ? error.message : String(error)}. ` +
          'Nothing was launched; it is asked again.',
        { cause: error },
      );
    });
  const node = Object.values(state?.nodes ?? {}).find((candidate) => newestTask(candidate) === taskId);
  if (!node?.taskState || !isTerminal(node.taskState)) return null;
  return { state: node.taskState, reason: node.reason ?? 'it ended while the session moved' };
}
