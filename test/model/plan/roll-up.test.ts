import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATUS, type Status } from '../../../src/model/plan/plan.ts';
import { hasEnded } from '../../../src/model/plan/progress.ts';
import { rollUp } from '../../../src/model/plan/roll-up.ts';

const ALL = Object.values(STATUS);
const some = (of: readonly Status[] = ALL) =>
  fc.array(fc.constantFrom(...of), { minLength: 1, maxLength: 8 });
const without = (...left: Status[]) => ALL.filter((status) => !left.includes(status));
/** Children of which at least one has this status. */
const withOne = (one: Status, of: readonly Status[] = ALL) =>
  fc
    .tuple(fc.array(fc.constantFrom(...of), { maxLength: 6 }), fc.nat({ max: 6 }))
    .map(([others, at]) => [...others.slice(0, at), one, ...others.slice(at)]);

describe('the status of a parent', () => {
  it.each(ALL)('is %s when all its children are', (status) => {
    for (const count of [1, 2, 5]) expect(rollUp(Array<Status>(count).fill(status))).toBe(status);
  });

  it('is COMPLETE when it has no children: there is nothing left to do', () => {
    expect(rollUp([])).toBe('COMPLETE');
  });

  it('is FAILED as soon as one child is, since that needs a person', () => {
    fc.assert(
      fc.property(withOne('FAILED'), (children) => {
        expect(rollUp(children)).toBe('FAILED');
      }),
    );
  });

  it('is RUNNING when a child runs and none has failed', () => {
    fc.assert(
      fc.property(withOne('RUNNING', without('FAILED')), (children) => {
        expect(rollUp(children)).toBe('RUNNING');
      }),
    );
  });

  it('is WAITING when a child waits and none has failed or runs', () => {
    fc.assert(
      fc.property(withOne('WAITING', without('FAILED', 'RUNNING')), (children) => {
        expect(rollUp(children)).toBe('WAITING');
      }),
    );
  });

  it('is RUNNING between two children, when some are done and others have not begun', () => {
    const between = fc.tuple(some(['COMPLETE', 'SKIPPED']), some(['PENDING']));
    fc.assert(
      fc.property(between, ([done, pending]) => {
        expect(rollUp([...done, ...pending])).toBe('RUNNING');
      }),
    );
  });

  it('is COMPLETE or SKIPPED exactly when all children have ended and none was aborted', () => {
    fc.assert(
      fc.property(some(), (children) => {
        const isDone = children.every((status) => hasEnded(status) && status !== 'ABORTED');
        expect(['COMPLETE', 'SKIPPED'].includes(rollUp(children))).toBe(isDone);
      }),
    );
  });

  it('has ended when all children have: ABORTED if one was, SKIPPED if all were, else COMPLETE', () => {
    fc.assert(
      fc.property(some(['COMPLETE', 'SKIPPED', 'ABORTED']), (children) => {
        const allSkipped = children.every((status) => status === 'SKIPPED');
        const expected = children.includes('ABORTED') ? 'ABORTED' : allSkipped ? 'SKIPPED' : 'COMPLETE';
        expect(rollUp(children)).toBe(expected);
      }),
    );
  });

  it('is PENDING only when no child has begun', () => {
    fc.assert(
      fc.property(some(), (children) => {
        expect(rollUp(children) === 'PENDING').toBe(children.every((status) => status === 'PENDING'));
      }),
    );
  });

  it('depends neither on the order of the children nor on how many have the same status', () => {
    const shuffled = some().chain((children) =>
      fc.tuple(
        fc.constant(children),
        fc.shuffledSubarray(children, { minLength: children.length }),
        fc.constantFrom(...children),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([children, reordered, twice]) => {
        expect(rollUp(reordered)).toBe(rollUp(children));
        expect(rollUp([...children, twice])).toBe(rollUp(children));
      }),
    );
  });
});
