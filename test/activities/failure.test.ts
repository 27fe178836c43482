import { ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { toFailure, withFailures } from '../../src/activities/failure.ts';
import { ERRORS, MillraceError, toErrorBody, type ErrorCode } from '../../src/model/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

function failureOf(error: MillraceError): ApplicationFailure {
  const failure = toFailure(error);
  if (!(failure instanceof ApplicationFailure)) throw new Error(`no ApplicationFailure: ${failure.name}`);
  return failure;
}

describe('an error as a failure', () => {
  it.each(CODES)('of %s carries code, message and body', (code) => {
    const error = new MillraceError(code, 'what happened', { details: { node: 'broker-0' } });
    const failure = failureOf(error);
    expect(failure).toMatchObject({ type: code, message: 'what happened', cause: error });
    expect(failure.details).toEqual([toErrorBody(error)]);
  });

  it('is retried unless a person has to act, or the caller with a newer session', () => {
    const isFinal = (code: ErrorCode) => failureOf(new MillraceError(code, 'no')).nonRetryable;
    expect(CODES.filter(isFinal)).toEqual(
      CODES.filter((code) => ERRORS[code].reaction === 'person' || code === 'SESSION_MOVED'),
    );
    expect([isFinal('VERIFY_FAILED'), isFinal('SESSION_MOVED')]).toEqual([true, true]);
    expect([isFinal('KAFKA_NOT_READY'), isFinal('MESOS_UNREACHABLE')]).toEqual([false, false]);
  });

  it.each([
    ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED'),
    new CancelledFailure('cancelled'),
    new TimeoutFailure('late', undefined, 'HEARTBEAT'),
    new TypeError('x is not a function'),
  ])('leaves %s as it is', (error) => {
    expect(toFailure(error)).toBe(error);
  });

  it('makes an error of whatever else was thrown', () => {
    expect(toFailure('out of luck')).toEqual(new Error('out of luck'));
    expect(toFailure(undefined)).toEqual(new Error('undefined'));
  });
});

describe('a set of activities', () => {
  it('answers what its activities answer', async () => {
    const { add, fixed } = withFailures(
      { add: async (a: number, b: number) => a + b, fixed: () => Promise.resolve('x') },
      () => false,
    );
    expect([await add(1, 2), await fixed()]).toEqual([3, 'x']);
  });

  it('throws failures only, of an activity that throws at once too', async () => {
    const refuse = () => {
      throw new MillraceError('MESOS_REFUSED', 'no');
    };
    const activities = withFailures(
      { late: () => Promise.resolve().then(refuse), atOnce: (): Promise<void> => refuse() },
      () => false,
    );
    for (const activity of [activities.late, activities.atOnce])
      await expect(activity()).rejects.toMatchObject({ name: 'ApplicationFailure', type: 'MESOS_REFUSED' });
  });

  it('begins none on a worker that is shutting down, and lets another one take it', async () => {
    let isStopping = false;
    let begun = 0;
    const { work } = withFailures({ work: async () => (begun += 1) }, () => isStopping);
    await work();
    isStopping = true;
    await expect(work()).rejects.toMatchObject({ type: 'WorkerShutdown', nonRetryable: false });
    expect(begun).toBe(1);
  });
});
