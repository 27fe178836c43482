import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BEAT_MS,
  beatWhileOpening,
  HEARTBEATS_MISSED,
  OPENING_LIMIT_MS,
  watchStream,
} from '../../src/activities/stream-watch.ts';

/** A stream in which events come at these times; the clock moves only when the watch pauses. */
async function watch(eventsAtMs: readonly number[], { intervalMs = 15_000, untilMs = Infinity } = {}) {
  let nowMs = 0;
  const beats: number[] = [];
  const stop = new AbortController();
  const end: unknown = await watchStream({
    subscription: {
      master: 'http://10.0.0.1:5050',
      heartbeatIntervalMs: intervalMs,
      lastEventAtMs: () => Math.max(0, ...eventsAtMs.filter((atMs) => atMs <= nowMs)),
    },
    signal: stop.signal,
    nowMs: () => nowMs,
    pause: (ms) => {
      nowMs += ms;
      if (nowMs >= untilMs) stop.abort(new Error('stopped'));
      return Promise.resolve();
    },
    beat: () => beats.push(nowMs),
  }).catch((error: unknown) => error);
  return { end, endedAtMs: nowMs, beats };
}

describe('the watch over a stream', () => {
  it('takes it for dead after 2½ silent heartbeats, whoever still holds the connection', async () => {
    const { end, endedAtMs } = await watch([]);
    expect(end).toMatchObject({ code: 'MESOS_UNREACHABLE' });
    expect((end as Error).message).toContain('http://10.0.0.1:5050 sent nothing for 38 s');
    expect(endedAtMs).toBe(37_500);
  });

  it('leaves one alone that is heard from, however long', async () => {
    const day = 24 * 3_600_000;
    const events = Array.from({ length: day / 15_000 }, (_unused, i) => i * 15_000);
    const { end, endedAtMs } = await watch(events.slice(-100), { untilMs: 30_000 });
    expect(end).toMatchObject({ message: 'stopped' });
    expect(endedAtMs).toBeLessThan(33_000);
    expect((await watch(events.slice(0, 400), { untilMs: 100 * 15_000 })).end).toMatchObject({
      message: 'stopped',
    });
  });

  it('ends neither early nor late, and beats in time, for any events and any heartbeat', async () => {
    const events = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 100, max: 60_000 }), async (given, intervalMs) => {
        const eventsAtMs = [0, ...given].sort((a, b) => a - b);
        const { endedAtMs, beats } = await watch(eventsAtMs, { intervalMs });
        const limitMs = intervalMs * HEARTBEATS_MISSED;
        const gap = eventsAtMs.findIndex((atMs, i) => (eventsAtMs[i + 1] ?? Infinity) - atMs >= limitMs);
        expect(endedAtMs).toBe((eventsAtMs[gap] ?? 0) + limitMs);
        const times = [...beats, endedAtMs];
        times.slice(1).forEach((atMs, i) => expect(atMs - (times[i] ?? 0)).toBeLessThanOrEqual(BEAT_MS));
      }),
    );
  });
});

describe('the beats of an attempt that opens its subscription', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('come as long as it takes, until it is open', () => {
    const beat = vi.fn();
    const stop = beatWhileOpening(beat);
    vi.advanceTimersByTime(30_000);
    expect(beat).toHaveBeenCalledTimes(Math.floor(30_000 / BEAT_MS));
    stop();
    vi.advanceTimersByTime(30_000);
    expect(beat).toHaveBeenCalledTimes(Math.floor(30_000 / BEAT_MS));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end when it is stuck, so that another attempt begins', () => {
    const beat = vi.fn();
    beatWhileOpening(beat);
    vi.advanceTimersByTime(OPENING_LIMIT_MS);
    beat.mockClear();
    vi.advanceTimersByTime(OPENING_LIMIT_MS);
    expect(beat).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
