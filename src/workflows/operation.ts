// What every operation has in common: its progress, the messages it takes, what it knows of session and tasks.
import {
  condition,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
  type CancellationScope,
} from '@temporalio/workflow';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { NodeState, SessionInfo } from '../model/cluster.ts';
import { STATUS, type PlanProgress } from '../model/plan/plan.ts';
import {
  addNote,
  beginProgress,
  findStep,
  hasEnded,
  operationState,
  setStep,
} from '../model/plan/progress.ts';
import { renderMarkdown } from '../model/plan/render-markdown.ts';
import * as contract from './contract.ts';
import { refuse } from './failure.ts';

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

/** Sets up an operation: all handlers are in place before the first await. */
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
  setPersonHandlers(operation);
  setEntityHandlers(operation);
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

/** A worker that is just subscribing takes less than this; a longer wait is shown. */
const SESSION_QUIET = '3 seconds';
/** How long a newer session is waited for before the one there is is tried again. */
const SESSION_BOUND = '45 seconds';
const NO_SESSION_YET = 'no worker has opened one yet; is a worker running?';
const SESSION_SILENT = 'the worker that held it does not answer; another one takes it over by itself';

/**
 * The session whose epoch is greater than `usedEpoch`, waiting for it when there is none. After `SESSION_BOUND` the one there is
 * will do: the failure that made us ask may have been the messenger's (a lost heartbeat) and not the session's.
 */
export async function sessionAfter(
  operation: Operation,
  stepId: string,
  usedEpoch: number,
): Promise<SessionInfo> {
  const newer = () =>
    operation.session !== null && operation.session.epoch > usedEpoch ? operation.session : null;
  const removed = () => operation.sessionProblem?.code === 'FRAMEWORK_REMOVED';
  while (newer() === null) {
    if (removed())
      throw refuse('FRAMEWORK_REMOVED', operation.sessionProblem?.reason ?? 'Mesos removed the framework');
    const problem = operation.sessionProblem;
    if (problem === null && (await newsSoon(operation))) continue;
    const why = problem?.reason ?? (operation.session === null ? NO_SESSION_YET : SESSION_SILENT);
    const where = contract.sessionWorkflowId(operation.input.cluster.name);
    markWaiting(operation, stepId, `for a session with Mesos: ${why} (see workflow ${where})`);
    const changed = () => newer() !== null || operation.sessionProblem !== problem;
    if (operation.session === null) await condition(changed);
    else if (!(await condition(changed, SESSION_BOUND))) break;
  }
  markWaiting(operation, stepId, null);
  return newer() ?? operation.session!;
}

/** Whether something new is heard of the session within `SESSION_QUIET`. */
function newsSoon(operation: Operation): Promise<boolean> {
  const heard = operation.sessionNews;
  operation.newsSoon ??= condition(() => operation.sessionNews > heard, SESSION_QUIET).finally(() => {
    operation.newsSoon = null;
  });
  return operation.newsSoon;
}

function setEntityHandlers(operation: Operation): void {
  setHandler(
    contract.sessionChangedSignal,
    ({ session, problem }) => {
      if (session && session.epoch > (operation.session?.epoch ?? 0)) operation.session = session;
      operation.sessionProblem = problem;
      operation.sessionNews += 1;
    },
    { description: 'From the cluster: the Mesos session changed.' },
  );
  setHandler(
    contract.taskEndedSignal,
    (status) => {
      operation.endedTasks.set(status.taskId, status);
      reopenStepOf(operation, status);
    },
    { description: 'From the cluster: a task has ended.' },
  );
  setHandler(
    contract.stepWaitingSignal,
    ({ step, reason }) => {
      markWaiting(operation, step, reason);
    },
    { description: 'From an activity: what a step waits for.' },
  );
}

/** A node that was ready and whose task ends while its operation still runs is started again by it. */
function reopenStepOf(operation: Operation, status: contract.TaskStatusSignal & { node: string }): void {
  const step = findStep(operation.progress, `start:${status.node}`);
  if (step?.status === STATUS.COMPLETE) operation.reopened.add(step.id);
}

function setPersonHandlers(operation: Operation): void {
  const { progress } = operation;
  const handlers: Messages = {
    pause: ({ by, reason }) => {
      progress.paused = true;
      addNote(progress, `paused by ${by ?? 'somebody'}${reason === undefined ? '' : `: ${reason}`}`);
    },
    resume: ({ by }) => {
      progress.paused = false;
      addNote(progress, `resumed by ${by ?? 'somebody'}`);
    },
    retryStep: ({ step, by }) => {
      operation.verdicts.set(step, { kind: 'retry' });
      addNote(progress, `retry of ${step} asked by ${by ?? 'somebody'}`);
    },
    skipStep: ({ step, by, reason }) => {
      operation.verdicts.set(step, { kind: 'skip', reason });
      addNote(progress, `${step} skipped by ${by ?? 'somebody'}: ${reason}`);
    },
    abort: ({ by, reason }) => {
      operation.aborted = { reason, by: by ?? 'somebody' };
      operation.scope?.cancel();
    },
  };
  setHandler(contract.planQuery, () => operation.input.plan, { description: 'The plan as it was accepted.' });
  setHandler(contract.progressQuery, () => progress, { description: 'The plan with what happened so far.' });
  for (const [name, { description, check }] of Object.entries(MESSAGES) as [keyof Messages, Message][])
    setBoth(operation, { name, description, check, apply: handlers[name] });
}

type Argument = contract.StepMessage & contract.AbortMessage & contract.PauseMessage;
interface Messages {
  pause: (message: contract.PauseMessage) => void;
  resume: (message: contract.PauseMessage) => void;
  retryStep: (message: contract.StepMessage) => void;
  skipStep: (message: contract.SkipMessage) => void;
  abort: (message: contract.AbortMessage) => void;
}
interface Message {
  description: string;
  check: (operation: Operation, argument: Argument) => void;
}

const MESSAGES: Record<keyof Messages, Message> = {
  pause: {
    description: 'Begin no further step. {"by":"me","reason":"why"} (both optional)',
    check: () => undefined,
  },
  resume: { description: 'Go on after a pause. {"by":"me"} (optional)', check: () => undefined },
  retryStep: {
    description: 'Run a FAILED step again. {"step":"start:broker-0"}',
    check: (operation, { step }) => {
      checkFailedStep(operation, step);
    },
  },
  skipStep: {
    description: 'Leave a FAILED step undone and go on. {"step":"start:broker-0","reason":"why"}',
    check: (operation, { step, reason }) => {
      checkReason('skipStep', reason);
      checkFailedStep(operation, step);
    },
  },
  abort: {
    description: 'Stop here and leave everything as it is. {"reason":"why"}',
    check: (_operation, { reason }) => {
      checkReason('abort', reason);
    },
  },
};

/** The same message as a signal (a bad one is noted for people) and as an update (a bad one is refused). */
function setBoth(
  operation: Operation,
  message: Message & { name: keyof Messages; apply: (argument: Argument) => void },
): void {
  const check = (argument: Argument | undefined) => {
    if (hasEnded(operation.progress.status))
      throw refuse(
        'OPERATION_NOT_ACTIVE',
        `${operation.input.operationId} has ended (${operation.progress.status}); nothing was changed.`,
      );
    message.check(operation, argument ?? ({} as Argument));
  };
  const apply = (argument: Argument | undefined) => {
    message.apply(argument ?? ({} as Argument));
    show(operation);
    return operation.progress;
  };
  setHandler(
    contract.PERSON_SIGNALS[message.name] as SignalDefinition<[Argument]>,
    (argument: Argument) => {
      try {
        check(argument);
        apply(argument);
      } catch (error) {
        addNote(
          operation.progress,
          `signal ${message.name} was refused: ${error instanceof Error ? error.message : String(error)}`,
        );
        show(operation);
      }
    },
    { description: message.description },
  );
  setHandler(contract.PERSON_UPDATES[message.name] as UpdateDefinition<PlanProgress, [Argument]>, apply, {
    description: message.description,
    validator: check,
  });
}

function checkReason(message: string, reason: unknown): void {
  if (typeof reason !== 'string' || reason.trim() === '')
    throw refuse(
      'REQUEST_INVALID',
      `${message} wants a "reason" (a text that says why), and got ${JSON.stringify(reason)}; nothing was changed.`,
    );
}

function checkFailedStep(operation: Operation, stepId: unknown): void {
  const steps = operation.progress.phases.flatMap((phase) => phase.steps);
  const step = steps.find(({ id }) => id === stepId);
  const failed = steps.filter(({ status }) => status === STATUS.FAILED).map(({ id }) => id);
  const hint = failed.length > 0 ? `Failed steps: ${failed.join(', ')}.` : 'No step of it is failed.';
  const id = operation.input.operationId;
  if (!step)
    throw refuse(
      'STEP_NOT_FOUND',
      `${id} has no step ${JSON.stringify(stepId)}; nothing was changed. ${hint}`,
    );
  if (step.status !== STATUS.FAILED)
    throw refuse(
      'STEP_NOT_FAILED',
      `Step ${step.id} of ${id} is ${step.status}, not FAILED; nothing was changed. ${hint}`,
    );
}
