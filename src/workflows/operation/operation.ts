// What every operation has in common: its progress, the messages it takes, what it knows of session and tasks.
import {
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
  type CancellationScope,
} from '@temporalio/workflow';
import type { EarlierThrottle } from '../../activities/contract.ts';
import type { Proposal } from '../../model/reassignment/proposal.ts';
import { OPERATION_KIND, type NodeState, type SessionInfo } from '../../model/cluster.ts';
import { BY_GRANT } from '../../model/grants.ts';
import { STATUS, type PlanProgress, type StepProgress } from '../../model/plan/plan.ts';
import { beginProgress, findStep, hasEnded, operationState, setStep } from '../../model/plan/progress.ts';
import { renderMarkdown } from '../../model/plan/render-markdown.ts';
import { BY_ITSELF } from '../../model/recovery.ts';
import * as contract from '../contract.ts';
import { messageOf } from '../failure.ts';
import {
  hasShape,
  NODE_SHAPE,
  onInternalSignal,
  PROBLEM_SHAPE,
  SESSION_SHAPE,
  TASK_SHAPE,
} from '../internal-signal.ts';

export type Verdict = { kind: 'retry' } | { kind: 'skip'; reason: string };

/** The state of a running operation; handlers change it, the runner and the steps work from it. */
export interface Operation {
  readonly input: contract.OperationInput;
  readonly progress: PlanProgress;
  /** The operation's view of the nodes; each change is reported to the entity. */
  readonly nodes: Record<string, NodeState>;
  session: SessionInfo | null;
  sessionProblem: contract.SessionProblem | null;
  /** How often something new was heard of the session. */
  sessionNews: number;
  /** The short wait for such news, shared by all steps that wait for it. */
  newsSoon: Promise<boolean> | null;
  /** Newest status of each task that has ended, by task id. */
  readonly endedTasks: Map<string, contract.TaskStatusSignal>;
  readonly verdicts: Map<string, Verdict>;
  /** What complete steps left over or want a person to know, by step id. */
  readonly leftovers: Map<string, string>;
  /** Steps that ended well and must be run again, since their task has ended since. */
  readonly reopened: Set<string>;
  /** Nodes that another operation takes over, with the reason: their steps are left undone. */
  readonly yielded: Map<string, string>;
  /** The scope of each step that runs, by step id. */
  readonly stepScopes: Map<string, CancellationScope>;
  /** Steps that are to begin again: what they were begun with has changed. */
  readonly again: Set<string>;
  /** Steps that pause before the next launch of a task that ended again and again; a retry ends the pause. */
  readonly backingOff: Set<string>;
  /** Nodes that the entity has given to it and that it has not given back. */
  readonly granted: Set<string>;
  /** Nodes that it has asked for ahead of the steps that need them. */
  readonly asked: Set<string>;
  /** Why the entity does not give it a node yet. */
  readonly withheld: Map<string, string>;
  /** Hash of what a person may approve, by the step that waits for it. */
  readonly approvals: Map<string, string>;
  /** Steps that a person has approved. */
  readonly approved: Set<string>;
  /** Which replicas are to move, once that is computed. */
  proposal: Proposal | null;
  /** Whether they move so that brokers may go. */
  isDraining: boolean;
  /** The throttle that there was before this operation's own. */
  earlierThrottle: EarlierThrottle | null;
  /** What is put back when it is aborted, newest last: each by its name. */
  readonly putBack: Map<string, () => Promise<void>>;
  aborted: { reason: string; by: string } | null;
  /** The scope of everything that runs; cancelled by abort. */
  scope: CancellationScope | null;
}

/** An operation before its first step; its handlers are to be set before the first await. */
export function beginOperation(input: contract.OperationInput): Operation {
  const operation: Operation = {
    input,
    progress: beginProgress(input.plan, {
      operationId: input.operationId,
      planHash: input.planHash,
      requestedBy: input.requestedBy,
      reason: input.reason,
      nowMs: Date.now(),
    }),
    nodes: { ...input.cluster.nodes },
    session: input.cluster.session,
    sessionProblem: input.cluster.sessionProblem,
    sessionNews: 0,
    newsSoon: null,
    endedTasks: new Map(),
    verdicts: new Map(),
    leftovers: new Map(),
    reopened: new Set(),
    yielded: new Map(),
    stepScopes: new Map(),
    again: new Set(),
    backingOff: new Set(),
    granted: new Set(input.cluster.operation?.held),
    asked: new Set(),
    withheld: new Map(),
    approvals: new Map(),
    approved: new Set(),
    proposal: null,
    isDraining: false,
    earlierThrottle: null,
    putBack: new Map(),
    aborted: null,
    scope: null,
  };
  show(operation);
  return operation;
}

/** Whether it holds only the nodes that it has asked for. */
export function isByGrant({ progress }: Operation): boolean {
  return BY_GRANT.includes(progress.operation);
}

/** Shows the progress in the Temporal UI; the search attribute is written only when it changes. */
export function show(operation: Operation): void {
  setCurrentDetails(renderMarkdown(operation.progress));
  const state = operationState(operation.progress);
  if (workflowInfo().typedSearchAttributes.get(contract.KAFKA_OPERATION_STATE) !== state)
    upsertSearchAttributes([{ key: contract.KAFKA_OPERATION_STATE, value: state }]);
}

/** Sets a step to WAITING with the reason, or back to RUNNING with null. */
export function markWaiting(operation: Operation, stepId: string, reason: string | null): void {
  const step = findStep(operation.progress, stepId);
  if (step?.status !== STATUS.RUNNING && step?.status !== STATUS.WAITING) return;
  const nowMs = Date.now();
  if (reason === null) setStep(operation.progress, stepId, { status: STATUS.RUNNING, nowMs });
  else setStep(operation.progress, stepId, { status: STATUS.WAITING, reason, nowMs });
  show(operation);
}

/** Shows at the steps of a node why it is not given, if that has been said. */
export function sayWithheld(operation: Operation, node: string): void {
  const reason = operation.withheld.get(node);
  if (reason === undefined) return;
  for (const { id } of stepsOfNode(operation, node)) markWaiting(operation, id, reason);
}

/** Sets the handlers of what the entity and activities tell. */
export function setEntityHandlers(operation: Operation): void {
  onInternalSignal(contract.sessionChangedSignal, {
    description: 'From the cluster: the Mesos session changed.',
    fits: ({ session, problem }) =>
      (session === null || hasShape(session, SESSION_SHAPE)) &&
      (problem === null || hasShape(problem, PROBLEM_SHAPE)),
    apply: ({ session, problem }) => {
      if (session && session.epoch > (operation.session?.epoch ?? 0)) operation.session = session;
      operation.sessionProblem = problem;
      operation.sessionNews += 1;
    },
  });
  onInternalSignal(contract.taskEndedSignal, {
    description: 'From the cluster: a task has ended.',
    fits: (status) => hasShape(status, { ...TASK_SHAPE, node: 'string' }),
    apply: (status) => {
      operation.endedTasks.set(status.taskId, status);
      reopenStepOf(operation, status);
      giveUpUntouched(operation, status.node);
    },
  });
  onInternalSignal(contract.yieldNodeSignal, {
    description: 'From the cluster: another operation takes a node over.',
    fits: (message) => hasShape(message, { node: 'string', reason: 'string' }),
    apply: ({ node, reason }) => {
      yieldNode(operation, node, reason);
    },
  });
  onInternalSignal(contract.peerMovedSignal, {
    description: 'From the cluster: another node lives elsewhere now.',
    fits: ({ node }) => hasShape(node, NODE_SHAPE),
    apply: ({ node }) => {
      operation.nodes[node.name] = node;
      // What waits for Kafka's word asks at the addresses with which it began: it begins again.
      for (const step of gates(operation)) {
        operation.again.add(step.id);
        operation.stepScopes.get(step.id)?.cancel();
      }
    },
  });
  onInternalSignal(contract.maintenanceOverSignal, {
    description: 'From the cluster: the maintenance was called off.',
    fits: ({ nodes }) => Array.isArray(nodes),
    apply: ({ nodes }) => {
      for (const node of nodes)
        if (hasToBeStopped(operation, node)) yieldNode(operation, node, 'the maintenance was called off');
    },
  });
  onInternalSignal(contract.nodeReturnedSignal, {
    description: 'From the cluster: the agent of a node is in reach again.',
    fits: (message) => hasShape(message, { node: 'string', reason: 'string' }),
    apply: ({ reason }) => {
      leaveInPlace(operation, reason);
    },
  });
  onInternalSignal(contract.nodeGrantedSignal, {
    description: 'From the cluster: the operation has a node that it wanted.',
    fits: ({ node }) => hasShape(node, NODE_SHAPE),
    apply: ({ node }) => {
      operation.nodes[node.name] = node;
      operation.granted.add(node.name);
      operation.withheld.delete(node.name);
      for (const { id } of stepsOfNode(operation, node.name)) markWaiting(operation, id, null);
    },
  });
  onInternalSignal(contract.nodeWithheldSignal, {
    description: 'From the cluster: why the operation does not get a node yet.',
    fits: (message) => hasShape(message, { node: 'string', reason: 'string' }),
    apply: ({ node, reason }) => {
      operation.withheld.set(node, reason);
      sayWithheld(operation, node);
    },
  });
  onInternalSignal(contract.supersedeSignal, {
    description: 'From the cluster: a newer request takes the place of this operation.',
    fits: (message) => hasShape(message, { reason: 'string' }),
    apply: ({ reason }) => {
      if (hasEnded(operation.progress.status)) return;
      operation.aborted = { by: BY_ITSELF, reason };
      operation.scope?.cancel();
    },
  });
  onInternalSignal(contract.stepWaitingSignal, {
    description: 'From an activity: what a step waits for.',
    fits: ({ step, reason }) => typeof step === 'string' && (reason === null || typeof reason === 'string'),
    apply: ({ step, reason }) => {
      markWaiting(operation, step, reason);
    },
  });
}

/** Leaves the steps of a node undone, and tells the entity. */
function yieldNode(operation: Operation, node: string, reason: string): void {
  operation.yielded.set(node, reason);
  const steps = stepsOfNode(operation, node);
  for (const step of steps) operation.stepScopes.get(step.id)?.cancel();
  // Nothing of it is left to be done here.
  if (steps.every(({ status }) => hasEnded(status))) void tellYielded(operation, node);
}

function gates(operation: Operation): StepProgress[] {
  return operation.progress.phases
    .flatMap(({ steps }) => steps)
    .filter(({ action }) => action.kind === 'replaceable' || (action.kind === 'stop' && action.gated));
}

/** Whether a node of the plan is still to be stopped. */
function hasToBeStopped(operation: Operation, node: string): boolean {
  return stepsOfNode(operation, node).some(
    ({ action, status }) => action.kind === 'stop' && !hasEnded(status),
  );
}

/**
 * A node that falls back before its stop has begun is somebody else's to bring back: a drain leaves it alone, and a replacement,
 * which may wait for a place for days, gives up.
 */
function giveUpUntouched(operation: Operation, node: string): void {
  const steps = stepsOfNode(operation, node);
  if (!steps.some(({ action, runs }) => action.kind === 'stop' && runs === 0)) return;
  const reason = `the task of ${node} ended before it was stopped; it is recovered where it is`;
  if (operation.progress.operation === OPERATION_KIND.DRAIN) yieldNode(operation, node, reason);
  if (operation.progress.operation !== OPERATION_KIND.REPLACE) return;
  operation.aborted = { by: BY_ITSELF, reason };
  operation.scope?.cancel();
}

/** Tells the entity that another operation may have a node. */
export async function tellYielded({ input }: Operation, node: string): Promise<void> {
  const entity = getExternalWorkflowHandle(contract.clusterWorkflowId(input.cluster.name));
  try {
    await entity.signal(contract.nodeYieldedSignal, { operationId: input.operationId, node });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the cluster could not be told that a node was let go of', { node, reason: messageOf(error) });
  }
}

/** The steps of a plan that are about a node. */
export function stepsOfNode(operation: Operation, node: string): StepProgress[] {
  return operation.progress.phases
    .flatMap(({ steps }) => steps)
    .filter(({ action }) => 'node' in action && action.node === node);
}

/**
 * A replacement of a node that was down has lost its cause when the node is back before it has gone anywhere else; who still wants it
 * asks again, and it is stopped first then.
 */
function leaveInPlace(operation: Operation, reason: string): void {
  if (operation.progress.operation !== OPERATION_KIND.REPLACE) return;
  const steps = operation.progress.phases.flatMap((phase) => phase.steps);
  if (steps.some(({ action, runs }) => action.kind === 'stop' || (action.kind === 'start' && runs > 0)))
    return;
  operation.aborted = { by: BY_ITSELF, reason: `${reason}; nothing was replaced` };
  operation.scope?.cancel();
}

/** A node that was ready and whose task ends while its operation still runs is started again by it. */
function reopenStepOf(operation: Operation, status: contract.TaskStatusSignal & { node: string }): void {
  // What it has given back is the entity's to bring back.
  if (isByGrant(operation) && !operation.granted.has(status.node)) return;
  const step = findStep(operation.progress, `start:${status.node}`);
  if (step?.status === STATUS.COMPLETE) operation.reopened.add(step.id);
}
