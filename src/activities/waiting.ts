// What a long activity waits for, told where people look: heartbeat details at once, the operation's plan after a while.
import { activityInfo, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { stepWaitingSignal } from '../workflows/contract.ts';
import type { Caller } from './contract.ts';

/** A wait shorter than this is no news; each signal costs the history events. */
const QUIET_MS = {
  /** An offer that fits is there at once, or somebody has to add an agent. */
  OFFER: 3_000,
  /** A JVM takes its seconds; what takes longer is worth a look. */
  NODE: 15_000,
} as const;
/**
 * A changed reason is told again after a minute, then two, and so on up to an hour: a wait that lasts for weeks (a lag that
 * moves, an offer that never fits) must not fill the history of its operation.
 */
const FIRST_REPEAT_MS = 60_000;
const LAST_REPEAT_MS = 3_600_000;
/** Beats often enough for the heartbeat timeout of 10 s. */
const BEAT_MS = 2_000;

export type Patience = keyof typeof QUIET_MS;

export interface Waiting {
  /** The newest reason; null when the work goes on. The next reason after null is another wait. */
  set(reason: string | null): void;
  /** Aborted when the activity is cancelled or its worker shuts down. */
  readonly signal: AbortSignal;
}

/** Runs `work` while beating; reports what it waits for to the step of its caller. */
export async function withWaiting<T>(
  client: Client,
  about: { caller: Caller; patience: Patience },
  work: (waiting: Waiting) => Promise<T>,
): Promise<T> {
  const { caller, patience } = about;
  let reason: string | null = null;
  /** Since when it waits without a break, for whatever reason. */
  let waitingSinceMs = 0;
  let told: { reason: string; atMs: number } | null = null;
  let repeatMs = FIRST_REPEAT_MS;
  const tell = (text: string | null) => {
    client.workflow
      .getHandle(caller.operationWorkflowId)
      .signal(stepWaitingSignal, { step: caller.step, reason: text })
      .catch((error: unknown) => {
        log.warn('the operation could not be told what its step waits for', { error });
      });
  };
  const goesOn = () => {
    if (told) tell(null);
    told = null;
    repeatMs = FIRST_REPEAT_MS;
  };
  const beat = () => {
    heartbeat(reason ?? 'working');
    const nowMs = Date.now();
    if (reason === null || reason === told?.reason || nowMs - waitingSinceMs < QUIET_MS[patience]) return;
    if (told && nowMs - told.atMs < repeatMs) return;
    if (told) repeatMs = Math.min(2 * repeatMs, LAST_REPEAT_MS);
    told = { reason, atMs: nowMs };
    tell(reason);
  };
  const timer = setInterval(beat, BEAT_MS);
  beat();
  log.debug('activity begins', { activity: activityInfo().activityType, step: caller.step });
  try {
    return await work({
      set: (text) => {
        if (reason === null) waitingSinceMs = Date.now();
        reason = text;
        if (text === null) goesOn();
      },
      signal: cancellationSignal(),
    });
  } finally {
    clearInterval(timer);
    goesOn();
  }
}
