// The entity's decisions: pure transitions of a cluster's state, which the `cluster` workflow carries out.
import {
  CLUSTER_STATUS,
  NODE_STATUS,
  OPERATION_KIND,
  OPERATION_STATE,
  parseTaskId,
  taskIdOf,
  type ClusterState,
  type NodeState,
  type OperationRecord,
  type OperationKind,
} from './cluster.ts';
import { isTerminal } from './task-state.ts';

/** Ended operations that a cluster remembers. */
export const HISTORY_KEPT = 50;
/** Uuids of task statuses that are remembered to drop duplicates; Mesos sends an update again within seconds. */
export const UUIDS_KEPT = 200;

export interface ObservedTask {
  taskId: string;
  agentId: string;
  state: string;
  reason?: string;
  message?: string;
}

/** What a task status means: nothing, a task that must not be, a node's newest task running or ended. */
export type Observation =
  | { kind: 'none' }
  | { kind: 'stray' }
  | { kind: 'changed'; node: NodeState }
  | { kind: 'ended'; node: NodeState };

/** Applies a task status to the state (in place) and says what it means. */
export function observeTask(state: ClusterState, status: ObservedTask): Observation {
  const parsed = parseTaskId(status.taskId);
  const node = parsed ? state.nodes[parsed.node] : undefined;
  if (!parsed || !node || parsed.launch !== node.launches)
    return isTerminal(status.state) ? { kind: 'none' } : { kind: 'stray' };
  if (node.taskState !== null && isTerminal(node.taskState)) return { kind: 'none' };
  node.taskState = status.state;
  if (!isTerminal(status.state)) {
    if (node.status === NODE_STATUS.PLACED) node.status = NODE_STATUS.STARTING;
    return { kind: 'changed', node };
  }
  if (node.status === NODE_STATUS.READY) {
    node.status = NODE_STATUS.FAILED;
    if (state.status === CLUSTER_STATUS.RUNNING) state.status = CLUSTER_STATUS.DEGRADED;
    node.reason = `task ${status.taskId} ended ${status.state}${[status.reason, status.message]
      .filter((text) => text !== undefined)
      .map((text) => `, ${text}`)
      .join('')}`;
  }
  return { kind: 'ended', node };
}

/**
 * Takes over what an operation reports about nodes. The task's state stays the entity's own unless the operation names
 * another task: the entity hears of it first.
 */
export function applyNodes(state: ClusterState, reported: readonly NodeState[]): void {
  for (const node of reported) {
    const before = state.nodes[node.name];
    const sameTask = before?.launches === node.launches;
    const taskState = sameTask ? (before.taskState ?? node.taskState) : node.taskState;
    const endedMeanwhile = taskState !== null && isTerminal(taskState) && node.status === NODE_STATUS.READY;
    state.nodes[node.name] = {
      ...node,
      taskState,
      ...(endedMeanwhile ? { status: NODE_STATUS.FAILED, reason: `its task ended ${taskState}` } : {}),
    };
  }
}

/** Every operation that runs: the one that changes the cluster, then the recoveries. */
export function runningOperations(state: ClusterState): OperationRecord[] {
  return [...(state.operation ? [state.operation] : []), ...state.recoveries];
}

/** The operation that cares for a node at the moment; null when none does. */
export function holderOf(state: ClusterState, node: string): OperationRecord | null {
  return state.recoveries.find(({ nodes }) => nodes?.includes(node)) ?? state.operation;
}

/** Moves a running operation to the history and derives the cluster's status from how it ended; false when it does not run. */
export function endOperation(
  state: ClusterState,
  operationId: string,
  result: { state: 'COMPLETE' | 'ABORTED'; outcome?: string },
  nowMs: number,
): boolean {
  const operation = runningOperations(state).find(({ id }) => id === operationId);
  if (!operation) return false;
  state.history.push({
    ...operation,
    state: result.state === 'COMPLETE' ? OPERATION_STATE.COMPLETE : OPERATION_STATE.ABORTED,
    endedAtMs: nowMs,
    ...(result.outcome === undefined ? {} : { outcome: result.outcome }),
  });
  state.history.splice(0, Math.max(0, state.history.length - HISTORY_KEPT));
  if (state.operation === operation) state.operation = null;
  state.recoveries = state.recoveries.filter((recovery) => recovery !== operation);
  if (operation.kind === OPERATION_KIND.RECOVER && result.state !== 'COMPLETE')
    leaveUnrecovered(state, operation.nodes ?? [], `${operation.id} ${result.outcome ?? 'was aborted'}`);
  state.status = statusAfter(state, operation.kind, result.state === 'COMPLETE');
  return true;
}

/** Whoever aborts a recovery does not want the next one at once: it would do the same again. */
function leaveUnrecovered(state: ClusterState, names: readonly string[], reason: string): void {
  for (const name of names) {
    const node = state.nodes[name];
    if (!node || node.status === NODE_STATUS.READY) continue;
    node.status = NODE_STATUS.FAILED;
    node.recoveryAborted = true;
    node.reason = reason;
  }
}

/** Whether the cluster has been installed and is not being taken down. */
export function isServing({ status }: ClusterState): boolean {
  return status === CLUSTER_STATUS.RUNNING || status === CLUSTER_STATUS.DEGRADED;
}

/** Nodes that ought to run and do not, that can be started again where they are, and that no operation cares for. */
export function recoverableNodes(state: ClusterState): string[] {
  if (!isServing(state)) return [];
  return Object.values(state.nodes)
    .filter(
      (node) =>
        node.status !== NODE_STATUS.READY && node.placement !== null && holderOf(state, node.name) === null,
    )
    .map((node) => node.name);
}

/** Those of them that fell back and are to be recovered without anybody asking, since nobody said no. */
export function nodesToRecover(state: ClusterState): string[] {
  return recoverableNodes(state).filter((name) => {
    const node = state.nodes[name];
    return node?.status === NODE_STATUS.FAILED && node.recoveryAborted === undefined;
  });
}

/**
 * Every task of which Mesos has spoken and that has not ended, to be reconciled by a new session. One that is named and was
 * not yet heard of is its operation's: it may be about to be launched, and would be taken for gone.
 */
export function knownTasks(state: ClusterState): { taskId: string; agentId: string; state: string }[] {
  return Object.values(state.nodes).flatMap((node) =>
    node.placement && node.taskState !== null && !isTerminal(node.taskState)
      ? [
          {
            taskId: taskIdOf(node.name, node.launches),
            agentId: node.placement.agentId,
            state: node.taskState,
          },
        ]
      : [],
  );
}

function statusAfter(state: ClusterState, kind: OperationKind, complete: boolean): ClusterState['status'] {
  const allReady = Object.values(state.nodes).every((node) => node.status === NODE_STATUS.READY);
  switch (kind) {
    case OPERATION_KIND.INSTALL:
      if (!complete) return CLUSTER_STATUS.INSTALL_ABORTED;
      return allReady ? CLUSTER_STATUS.RUNNING : CLUSTER_STATUS.DEGRADED;
    case OPERATION_KIND.UNINSTALL:
      return complete ? CLUSTER_STATUS.UNINSTALLED : CLUSTER_STATUS.UNINSTALL_ABORTED;
    case OPERATION_KIND.RECOVER:
      return allReady ? CLUSTER_STATUS.RUNNING : CLUSTER_STATUS.DEGRADED;
  }
}
