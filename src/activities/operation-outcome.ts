// How Mesos carried out offer operations, and how often what it refused is tried again.
import { log } from '@temporalio/activity';
import type { Scheduler } from '../mesos/index.ts';
import type { Offer, OfferOperation } from '../mesos/types.ts';
import { MillraceError } from '../model/errors.ts';
import { giveBack } from './offers.ts';
import type { Waiting } from './waiting.ts';
import { pause } from './pause.ts';

/**
 * The client asks the master about an operation without feedback. When even that brings nothing for this long, what is
 * reserved tells more: the caller looks, and tries again.
 */
const PATIENCE_MS = 120_000;
/** A refusal (permissions, resources that are not what they seemed) is tried this often before a person has to look. */
const REFUSALS = 3;
/** Between two tries; doubles with each refusal. */
const FIRST_PAUSE_MS = 1_000;
/** Mesos' words when an offer had gone before the ACCEPT arrived (transcript 10): nothing is wrong, the next offer will do. */
const INVALID_OFFERS = /invalid offers/i;

export type Outcome = { kind: 'finished' } | { kind: 'lost' | 'refused'; message: string };

/** Operations that were sent in one ACCEPT, and the offers that it used. */
export interface Sent {
  operationIds: readonly string[];
  offers: readonly Offer[];
}

/** What is to be known of an ACCEPT to hear what came of it. */
export function sentOf(offers: readonly Offer[], operations: readonly OfferOperation[]): Sent {
  const operationIds = operations.flatMap((operation) =>
    'id' in operation && operation.id ? [operation.id.value] : [],
  );
  return { operationIds, offers };
}

/**
 * Waits until Mesos has carried out all these operations, or says of one that it has not, or does not know it (any more): then
 * the offers are given back, which may never have been accepted.
 */
export async function outcomeOf(scheduler: Scheduler, sent: Sent, signal: AbortSignal): Promise<Outcome> {
  const outcome = await awaitOutcome(scheduler, sent.operationIds, signal);
  if (outcome.kind === 'lost') await giveBack(scheduler, sent.offers);
  return outcome;
}

async function awaitOutcome(
  scheduler: Scheduler,
  operationIds: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  const either = AbortSignal.any([signal, timeout]);
  try {
    const statuses = await Promise.all(operationIds.map((id) => scheduler.operationOutcome(id, either)));
    const failed = statuses.find(({ state }) => state !== 'OPERATION_FINISHED');
    if (!failed) return { kind: 'finished' };
    const message = `${failed.state}: ${failed.message ?? 'no reason given'}`;
    const refused = failed.state === 'OPERATION_ERROR' || failed.state === 'OPERATION_FAILED';
    return { kind: refused && !INVALID_OFFERS.test(message) ? 'refused' : 'lost', message };
  } catch (error) {
    if (timeout.aborted && !signal.aborted) return { kind: 'lost', message: 'no feedback' };
    throw error;
  }
}

/**
 * Decides about the next try of something that Mesos did not carry out: at once when only the offer was lost, after a pause when
 * it was refused.
 *
 * @param what completes "Mesos refused to": `reserve resources for broker-0`
 * @throws MillraceError MESOS_REFUSED with Mesos' words, after `REFUSALS` refusals
 */
export function createTries(what: string, waiting: Waiting): (outcome: Outcome) => Promise<void> {
  let refusals = 0;
  return async (outcome) => {
    if (outcome.kind === 'finished') return;
    log.warn(`Mesos did not ${what}`, { outcome });
    if (outcome.kind === 'lost') return;
    refusals += 1;
    if (refusals >= REFUSALS)
      throw new MillraceError(
        'MESOS_REFUSED',
        `Mesos refused ${refusals} times to ${what}: ${outcome.message}. What was there is left as it was. Look at the permissions ` +
          "of the principal and at the master's log, fix the cause, then retry the step.",
      );
    waiting.set(`Mesos refused to ${what}: ${outcome.message}; it is tried again`);
    await pause(FIRST_PAUSE_MS * 2 ** (refusals - 1));
    waiting.signal.throwIfAborted();
  };
}
