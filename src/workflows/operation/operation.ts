// What every operation has in common: its progress, the messages it takes, what it knows of session and tasks.
import {
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
  type CancellationScope,
} from '@temporalio/workflow';
import type { NodeState, SessionInfo } from '../../model/cluster.ts';
import { STATUS, type PlanProgress } from '../../model/plan/plan.ts';
import { beginProgress, findStep, operationState, setStep } from '../../model/plan/progress.ts';
import { renderMarkdown } from '../../model/plan/render-markdown.ts';
import * as contract from '../contract.ts';
import { hasShape, onInternalSignal, PROBLEM_SHAPE, SESSION_SHAPE, TASK_SHAPE } from '../internal-signal.ts';

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
    aborted: null,
    scope: null,
  };
  show(operation);
  return operation;
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

/** A node that was ready and whose task ends while its operation still runs is started again by it. */
function reopenStepOf(operation: Operation, status: contract.TaskStatusSignal & { node: string }): void {
  const step = findStep(operation.progress, `start:${status.node}`);
  if (step?.status === STATUS.COMPLETE) operation.reopened.add(step.id);
}
