// What the acceptance of a change does to a cluster's state, in place.
import {
  NODE_KIND,
  NODE_STATUS,
  OPERATION_KIND,
  OPERATION_STATE,
  type ClusterState,
  type NodeKind,
  type OperationKind,
  type QueuedOperation,
} from './cluster.ts';
import type { ChangeRequest } from './change-request.ts';
import { remember } from './entity.ts';
import { nextNodeIds, nodeNameOf } from './node-ids.ts';
import type { ClusterSpec } from './spec/schema.ts';
import { drawKafkaUuid } from './uuid-text.ts';

/**
 * Takes over an accepted spec: another generation, and the nodes that it has more, which are placed later.
 *
 * @returns the names of the new nodes
 */
export function applySpec(state: ClusterState, spec: ClusterSpec, uuid4: () => string): string[] {
  const added = [NODE_KIND.CONTROLLER, NODE_KIND.BROKER].flatMap((kind) =>
    nextNodeIds(state, kind, countOf(spec, kind)).map((nodeId) => {
      const name = nodeNameOf(kind, nodeId);
      state.nodes[name] = {
        name,
        kind,
        nodeId,
        directoryId: drawKafkaUuid(uuid4),
        status: NODE_STATUS.PLANNED,
        placement: null,
        launches: 0,
        taskState: null,
        // A volume of a new controller is prepared to join the quorum, not to found one.
        ...(kind === NODE_KIND.CONTROLLER ? { joins: { replacing: [] } } : {}),
      };
      return name;
    }),
  );
  state.formerSpecs = { ...state.formerSpecs, [state.generation]: state.spec };
  state.generation += 1;
  state.spec = spec;
  forgetSpecs(state);
  return added;
}

function countOf(spec: ClusterSpec, kind: NodeKind): number {
  return kind === NODE_KIND.BROKER ? spec.brokers.count : spec.controllers.count;
}

/** Forgets the specs with which no node runs any more. */
export function forgetSpecs(state: ClusterState): void {
  if (state.formerSpecs === undefined) return;
  const used = new Set(Object.values(state.nodes).map(({ generation = 1 }) => String(generation)));
  state.formerSpecs = Object.fromEntries(
    Object.entries(state.formerSpecs).filter(([generation]) => used.has(generation)),
  );
}

/** Takes a removed node out of the state; its id is never given again. */
export function forgetNode(state: ClusterState, name: string): void {
  const node = state.nodes[name];
  if (!node) return;
  const next = Math.max(state.nextNodeId?.[node.kind] ?? 0, node.nodeId + 1);
  state.nextNodeId = { ...state.nextNodeId, [node.kind]: next };
  const { [name]: _gone, ...others } = state.nodes;
  state.nodes = others;
  forgetSpecs(state);
}

/** Puts a queued change into the history that was never begun. */
export function recordRefused(
  state: ClusterState,
  { id, request, queuedAtMs }: QueuedOperation,
  { outcome, nowMs }: { outcome: string; nowMs: number },
): void {
  remember(state, {
    id,
    kind: kindOf(request),
    state: OPERATION_STATE.ABORTED,
    requestedBy: request.requestedBy,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    startedAtMs: queuedAtMs,
    endedAtMs: nowMs,
    planHash: '',
    outcome: `it was never begun: ${outcome}`,
  });
}

function kindOf(request: ChangeRequest): OperationKind {
  switch (request.kind) {
    case 'apply':
      return OPERATION_KIND.UPDATE;
    case 'restart':
      return OPERATION_KIND.RESTART;
    case 'rebalance':
      return OPERATION_KIND.REBALANCE;
    case 'pauseNode':
      return OPERATION_KIND.PAUSE;
    case 'resumeNode':
      return OPERATION_KIND.RESUME;
  }
}
