// What the API shows of a cluster and an operation: pure functions of what the workflows answer.
import {
  hostOf,
  newestTask,
  NODE_KIND,
  NODE_STATUS,
  type ClusterState,
  type NodeState,
  type OperationRecord,
} from '../model/cluster.ts';
import { runningOperations } from '../model/entity.ts';
import { rackOf } from '../model/plan/roll.ts';
import type { PlanProgress } from '../model/plan/plan.ts';
import { operationState } from '../model/plan/progress.ts';
import { clusterWorkflowId, operationWorkflowId, type OperationAccepted } from '../workflows/contract.ts';
import type { ClusterSummary, ClusterView, NodeView } from './schemas/cluster.ts';
import type { AcceptedView, OperationView } from './schemas/operation.ts';

/** Makes links to the API and, when its address is known, to the Temporal UI. */
export interface Links {
  cluster(name: string): { cluster: string; temporalUi?: string };
  operation(id: string): { operation: string; temporalUi?: string };
}

/** `uiUrl` is the base of the Temporal UI, e.g. `http://127.0.0.1:8233`. */
export function createLinks(namespace: string, uiUrl: string | undefined): Links {
  const temporalUi = (workflowId: string) =>
    uiUrl === undefined
      ? {}
      : {
          temporalUi: `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`,
        };
  return {
    cluster: (name) => ({
      cluster: `/v1/clusters/${encodeURIComponent(name)}`,
      ...temporalUi(clusterWorkflowId(name)),
    }),
    operation: (id) => ({
      operation: `/v1/operations/${encodeURIComponent(id)}`,
      ...temporalUi(operationWorkflowId(id)),
    }),
  };
}

export function clusterView(state: ClusterState, links: Links): ClusterView {
  const {
    name,
    status,
    generation,
    spec,
    frameworkId,
    kafkaClusterId,
    operation,
    recoveries,
    history,
    createdAtMs,
  } = state;
  return {
    name,
    status,
    generation,
    spec,
    bootstrapServers: bootstrapServers(state),
    nodes: nodesOf(state).map((node) => nodeView(state, node)),
    session: sessionView(state),
    frameworkId,
    kafkaClusterId,
    operation: operation && recordView(operation),
    queue: (state.queue ?? []).map(({ id, request, queuedAtMs }) => ({
      id,
      kind: request.kind,
      requestedBy: request.requestedBy,
      queuedAtMs,
    })),
    recoveries: recoveries.map(recordView),
    history,
    createdAtMs,
    links: links.cluster(name),
  };
}

export function clusterSummary(state: ClusterState, links: Links): ClusterSummary {
  const brokers = brokersOf(state);
  const [running] = runningOperations(state);
  return {
    name: state.name,
    status: state.status,
    kafkaVersion: state.spec.kafka.version,
    brokers: {
      ready: brokers.filter(({ status }) => status === NODE_STATUS.READY).length,
      total: brokers.length,
    },
    ...(running ? { operation: running.id } : {}),
    links: links.cluster(state.name),
  };
}

export function brokerViews(state: ClusterState): NodeView[] {
  return brokersOf(state).map((node) => nodeView(state, node));
}

/** `host:port` of each broker that has its place, separated by commas. */
export function bootstrapServers(state: ClusterState): string {
  return brokersOf(state)
    .flatMap(({ placement, status }) =>
      placement && status !== NODE_STATUS.RELEASED ? [`${hostOf(placement)}:${placement.port}`] : [],
    )
    .join(',');
}

export function operationView(progress: PlanProgress, links: Links): OperationView {
  return {
    ...progress,
    state: operationState(progress),
    workflowId: operationWorkflowId(progress.operationId),
    links: links.operation(progress.operationId),
  };
}

export function acceptedView(accepted: OperationAccepted, links: Links): AcceptedView {
  return { ...accepted, links: links.operation(accepted.operationId) };
}

/** What an operation holds at the moment is between it and its cluster. */
function recordView({ held: _held, wanted: _wanted, ...record }: OperationRecord): OperationRecord {
  return record;
}

function nodeView(state: ClusterState, node: NodeState): NodeView {
  const { name, kind, nodeId, status, placement, taskState, reason, configHash } = node;
  const rack = kind === NODE_KIND.BROKER ? rackOf(state, node) : undefined;
  return {
    name,
    kind,
    nodeId,
    status,
    host: placement?.hostname ?? null,
    port: placement?.port ?? null,
    agent: placement?.agentId ?? null,
    task: newestTask(node),
    taskState,
    generation: node.generation ?? 1,
    ...(rack === undefined ? {} : { rack }),
    ...(reason === undefined ? {} : { reason }),
    ...(configHash === undefined ? {} : { configHash }),
  };
}

/** Whether the cluster has its subscription, and why not. */
export function sessionView({ session, sessionProblem }: ClusterState): ClusterView['session'] {
  if (sessionProblem) return { open: false, problem: sessionProblem.reason };
  return session ? { open: true, master: session.master, epoch: session.epoch } : { open: false };
}

function nodesOf(state: ClusterState): NodeState[] {
  return Object.values(state.nodes).sort((a, b) => a.kind.localeCompare(b.kind) || a.nodeId - b.nodeId);
}

function brokersOf(state: ClusterState): NodeState[] {
  return nodesOf(state).filter(({ kind }) => kind === NODE_KIND.BROKER);
}
