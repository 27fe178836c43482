// What people may tell a running operation: each as a signal and as an update of the same name.
import { setHandler } from '@temporalio/workflow';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { STATUS, type PlanProgress } from '../../model/plan/plan.ts';
import { addNote, findStep, hasEnded } from '../../model/plan/progress.ts';
import * as contract from '../contract.ts';
import { refuse } from '../failure.ts';
import { show, type Operation } from './operation.ts';

/** Sets the queries of an operation and every message that people send it. */
export function setPersonHandlers(operation: Operation): void {
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
      // One that is FAILED waits for the verdict; one that only waits is called off.
      if (findStep(progress, step)?.status !== STATUS.FAILED) operation.stepScopes.get(step)?.cancel();
    },
    approve: ({ by }) => {
      for (const step of operation.approvals.keys()) operation.approved.add(step);
      addNote(progress, `approved by ${by ?? 'somebody'}`);
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

type Argument = contract.StepMessage &
  contract.AbortMessage &
  contract.PauseMessage &
  contract.ApproveMessage;

interface Messages {
  pause: (message: contract.PauseMessage) => void;
  resume: (message: contract.PauseMessage) => void;
  retryStep: (message: contract.StepMessage) => void;
  skipStep: (message: contract.SkipMessage) => void;
  approve: (message: contract.ApproveMessage) => void;
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
    description:
      'Run a FAILED step again, or launch at once what pauses before its next launch. {"step":"start:broker-0"}',
    check: (operation, { step }) => {
      if (!operation.backingOff.has(step)) checkFailedStep(operation, step);
    },
  },
  skipStep: {
    description:
      'Leave a step undone that is FAILED, or waits for Kafka or a person, and go on. {"step":"start:broker-0","reason":"why"}',
    check: (operation, { step, reason }) => {
      checkReason('skipStep', reason);
      if (!waitsForGate(operation, step)) checkFailedStep(operation, step);
    },
  },
  approve: {
    description:
      'Go on where a step waits for approval. {"planHash":"0a1b2c3d"} (what is approved; optional)',
    check: checkApproval,
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

/** Steps that a person may leave undone while they wait: without them the next ones still know what to do. */
const SKIPPED_WAITING: readonly string[] = ['stop', 'replaceable', 'configure', 'grow', 'approve', 'empty'];

function waitsForGate({ progress }: Operation, stepId: string): boolean {
  const step = findStep(progress, stepId);
  return step?.status === STATUS.WAITING && SKIPPED_WAITING.includes(step.action.kind);
}

function checkApproval(operation: Operation, { planHash }: contract.ApproveMessage): void {
  const { operationId } = operation.input;
  const awaited = [...operation.approvals.values()];
  if (awaited.length === 0)
    throw refuse(
      'STEP_NOT_FAILED',
      `No step of ${operationId} waits for approval; nothing was changed. See "millrace op get '${operationId}'".`,
    );
  if (planHash === undefined) return;
  const isHash = typeof planHash === 'string' && planHash.length >= 8;
  if (!isHash || !awaited.some((hash) => hash.startsWith(planHash)))
    throw refuse(
      'PLAN_STALE',
      `${JSON.stringify(planHash)} is not what ${operationId} waits to have approved; nothing was changed. That is ${awaited.join(', ')}; accepted: 8 digits of it or more.`,
    );
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
