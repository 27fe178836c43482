import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPERATION_STATE } from '../../../src/model/cluster.ts';
import { STATUS, type PlanProgress, type Status } from '../../../src/model/plan/plan.ts';
import { planInstall } from '../../../src/model/plan/plans.ts';
import { beginProgress, operationState, setStep } from '../../../src/model/plan/progress.ts';
import { newCluster, specOf } from '../clusters.ts';

const PLAN = planInstall(newCluster(specOf(2, 1)));
const STEPS = PLAN.phases.flatMap((phase) => phase.steps.map(({ id }) => id));

/** A progress whose steps have these statuses, in the plan's order. */
function withStatuses(statuses: readonly Status[], endedAtMs?: number): PlanProgress {
  const progress = beginProgress(PLAN, {
    operationId: 'orders/install#1',
    planHash: 'abc',
    requestedBy: 'ann',
    nowMs: 1_000,
  });
  for (const [index, status] of statuses.entries())
    setStep(progress, STEPS[index]!, { status, nowMs: 2_000 });
  if (endedAtMs !== undefined) progress.endedAtMs = endedAtMs;
  return progress;
}
const someStatuses = (of: readonly Status[] = Object.values(STATUS)) =>
  fc.array(fc.constantFrom(...of), { minLength: STEPS.length, maxLength: STEPS.length });

describe('the state of an operation', () => {
  it.each([
    ['COMPLETE', 'COMPLETE'],
    ['SKIPPED', 'COMPLETE'],
    ['ABORTED', 'ABORTED'],
    ['FAILED', 'FAILED'],
    ['WAITING', 'WAITING'],
    ['PENDING', 'RUNNING'],
    ['RUNNING', 'RUNNING'],
  ] as const)('of steps that are all %s is %s', (status, state) => {
    expect(
      operationState(
        withStatuses(
          STEPS.map(() => status),
          3_000,
        ),
      ),
    ).toBe(state);
  });

  it.each(['COMPLETE', 'SKIPPED', 'ABORTED'] as const)(
    'of steps that are all %s is RUNNING until its end is recorded',
    (status) => {
      expect(operationState(withStatuses(STEPS.map(() => status)))).toBe('RUNNING');
    },
  );

  it('is FAILED while a step is, even of a paused plan: that is what a person looks for', () => {
    fc.assert(
      fc.property(someStatuses(), fc.boolean(), (statuses, paused) => {
        const progress = { ...withStatuses(['FAILED', ...statuses.slice(1)]), paused };
        expect(operationState(progress)).toBe(OPERATION_STATE.FAILED);
      }),
    );
  });

  it('is WAITING when a step waits and none runs, however much is done or pending', () => {
    fc.assert(
      fc.property(someStatuses(['WAITING', 'PENDING', 'COMPLETE', 'SKIPPED']), (statuses) => {
        fc.pre(statuses.includes('WAITING'));
        expect(operationState(withStatuses(statuses))).toBe(OPERATION_STATE.WAITING);
      }),
    );
  });

  it('is RUNNING while a step runs, though others wait', () => {
    fc.assert(
      fc.property(someStatuses(['WAITING', 'PENDING', 'COMPLETE', 'RUNNING']), (statuses) => {
        const progress = withStatuses(['RUNNING', ...statuses.slice(1)]);
        expect(operationState(progress)).toBe(OPERATION_STATE.RUNNING);
      }),
    );
  });

  it('is PAUSED when the plan is paused and a step runs or is yet to come', () => {
    fc.assert(
      fc.property(someStatuses(['RUNNING', 'PENDING', 'COMPLETE']), (statuses) => {
        fc.pre(statuses.some((status) => status !== 'COMPLETE'));
        const progress = withStatuses(statuses);
        expect(operationState(progress)).toBe(OPERATION_STATE.RUNNING);
        expect(operationState({ ...progress, paused: true })).toBe(OPERATION_STATE.PAUSED);
      }),
    );
  });
});
