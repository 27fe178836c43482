// Promises for things that are yet to come: who waits for what, who is told, who gives up.

export interface Watchers<T> {
  /** The next item that matches. @throws the signal's reason when it aborts, or the error given to `failAll` */
  next(matches: (item: T) => boolean, signal: AbortSignal): Promise<T>;
  tell(item: T): void;
  /** Ends every wait, and each later one, with the error. */
  failAll(error: Error): void;
}

export function createWatchers<T>(): Watchers<T> {
  const waiting = new Set<{
    matches: (item: T) => boolean;
    resolve: (item: T) => void;
    reject: (error: Error) => void;
  }>();
  let failed: Error | null = null;

  return {
    next(matches, signal) {
      return new Promise<T>((resolve, reject) => {
        if (failed !== null) {
          reject(failed);
          return;
        }
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const leave = () => {
          waiting.delete(watcher);
          signal.removeEventListener('abort', giveUp);
        };
        const giveUp = () => {
          leave();
          reject(signal.reason as Error);
        };
        const watcher = {
          matches,
          resolve: (item: T) => {
            leave();
            resolve(item);
          },
          reject: (error: Error) => {
            leave();
            reject(error);
          },
        };
        waiting.add(watcher);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
    tell(item) {
      for (const watcher of [...waiting]) if (watcher.matches(item)) watcher.resolve(item);
    },
    failAll(error) {
      failed = error;
      for (const watcher of [...waiting]) watcher.reject(error);
    },
  };
}

/** Resolves after the time, or at once when the signal aborts; the caller looks which. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
