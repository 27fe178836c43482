// What is done about nodes whose agents are lost or go away, and when: pure decisions of the entity.
import { NODE_STATUS, OPERATION_KIND, type ClusterState, type NodeState } from './cluster.ts';
import { isServing, runningOperations } from './entity.ts';
import { holderOf } from './grants.ts';
import { recoveryPolicy } from './recovery-policy.ts';

/** Who asks for what nobody asked for. */
export const BY_ITSELF = 'millrace';

/** How long before a maintenance window its nodes are stopped: enough for gates and shutdowns one after the other. */
export const DRAIN_LEAD_MS = 10 * 60_000;

/** Something to begin at a moment (milliseconds since 1970), for these nodes, and why. */
export interface Due {
  nodes: string[];
  atMs: number;
  reason: string;
}

/**
 * The next replacement that nobody asked for: of a node whose agent was removed by an operator, at once; of one whose agent is
 * out of reach for longer than the spec allows. One at a time, and not sooner after the last than the spec says. Null when
 * there is none.
 */
export function nextReplacement(state: ClusterState): Due | null {
  if (!isServing(state) || state.sessionProblem?.code === 'FRAMEWORK_REMOVED') return null;
  if (runningOperations(state).some(({ kind }) => kind === OPERATION_KIND.REPLACE)) return null;
  const earliestMs = earliestReplacementMs(state);
  const due = Object.values(state.nodes).flatMap((node): Due[] => {
    const lost = lossOf(state, node);
    if (lost === null) return [];
    return [{ ...lost, nodes: [node.name], atMs: Math.max(lost.atMs, earliestMs) }];
  });
  return due.sort((a, b) => a.atMs - b.atMs)[0] ?? null;
}

function lossOf(state: ClusterState, node: NodeState): { atMs: number; reason: string } | null {
  if (node.status === NODE_STATUS.READY || node.placement === null || node.replacementAborted) return null;
  const holder = holderOf(state, node.name);
  if (holder !== null && holder.kind !== OPERATION_KIND.RECOVER) return null;
  const host = node.placement.hostname;
  if (node.agentGone)
    return { atMs: 0, reason: `the agent ${host} of ${node.name} was removed by an operator` };
  const { replaceAfterSeconds } = recoveryPolicy(state.spec);
  if (replaceAfterSeconds === undefined || node.unreachableSinceMs === undefined) return null;
  if (node.taskState === 'TASK_RUNNING') return null;
  return {
    atMs: node.unreachableSinceMs + replaceAfterSeconds * 1000,
    reason: `the agent ${host} of ${node.name} has been out of reach for ${replaceAfterSeconds} s (recovery.replaceAfterSeconds)`,
  };
}

function earliestReplacementMs(state: ClusterState): number {
  const { minSecondsBetweenReplacements } = recoveryPolicy(state.spec);
  const begun = state.history
    .filter(({ kind, requestedBy }) => kind === OPERATION_KIND.REPLACE && requestedBy === BY_ITSELF)
    .map(({ startedAtMs }) => startedAtMs);
  return begun.length === 0 ? 0 : Math.max(...begun) + minSecondsBetweenReplacements * 1000;
}

/** The next agent to be emptied for its maintenance, and the begin of its window; null when there is none. */
export function nextDrain(state: ClusterState, nowMs: number): (Due & { windowStartMs: number }) | null {
  if (!isServing(state)) return null;
  const due = Object.entries(state.maintenance ?? {}).flatMap(([agentId, window]) => {
    if (window.endMs !== undefined && window.endMs < nowMs) return [];
    const nodes = nodesOn(state, agentId).filter(
      (node) =>
        node.status === NODE_STATUS.READY &&
        holderOf(state, node.name) === null &&
        // One that a person aborted is not begun again for the same window, nor one that is just complete.
        !wasDrained(state, node.name, window.startMs),
    );
    if (nodes.length === 0) return [];
    const host = nodes[0]?.placement?.hostname ?? agentId;
    return [
      {
        nodes: nodes.map(({ name }) => name),
        atMs: window.startMs - DRAIN_LEAD_MS,
        windowStartMs: window.startMs,
        reason: `maintenance of ${host} begins ${new Date(window.startMs).toISOString()}`,
      },
    ];
  });
  return due.sort((a, b) => a.atMs - b.atMs)[0] ?? null;
}

function wasDrained(state: ClusterState, node: string, startMs: number): boolean {
  return state.history.some(
    ({ kind, nodes, windowStartMs }) =>
      kind === OPERATION_KIND.DRAIN && nodes?.includes(node) === true && windowStartMs === startMs,
  );
}

/** The nodes that are placed on an agent. */
export function nodesOn(state: Pick<ClusterState, 'nodes'>, agentId: string): NodeState[] {
  return Object.values(state.nodes).filter(({ placement }) => placement?.agentId === agentId);
}

/** A place that Mesos holds for a node: the labels of its reservation. */
export interface ReservedPlace {
  node: string;
  placementNumber: number;
}

/**
 * Which of the places that Mesos holds for nodes are no node's (any more): it lives elsewhere and is ready there, or its move there
 * was aborted. None while an operation may still want it.
 */
export function strayPlaces<T extends ReservedPlace>(state: ClusterState, reserved: readonly T[]): T[] {
  if (!isServing(state) || state.operation !== null) return [];
  return reserved.filter(({ node: name, placementNumber }) => {
    const node = Object.hasOwn(state.nodes, name) ? state.nodes[name] : undefined;
    if (!node?.placement || holderOf(state, name)?.kind === OPERATION_KIND.REPLACE) return false;
    if (placementNumber === node.next?.placement.number) return false;
    return placementNumber > node.placement.number
      ? placementNumber <= (node.lastPlace ?? 0)
      : placementNumber < node.placement.number && node.status === NODE_STATUS.READY;
  });
}
