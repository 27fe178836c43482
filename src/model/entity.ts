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
import { BESIDE, BY_GRANT, dropHeld, holderOf } from './grants.ts';
import { recoveryPolicy } from './recovery-policy.ts';
import { AGENT_GONE, isTerminal, isUnreachable } from './task-state.ts';

/** Ended operations that a cluster remembers. */
export const HISTORY_KEPT = 50;
/** Uuids of task statuses that are remembered to drop duplicates; Mesos sends an update again within seconds. */
export const UUIDS_KEPT = 200;

/** A node that was ready for this long does not count as one that ends again and again. */
const STABLE_MS = 5 * 60_000;

export interface ObservedTask {
  taskId: string;
  agentId: string;
  state: string;
  reason?: string;
  message?: string;
}

/** What a task status means: nothing, a task that must not be, a node's newest task running, back in reach, or ended. */
export type Observation =
  | { kind: 'none' }
  | { kind: 'stray' }
  | { kind: 'changed'; node: NodeState }
  | { kind: 'returned'; node: NodeState }
  | { kind: 'ended'; node: NodeState };

/** Applies a task status to the state (in place) and says what it means. `nowMs`: milliseconds since 1970. */
export function observeTask(state: ClusterState, status: ObservedTask, nowMs: number): Observation {
  const parsed = parseTaskId(status.taskId);
  const node = parsed ? state.nodes[parsed.node] : undefined;
  if (!parsed || !node || parsed.launch !== node.launches)
    return isTerminal(status.state) ? { kind: 'none' } : { kind: 'stray' };
  if (node.taskState !== null && isTerminal(node.taskState)) return { kind: 'none' };
  node.taskState = status.state;
  if (status.state === AGENT_GONE) node.agentGone = true;
  if (status.state === 'TASK_RUNNING') delete node.unreachableSinceMs;
  if (isUnreachable(status.state)) {
    outOfReach(state, node, nowMs);
    return { kind: 'changed', node };
  }
  if (!isTerminal(status.state)) {
    if (node.status === NODE_STATUS.PLACED) node.status = NODE_STATUS.STARTING;
    const isBack = node.status === NODE_STATUS.UNREACHABLE && status.state === 'TASK_RUNNING';
    return isBack ? backInReach(state, node) : { kind: 'changed', node };
  }
  if (isBeingStopped(state, node)) {
    node.status = NODE_STATUS.STOPPED;
    return { kind: 'ended', node };
  }
  if (node.status === NODE_STATUS.READY || node.status === NODE_STATUS.UNREACHABLE) {
    node.status = NODE_STATUS.FAILED;
    node.quickEnds = nowMs - (node.readyAtMs ?? 0) < STABLE_MS ? (node.quickEnds ?? 0) + 1 : 0;
    degrade(state);
    node.reason = `task ${status.taskId} ended ${status.state}${[status.reason, status.message]
      .filter((text) => text !== undefined)
      .map((text) => `, ${text}`)
      .join('')}`;
  }
  return { kind: 'ended', node };
}

/** Its end is what the operation that has it is about, or the operation brings it back. */
function isBeingStopped(state: ClusterState, { name, status }: NodeState): boolean {
  const holder = holderOf(state, name);
  return status === NODE_STATUS.READY && holder !== null && BY_GRANT.includes(holder.kind);
}

/** Nothing is done to a node whose agent is out of reach: it may serve on, and it comes back with the agent. */
function outOfReach(state: ClusterState, node: NodeState, nowMs: number): void {
  node.unreachableSinceMs ??= nowMs;
  if (node.status !== NODE_STATUS.READY) return;
  node.status = NODE_STATUS.UNREACHABLE;
  const host = node.placement?.hostname ?? '';
  node.reason = `Mesos cannot reach its agent ${host}; the node may serve on, and comes back with the agent; ${afterwards(state, node)}`;
  degrade(state);
}

/** What becomes of a node whose agent stays out of reach. */
function afterwards(state: ClusterState, { name, unreachableSinceMs = 0 }: NodeState): string {
  const { replaceAfterSeconds } = recoveryPolicy(state.spec);
  if (replaceAfterSeconds === undefined)
    return `it is not replaced by itself (recovery.replaceAfterSeconds is not set), but by "millrace broker replace ${state.name} ${name}"`;
  const at = new Date(unreachableSinceMs + replaceAfterSeconds * 1000).toISOString();
  return `after ${at} it is replaced elsewhere (recovery.replaceAfterSeconds)`;
}

function backInReach(state: ClusterState, node: NodeState): Observation {
  node.status = NODE_STATUS.READY;
  delete node.reason;
  delete node.unreachableSinceMs;
  if (state.status === CLUSTER_STATUS.DEGRADED && allReady(state)) state.status = CLUSTER_STATUS.RUNNING;
  return { kind: 'returned', node };
}

function degrade(state: ClusterState): void {
  if (state.status === CLUSTER_STATUS.RUNNING) state.status = CLUSTER_STATUS.DEGRADED;
}

/**
 * Takes over what an operation reports about nodes. The task's state stays the entity's own unless the operation names
 * another task, or the end of this one: the entity hears of it first.
 */
export function applyNodes(state: ClusterState, reported: readonly NodeState[]): void {
  for (const { unreachableSinceMs: _since, agentGone: _gone, quickEnds: _ends, ...node } of reported) {
    const before = state.nodes[node.name];
    const sameTask = before?.launches === node.launches;
    const isEnd = node.taskState !== null && isTerminal(node.taskState);
    const taskState = sameTask && !isEnd ? (before.taskState ?? node.taskState) : node.taskState;
    const isReported = taskState !== null && node.status === NODE_STATUS.READY;
    const endedMeanwhile = isReported && isTerminal(taskState);
    const lostMeanwhile = isReported && isUnreachable(taskState);
    if (before?.placement && node.placement && node.placement.number > before.placement.number)
      state.superseded = [...(state.superseded ?? []), { node: node.name, placement: before.placement }];
    const { reason, ...rest } = node;
    const shown = sameTask && isOwnStatus(before, node) ? before : { status: node.status, reason };
    state.nodes[node.name] = {
      ...rest,
      ...explained(shown),
      taskState,
      ...(endedMeanwhile ? { status: NODE_STATUS.FAILED, reason: `its task ended ${taskState}` } : {}),
      ...(lostMeanwhile
        ? { status: NODE_STATUS.UNREACHABLE, reason: `Mesos cannot reach its agent (${taskState})` }
        : {}),
      ...ownOf(before, node),
    };
  }
}

/** Whether a node whose task runs is READY or UNREACHABLE is the entity's to know: an operation may have an older picture. */
function isOwnStatus(before: NodeState, node: NodeState): boolean {
  const own: NodeState['status'][] = [NODE_STATUS.READY, NODE_STATUS.UNREACHABLE];
  return (
    node.placement?.number === before.placement?.number &&
    own.includes(before.status) &&
    own.includes(node.status)
  );
}

function explained({
  status,
  reason,
}: {
  status: NodeState['status'];
  reason?: string | undefined;
}): Pick<NodeState, 'status' | 'reason'> {
  return { status, ...(reason === undefined ? {} : { reason }) };
}

/** What the entity alone knows of a node. How its agent is lost is over when the node has moved. */
function ownOf(
  before: NodeState | undefined,
  node: NodeState,
): Pick<NodeState, 'unreachableSinceMs' | 'agentGone' | 'quickEnds'> {
  if (!before) return {};
  const { unreachableSinceMs, agentGone, quickEnds } = before;
  const hasMoved = node.placement?.number !== before.placement?.number;
  const isRunning = node.taskState === 'TASK_RUNNING' && node.launches !== before.launches;
  return {
    ...(unreachableSinceMs === undefined || hasMoved || isRunning ? {} : { unreachableSinceMs }),
    ...(agentGone === undefined || hasMoved ? {} : { agentGone }),
    ...(quickEnds === undefined ? {} : { quickEnds }),
  };
}

/** Every operation that runs: the one that changes the cluster, then the recoveries. */
export function runningOperations(state: ClusterState): OperationRecord[] {
  return [...(state.operation ? [state.operation] : []), ...state.recoveries];
}

/** Moves a running operation to the history and derives the cluster's status from how it ended; false when it does not run. */
export function endOperation(
  state: ClusterState,
  operationId: string,
  result: { state: 'COMPLETE' | 'ABORTED'; outcome?: string; isOwnDoing?: true },
  nowMs: number,
): boolean {
  const operation = runningOperations(state).find(({ id }) => id === operationId);
  if (!operation) return false;
  const { held: _held, wanted: _wanted, ...ended } = operation;
  remember(state, {
    ...ended,
    state: result.state === 'COMPLETE' ? OPERATION_STATE.COMPLETE : OPERATION_STATE.ABORTED,
    endedAtMs: nowMs,
    ...(result.outcome === undefined ? {} : { outcome: result.outcome }),
  });
  if (state.operation === operation) state.operation = null;
  state.recoveries = state.recoveries.filter((recovery) => recovery !== operation);
  dropHeld(state, operation);
  // A place that was reserved and not taken is given back.
  if (operation.kind === OPERATION_KIND.REPLACE)
    for (const name of operation.nodes ?? []) delete state.nodes[name]?.next;
  if (result.state !== 'COMPLETE' && result.isOwnDoing !== true && bringsNodesBack(operation.kind))
    leaveUnrecovered(
      state,
      operation.nodes ?? Object.keys(state.nodes),
      `${operation.id} ${result.outcome ?? 'was aborted'}`,
    );
  state.status = statusAfter(state, operation.kind, result.state === 'COMPLETE');
  return true;
}

/** Adds an ended operation to the history, which is bounded. */
export function remember(state: ClusterState, ended: OperationRecord): void {
  state.history.push(ended);
  state.history.splice(0, Math.max(0, state.history.length - HISTORY_KEPT));
}

/**
 * Whoever aborts a recovery does not want the next one at once: it would do the same again. A node that is only out of reach
 * stays what it is.
 */
function leaveUnrecovered(state: ClusterState, names: readonly string[], reason: string): void {
  for (const name of names) {
    const node = state.nodes[name];
    if (!node || node.status === NODE_STATUS.READY) continue;
    node.replacementAborted = true;
    if (node.status === NODE_STATUS.UNREACHABLE) continue;
    node.status = NODE_STATUS.FAILED;
    node.recoveryAborted = true;
    node.reason = reason;
  }
}

function bringsNodesBack(kind: OperationKind): boolean {
  return BESIDE.includes(kind) || kind === OPERATION_KIND.ADOPT;
}

/** Whether the cluster has been installed and is not being taken down. */
export function isServing({ status }: ClusterState): boolean {
  return status === CLUSTER_STATUS.RUNNING || status === CLUSTER_STATUS.DEGRADED;
}

/** An operation let go of a node that it had not brought back: nobody cares for it now. */
export function letFall(state: ClusterState, name: string): void {
  const node = state.nodes[name];
  if (!node || node.status === NODE_STATUS.READY || node.status === NODE_STATUS.UNREACHABLE) return;
  node.status = NODE_STATUS.FAILED;
}

/** Nodes that ought to run and do not, that can be started again where they are, and that no operation cares for. */
export function recoverableNodes(state: ClusterState): string[] {
  if (!isServing(state)) return [];
  return Object.values(state.nodes)
    .filter(
      (node) =>
        node.status !== NODE_STATUS.READY &&
        node.status !== NODE_STATUS.UNREACHABLE &&
        node.placement !== null &&
        node.paused === undefined &&
        holderOf(state, node.name) === null,
    )
    .map((node) => node.name);
}

/**
 * Those of them that fell back and are to be recovered without anybody asking, since nobody said no. Not those whose agent is gone
 * for good, which are replaced; and none while Mesos does not know the framework any more.
 */
export function nodesToRecover(state: ClusterState): string[] {
  if (state.sessionProblem?.code === 'FRAMEWORK_REMOVED') return [];
  return recoverableNodes(state).filter((name) => {
    const node = state.nodes[name];
    return (
      node?.status === NODE_STATUS.FAILED &&
      node.recoveryAborted === undefined &&
      node.agentGone === undefined
    );
  });
}

/**
 * Mesos removed the framework, and shuts down every task of it. Said plainly and left to a person (`adopt`): whoever removed it may
 * have had a reason.
 */
export function loseFramework(state: ClusterState): void {
  for (const node of Object.values(state.nodes)) {
    if (node.taskState === null || isTerminal(node.taskState)) continue;
    node.taskState = 'TASK_GONE';
    if (node.status !== NODE_STATUS.READY && node.status !== NODE_STATUS.UNREACHABLE) continue;
    node.status = NODE_STATUS.FAILED;
    node.reason =
      'Mesos removed the framework and its tasks; "millrace cluster adopt" starts it again where it was';
  }
  degrade(state);
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

function allReady(state: ClusterState): boolean {
  return Object.values(state.nodes).every((node) => node.status === NODE_STATUS.READY);
}

function statusAfter(state: ClusterState, kind: OperationKind, complete: boolean): ClusterState['status'] {
  switch (kind) {
    case OPERATION_KIND.INSTALL:
      if (!complete) return CLUSTER_STATUS.INSTALL_ABORTED;
      return allReady(state) ? CLUSTER_STATUS.RUNNING : CLUSTER_STATUS.DEGRADED;
    case OPERATION_KIND.UNINSTALL:
      return complete ? CLUSTER_STATUS.UNINSTALLED : CLUSTER_STATUS.UNINSTALL_ABORTED;
    case OPERATION_KIND.RECOVER:
    case OPERATION_KIND.REPLACE:
    case OPERATION_KIND.DRAIN:
    case OPERATION_KIND.ADOPT:
    case OPERATION_KIND.UPDATE:
    case OPERATION_KIND.SCALE:
    case OPERATION_KIND.RESTART:
    case OPERATION_KIND.REBALANCE:
    case OPERATION_KIND.PAUSE:
    case OPERATION_KIND.RESUME:
      return allReady(state) ? CLUSTER_STATUS.RUNNING : CLUSTER_STATUS.DEGRADED;
  }
}
