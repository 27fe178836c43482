// Waits for a condition, never for a time.

/** How often a condition is looked at. */
const POLL_MS = 50;

/**
 * Looks until `until` holds and returns what was seen. Errors of `look` count as "not yet".
 *
 * @throws Error which shows the last state that was seen, when `timeoutMs` have passed (default 30 s)
 */
export async function waitFor<T>(
  look: () => Promise<T> | T,
  until: (seen: T) => boolean,
  options: { describe: string; timeoutMs?: number },
): Promise<T> {
  const endMs = Date.now() + (options.timeoutMs ?? 30_000);
  let last: unknown = 'nothing';
  for (;;) {
    try {
      const seen = await look();
      if (until(seen)) return seen;
      last = seen;
    } catch (error) {
      last = error instanceof Error ? error.message : error;
    }
    if (Date.now() > endMs)
      throw new Error(`waited in vain for: ${options.describe}; last seen: ${JSON.stringify(last, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
