// Repeats a look until it finds nothing wrong, for states that spread through a cluster within moments.
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

export interface SettleOptions {
  signal?: AbortSignal;
  /** How long what is wrong may take to right itself, in milliseconds. */
  settleMs: number;
}

/**
 * Looks until `isSettled` holds, or the time is over; returns the last look either way.
 *
 * @throws the reason of the signal when it is aborted
 */
export async function settle<T>(
  look: () => Promise<T>,
  isSettled: (seen: T) => boolean,
  { signal, settleMs }: SettleOptions,
): Promise<T> {
  const deadlineMs = performance.now() + settleMs;
  for (;;) {
    const seen = await look();
    signal?.throwIfAborted();
    if (isSettled(seen) || performance.now() >= deadlineMs) return seen;
    await sleep(POLL_MS);
  }
}
