// Offers and who wants them: one pool, demands served one after the other, nothing held that nobody wants.
//
// An idle session that holds offers starves every other framework, so offers are asked for (REVIVE) only while a demand
// waits, and all are given back (SUPPRESS, DECLINE) when the last is done. REVIVE also makes the master allocate at
// once and forget our filters.
import { MillraceError } from '../model/errors.ts';
import type { Decision, Demand, SchedulerOptions } from './contract.ts';
import { createWaitReport, type WaitReport } from './wait-report.ts';
import type { Offer, OfferOperation, SchedulerCall } from './types.ts';

export interface OfferPoolOptions {
  role: string;
  log: SchedulerOptions['log'];
  call(call: SchedulerCall): Promise<void>;
  /** Told of operations just before they are sent. */
  onAccept(operations: readonly OfferOperation[]): void;
}

export interface OfferPool {
  add(offers: readonly Offer[]): void;
  rescind(offerId: string): void;
  demand<T>(demand: Demand<T>): Promise<T>;
  /** Ends every demand, and each later one, with the error. Offers die with the session. */
  fail(error: Error): void;
}

/** Offers that no waiting demand could use go back after this long: other frameworks want them, and pieces merge. */
export const HOLD_MS = 5_000;
/** For how long what a demand could not use is not offered again. Mesos' own default. */
export const WAITING_REFUSE_SECONDS = 5;
/** For how long what nobody wants is not offered again; REVIVE lifts it. */
export const IDLE_REFUSE_SECONDS = 3_600;
/** A demand that saw no offer for this long is asked with none, so that it can say that there is none. */
export const QUIET_MS = 1_000;
/** The pool's clock. */
const TICK_MS = 500;

interface Pending {
  demand: Demand<unknown>;
  sinceMs: number;
  asked: boolean;
  report: WaitReport;
  /** Takes it out of the pool's books; true the first time. */
  leave(): boolean;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export function createOfferPool(options: OfferPoolOptions): OfferPool {
  const held = new Map<string, { offer: Offer; sinceMs: number }>();
  const waiting = new Set<Pending>();
  let accepting = 0;
  let revived = false;
  let reviveAsked = false;
  let failed: Error | null = null;
  let ticking: NodeJS.Timeout | null = null;

  /** Sends what needs no answer. False when it could not be sent. */
  async function tell(call: SchedulerCall): Promise<boolean> {
    try {
      await options.call(call);
      return true;
    } catch (error) {
      options.log?.warn(`${call.type} failed`, {
        error: error instanceof Error ? error.message : String(error),
      });
      return false;
    }
  }

  function decline(offers: readonly Offer[], refuseSeconds: number): void {
    if (offers.length === 0) return;
    for (const { id } of offers) held.delete(id.value);
    const offer_ids = offers.map(({ id }) => id);
    void tell({ type: 'DECLINE', decline: { offer_ids, filters: { refuse_seconds: refuseSeconds } } });
  }

  /** Coalesced: demands of the same tick share one REVIVE. */
  function askForOffers(): void {
    if (reviveAsked) return;
    reviveAsked = true;
    queueMicrotask(() => {
      reviveAsked = false;
      if (failed !== null) return;
      if (held.size > 0) match();
      if (waiting.size > 0) void revive();
    });
  }

  async function revive(): Promise<void> {
    revived = true;
    if (!(await tell({ type: 'REVIVE', revive: { roles: [options.role] } }))) revived = false;
  }

  function rest(): void {
    if (waiting.size > 0 || accepting > 0 || failed !== null) return;
    if (revived) void tell({ type: 'SUPPRESS', suppress: { roles: [options.role] } });
    revived = false;
    decline(offersHeld(), IDLE_REFUSE_SECONDS);
  }

  function offersHeld(): Offer[] {
    return [...held.values()].map(({ offer }) => offer);
  }

  function match(): void {
    for (const pending of [...waiting]) {
      const quiet = !pending.asked && Date.now() - pending.sinceMs >= QUIET_MS;
      if (held.size > 0 || quiet) ask(pending);
    }
  }

  function ask(pending: Pending): void {
    pending.asked = true;
    try {
      const decision = pending.demand.decide(offersHeld());
      if ('wait' in decision) pending.report.waits(decision.wait);
      else accept(pending, decision);
    } catch (error) {
      if (pending.leave()) pending.reject(error);
      rest();
    }
  }

  function accept(pending: Pending, decision: Exclude<Decision<unknown>, { wait: string }>): void {
    const { use, operations, result } = decision;
    requireUsable(pending.demand.name, use, (id) => held.has(id));
    if (!pending.leave()) return;
    for (const { id } of use) held.delete(id.value);
    options.onAccept(operations);
    accepting += 1;
    options
      .call({
        type: 'ACCEPT',
        accept: { offer_ids: use.map(({ id }) => id), operations, filters: { refuse_seconds: 0 } },
      })
      .then(
        () => {
          pending.resolve(result);
        },
        (error: unknown) => {
          // Refused or lost on the way, the offers may still be ours; declining what is not is harmless.
          if (failed === null) decline(use, WAITING_REFUSE_SECONDS);
          pending.reject(error);
        },
      )
      .finally(() => {
        accepting -= 1;
        if (waiting.size > 0) askForOffers();
        else rest();
      });
  }

  function tick(): void {
    ticking = null;
    const now = Date.now();
    const expired = new Set(
      [...held.values()]
        .filter(({ sinceMs }) => now - sinceMs >= HOLD_MS)
        .map(({ offer }) => offer.agent_id.value),
    );
    // All pieces of an agent go back together: only so they are merged.
    decline(
      offersHeld().filter(({ agent_id }) => expired.has(agent_id.value)),
      WAITING_REFUSE_SECONDS,
    );
    if (waiting.size > 0 && !revived) void revive();
    if ([...waiting].some(({ asked }) => !asked)) match();
    arm();
  }

  function arm(): void {
    if (ticking === null && waiting.size > 0 && failed === null) ticking = setTimeout(tick, TICK_MS);
  }

  function enter<T>(demand: Demand<T>, resolve: (result: T) => void, reject: (error: unknown) => void): void {
    const report = createWaitReport(demand.onWait?.bind(demand), options.log);
    const abort = () => {
      if (!pending.leave()) return;
      reject(demand.signal.reason);
      rest();
    };
    const pending: Pending = {
      demand,
      sinceMs: Date.now(),
      asked: false,
      report,
      leave: () => {
        report.stop();
        demand.signal.removeEventListener('abort', abort);
        return waiting.delete(pending);
      },
      resolve: resolve as (result: unknown) => void,
      reject,
    };
    waiting.add(pending);
    demand.signal.addEventListener('abort', abort, { once: true });
    askForOffers();
    arm();
  }

  return {
    add(offers) {
      if (waiting.size === 0) {
        decline(offers, IDLE_REFUSE_SECONDS);
        return;
      }
      const sinceMs = Date.now();
      for (const offer of offers) held.set(offer.id.value, { offer, sinceMs });
      match();
    },
    rescind(offerId) {
      if (held.delete(offerId) && held.size > 0) match();
    },
    demand: (demand) =>
      new Promise((resolve, reject) => {
        if (failed !== null) reject(failed);
        else if (demand.signal.aborted) reject(demand.signal.reason as Error);
        else enter(demand, resolve, reject);
      }),
    fail(error) {
      failed = error;
      if (ticking !== null) clearTimeout(ticking);
      ticking = null;
      held.clear();
      for (const pending of [...waiting]) if (pending.leave()) pending.reject(error);
    },
  };
}

/** A decision that Mesos would drop silently is a mistake of ours. */
function requireUsable(name: string, use: readonly Offer[], isHeld: (offerId: string) => boolean): void {
  const ids = use.map(({ id }) => id.value);
  const agents = new Set(use.map(({ agent_id }) => agent_id.value));
  if (ids.length > 0 && agents.size === 1 && new Set(ids).size === ids.length && ids.every(isHeld)) return;
  throw new MillraceError(
    'INTERNAL',
    `${name} chose offers that cannot be accepted together: ${ids.join(', ') || 'none'} of ${agents.size} agents. ` +
      'One or more offers that are held, each once, all of one agent, are possible. Nothing was sent.',
  );
}
