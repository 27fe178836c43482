// Waits for a gate, for as long as it takes.
import { pause } from './pause.ts';
import type { Waiting } from './waiting.ts';

/** Between two looks at a closed gate: a look asks every node of the cluster. */
const LOOK_AGAIN_MS = 2_000;
/** Between the two looks that have to find the gate open. */
const CONFIRM_AFTER_MS = 500;

/**
 * Returns when the gate was open twice in a row; what is done then is done at once. One look is not enough: it is made of
 * several answers, each of a slightly other moment, and what has just happened (a broker killed, a replica thrown out of
 * the ISR) reaches the one that answers within half a second. No deadline: it never times out into "go".
 */
export async function untilOpenTwice<Judged extends { open: true } | { open: false; reason: string }>(
  look: () => Promise<Judged>,
  waiting: Waiting,
): Promise<Extract<Judged, { open: true }>> {
  for (let opened = false; ;) {
    const gate = await look();
    waiting.signal.throwIfAborted();
    if (gate.open && opened) {
      waiting.set(null);
      return gate as Extract<Judged, { open: true }>;
    }
    opened = gate.open;
    if (!gate.open) waiting.set(gate.reason);
    await pause(gate.open ? CONFIRM_AFTER_MS : LOOK_AGAIN_MS);
    waiting.signal.throwIfAborted();
  }
}
