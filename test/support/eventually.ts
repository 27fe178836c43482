// Waits until assertions hold: `vi.waitFor` with a limit for a machine that compiles beside the tests.
import { vi } from 'vitest';

const LIMIT_MS = 20_000;

/** Runs `assertions` until they throw nothing; fails with what they threw last. */
export async function eventually(assertions: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(assertions, { timeout: LIMIT_MS, interval: 10 });
}
