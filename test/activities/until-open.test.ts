// How long a gate is waited for.
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { untilOpenTwice } from '../../src/activities/until-open.ts';

type Look = { open: true; look: number } | { open: false; reason: string };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Waits for a gate that is as `looks` say, one after the other, and then stays as the last one. */
function wait(looks: boolean[]) {
  const controller = new AbortController();
  const reasons: (string | null)[] = [];
  let asked = 0;
  const look = async (): Promise<Look> => {
    const open = looks[Math.min(asked, looks.length - 1)]!;
    asked += 1;
    return open ? { open, look: asked } : { open, reason: `closed at look ${asked}` };
  };
  const set = (reason: string | null) => reasons.push(reason);
  const result = new MockActivityEnvironment().run(() =>
    untilOpenTwice(look, { set, signal: controller.signal }),
  );
  return { result, reasons, asked: () => asked, abort: () => controller.abort(new Error('cancelled')) };
}

describe('a gate', () => {
  it('is passed when it was open twice in a row, with what the second look found', async () => {
    const { result, reasons, asked } = wait([true, true]);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await result).toEqual({ open: true, look: 2 });
    expect(reasons).toEqual([null]);
  });

  it('is not passed when it closed again in between', async () => {
    const { result, reasons } = wait([true, false, true, true]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await result).toEqual({ open: true, look: 4 });
    expect(reasons).toEqual(['closed at look 2', null]);
  });

  it('is waited for without an end, and says why each time', async () => {
    const { result, reasons, asked, abort } = wait([false]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked()).toBeGreaterThan(1_000);
    expect(reasons.at(-1)).toBe(`closed at look ${asked()}`);
    expect(reasons).not.toContain(null);
    abort();
    const failed = expect(result).rejects.toThrow('cancelled');
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
  });
});
