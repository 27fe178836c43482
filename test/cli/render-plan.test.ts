// The plan as text.
import { describe, expect, it } from 'vitest';
import { planChanges, renderPlan, whatToDo } from '../../src/cli/render-plan.ts';
import { beginStep, setStep } from '../../src/model/plan/progress.ts';
import { sampleProgress } from '../api/fake-gateway.ts';

function halfWay() {
  const progress = sampleProgress();
  for (const { id } of progress.phases[0]!.steps) {
    beginStep(progress, id, 1_000);
    setStep(progress, id, { status: 'COMPLETE', nowMs: 2_500 });
  }
  beginStep(progress, 'start:broker-0', 2_500);
  beginStep(progress, 'start:broker-1', 2_500);
  setStep(progress, 'start:broker-1', {
    status: 'WAITING',
    reason: 'for an offer\nof 3 agents',
    nowMs: 3_000,
  });
  return progress;
}

describe('the tree of a plan', () => {
  it('shows phases with how far they are, steps with how long they took, and why they wait', () => {
    const lines = renderPlan(halfWay(), { nowMs: 13_000 });
    expect(lines[0]).toBe('orders/install#1  RUNNING  12 s  requested by test');
    expect(lines).toContain('  ✔ reserve  COMPLETE  6/6');
    expect(lines).toContain('      ✔ reserve resources and a volume for broker-0  1.5 s');
    expect(lines).toContain('  ▸ brokers  RUNNING  0/3');
    expect(lines).toContain(
      '      … start broker-1 and wait until it is ready  WAITING 10 s: for an offer of 3 agents',
    );
    expect(lines).toContain('  · verify  PENDING  0/1');
  });

  it('leaves out the steps of quiet phases when the screen is small', () => {
    const lines = renderPlan(halfWay(), { nowMs: 13_000, rows: 8 });
    expect(lines).toContain('  ✔ reserve  COMPLETE  6/6');
    expect(lines.some((line) => line.includes('reserve resources'))).toBe(false);
    expect(lines.some((line) => line.includes('start broker-1'))).toBe(true);
  });

  it('says what to do about each failed step and a pause', () => {
    const progress = halfWay();
    setStep(progress, 'start:broker-0', { status: 'FAILED', reason: 'no artifact', nowMs: 4_000 });
    expect(whatToDo(progress).join('\n')).toMatch(
      /start:broker-0 failed: no artifact\n.*op retry 'orders\/install#1' start:broker-0\n.*op skip .*\n.*op abort/,
    );
    expect(whatToDo({ ...halfWay(), paused: true }).join()).toContain("op resume 'orders/install#1'");
    expect(whatToDo(halfWay())).toEqual([]);
  });
});

describe('changes of a plan', () => {
  it('are the steps that moved, new notes and the new state, once', () => {
    const before = sampleProgress();
    const after = halfWay();
    after.notes.push('paused by ann');
    const lines = planChanges(before, after);
    expect(lines).toContain('place:broker-0 COMPLETE  1.5 s');
    expect(lines).toContain('start:broker-1 WAITING: for an offer of 3 agents');
    expect(lines).toContain('note: paused by ann');
    expect(lines.join()).not.toContain('verify');
    expect(planChanges(after, structuredClone(after))).toEqual([]);
    expect(planChanges(null, before)).toEqual(['orders/install#1 RUNNING']);
  });
});
