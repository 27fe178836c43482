// Offers and who wants them: one pool, demands served one after the other, nothing held that nobody wants.
//
// An idle session that holds offers starves every other framework, so offers are asked for (REVIVE) only while a demand
// waits, and all are given back (SUPPRESS, DECLINE) when the last is done. REVIVE also makes the master allocate at
// once and forget our filters.
import type { Demand } from './contract.ts';
import {
  askForOffers,
  decline,
  declineAgain,
  IDLE_REFUSE_SECONDS,
  match,
  NOBODY_WAITS,
  offersHeld,
  rest,
  revive,
  WAITING_REFUSE_SECONDS,
  whyUnused,
  type OfferPoolOptions,
  type Pending,
  type PoolState,
} from './offer-matching.ts';
import { createOfferLog, describeOffer, OFFER_OUTCOME, type OfferOutcome } from './offer-log.ts';
import type { Offer } from './types.ts';
import { createWaitReport } from './wait-report.ts';

export interface OfferPool {
  add(offers: readonly Offer[]): void;
  rescind(offerId: string): void;
  demand<T>(demand: Demand<T>): Promise<T>;
  /** What became of the last offers, the newest last, and those that are held now. */
  outcomes(): OfferOutcome[];
  /** Ends every demand, and each later one, with the error. Offers die with the session. */
  fail(error: Error): void;
}

/** Offers that no waiting demand could use go back after this long: other frameworks want them, and pieces merge. */
export const HOLD_MS = 5_000;
/** The pool's clock; it runs while somebody waits, or something has to be given back. */
const TICK_MS = 500;

interface Clocked extends PoolState {
  ticking: NodeJS.Timeout | null;
}

export function createOfferPool(options: OfferPoolOptions): OfferPool {
  const state: Clocked = {
    options,
    held: new Map(),
    waiting: new Set(),
    accepting: 0,
    revived: false,
    reviveAsked: false,
    reviveDue: false,
    revivedAtMs: [],
    undeclined: [],
    failed: null,
    log: createOfferLog(),
    ticking: null,
    wake: () => {
      startClock(state);
    },
  };
  return {
    add(offers) {
      if (state.waiting.size === 0) {
        decline(state, offers, { refuseSeconds: IDLE_REFUSE_SECONDS, why: NOBODY_WAITS });
        return;
      }
      const sinceMs = Date.now();
      for (const offer of offers) state.held.set(offer.id.value, { offer, sinceMs });
      match(state);
    },
    rescind(offerId) {
      const gone = state.held.get(offerId);
      if (!gone) return;
      state.held.delete(offerId);
      state.log.note([gone.offer], OFFER_OUTCOME.RESCINDED, () => 'Mesos took it back');
      match(state);
    },
    demand: (demand) =>
      new Promise((resolve, reject) => {
        if (state.failed !== null) reject(state.failed);
        else if (demand.signal.aborted) reject(demand.signal.reason as Error);
        else enter(state, demand, { resolve, reject });
      }),
    outcomes: () => [
      ...state.log.outcomes(),
      ...[...state.held.values()].map(({ offer, sinceMs }) =>
        describeOffer(offer, {
          atMs: sinceMs,
          outcome: OFFER_OUTCOME.HELD,
          reason: whyUnused(state, offer),
        }),
      ),
    ],
    fail(error) {
      state.failed = error;
      if (state.ticking !== null) clearTimeout(state.ticking);
      state.ticking = null;
      state.held.clear();
      for (const pending of [...state.waiting]) if (pending.leave()) pending.reject(error);
    },
  };
}

function enter<T>(
  state: Clocked,
  demand: Demand<T>,
  settle: { resolve(result: T): void; reject(error: unknown): void },
): void {
  const report = createWaitReport(demand.onWait?.bind(demand), state.options.log);
  const giveUp = () => {
    if (!pending.leave()) return;
    settle.reject(demand.signal.reason);
    rest(state);
  };
  const pending: Pending = {
    demand,
    sinceMs: Date.now(),
    asked: false,
    wait: null,
    report,
    leave: () => {
      report.stop();
      demand.signal.removeEventListener('abort', giveUp);
      return state.waiting.delete(pending);
    },
    resolve: settle.resolve,
    reject: settle.reject.bind(settle),
  };
  state.waiting.add(pending);
  demand.signal.addEventListener('abort', giveUp, { once: true });
  askForOffers(state);
  startClock(state);
}

function startClock(state: Clocked): void {
  const idle = state.waiting.size === 0 && state.held.size === 0 && state.undeclined.length === 0;
  if (state.ticking !== null || idle || state.failed !== null) return;
  state.ticking = setTimeout(() => {
    state.ticking = null;
    declineAgain(state);
    giveBackExpired(state);
    if (state.waiting.size > 0 && (!state.revived || state.reviveDue)) void revive(state);
    if ([...state.waiting].some(({ asked, wait }) => !asked || wait?.again === true)) match(state);
    startClock(state);
  }, TICK_MS);
}

/** All pieces of an agent go back together: only so they are merged. */
function giveBackExpired(state: PoolState): void {
  const latestMs = Date.now() - HOLD_MS;
  const old = [...state.held.values()].filter(({ sinceMs }) => sinceMs <= latestMs);
  const agents = new Set(old.map(({ offer }) => offer.agent_id.value));
  const offers = offersHeld(state).filter(({ agent_id }) => agents.has(agent_id.value));
  decline(state, offers, {
    refuseSeconds: WAITING_REFUSE_SECONDS,
    outcome: OFFER_OUTCOME.EXPIRED,
    why: (offer) => whyUnused(state, offer),
  });
}
