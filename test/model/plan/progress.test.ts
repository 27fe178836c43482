import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATUS, type PlanProgress, type Status } from '../../../src/model/plan/plan.ts';
import { planInstall } from '../../../src/model/plan/plans.ts';
import {
  abortRest,
  addNote,
  beginProgress,
  beginStep,
  findStep,
  hasEnded,
  NOTES_KEPT,
  setStep,
} from '../../../src/model/plan/progress.ts';
import { rollUp } from '../../../src/model/plan/roll-up.ts';
import { newCluster, specOf } from '../clusters.ts';

const PLAN = planInstall(newCluster(specOf(2, 1)));
const STEPS = PLAN.phases.flatMap((phase) => phase.steps.map(({ id }) => id));
const begin = (nowMs = 1_000) =>
  beginProgress(PLAN, { operationId: 'orders/install#1', planHash: 'abc', requestedBy: 'ann', nowMs });
const stepsOf = (progress: PlanProgress) => progress.phases.flatMap((phase) => phase.steps);

type Event =
  | { kind: 'begin'; step: string }
  | { kind: 'set'; step: string; status: Status; reason: string | undefined }
  | { kind: 'abort'; reason: string }
  | { kind: 'note'; note: string };

const anyStep = fc.constantFrom(...STEPS, 'start:broker-9');
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const), step: anyStep }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      step: anyStep,
      status: fc.constantFrom(...Object.values(STATUS)),
      reason: fc.option(fc.string(), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), reason: fc.string() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('note' as const), note: fc.string() }) },
);
const anyHistory = fc.array(fc.tuple(anyEvent, fc.nat({ max: 3 })), { maxLength: 60 });

function apply(progress: PlanProgress, event: Event, nowMs: number): void {
  if (event.kind === 'begin') beginStep(progress, event.step, nowMs);
  else if (event.kind === 'abort') abortRest(progress, event.reason, nowMs);
  else if (event.kind === 'note') addNote(progress, event.note);
  else {
    const { status, reason } = event;
    setStep(progress, event.step, { status, nowMs, ...(reason === undefined ? {} : { reason }) });
  }
}

/** Runs a history and calls `check` after each event with the progress before it. */
function replay(
  history: readonly [Event, number][],
  check: (progress: PlanProgress, before: PlanProgress, event: Event, nowMs: number) => void,
): PlanProgress {
  const progress = begin();
  let nowMs = 1_000;
  for (const [event, passedMs] of history) {
    nowMs += passedMs;
    const before = structuredClone(progress);
    apply(progress, event, nowMs);
    check(progress, before, event, nowMs);
  }
  return progress;
}

describe('the progress of a plan', () => {
  it('begins with everything pending, and holds the plan', () => {
    const progress = begin(5);
    expect(progress).toMatchObject({ ...PLAN, status: 'PENDING', paused: false, startedAtMs: 5, notes: [] });
    expect(progress).not.toHaveProperty('endedAtMs');
    for (const step of stepsOf(progress))
      expect(step).toMatchObject({ status: 'PENDING', runs: 0, sinceMs: 5 });
  });

  it('always derives the status of a parent from its children', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        replay(history, (progress) => {
          for (const phase of progress.phases)
            expect(phase.status).toBe(rollUp(phase.steps.map(({ status }) => status)));
          expect(progress.status).toBe(rollUp(progress.phases.map(({ status }) => status)));
        });
      }),
    );
  });

  it('knows when the status of a step began, and when it ended if it has', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        replay(history, (progress, before, _event, nowMs) => {
          for (const step of stepsOf(progress)) {
            const old = findStep(before, step.id)!;
            expect(step.sinceMs).toBe(step.status === old.status ? old.sinceMs : nowMs);
            expect(step.endedAtMs !== undefined).toBe(hasEnded(step.status));
            if (step.endedAtMs !== undefined) expect(step.endedAtMs).toBeGreaterThanOrEqual(step.sinceMs);
          }
        });
      }),
    );
  });

  it('counts how often each step was begun, and since when it runs', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const begun: string[] = [];
        replay(history, (progress, _before, event, nowMs) => {
          if (event.kind === 'begin') {
            begun.push(event.step);
            const step = findStep(progress, event.step);
            if (step) expect(step).toMatchObject({ status: 'RUNNING', startedAtMs: nowMs });
          }
          for (const { id, runs } of stepsOf(progress))
            expect(runs).toBe(begun.filter((step) => step === id).length);
        });
      }),
    );
  });

  it('keeps of a step the reason of its present status only', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        replay(history, (progress, before, event) => {
          const reason = event.kind === 'set' ? event.reason : undefined;
          if (event.kind === 'begin' || event.kind === 'set') {
            const step = findStep(progress, event.step);
            if (step) expect(step.reason).toBe(reason);
          }
          const isOther = ({ id }: { id: string }) => !('step' in event) || id !== event.step;
          if (event.kind !== 'abort')
            expect(stepsOf(progress).filter(isOther)).toEqual(stepsOf(before).filter(isOther));
        });
      }),
    );
  });

  it('keeps the newest notes, in order, and not without end', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const notes: string[] = [];
        replay(history, (progress, _before, event) => {
          if (event.kind === 'note') notes.push(event.note);
          expect(progress.notes).toEqual(notes.slice(-NOTES_KEPT));
        });
      }),
    );
    const progress = begin();
    for (let n = 1; n <= 3 * NOTES_KEPT; n += 1) addNote(progress, `note ${n}`);
    expect(progress.notes).toHaveLength(NOTES_KEPT);
    expect(progress.notes.at(-1)).toBe(`note ${3 * NOTES_KEPT}`);
  });

  it('ignores a step that the plan does not have', () => {
    const progress = begin();
    beginStep(progress, 'start:broker-9', 9_000);
    setStep(progress, 'start:broker-9', { status: 'FAILED', reason: 'no', nowMs: 9_000 });
    expect(findStep(progress, 'start:broker-9')).toBeUndefined();
    expect(progress).toEqual(begin());
  });

  it('leaves the plan alone and stays plain JSON', () => {
    const plan = structuredClone(PLAN);
    fc.assert(
      fc.property(anyHistory, (history) => {
        const progress = replay(history, () => undefined);
        expect(JSON.parse(JSON.stringify(progress))).toStrictEqual(progress);
        expect(PLAN).toEqual(plan);
      }),
    );
  });
});

describe('an abort', () => {
  it('ends all that has not ended, with the reason, and nothing else', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const progress = replay(history, () => undefined);
        const before = structuredClone(progress);
        abortRest(progress, 'enough', 9_000);
        for (const step of stepsOf(progress)) {
          const old = findStep(before, step.id)!;
          if (hasEnded(old.status)) expect(step).toEqual(old);
          else expect(step).toMatchObject({ status: 'ABORTED', reason: 'enough', endedAtMs: 9_000 });
        }
        expect(hasEnded(progress.status)).toBe(true);
      }),
    );
  });
});
