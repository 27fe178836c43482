// The progress of a plan: pure transitions, from which every view (query, current details, CLI) is made.
import { OPERATION_STATE, type OperationState } from '../cluster.ts';
import { STATUS, type PlanProgress, type Plan, type Status, type StepProgress } from './plan.ts';
import { rollUp } from './roll-up.ts';

/** How many notes a progress keeps; older ones are dropped so that it stays small. */
export const NOTES_KEPT = 20;

/** A plan before its first step. */
export function beginProgress(
  plan: Plan,
  about: {
    operationId: string;
    planHash: string;
    requestedBy: string;
    reason?: string | undefined;
    nowMs: number;
  },
): PlanProgress {
  return {
    operationId: about.operationId,
    operation: plan.operation,
    cluster: plan.cluster,
    planHash: about.planHash,
    status: STATUS.PENDING,
    paused: false,
    requestedBy: about.requestedBy,
    ...(about.reason === undefined ? {} : { reason: about.reason }),
    ...(plan.changes === undefined ? {} : { changes: plan.changes }),
    startedAtMs: about.nowMs,
    phases: plan.phases.map((phase) => ({
      ...phase,
      status: STATUS.PENDING,
      steps: phase.steps.map((step) => ({ ...step, status: STATUS.PENDING, runs: 0, sinceMs: about.nowMs })),
    })),
    notes: [],
  };
}

/** The step with this id; undefined when the plan has none. */
export function findStep(progress: PlanProgress, stepId: string): StepProgress | undefined {
  for (const phase of progress.phases) {
    const step = phase.steps.find(({ id }) => id === stepId);
    if (step) return step;
  }
  return undefined;
}

/** Changes a step in place and derives its phase's and the plan's status. A status without reason clears the old one. */
export function setStep(
  progress: PlanProgress,
  stepId: string,
  change: { status: Status; reason?: string; nowMs: number },
): void {
  const step = findStep(progress, stepId);
  if (!step) return;
  if (step.status !== change.status) step.sinceMs = change.nowMs;
  step.status = change.status;
  if (change.reason === undefined) delete step.reason;
  else step.reason = change.reason;
  if (hasEnded(change.status)) step.endedAtMs = change.nowMs;
  else delete step.endedAtMs;
  deriveStatuses(progress);
}

/** Marks a step as begun (again). */
export function beginStep(progress: PlanProgress, stepId: string, nowMs: number): void {
  const step = findStep(progress, stepId);
  if (!step) return;
  step.runs += 1;
  step.startedAtMs = nowMs;
  setStep(progress, stepId, { status: STATUS.RUNNING, nowMs });
}

/** Marks all that has not ended as aborted. */
export function abortRest(progress: PlanProgress, reason: string, nowMs: number): void {
  for (const phase of progress.phases)
    for (const step of phase.steps)
      if (!hasEnded(step.status)) setStep(progress, step.id, { status: STATUS.ABORTED, reason, nowMs });
}

/** Adds a line for people, newest last. */
export function addNote(progress: PlanProgress, note: string): void {
  progress.notes.push(note);
  if (progress.notes.length > NOTES_KEPT) progress.notes.splice(0, progress.notes.length - NOTES_KEPT);
}

/**
 * The state of the whole operation, as lists and the search attribute show it. A plan whose steps have all ended still runs
 * until its end is recorded (`endedAtMs`).
 */
export function operationState(progress: PlanProgress): OperationState {
  const ended = progress.endedAtMs !== undefined;
  switch (progress.status) {
    case STATUS.COMPLETE:
    case STATUS.SKIPPED:
      return ended ? OPERATION_STATE.COMPLETE : OPERATION_STATE.RUNNING;
    case STATUS.ABORTED:
      return ended ? OPERATION_STATE.ABORTED : OPERATION_STATE.RUNNING;
    case STATUS.FAILED:
      return OPERATION_STATE.FAILED;
    case STATUS.WAITING:
    case STATUS.PENDING:
    case STATUS.RUNNING:
      return progress.paused ? OPERATION_STATE.PAUSED : waitsOnly(progress);
  }
}

/** COMPLETE, SKIPPED and ABORTED are final. */
export function hasEnded(status: Status): boolean {
  return status === STATUS.COMPLETE || status === STATUS.SKIPPED || status === STATUS.ABORTED;
}

/** A plan of which some steps wait while none really runs is WAITING to a person, whatever is still pending. */
function waitsOnly(progress: PlanProgress): OperationState {
  const active = progress.phases.flatMap((phase) => phase.steps).filter((step) => !hasEnded(step.status));
  const waits = active.some((step) => step.status === STATUS.WAITING);
  const runs = active.some((step) => step.status === STATUS.RUNNING);
  return waits && !runs ? OPERATION_STATE.WAITING : OPERATION_STATE.RUNNING;
}

function deriveStatuses(progress: PlanProgress): void {
  for (const phase of progress.phases) phase.status = rollUp(phase.steps.map((step) => step.status));
  progress.status = rollUp(progress.phases.map((phase) => phase.status));
}
