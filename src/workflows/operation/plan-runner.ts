// Runs a plan: phases in their order, steps as their phase says, and waits for a person when a step failed.
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  sleep,
} from '@temporalio/workflow';
import { STATUS, type PhaseProgress, type StepProgress } from '../../model/plan/plan.ts';
import { nextOpeningMs, showHours } from '../../model/maintenance-hours.ts';
import { abortRest, addNote, beginStep, findStep, hasEnded, setStep } from '../../model/plan/progress.ts';
import { BY_ITSELF } from '../../model/recovery.ts';
import { clusterWorkflowId, operationEndedSignal, type OperationResult } from '../contract.ts';
import { messageOf } from '../failure.ts';
import { show, tellYielded, type Operation } from './operation.ts';

/** Longer than any message within the server is on its way. */
const SETTLE_MS = 200;

/** Does one run of a step and says what it left over, if anything; throws what makes the step FAILED. */
export type ExecuteStep = (step: StepProgress) => Promise<string | undefined>;

/** What an operation does with the steps of its plan. */
export interface Steps {
  execute: ExecuteStep;
  /** Tells the entity what a step that a person skipped leaves behind. */
  reportSkipped: (step: StepProgress) => Promise<void>;
  /** Changes the order of a phase's steps so that the controller that leads goes last. */
  putActiveLast: (phase: PhaseProgress) => Promise<void>;
}

/**
 * Runs the operation's plan to its end. Never throws for a failed step: the step is FAILED, and the operation waits for
 * retry, skip or abort. Abort cancels what runs, leaves everything as it is, and ends the plan ABORTED; so does cancelling the
 * workflow.
 */
export async function runPlan(operation: Operation, steps: Steps): Promise<OperationResult> {
  const scope = new CancellationScope({ cancellable: true });
  operation.scope = scope;
  try {
    await scope.run(async () => {
      if (operation.aborted) return;
      const { phases } = operation.progress;
      await Promise.all([
        ...phases.map((phase) => runPhase(operation, phase, steps)),
        ...phases.flatMap((phase) => phase.steps).map((step) => rerunWhenReopened(operation, step, steps)),
      ]);
    });
  } catch (error) {
    if (!isCancellation(error)) throw error;
    operation.aborted ??= { by: 'somebody', reason: 'the workflow was cancelled' };
  }
  return CancellationScope.nonCancellable(async () => {
    if (operation.aborted) await putBack(operation);
    // The task that answers the abort must not be the one that ends the workflow: an event that arrives meanwhile (a
    // status, an activity's end) would fail that task, and with it the answer.
    if (operation.aborted) await sleep(SETTLE_MS, { summary: 'let what is on its way arrive' });
    return endPlan(operation);
  });
}

/** What an abort puts back, the newest first; it is told while it is done. A second abort ends that too. */
async function putBack(operation: Operation): Promise<void> {
  const scope = new CancellationScope({ cancellable: true });
  operation.scope = scope;
  for (const [what, undo] of [...operation.putBack].reverse()) {
    addNote(operation.progress, `aborted; now: ${what} (another abort leaves that undone)`);
    show(operation);
    try {
      await scope.run(undo);
    } catch (error) {
      const why = isCancellation(error) ? 'aborted once more' : messageOf(error);
      addNote(operation.progress, `left undone: ${what} (${why})`);
      if (isCancellation(error)) return;
    }
  }
}

/** Ends the plan for everybody: the entity first, so that whoever sees the end may ask for the next operation. */
async function endPlan(operation: Operation): Promise<OperationResult> {
  const { aborted, progress } = operation;
  const why = aborted ? `aborted by ${aborted.by}: ${aborted.reason}` : 'aborted';
  if (aborted && !planDone(operation)) abortRest(progress, why, Date.now());
  const result = resultOf(operation, why);
  await reportEnd(operation, result);
  progress.endedAtMs = Date.now();
  show(operation);
  return result;
}

function resultOf({ aborted, progress, leftovers }: Operation, why: string): OperationResult {
  if (progress.status === STATUS.ABORTED)
    return { state: 'ABORTED', outcome: why, ...(aborted?.by === BY_ITSELF ? { isOwnDoing: true } : {}) };
  const left = [...leftovers.values()];
  return left.length === 0 ? { state: 'COMPLETE' } : { state: 'COMPLETE', outcome: left.join('; ') };
}

async function reportEnd({ input }: Operation, result: OperationResult): Promise<void> {
  const { operationId } = input;
  try {
    await getExternalWorkflowHandle(clusterWorkflowId(input.cluster.name)).signal(operationEndedSignal, {
      operationId,
      result,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the cluster took no report of the end', { operationId, reason: messageOf(error) });
  }
}

async function runPhase(operation: Operation, phase: PhaseProgress, steps: Steps): Promise<void> {
  await condition(() => phase.after.every((name) => phaseDone(operation, name)));
  if (phase.activeLast === true) await steps.putActiveLast(phase);
  if (phase.strategy === 'parallel')
    await Promise.all(phase.steps.map((step) => runUntilEnded(operation, step, steps)));
  else for (const step of phase.steps) await runUntilEnded(operation, step, steps);
}

/** A node may fall back after it was ready: its step is run again, beside whatever follows, until the plan has ended. */
async function rerunWhenReopened(operation: Operation, step: StepProgress, steps: Steps): Promise<void> {
  if (step.action.kind !== 'start') return;
  for (;;) {
    await condition(() => operation.reopened.has(step.id) || planDone(operation));
    if (!operation.reopened.has(step.id)) return;
    await runUntilEnded(operation, step, steps);
  }
}

async function runUntilEnded(operation: Operation, step: StepProgress, steps: Steps): Promise<void> {
  const { progress } = operation;
  for (;;) {
    await untilResumed(operation, step);
    await untilWindow(operation, step);
    operation.reopened.delete(step.id);
    if (isYielded(operation, step)) return letGo(operation, step);
    beginStep(progress, step.id, Date.now());
    show(operation);
    const scope = new CancellationScope({ cancellable: true });
    operation.stepScopes.set(step.id, scope);
    try {
      const left = await scope.run(() => steps.execute(step));
      if (left !== undefined) operation.leftovers.set(step.id, left);
      setStep(progress, step.id, {
        status: STATUS.COMPLETE,
        nowMs: Date.now(),
        ...(left === undefined ? {} : { reason: left }),
      });
      show(operation);
      return;
    } catch (error) {
      if (isCancellation(error)) {
        if (operation.aborted !== null) throw error;
        if (isYielded(operation, step)) {
          await letGo(operation, step);
          return;
        }
        if (await leftUndone(operation, step, steps)) return;
        if (!operation.again.delete(step.id)) throw error;
        continue;
      }
      setStep(progress, step.id, { status: STATUS.FAILED, reason: messageOf(error), nowMs: Date.now() });
      show(operation);
    } finally {
      operation.stepScopes.delete(step.id);
    }
    if (await skipped(operation, step, steps)) return;
  }
}

/** Waits while the operation is paused. A step that ran before is PENDING again meanwhile: neither ended nor failed. */
async function untilResumed(operation: Operation, step: StepProgress): Promise<void> {
  const { progress } = operation;
  if (!progress.paused || isDownByUs(operation, step)) return;
  setStep(progress, step.id, {
    status: STATUS.PENDING,
    nowMs: Date.now(),
    ...(step.runs > 0 ? { reason: 'it is run again after the pause' } : {}),
  });
  show(operation);
  await giveBackAsked(operation, step);
  await condition(() => !progress.paused || isYielded(operation, step));
}

/** A node that was asked for ahead is the entity's again while the operation is paused: whatever falls meanwhile is recovered. */
async function giveBackAsked(operation: Operation, { action }: StepProgress): Promise<void> {
  if (!('node' in action) || !operation.asked.has(action.node)) return;
  const { node } = action;
  await condition(() => operation.granted.has(node) || !operation.progress.paused);
  if (!operation.progress.paused) return;
  operation.asked.delete(node);
  operation.granted.delete(node);
  await tellYielded(operation, node);
}

/** Nodes are stopped within the hours that were asked for only; what was stopped is started at any hour. */
async function untilWindow(operation: Operation, step: StepProgress): Promise<void> {
  const window = operation.input.options?.window;
  if (window === undefined || step.action.kind !== 'stop') return;
  for (;;) {
    const nowMs = Date.now();
    const opensMs = nextOpeningMs(window, nowMs);
    if (opensMs <= nowMs) return;
    const reason = `for its window (${showHours(window)} UTC), which opens at ${new Date(opensMs).toISOString()}`;
    setStep(operation.progress, step.id, { status: STATUS.WAITING, reason, nowMs });
    show(operation);
    await sleep(opensMs - nowMs, { summary: `${step.id} waits ${reason}`.slice(0, 200) });
    await untilResumed(operation, step);
  }
}

/** A pause begins no further stop; a node that the operation has stopped is started all the same. */
function isDownByUs(operation: Operation, { action }: StepProgress): boolean {
  if (action.kind !== 'start' || !operation.granted.has(action.node)) return false;
  return findStep(operation.progress, `stop:${action.node}`)?.status === STATUS.COMPLETE;
}

function isYielded(operation: Operation, { action }: StepProgress): boolean {
  return 'node' in action && operation.yielded.has(action.node);
}

/** Another operation takes the node over: the step is left undone, and the entity may give the node away. */
async function letGo(operation: Operation, step: StepProgress): Promise<void> {
  const { action } = step;
  if (!('node' in action)) return;
  const reason = operation.yielded.get(action.node) ?? 'another operation takes it over';
  setStep(operation.progress, step.id, { status: STATUS.SKIPPED, reason, nowMs: Date.now() });
  show(operation);
  await tellYielded(operation, action.node);
}

/** Waits for the verdict of a person on a failed step; true when it is to be left undone. */
async function skipped(operation: Operation, step: StepProgress, steps: Steps): Promise<boolean> {
  operation.verdicts.delete(step.id);
  await condition(() => operation.verdicts.has(step.id) || isYielded(operation, step));
  if (isYielded(operation, step)) {
    await letGo(operation, step);
    return true;
  }
  return leftUndone(operation, step, steps);
}

/** Whether a person wants a step to be left undone; then it is. */
async function leftUndone(operation: Operation, step: StepProgress, steps: Steps): Promise<boolean> {
  const verdict = operation.verdicts.get(step.id);
  operation.verdicts.delete(step.id);
  if (verdict?.kind !== 'skip') return false;
  await steps.reportSkipped({ ...step, reason: verdict.reason });
  setStep(operation.progress, step.id, { status: STATUS.SKIPPED, reason: verdict.reason, nowMs: Date.now() });
  show(operation);
  return true;
}

function phaseDone(operation: Operation, name: string): boolean {
  const phase = operation.progress.phases.find((candidate) => candidate.name === name);
  return phase === undefined || phase.steps.every((step) => hasEnded(step.status));
}

/** Nothing is pending, running, failed or about to be run again. */
function planDone(operation: Operation): boolean {
  return (
    operation.reopened.size === 0 &&
    operation.progress.phases.every((phase) => phaseDone(operation, phase.name))
  );
}
