// Which operation may touch which node: an operation that changes a serving cluster asks for each, and gives it back READY.
import {
  NODE_STATUS,
  OPERATION_KIND,
  type ClusterState,
  type NodeState,
  type OperationKind,
  type OperationRecord,
} from './cluster.ts';

/** Operations that run beside the one that changes the cluster, each with nodes of its own. */
export const BESIDE: readonly OperationKind[] = [
  OPERATION_KIND.RECOVER,
  OPERATION_KIND.REPLACE,
  OPERATION_KIND.DRAIN,
];

/** Operations that hold only the nodes that they have asked for: whatever else falls meanwhile is recovered as ever. */
export const BY_GRANT: readonly OperationKind[] = [
  OPERATION_KIND.UPDATE,
  OPERATION_KIND.SCALE,
  OPERATION_KIND.RESTART,
  OPERATION_KIND.REBALANCE,
  OPERATION_KIND.PAUSE,
  OPERATION_KIND.RESUME,
];

/** The operation that cares for a node at the moment; null when none does. */
export function holderOf(state: ClusterState, node: string): OperationRecord | null {
  const beside = state.recoveries.find(({ nodes }) => nodes?.includes(node));
  if (beside) return beside;
  const { operation } = state;
  if (operation && BY_GRANT.includes(operation.kind))
    return operation.held?.includes(node) === true ? operation : null;
  return operation;
}

/** What becomes of the wish of the running operation for a node. */
export type Grant =
  | { kind: 'granted'; node: NodeState }
  /** The recovery that has it is to let go of it first. */
  | { kind: 'yield'; reason: string; holder: string }
  | { kind: 'wait'; reason: string };

/**
 * Whether the running operation gets a node. One that a recovery cares for is taken from it: what the operation brings may be what
 * the node needs to run at all. While another operation takes nodes down or moves them, it waits: never two at a time.
 */
export function decideGrant(state: ClusterState, name: string): Grant {
  const node = state.nodes[name];
  if (!node) return { kind: 'wait', reason: `the cluster has no node ${name}` };
  const mover = state.recoveries.find(({ kind }) => kind !== OPERATION_KIND.RECOVER);
  if (mover)
    return {
      kind: 'wait',
      reason: `${mover.id} stops or moves ${mover.nodes?.join(', ') ?? 'nodes'}; never two at a time`,
    };
  const recovery = state.recoveries.find(({ nodes }) => nodes?.includes(name));
  return recovery
    ? { kind: 'yield', reason: `${recovery.id} lets go of ${name}`, holder: recovery.id }
    : { kind: 'granted', node };
}

/** Remembers which node the running operation asks for. */
export function want({ operation }: ClusterState, operationId: string, name: string): void {
  if (operation?.id !== operationId) return;
  operation.wanted = [...(operation.wanted ?? []).filter((wanted) => wanted !== name), name];
}

/** Records that the running operation has got a node that it asked for. */
export function grant(operation: OperationRecord, name: string): void {
  operation.wanted = (operation.wanted ?? []).filter((wanted) => wanted !== name);
  if (operation.held?.includes(name) !== true) operation.held = [...(operation.held ?? []), name];
}

/** Takes back a node that the running operation has not touched. */
export function ungrant(operation: OperationRecord, name: string): void {
  operation.wanted = (operation.wanted ?? []).filter((wanted) => wanted !== name);
  operation.held = (operation.held ?? []).filter((held) => held !== name);
}

/** Takes back what the operation reports as done: READY again, kept stopped, or left to a person. */
export function takeBack(state: ClusterState, operationId: string, reported: readonly NodeState[]): void {
  const { operation } = state;
  if (operation?.id !== operationId || operation.held === undefined) return;
  const done = reported
    .filter(
      ({ status, paused, recoveryAborted }) =>
        status === NODE_STATUS.READY || paused !== undefined || recoveryAborted === true,
    )
    .map(({ name }) => name);
  operation.held = operation.held.filter((name) => !done.includes(name));
}

/**
 * What an operation held when it ended and that does not run: nobody has it any more, so it counts as fallen, and is recovered like
 * any other. New nodes that never ran stay what they are.
 */
export function dropHeld(state: ClusterState, operation: OperationRecord): void {
  for (const name of operation.held ?? []) {
    const node = state.nodes[name];
    if (!node || node.paused || node.recoveryAborted) continue;
    if (node.status !== NODE_STATUS.STOPPED && node.status !== NODE_STATUS.STARTING) continue;
    node.status = NODE_STATUS.FAILED;
    node.reason = `${operation.id} ended while it had ${name}`;
  }
}
