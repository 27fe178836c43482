// Names and ids of nodes.
import { NODE_KIND, type ClusterState, type NodeKind } from './cluster.ts';

/** `node.id` of the first controller; brokers count from 0. Apart, since KRaft has one id space for both. */
export const FIRST_CONTROLLER_NODE_ID = 3000;

function firstIdOf(kind: NodeKind): number {
  return kind === NODE_KIND.CONTROLLER ? FIRST_CONTROLLER_NODE_ID : 0;
}

/** `broker-0`, `controller-1`: brokers by their id, controllers by their id from 3000 on. */
export function nodeNameOf(kind: NodeKind, nodeId: number): string {
  return `${kind}-${nodeId - firstIdOf(kind)}`;
}

/**
 * The ids of the nodes that a cluster needs more to have `count` of a kind; none when it has as many. An id is never given twice: what a
 * removed node left on an agent that was away must not be taken for the new one's.
 */
export function nextNodeIds(
  state: Pick<ClusterState, 'nodes' | 'nextNodeId'>,
  kind: NodeKind,
  count: number,
): number[] {
  const ids = Object.values(state.nodes)
    .filter((node) => node.kind === kind)
    .map(({ nodeId }) => nodeId);
  const first = Math.max(firstIdOf(kind), state.nextNodeId?.[kind] ?? 0, ...ids.map((id) => id + 1));
  return Array.from({ length: Math.max(0, count - ids.length) }, (_none, index) => first + index);
}
