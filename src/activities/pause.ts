// Waiting within an activity that may live for weeks. The SDK's own `sleep` ties a promise and a timer to the activity's
// cancellation with each call, and all of them stay in memory until the activity ends: a session that looks every few
// seconds would take tens of megabytes a day.
import { cancellationSignal } from '@temporalio/activity';

/** Resolves after `ms`; rejects with the signal's reason when that aborts. Leaves nothing behind. @default signal the activity's */
export function pause(ms: number, signal: AbortSignal = cancellationSignal()): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}
