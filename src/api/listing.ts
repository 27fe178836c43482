// Lists by Temporal's visibility: which clusters live, which operations there were.
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import {
  OPERATION_KIND,
  OPERATION_STATE,
  type OperationKind,
  type OperationState,
} from '../model/cluster.ts';
import * as contract from '../workflows/contract.ts';

export interface OperationFilter {
  cluster?: string;
  state?: OperationState;
  /** At most this many, the newest. */
  limit: number;
}

/** An operation as visibility knows it. */
export interface FoundOperation {
  id: string;
  cluster: string;
  kind: OperationKind;
  state: OperationState;
  startedAtMs: number;
  endedAtMs?: number;
}

/** More clusters than one installation is made for; a limit all the same. */
const MAX_CLUSTERS = 10_000;
const ID_PREFIX = contract.clusterWorkflowId('');

/** Names of the clusters that live, in order. */
export async function listClusterNames(client: Client): Promise<string[]> {
  const query = `WorkflowType = '${contract.WORKFLOW_TYPE.CLUSTER}' AND ExecutionStatus = 'Running'`;
  const names: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) {
    if (workflowId.startsWith(ID_PREFIX)) names.push(workflowId.slice(ID_PREFIX.length));
    if (names.length >= MAX_CLUSTERS) break;
  }
  return names.sort();
}

/** Names of the living clusters that were started with this Mesos role. Visibility may be some milliseconds behind. */
export async function listClustersOfRole(client: Client, role: string): Promise<string[]> {
  const query = `WorkflowType = '${contract.WORKFLOW_TYPE.CLUSTER}' AND ExecutionStatus = 'Running' AND ${contract.KAFKA_ROLE.name} = ${quote(role)}`;
  const names: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) {
    if (workflowId.startsWith(ID_PREFIX)) names.push(workflowId.slice(ID_PREFIX.length));
    if (names.length >= MAX_CLUSTERS) break;
  }
  return names.sort();
}

/** Operations of one cluster or all, the newest first. */
export async function listOperations(client: Client, filter: OperationFilter): Promise<FoundOperation[]> {
  const conditions = [
    `WorkflowType IN (${Object.values(OPERATION_KIND).map(quote).join(', ')})`,
    ...(filter.cluster === undefined ? [] : [`${contract.KAFKA_CLUSTER.name} = ${quote(filter.cluster)}`]),
    ...(filter.state === undefined
      ? []
      : [`${contract.KAFKA_OPERATION_STATE.name} = ${quote(filter.state)}`]),
  ];
  const found: FoundOperation[] = [];
  for await (const info of client.workflow.list({
    query: conditions.join(' AND '),
    pageSize: filter.limit,
  })) {
    const operation = toOperation(info);
    if (operation && (filter.state === undefined || operation.state === filter.state)) found.push(operation);
    if (found.length >= filter.limit) break;
  }
  return found;
}

function toOperation(info: WorkflowExecutionInfo): FoundOperation | null {
  const id = info.workflowId.startsWith(ID_PREFIX) ? info.workflowId.slice(ID_PREFIX.length) : '';
  const parsed = contract.parseOperationId(id);
  const kind = Object.values(OPERATION_KIND).find((one) => one === parsed?.kind);
  if (!parsed || !kind) return null;
  return {
    id,
    cluster: parsed.cluster,
    kind,
    state: stateOf(info),
    startedAtMs: info.startTime.getTime(),
    ...(info.closeTime ? { endedAtMs: info.closeTime.getTime() } : {}),
  };
}

/** A workflow that was ended from outside could not write its last state. */
function stateOf(info: WorkflowExecutionInfo): OperationState {
  const written = info.typedSearchAttributes.get(contract.KAFKA_OPERATION_STATE);
  const state = Object.values(OPERATION_STATE).find((one) => one === written) ?? OPERATION_STATE.RUNNING;
  const final = state === OPERATION_STATE.COMPLETE || state === OPERATION_STATE.ABORTED;
  if (info.status.name === 'RUNNING' || info.status.name === 'CONTINUED_AS_NEW' || final) return state;
  return info.status.name === 'COMPLETED' ? OPERATION_STATE.COMPLETE : OPERATION_STATE.ABORTED;
}

/** A text literal of Temporal's query language. */
function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
