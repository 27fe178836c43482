// What the entity hears of its nodes: changes from operations, states of tasks from the session.
import { log, setHandler, sleep } from '@temporalio/workflow';
import { applyNodes, holderOf, observeTask, UUIDS_KEPT } from '../../model/entity.ts';
import { anywhere } from '../activity-proxies.ts';
import * as contract from '../contract.ts';
import { messageOf } from '../failure.ts';
import { tellOperation, type Entity } from './entity.ts';
import { recordEnd } from './operations.ts';

export function setNodeHandlers(entity: Entity): void {
  setHandler(
    contract.nodeChangedSignal,
    ({ nodes }) => {
      if (entity.state) applyNodes(entity.state, nodes);
      entity.work.push(() => Promise.resolve());
    },
    { description: 'From an operation: a node changed.' },
  );
  setHandler(
    contract.operationEndedSignal,
    ({ operationId, result }) => {
      recordEnd(entity, operationId, result);
    },
    { description: 'From an operation: its plan has ended.' },
  );
  setHandler(
    contract.taskStatusSignal,
    (status) => {
      if (!entity.state || isDuplicate(entity, status.uuid)) return;
      const seen = observeTask(entity.state, status);
      if (seen.kind === 'stray') entity.work.push(() => killStray(entity, status));
      if (seen.kind === 'changed') entity.work.push(() => Promise.resolve());
      if (seen.kind === 'ended') {
        const message = { ...status, node: seen.node.name };
        const holder = holderOf(entity.state, seen.node.name);
        entity.work.push(() =>
          holder
            ? tellOperation(holder.id, (workflow) => workflow.signal(contract.taskEndedSignal, message))
            : Promise.resolve(),
        );
      }
    },
    { description: 'From the session: Mesos reported the state of a task.' },
  );
}

function isDuplicate(entity: Entity, uuid: string | undefined): boolean {
  if (uuid === undefined) return false;
  if (entity.seenUuids.includes(uuid)) return true;
  entity.seenUuids.push(uuid);
  entity.seenUuids.splice(0, Math.max(0, entity.seenUuids.length - UUIDS_KEPT));
  return false;
}

/** A task of ours that no node knows (any more) must not run beside the node's own. */
async function killStray(entity: Entity, status: contract.TaskStatusSignal): Promise<void> {
  const session = entity.state?.session;
  if (!session) return;
  try {
    await anywhere.killTask.executeWithOptions({ summary: `kill stray task ${status.taskId}` }, [
      { session, taskId: status.taskId, agentId: status.agentId },
    ]);
  } catch (error) {
    // The session moved: its next holder reconciles, and the task shows again.
    log.warn('a stray task could not be killed yet', { taskId: status.taskId, reason: messageOf(error) });
    await sleep('1 second');
  }
}
