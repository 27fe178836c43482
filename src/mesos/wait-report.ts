// Says why a demand waits, but not more often than somebody can read: a reason counts once it has stood for a moment.
import type { SchedulerOptions } from './contract.ts';

export interface WaitReport {
  /** The reason as it is now. */
  waits(reason: string): void;
  /** No more reports. */
  stop(): void;
}

/** Offers of several agents arrive within milliseconds; what most launches wait for is there before this. */
export const WAIT_SETTLE_MS = 500;

export function createWaitReport(
  onWait: ((reason: string) => void) | undefined,
  log: SchedulerOptions['log'],
): WaitReport {
  let current: string | null = null;
  let reported: string | null = null;
  let timer: NodeJS.Timeout | null = null;

  function report(): void {
    timer = null;
    if (current === null || current === reported) return;
    reported = current;
    try {
      onWait?.(current);
    } catch (error) {
      log?.warn('a report of waiting failed', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  return {
    waits(reason) {
      current = reason;
      if (reason !== reported) timer ??= setTimeout(report, WAIT_SETTLE_MS);
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      current = null;
    },
  };
}
