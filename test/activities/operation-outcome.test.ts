import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTries, outcomeOf, type Outcome } from '../../src/activities/operation-outcome.ts';
import type { Scheduler } from '../../src/mesos/index.ts';
import type { SchedulerCall } from '../../src/mesos/types.ts';
import { anOffer } from '../mesos/fake-subscription.ts';

const signal = new AbortController().signal;

const sent = (...operationIds: string[]) => ({ operationIds, offers: [anOffer('o1', 'agent-1', [])] });
let called: SchedulerCall[] = [];
beforeEach(() => {
  called = [];
});

/** A scheduler in which the operations end so; one that is not named never ends. */
const scheduler = (ends: Record<string, { state: string; message?: string }>) =>
  ({
    call: (call: SchedulerCall) => {
      called.push(call);
      return Promise.resolve();
    },
    operationOutcome: (id: string, given: AbortSignal) =>
      ends[id]
        ? Promise.resolve(ends[id])
        : new Promise((_resolve, reject) => {
            given.addEventListener('abort', () => {
              reject(given.reason as Error);
            });
          }),
  }) as unknown as Scheduler;

describe('the outcome of operations', () => {
  it.each<[Record<string, { state: string; message?: string }>, Outcome['kind']]>([
    [{ a: { state: 'OPERATION_FINISHED' }, b: { state: 'OPERATION_FINISHED' } }, 'finished'],
    [
      { a: { state: 'OPERATION_ERROR', message: 'Not authorized' }, b: { state: 'OPERATION_ERROR' } },
      'refused',
    ],
    [{ a: { state: 'OPERATION_FINISHED' }, b: { state: 'OPERATION_FAILED', message: 'no' } }, 'refused'],
    [
      {
        a: {
          state: 'OPERATION_ERROR',
          message: 'Operation attempted with invalid offers: Offer stale is no longer valid',
        },
        b: { state: 'OPERATION_ERROR' },
      },
      'lost',
    ],
    // What the master says when it is asked about an operation without feedback: what is reserved tells more.
    [{ a: { state: 'OPERATION_FINISHED' }, b: { state: 'OPERATION_UNKNOWN' } }, 'lost'],
    [{ a: { state: 'OPERATION_UNREACHABLE' }, b: { state: 'OPERATION_UNREACHABLE' } }, 'lost'],
    [{ a: { state: 'OPERATION_DROPPED' }, b: { state: 'OPERATION_ERROR' } }, 'lost'],
  ])('%j is %s', async (ends, kind) => {
    expect((await outcomeOf(scheduler(ends), sent('a', 'b'), signal)).kind).toBe(kind);
    // A master that never had the ACCEPT holds its offers for us: they go back.
    expect(called.flatMap((call) => (call.type === 'DECLINE' ? call.decline.offer_ids : []))).toEqual(
      kind === 'lost' ? [{ value: 'o1' }] : [],
    );
  });

  it('is lost when nothing is heard, not even an answer of the master', async () => {
    const patience = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(patience.signal);
    const outcome = outcomeOf(scheduler({}), sent('a'), signal);
    patience.abort(new Error('in time'));
    expect(await outcome).toEqual({ kind: 'lost', message: 'no feedback' });
    timeout.mockRestore();
  });

  it('is not known when the activity is cancelled', async () => {
    const controller = new AbortController();
    const outcome = outcomeOf(scheduler({}), sent('a'), controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(outcome).rejects.toThrow('cancelled');
  });
});

describe('the tries of what Mesos did not carry out', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const run = async (outcomes: Outcome[]) => {
    const told: (string | null)[] = [];
    const waiting = { set: (reason: string | null) => void told.push(reason), signal };
    const environment = new MockActivityEnvironment();
    let tries = 0;
    const end = environment.run(async () => {
      const next = createTries('reserve resources for broker-0', waiting);
      for (const outcome of outcomes) {
        await next(outcome);
        tries += 1;
      }
    });
    const settled = end.then(
      () => null,
      (error: unknown) => error as Error,
    );
    await vi.advanceTimersByTimeAsync(60_000);
    return { error: await settled, tries, told };
  };
  const refused: Outcome = { kind: 'refused', message: 'OPERATION_ERROR: Not authorized' };
  const lost: Outcome = { kind: 'lost', message: 'no feedback' };

  it('go on for ever when only offers are lost', async () => {
    expect(await run(Array.from({ length: 20 }, () => lost))).toEqual({ error: null, tries: 20, told: [] });
  });

  it('end with the third refusal, in the words of Mesos, and say meanwhile what is the matter', async () => {
    const { error, tries, told } = await run([refused, lost, refused, refused, refused]);
    expect(tries).toBe(3);
    expect(error).toMatchObject({ code: 'MESOS_REFUSED' });
    expect(error?.message).toContain(
      'refused 3 times to reserve resources for broker-0: OPERATION_ERROR: Not authorized',
    );
    expect(told).toHaveLength(2);
    expect(told[0]).toContain('Not authorized');
  });
});
