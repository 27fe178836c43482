import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../../src/activities/pause.ts';

describe('a pause', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lasts as long as it was told to', async () => {
    const stop = new AbortController();
    const ended = vi.fn();
    const paused = pause(5_000, stop.signal).then(ended);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await paused;
    expect(ended).toHaveBeenCalledOnce();
  });

  it('ends at once with the reason of who stops it, also of one who did so before', async () => {
    const stop = new AbortController();
    const paused = pause(5_000, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(paused).rejects.toThrow('stopped');
    await expect(pause(5_000, stop.signal)).rejects.toThrow('stopped');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves nothing behind, however often it is taken', async () => {
    const stop = new AbortController();
    for (let i = 0; i < 1_000; i += 1) {
      const paused = pause(1_000, stop.signal);
      await vi.advanceTimersByTimeAsync(1_000);
      await paused;
    }
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
