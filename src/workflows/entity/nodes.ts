// What the entity hears of its nodes: changes from operations, states of tasks from the session.
import { isCancellation, log, sleep } from '@temporalio/workflow';
import { forgetNode, forgetSpecs } from '../../model/change-state.ts';
import { newestTask, NODE_STATUS, type ClusterState, type NodeState } from '../../model/cluster.ts';
import { applyNodes, letFall, observeTask, runningOperations, UUIDS_KEPT } from '../../model/entity.ts';
import { BY_GRANT, holderOf, takeBack, ungrant, want } from '../../model/grants.ts';
import { isTerminal } from '../../model/task-state.ts';
import { onMaster } from '../activity-proxies.ts';
import * as contract from '../contract.ts';
import { messageOf } from '../failure.ts';
import { hasShape, NODE_SHAPE, onInternalSignal, TASK_SHAPE } from '../internal-signal.ts';
import { tellOperation, type Entity } from './entity.ts';
import { recordEnd } from './operations.ts';

/** Sets the handlers of what operations and the session tell of nodes. */
export function setNodeHandlers(entity: Entity): void {
  onInternalSignal(contract.nodeChangedSignal, {
    description: 'From an operation: a node changed.',
    fits: ({ nodes }) => Array.isArray(nodes) && nodes.every((node) => hasShape(node, NODE_SHAPE)),
    apply: ({ operationId, nodes, wants }) => {
      if (entity.state) {
        takeReport(entity, entity.state, operationId, nodes);
        if (wants !== undefined) want(entity.state, operationId, wants);
      }
      entity.work.push(() => Promise.resolve());
    },
  });
  onInternalSignal(contract.operationEndedSignal, {
    description: 'From an operation: its plan has ended.',
    fits: (ended) =>
      hasShape(ended, { operationId: 'string' }) && hasShape(ended.result, { state: 'string' }),
    apply: ({ operationId, result }) => {
      recordEnd(entity, operationId, result);
    },
  });
  onInternalSignal(contract.formerReleasedSignal, {
    description: 'What a node held on a former agent has been released.',
    fits: (released) => hasShape(released, { node: 'string', placementNumber: 'number' }),
    apply: ({ node, placementNumber }) => {
      if (!entity.state) return;
      entity.state.superseded = (entity.state.superseded ?? []).filter(
        (former) => former.node !== node || former.placement.number !== placementNumber,
      );
    },
  });
  onInternalSignal(contract.nodeYieldedSignal, {
    description: 'From an operation: it has let go of a node.',
    fits: (yielded) => hasShape(yielded, { operationId: 'string', node: 'string' }),
    apply: ({ operationId, node }) => {
      const { state } = entity;
      const recovery = state?.recoveries.find(({ id }) => id === operationId);
      if (state && recovery) recovery.nodes = (recovery.nodes ?? []).filter((name) => name !== node);
      else if (state?.operation?.id === operationId) ungrant(state.operation, node);
      else return;
      letFall(state, node);
      entity.work.push(() => Promise.resolve());
    },
  });
  onInternalSignal(contract.taskStatusSignal, {
    description: 'From the session: Mesos reported the state of a task.',
    fits: (status) => hasShape(status, TASK_SHAPE),
    apply: (status) => {
      takeStatus(entity, status);
    },
  });
}

function takeReport(
  entity: Entity,
  state: ClusterState,
  operationId: string,
  nodes: readonly NodeState[],
): void {
  for (const node of nodes) {
    const before = state.nodes[node.name];
    if (!before?.placement || !node.placement || node.placement.number === before.placement.number) continue;
    // It may be back on its former agent without anybody having been told: two of it must never run.
    const { agentId } = before.placement;
    const former = newestTask(before);
    const mayRun = before.taskState !== null && !isTerminal(before.taskState);
    if (former !== null && mayRun)
      entity.work.push(() => {
        void killStray(entity, { taskId: former, agentId, state: before.taskState ?? '' });
        return Promise.resolve();
      });
    for (const { id } of runningOperations(state))
      if (id !== operationId)
        entity.work.push(() =>
          tellOperation(id, (workflow) => workflow.signal(contract.peerMovedSignal, { node })),
        );
  }
  applyNodes(state, nodes);
  takeBack(state, operationId, nodes);
  if (state.operation?.id === operationId && BY_GRANT.includes(state.operation.kind))
    for (const { name, status } of nodes) if (status === NODE_STATUS.RELEASED) forgetNode(state, name);
  forgetSpecs(state);
}

function takeStatus(entity: Entity, status: contract.TaskStatusSignal): void {
  if (!entity.state || isDuplicate(entity, status.uuid)) return;
  const seen = observeTask(entity.state, status, Date.now());
  switch (seen.kind) {
    case 'none':
      return;
    case 'stray':
      entity.work.push(() => {
        // Beside the main loop, which must not wait for a master that may be gone.
        void killStray(entity, status);
        return Promise.resolve();
      });
      return;
    case 'changed':
      entity.work.push(() => Promise.resolve());
      return;
    case 'returned': {
      const message = {
        node: seen.node.name,
        reason: `the agent of ${seen.node.name} is in reach again, and its task runs`,
      };
      const holder = holderOf(entity.state, seen.node.name);
      entity.work.push(() =>
        holder
          ? tellOperation(holder.id, (workflow) => workflow.signal(contract.nodeReturnedSignal, message))
          : Promise.resolve(),
      );
      return;
    }
    case 'ended': {
      const message = { ...status, node: seen.node.name };
      const holder = holderOf(entity.state, seen.node.name);
      entity.work.push(() =>
        holder
          ? tellOperation(holder.id, (workflow) => workflow.signal(contract.taskEndedSignal, message))
          : Promise.resolve(),
      );
    }
  }
}

function isDuplicate(entity: Entity, uuid: string | undefined): boolean {
  if (uuid === undefined) return false;
  if (entity.seenUuids.includes(uuid)) return true;
  entity.seenUuids.push(uuid);
  entity.seenUuids.splice(0, Math.max(0, entity.seenUuids.length - UUIDS_KEPT));
  return false;
}

/** Tries to kill a stray task, with a pause that doubles: about two hours. A later session shows the task again. */
const KILL_TRIES = 10;
const FIRST_KILL_PAUSE_SECONDS = 10;

/** A task of ours that no node knows (any more) must not run beside the node's own. */
async function killStray(entity: Entity, status: contract.TaskStatusSignal): Promise<void> {
  const { taskId, agentId } = status;
  for (let tries = 0; tries < KILL_TRIES; tries += 1) {
    const session = entity.state?.session;
    if (!session) return;
    try {
      await onMaster.killTask.executeWithOptions({ summary: `kill stray task ${taskId}` }, [
        { session, taskId, agentId },
      ]);
      return;
    } catch (error) {
      if (isCancellation(error)) return;
      log.warn('a stray task could not be killed yet', { taskId, reason: messageOf(error) });
      await sleep(FIRST_KILL_PAUSE_SECONDS * 2 ** tries * 1000, { summary: `kill ${taskId} again` });
    }
  }
}
