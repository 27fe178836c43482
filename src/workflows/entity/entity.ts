// What the entity of a cluster keeps while it runs.
import {
  getExternalWorkflowHandle,
  isCancellation,
  log,
  type ExternalWorkflowHandle,
} from '@temporalio/workflow';
import type { ClusterState } from '../../model/cluster.ts';
import { operationWorkflowId } from '../contract.ts';
import { messageOf, refuse } from '../failure.ts';

export interface Entity {
  readonly name: string;
  state: ClusterState | null;
  claimedEpoch: number;
  nextOperation: number;
  seenUuids: string[];
  /** Ids of the operations whose workflows are about to be started. */
  readonly starting: Set<string>;
  /**
   * Nodes whose recovery was asked to let go of them, and for whom: they are replaced next, and not recovered again meanwhile.
   */
  readonly yielding: Map<string, 'person' | 'itself'>;
  /** Why the running operation does not get a node that it wants, as it was told last. */
  readonly withheld: Map<string, string>;
  /** Things to do, in order; each is one or few commands. */
  readonly work: (() => Promise<void>)[];
}

export function requireState(entity: Entity): ClusterState {
  if (!entity.state) throw refuse('INTERNAL', `Cluster ${entity.name} has no state yet.`);
  return entity.state;
}

/** Signals a running operation; one that has just ended does not mind. */
export async function tellOperation(
  operationId: string,
  tell: (workflow: ExternalWorkflowHandle) => Promise<void>,
): Promise<void> {
  try {
    await tell(getExternalWorkflowHandle(operationWorkflowId(operationId)));
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.info('the operation took no message', { operationId, reason: messageOf(error) });
  }
}
