import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withWaiting, type Patience, type Waiting } from '../../src/activities/waiting.ts';

const SECOND = 1_000;

let told: { workflow: string; signal: string; step: string; reason: string | null }[];
let beats: unknown[];
let warnings: string[];
let answer: () => Promise<void>;
let activity: MockActivityEnvironment;

/** A client whose signals are written down. */
const client = {
  workflow: {
    getHandle: (workflow: string) => ({
      signal: ({ name: signal }: { name: string }, about: { step: string; reason: string | null }) => {
        told.push({ workflow, signal, ...about });
        return answer();
      },
    }),
  },
} as unknown as Client;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  beats = [];
  warnings = [];
  answer = () => Promise.resolve();
  const logger = new DefaultLogger('WARN', ({ message }) => warnings.push(message));
  activity = new MockActivityEnvironment({}, { logger });
  activity.on('heartbeat', (details: unknown) => beats.push(details));
});
afterEach(() => {
  vi.useRealTimers();
});

const run = <T>(patience: Patience, work: (waiting: Waiting) => Promise<T>): Promise<T> =>
  activity.run(() =>
    withWaiting(
      client,
      { caller: { operationWorkflowId: 'kafka/orders/install#1', step: 'start:broker-0' }, patience },
      work,
    ),
  );
/** Lets time pass inside the activity, where its heartbeats belong. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const reasons = () => told.map(({ reason }) => reason);

describe('an activity that waits', () => {
  it('answers what its work answers, and fails as its work fails', async () => {
    expect(await run('NODE', () => Promise.resolve(7))).toBe(7);
    await expect(run('NODE', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('beats from its begin, with the newest reason, within the heartbeat timeout of 10 s', async () => {
    await run('NODE', async ({ set }) => {
      expect(beats).toEqual(['working']);
      set('no offer fits');
      await pass(10 * SECOND - 1);
      expect(beats.at(-1)).toBe('no offer fits');
      set(null);
      await pass(10 * SECOND - 1);
      expect(beats.at(-1)).toBe('working');
    });
  });

  it.each(['return', 'throw'])('stops beating when its work ends with a %s', async (how) => {
    await run('NODE', async () => {
      await pass(30 * SECOND);
      if (how === 'throw') throw new Error('no');
    }).catch(() => undefined);
    const seen = beats.length;
    await pass(60 * SECOND);
    expect(beats).toHaveLength(seen);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[Patience, number]>([
    ['OFFER', 3 * SECOND],
    ['NODE', 15 * SECOND],
  ])('with patience %s tells its operation of a wait of %i ms and no shorter', async (patience, quietMs) => {
    await run(patience, async ({ set }) => {
      set('no offer fits');
      await pass(quietMs - 1);
      expect(told).toEqual([]);
      await pass(10 * SECOND);
      expect(told).toEqual([
        {
          workflow: 'kafka/orders/install#1',
          signal: 'stepWaiting',
          step: 'start:broker-0',
          reason: 'no offer fits',
        },
      ]);
    });
  });

  it('tells nothing while it does not wait', async () => {
    await run('OFFER', async ({ set }) => {
      set('no offer fits');
      await pass(1 * SECOND);
      set(null);
      await pass(120 * SECOND);
      expect(told).toEqual([]);
    });
  });

  it.each<[string, (set: Waiting['set']) => void]>([
    ['its wait is over', (set) => set(null)],
    ['its work has ended', () => undefined],
  ])('tells its operation when %s, once', async (_what, end) => {
    await run('OFFER', async ({ set }) => {
      set('no offer fits');
      await pass(10 * SECOND);
      end(set);
    });
    expect(reasons()).toEqual(['no offer fits', null]);
  });

  it('tells of another wait only when that is long too', async () => {
    await run('OFFER', async ({ set }) => {
      set('no offer fits');
      await pass(60 * SECOND);
      set(null);
      set('Mesos to start it');
      await pass(2 * SECOND);
      expect(reasons()).toEqual(['no offer fits', null]);
      await pass(10 * SECOND);
      expect(reasons()).toEqual(['no offer fits', null, 'Mesos to start it']);
    });
  });

  it('tells a reason once, and changed ones less and less often', async () => {
    await run('OFFER', async ({ set }) => {
      set('first');
      await pass(300 * SECOND);
      expect(reasons()).toEqual(['first']);
      const changing = async (forMs: number) => {
        for (let ms = 0; ms < forMs; ms += 10 * SECOND) {
          set(`reason at ${Date.now()}`);
          await pass(10 * SECOND);
        }
      };
      await changing(170 * SECOND);
      expect(reasons()).toHaveLength(3);
      const DAY = 24 * 3_600 * SECOND;
      await changing(DAY);
      const told = reasons().length;
      await changing(DAY);
      expect(reasons().length - told).toBe(24);
    });
  });

  it('goes on when its operation cannot be told', async () => {
    answer = () => Promise.reject(new Error('no such workflow'));
    const result = await run('OFFER', async ({ set }) => {
      set('no offer fits');
      await pass(10 * SECOND);
      return 'done';
    });
    expect(result).toBe('done');
    expect(new Set(warnings)).toEqual(new Set(['the operation could not be told what its step waits for']));
  });

  it('hands its work the signal that a cancellation aborts', async () => {
    const aborted = run('NODE', async ({ signal }) => {
      expect(signal.aborted).toBe(false);
      activity.cancel();
      return signal.aborted;
    });
    expect(await aborted).toBe(true);
  });
});
