import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATUS, type PlanProgress } from '../../../src/model/plan/plan.ts';
import { planInstall } from '../../../src/model/plan/plans.ts';
import { addNote, beginProgress, beginStep, setStep } from '../../../src/model/plan/progress.ts';
import { renderMarkdown } from '../../../src/model/plan/render-markdown.ts';
import { newCluster, specOf } from '../clusters.ts';

/** Temporal's limit of the details of a workflow. */
const LIMIT_BYTES = 20_000;

function progressOf(brokers = 1): PlanProgress {
  return beginProgress(planInstall(newCluster(specOf(brokers, 1))), {
    operationId: 'orders/install#1',
    planHash: '0123456789abcdef'.repeat(4),
    requestedBy: 'ann',
    nowMs: 1_000,
  });
}

describe('a plan as Markdown', () => {
  it('is its tree with what happened so far', () => {
    const progress = progressOf();
    for (const step of ['place:controller-0', 'place:broker-0']) {
      beginStep(progress, step, 2_000);
      setStep(progress, step, { status: 'COMPLETE', nowMs: 3_000 });
    }
    beginStep(progress, 'start:controller-0', 4_000);
    beginStep(progress, 'start:broker-0', 4_000);
    setStep(progress, 'start:broker-0', { status: 'FAILED', reason: 'no such artifact', nowMs: 5_000 });
    beginStep(progress, 'start:broker-0', 6_000);
    setStep(progress, 'start:broker-0', { status: 'WAITING', reason: 'no offer fits', nowMs: 7_000 });
    expect(renderMarkdown(progress)).toMatchInlineSnapshot(`
      "**orders/install#1** — RUNNING · requested by ann · plan \`0123456789ab\`

      **reserve** — COMPLETE

      - \`place:controller-0\` reserve resources and a volume for controller-0 — COMPLETE
      - \`place:broker-0\` reserve resources and a volume for broker-0 — COMPLETE

      **controllers** — RUNNING

      - \`start:controller-0\` start controller-0 and wait until it is ready — RUNNING

      **brokers** — WAITING

      - \`start:broker-0\` start broker-0 and wait until it is ready — WAITING (run 2): no offer fits

      **verify** — PENDING

      - \`verify\` produce to and consume from a canary topic — PENDING"
    `);
  });

  it('has why it was asked for, what it changes, and which replicas it moves', () => {
    const load = (replicas: number) => ({ replicas, leaders: 1, bytes: replicas * 1_024 });
    const progress = {
      ...progressOf(),
      reason: 'more room',
      changes: ['brokers.count: 3 → 4 (broker-3 comes)'],
      proposal: {
        hash: 'abcdef0123456789',
        partitions: 2,
        replicasMoved: 2,
        leadersChanged: 1,
        bytesMoved: 2_048,
        leastSeconds: 3,
        brokers: [
          { id: 0, before: load(4), after: load(2), bytesIn: 0, bytesOut: 2_048 },
          { id: 3, before: load(0), after: load(2), bytesIn: 2_048, bytesOut: 0 },
        ],
        relaxed: ['orders: two racks of three'],
      },
    };
    const lines = renderMarkdown(progress).split('\n');
    expect(lines[0]).toContain('requested by ann (more room)');
    expect(lines).toContain('- brokers.count: 3 → 4 (broker-3 comes)');
    expect(lines.slice(-8)).toEqual([
      '**Moves** — proposal `abcdef012345`: 2 replicas and 1 preferred leaders of 2 partitions, 2.0 kB, 3 s at the least under the throttle',
      '',
      '| broker | replicas | leaders | bytes | in | out |',
      '|---|---|---|---|---|---|',
      '| 0\u00a0\u00a0 | 4 → 2\u00a0\u00a0 | 1\u00a0\u00a0 | 4.0 kB → 2.0 kB\u00a0\u00a0 | 0 bytes\u00a0\u00a0 | 2.0 kB\u00a0\u00a0 |',
      '| 3\u00a0\u00a0 | 0 → 2\u00a0\u00a0 | 1\u00a0\u00a0 | 0 bytes → 2.0 kB\u00a0\u00a0 | 2.0 kB\u00a0\u00a0 | 0 bytes\u00a0\u00a0 |',
      '',
      '- orders: two racks of three',
    ]);
  });

  it('keeps commands and JSON as they are to be typed', () => {
    const progress = progressOf();
    const reason = `for approval: "millrace op approve 'x'", or {"planHash":"0123"}`;
    setStep(progress, 'start:broker-0', { status: 'WAITING', reason, nowMs: 2_000 });
    expect(renderMarkdown(progress)).toContain(
      'for approval: `millrace op approve \'x\'`, or `{"planHash":"0123"}`',
    );
  });

  it('says what a person can do about each failed step, and about no other', () => {
    const progress = progressOf(2);
    setStep(progress, 'start:broker-1', { status: 'FAILED', reason: 'no', nowMs: 2_000 });
    const help = renderMarkdown(progress)
      .split('\n')
      .filter((line) => line.startsWith('**What to do'));
    expect(help).toHaveLength(1);
    for (const text of [
      '`{"step":"start:broker-1"}`',
      "`millrace op retry 'orders/install#1' start:broker-1`",
      '`skipStep`',
      '`abort`',
    ])
      expect(help[0]).toContain(text);
    setStep(progress, 'start:broker-0', { status: 'FAILED', reason: 'no', nowMs: 2_000 });
    expect(renderMarkdown(progress)).toContain('**What to do about** `start:broker-0`, `start:broker-1`:');
    for (const step of ['start:broker-0', 'start:broker-1'])
      setStep(progress, step, { status: 'RUNNING', nowMs: 3_000 });
    expect(renderMarkdown(progress)).not.toContain('What to do');
  });

  it('says that it is paused and how it goes on', () => {
    const paused = renderMarkdown({ ...progressOf(), paused: true });
    expect(paused.split('\n')[0]).toContain('PENDING, PAUSED');
    expect(paused).toContain('until the signal `resume` with `{}`');
    expect(renderMarkdown(progressOf())).not.toMatch(/paused/i);
  });

  it('lists the notes, newest last, at the end', () => {
    const progress = progressOf();
    addNote(progress, 'first');
    addNote(progress, 'second');
    expect(renderMarkdown(progress)).toMatch(/\n\n\*\*Notes\*\*\n\n- first\n- second$/);
    expect(renderMarkdown(progressOf())).not.toContain('Notes');
  });

  it('shows each step once with its status and reason, for any statuses', () => {
    const statuses = fc.array(fc.constantFrom(...Object.values(STATUS)), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(statuses, (chosen) => {
        const progress = progressOf();
        const steps = progress.phases.flatMap((phase) => phase.steps);
        for (const [index, step] of steps.entries())
          setStep(progress, step.id, { status: chosen[index]!, reason: `reason ${index}`, nowMs: 2_000 });
        const lines = renderMarkdown(progress).split('\n');
        for (const [index, step] of steps.entries())
          expect(lines.filter((line) => line.startsWith(`- \`${step.id}\` `))).toEqual([
            `- \`${step.id}\` ${step.title} — ${chosen[index]}: reason ${index}`,
          ]);
      }),
    );
  });

  it('stays below the limit of Temporal whatever its reasons are, and says what is left out', () => {
    const progress = progressOf(12);
    for (const step of progress.phases.flatMap((phase) => phase.steps))
      setStep(progress, step.id, { status: 'WAITING', reason: '字'.repeat(2_000), nowMs: 2_000 });
    const text = renderMarkdown(progress);
    expect(Buffer.byteLength(text)).toBeLessThan(LIMIT_BYTES);
    expect(text).toMatch(/… \d+ more lines; the query `progress` has all/);
    expect(renderMarkdown(progressOf(12))).not.toContain('has all');
  });

  it('of hundreds of nodes still says what a person can do, and shows what moves', () => {
    const progress = progressOf(500);
    for (const step of progress.phases[0]!.steps)
      setStep(progress, step.id, { status: 'COMPLETE', nowMs: 2_000 });
    setStep(progress, 'start:broker-0', { status: 'FAILED', reason: 'no such artifact', nowMs: 2_000 });
    addNote(progress, 'a note');
    const text = renderMarkdown(progress);
    expect(Buffer.byteLength(text)).toBeLessThan(LIMIT_BYTES);
    expect(text).toContain('**reserve** — COMPLETE · 501 steps');
    expect(text).toContain('**What to do about** `start:broker-0`:');
    expect(text).toContain(
      '`start:broker-0` start broker-0 and wait until it is ready — FAILED: no such artifact',
    );
    expect(text).toMatch(/- a note$/);
  });
});
