// What the entity of a cluster keeps while it runs.
import { isCancellation, log } from '@temporalio/workflow';
import type { ClusterState } from '../../model/cluster.ts';
import { operationWorkflowId } from '../contract.ts';
import { messageOf, refuse } from '../failure.ts';

export interface Entity {
  readonly name: string;
  state: ClusterState | null;
  claimedEpoch: number;
  nextOperation: number;
  seenUuids: string[];
  /** Id of the operation whose workflow is about to be started. */
  starting: string | null;
  /** Things to do, in order; each is one or few commands. */
  readonly work: (() => Promise<void>)[];
}

export function requireState(entity: Entity): ClusterState {
  if (!entity.state) throw refuse('INTERNAL', `Cluster ${entity.name} has no state yet.`);
  return entity.state;
}

/** Signals the running operation; one that has just ended does not mind. */
export async function tellOperation(
  entity: Entity,
  tell: (workflowId: string) => Promise<void>,
): Promise<void> {
  const operation = entity.state?.operation;
  if (!operation) return;
  try {
    await tell(operationWorkflowId(operation.id));
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.info('the operation took no message', { operationId: operation.id, reason: messageOf(error) });
  }
}
