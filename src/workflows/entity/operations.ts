// The operations of a cluster, one at a time: accepted, started as child workflows, followed, recorded.
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import {
  CLUSTER_STATUS,
  NODE_STATUS,
  OPERATION_KIND,
  OPERATION_STATE,
  type ClusterState,
  type OperationKind,
  type OperationRecord,
} from '../../model/cluster.ts';
import { endOperation, nodesToRecover } from '../../model/entity.ts';
import { BESIDE, holderOf } from '../../model/grants.ts';
import type { Plan } from '../../model/plan/plan.ts';
import { planDrain, planHash, planRecover, planReplace } from '../../model/plan/plans.ts';
import { BY_ITSELF, nextDrain, nextReplacement, type Due } from '../../model/recovery.ts';
import { anywhere, onSession } from '../activity-proxies.ts';
import * as contract from '../contract.ts';
import { messageOf } from '../failure.ts';
import { requireState, tellOperation, type Entity } from './entity.ts';

/** What is to be done, for whom, and why. */
interface Accepting extends contract.OperationRequest {
  plan: Plan;
  /** The nodes that it is about, when not all. */
  nodes?: string[];
  windowStartMs?: number;
  /** Id that was given to it while it was queued. */
  id?: string;
  /** Nodes that it holds from the beginning: those that it adds. */
  held?: string[];
  options?: contract.OperationOptions;
}

/** Records the operation and leaves its start to the main loop. */
export function accept(
  entity: Entity,
  kind: OperationKind,
  { plan, requestedBy, reason, nodes, windowStartMs, id, held = [], options }: Accepting,
): contract.OperationAccepted {
  const state = requireState(entity);
  const operationId = id ?? contract.operationIdOf(entity.name, kind, entity.nextOperation);
  if (id === undefined) entity.nextOperation += 1;
  const hash = planHash(plan);
  entity.starting.add(operationId);
  const operation: OperationRecord = {
    id: operationId,
    kind,
    state: OPERATION_STATE.RUNNING,
    requestedBy,
    ...(reason === undefined ? {} : { reason }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(windowStartMs === undefined ? {} : { windowStartMs }),
    ...(held.length === 0 ? {} : { held }),
    startedAtMs: Date.now(),
    planHash: hash,
  };
  if (BESIDE.includes(kind)) state.recoveries.push(operation);
  else state.operation = operation;
  for (const node of nodes ?? []) entity.yielding.delete(node);
  entity.work.push(() => startOperation(entity, operation, plan, options));
  return { operationId, workflowId: contract.operationWorkflowId(operationId), plan, planHash: hash };
}

/** The answer, held back until the operation's workflow exists: who has it may ask that workflow at once. */
export async function started(
  entity: Entity,
  accepted: contract.OperationAccepted,
): Promise<contract.OperationAccepted> {
  // Handlers run in the workflow's own scope, which a person may have cancelled.
  await CancellationScope.nonCancellable(() => condition(() => !entity.starting.has(accepted.operationId)));
  return accepted;
}

async function startOperation(
  entity: Entity,
  operation: OperationRecord,
  plan: Plan,
  options: contract.OperationOptions | undefined,
): Promise<void> {
  try {
    const child = await startChildOf(entity, operation, plan, options);
    followOperation(entity, operation.id, child.result());
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Only when a workflow of that id runs already, started by somebody else: it is not ours to follow.
    const outcome = `its workflow could not be started: ${messageOf(error)}`;
    recordEnd(entity, operation.id, { state: 'ABORTED', outcome });
  } finally {
    entity.starting.delete(operation.id);
  }
}

type OperationWorkflow = (input: contract.OperationInput) => Promise<contract.OperationResult>;

function startChildOf(
  entity: Entity,
  { id, kind, requestedBy, reason, planHash: hash }: OperationRecord,
  plan: Plan,
  options: contract.OperationOptions | undefined,
): Promise<ChildWorkflowHandle<OperationWorkflow>> {
  const state = requireState(entity);
  const input: contract.OperationInput = {
    operationId: id,
    cluster: withoutQueue({ ...state, recoveries: [], history: [] }),
    plan,
    planHash: hash,
    requestedBy,
    ...(reason === undefined ? {} : { reason }),
    ...(options === undefined || Object.keys(options).length === 0 ? {} : { options }),
    asksAhead: true,
  };
  return startChild<OperationWorkflow>(kind, {
    workflowId: contract.operationWorkflowId(id),
    args: [input],
    parentClosePolicy: 'ABANDON',
    staticSummary: `${kind} ${state.name}, requested by ${requestedBy}`,
    staticDetails: operationDetails(kind, requestedBy, reason),
    typedSearchAttributes: [
      { key: contract.KAFKA_CLUSTER, value: state.name },
      { key: contract.KAFKA_OPERATION, value: kind },
      { key: contract.KAFKA_OPERATION_STATE, value: OPERATION_STATE.RUNNING },
    ],
  });
}

function withoutQueue({ queue: _queue, ...state }: ClusterState): ClusterState {
  return state;
}

function operationDetails(kind: string, requestedBy: string, reason: string | undefined): string {
  return [
    `Operation **${kind}**, requested by ${requestedBy}${reason === undefined ? '' : `: ${reason}`}.`,
    '',
    'The plan with the state of each step is under *Current Details*. Signals: `pause`, `resume`, `retryStep`, ' +
      '`skipStep`, `approve`, `abort`. Cancelling the workflow is the same as an abort: what is there stays as it is.',
  ].join('\n');
}

/** An operation reports its own end; what did not come to that (terminated by a person, say) shows in its result. */
export function followOperation(
  entity: Entity,
  operationId: string,
  result: Promise<contract.OperationResult>,
): void {
  const record = (ended: contract.OperationResult) => {
    recordEnd(entity, operationId, ended);
  };
  void result.then(record, (error: unknown) => {
    record({ state: 'ABORTED', outcome: `its workflow ended: ${messageOf(error)}` });
  });
}

/** Records the end of an operation at once; a second report of it changes nothing. */
export function recordEnd(entity: Entity, operationId: string, ended: contract.OperationResult): void {
  const { state } = entity;
  if (!state || !endOperation(state, operationId, ended, Date.now())) return;
  entity.work.push(() =>
    state.status === CLUSTER_STATUS.UNINSTALLED ? endSession(entity) : Promise.resolve(),
  );
  const { kind } = contract.parseOperationId(operationId) ?? {};
  if (kind === OPERATION_KIND.REPLACE && ended.state === 'ABORTED')
    entity.work.push(() => {
      // Beside the main loop, which must not wait for a worker.
      void releaseLeftovers(entity);
      return Promise.resolve();
    });
}

/** Has the holder of the session release what an aborted replacement reserved; without one, the next holder does so by itself. */
async function releaseLeftovers(entity: Entity): Promise<void> {
  const { session } = requireState(entity);
  if (!session) return;
  try {
    await onSession(session.taskQueue).lookForLeftovers.executeWithOptions(
      { summary: 'release what the replacement reserved' },
      [{ cluster: entity.name, session }],
    );
  } catch (error) {
    log.info('the session moved; its next holder looks for leftovers', { reason: messageOf(error) });
  }
}

async function endSession(entity: Entity): Promise<void> {
  try {
    await getExternalWorkflowHandle(contract.sessionWorkflowId(entity.name)).cancel();
  } catch (error) {
    log.warn('the session could not be cancelled; it has ended already', { reason: messageOf(error) });
  }
}

/** After continue-as-new there is no child handle any more: an activity asks Temporal. */
export function awaitEarlierOperation(operationId: string): Promise<contract.OperationResult> {
  const operationWorkflowId = contract.operationWorkflowId(operationId);
  return anywhere.awaitOperation.executeWithOptions({ summary: `wait for ${operationId}` }, [
    { operationWorkflowId },
  ]);
}

/** Starts a recovery when nodes fell back and no operation cares for them. */
export function recoverFailedNodes(entity: Entity): void {
  const state = requireState(entity);
  forgetYielding(entity);
  const nodes = nodesToRecover(state).filter((name) => !entity.yielding.has(name));
  if (nodes.length === 0) return;
  const reasons = nodes.map((name) => `${name}: ${state.nodes[name]?.reason ?? 'its task ended'}`);
  accept(entity, OPERATION_KIND.RECOVER, {
    plan: planRecover(state, nodes),
    nodes,
    requestedBy: BY_ITSELF,
    reason: reasons.join('; '),
  });
}

/** What was to be replaced and is not any more (it is ready, say) may be recovered again. */
function forgetYielding(entity: Entity): void {
  const state = requireState(entity);
  const due = nextReplacement(state)?.nodes ?? [];
  for (const [name, whom] of entity.yielding) {
    const isReady = state.nodes[name]?.status === NODE_STATUS.READY;
    if (whom === 'itself' && (isReady || !due.includes(name))) entity.yielding.delete(name);
  }
}

/** Begins what is due for nodes whose agents are lost or go away; the moment of the next such thing, null when there is none. */
export function beginWhatIsDue(entity: Entity): number | null {
  const state = requireState(entity);
  const nowMs = Date.now();
  const replacement = nextReplacement(state);
  if (replacement && replacement.atMs <= nowMs) replaceByItself(entity, replacement);
  const drain = nextDrain(state, nowMs);
  if (drain && drain.atMs <= nowMs)
    accept(entity, OPERATION_KIND.DRAIN, {
      plan: planDrain(state, drain.nodes),
      nodes: drain.nodes,
      windowStartMs: drain.windowStartMs,
      requestedBy: BY_ITSELF,
      reason: drain.reason,
    });
  const later = [replacement, drain].flatMap((due) => (due && due.atMs > nowMs ? [due.atMs] : []));
  return later.length === 0 ? null : Math.min(...later);
}

function replaceByItself(entity: Entity, { nodes: [node = ''], reason }: Due): void {
  const state = requireState(entity);
  if (!letGo(entity, node, { whom: 'itself', reason })) return;
  accept(entity, OPERATION_KIND.REPLACE, {
    plan: planReplace(state, node),
    nodes: [node],
    requestedBy: BY_ITSELF,
    reason,
  });
}

/** Whether no operation cares for a node (any more); a recovery that does is asked, once, to let go of it. */
export function letGo(
  entity: Entity,
  node: string,
  { whom, reason }: { whom: 'person' | 'itself'; reason: string },
): boolean {
  const holder = holderOf(requireState(entity), node);
  if (holder === null) return true;
  const isAsked = entity.yielding.has(node);
  if (!isAsked || whom === 'person') entity.yielding.set(node, whom);
  if (!isAsked) {
    entity.work.push(() =>
      tellOperation(holder.id, (workflow) =>
        workflow.signal(contract.yieldNodeSignal, { node, reason: `it is replaced: ${reason}` }),
      ),
    );
  }
  return false;
}
