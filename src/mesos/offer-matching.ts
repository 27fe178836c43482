// The moves of the offer pool: ask a demand, accept for it, ask for offers, give them back.
import { MillraceError } from '../model/errors.ts';
import type { Decision, Demand, SchedulerOptions } from './contract.ts';
import { OFFER_OUTCOME, type OfferLog, type OfferOutcome } from './offer-log.ts';
import type { Offer, OfferOperation, SchedulerCall } from './types.ts';
import type { WaitReport } from './wait-report.ts';

export interface OfferPoolOptions {
  role: string;
  log: SchedulerOptions['log'];
  call(call: SchedulerCall): Promise<void>;
  /** Told of operations just before they are sent. */
  onAccept(operations: readonly OfferOperation[]): void;
}

/** A demand that waits. */
export interface Pending {
  demand: Demand<unknown>;
  sinceMs: number;
  /** Whether it has decided about any offers yet. */
  asked: boolean;
  /** Its last word, when that was that it waits. */
  wait: Extract<Decision<unknown>, { wait: string }> | null;
  report: WaitReport;
  /** Takes it out of the pool's books; true the first time. */
  leave(): boolean;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface PoolState {
  options: OfferPoolOptions;
  held: Map<string, { offer: Offer; sinceMs: number }>;
  waiting: Set<Pending>;
  /** ACCEPTs that have no answer yet. */
  accepting: number;
  /** Whether the master was asked for offers, and not told since that none are wanted. */
  revived: boolean;
  reviveAsked: boolean;
  /** A REVIVE is wanted that came too soon after others. */
  reviveDue: boolean;
  /** When REVIVEs left, for as long as they count. */
  revivedAtMs: number[];
  /** DECLINEs that did not arrive: Mesos would hold those offers for us for ever. */
  undeclined: { offerIds: string[]; refuseSeconds: number }[];
  failed: Error | null;
  log: OfferLog;
  /** Starts the pool's clock, should it rest. */
  wake(): void;
}

/** For how long what a demand could not use is not offered again. Mesos' own default. */
export const WAITING_REFUSE_SECONDS = 5;
/** For how long what nobody wants is not offered again; REVIVE lifts it. */
export const IDLE_REFUSE_SECONDS = 3_600;
/** A demand that saw no offer for this long is asked with none, so that it can say that there is none. */
export const QUIET_MS = 1_000;
/** Demands whose words about one offer are kept. */
const REASONS_KEPT = 3;

/** Why offers go back that nobody asked for. */
export const NOBODY_WAITS = (): string => 'no node waits for resources';

/**
 * Each REVIVE makes the master allocate at once, for all frameworks. A few may follow each other (the nodes of an install,
 * each of which is placed in milliseconds); demands that come and go for long get one a second.
 */
export const REVIVE_BURST = 5;
export const REVIVE_EVERY_MS = 1_000;

/** Asks each waiting demand in turn, by priority, then by arrival; what one takes is gone for the next. */
export function match(state: PoolState): void {
  const priority = ({ demand }: Pending) => demand.priority ?? 0;
  for (const pending of [...state.waiting].sort((a, b) => priority(b) - priority(a))) {
    const quiet = !pending.asked && Date.now() - pending.sinceMs >= QUIET_MS;
    if (state.held.size > 0 || quiet) ask(state, pending);
  }
}

/** Matches what is held, then REVIVEs if somebody still waits. Coalesced: demands of the same tick share one. */
export function askForOffers(state: PoolState): void {
  if (state.reviveAsked) return;
  state.reviveAsked = true;
  queueMicrotask(() => {
    state.reviveAsked = false;
    if (state.failed !== null) return;
    if (state.held.size > 0) match(state);
    if (state.waiting.size > 0) void revive(state);
  });
}

/** REVIVEs, or has the pool's clock do it when too many left of late. */
export async function revive(state: PoolState): Promise<void> {
  const nowMs = Date.now();
  // Each of the last few counts for as long as it takes to earn it back.
  state.revivedAtMs = state.revivedAtMs.filter((atMs) => nowMs - atMs < REVIVE_BURST * REVIVE_EVERY_MS);
  state.reviveDue = state.revivedAtMs.length >= REVIVE_BURST;
  if (state.reviveDue) return;
  state.revivedAtMs.push(nowMs);
  state.revived = true;
  if ((await tell(state, { type: 'REVIVE', revive: { roles: [state.options.role] } })) !== 'sent')
    state.revived = false;
}

/** When nobody wants offers any more: says so, and gives back what is held (SUPPRESS alone returns nothing). */
export function rest(state: PoolState): void {
  if (state.waiting.size > 0 || state.accepting > 0 || state.failed !== null) return;
  if (state.revived) void tell(state, { type: 'SUPPRESS', suppress: { roles: [state.options.role] } });
  state.revived = false;
  state.reviveDue = false;
  decline(state, offersHeld(state), { refuseSeconds: IDLE_REFUSE_SECONDS, why: NOBODY_WAITS });
}

/** What the demands that wait say to an offer. */
export function whyUnused({ waiting }: PoolState, offer: Offer): string {
  const said = [...waiting].flatMap(({ demand, wait }) =>
    wait ? [`${demand.name}: ${wait.whyNot?.(offer.agent_id.value) ?? wait.wait}`] : [],
  );
  if (said.length === 0) return 'no demand was asked yet';
  const more = said.length - REASONS_KEPT;
  return `${said.slice(0, REASONS_KEPT).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** Gives offers back. @param how `outcome` is what is kept of them: declined when it does not say */
export function decline(
  state: PoolState,
  offers: readonly Offer[],
  how: { refuseSeconds: number; outcome?: OfferOutcome['outcome']; why: (offer: Offer) => string },
): void {
  const { refuseSeconds, outcome = OFFER_OUTCOME.DECLINED, why } = how;
  if (offers.length === 0) return;
  state.log.note(offers, outcome, why);
  for (const { id } of offers) state.held.delete(id.value);
  void sendDecline(
    state,
    offers.map(({ id }) => id.value),
    refuseSeconds,
  );
}

/** Sends the DECLINEs once more that did not arrive. Declining what is gone meanwhile is harmless. */
export function declineAgain(state: PoolState): void {
  for (const { offerIds, refuseSeconds } of state.undeclined.splice(0))
    void sendDecline(state, offerIds, refuseSeconds);
}

async function sendDecline(state: PoolState, offerIds: string[], refuseSeconds: number): Promise<void> {
  const offer_ids = offerIds.map((value) => ({ value }));
  const filters = { refuse_seconds: refuseSeconds };
  const sent = await tell(state, { type: 'DECLINE', decline: { offer_ids, filters } });
  if (sent !== 'lost' || state.failed !== null) return;
  state.undeclined.push({ offerIds, refuseSeconds });
  state.wake();
}

export function offersHeld(state: PoolState): Offer[] {
  return [...state.held.values()].map(({ offer }) => offer);
}

function ask(state: PoolState, pending: Pending): void {
  pending.asked = true;
  try {
    const decision = pending.demand.decide(offersHeld(state));
    if ('wait' in decision) {
      pending.wait = decision;
      pending.report.waits(decision.wait);
    } else accept(state, pending, decision);
  } catch (error) {
    if (pending.leave()) pending.reject(error);
    rest(state);
  }
}

function accept(
  state: PoolState,
  pending: Pending,
  decision: Exclude<Decision<unknown>, { wait: string }>,
): void {
  const { use, operations, result } = decision;
  requireUsable(pending.demand.name, use, state);
  if (!pending.leave()) return;
  for (const { id } of use) state.held.delete(id.value);
  state.log.note(use, OFFER_OUTCOME.USED, () => pending.demand.name);
  state.options.onAccept(operations);
  state.accepting += 1;
  // What is left of the offers shall come back at once.
  const filters = { refuse_seconds: 0 };
  state.options
    .call({ type: 'ACCEPT', accept: { offer_ids: use.map(({ id }) => id), operations, filters } })
    .then(
      () => {
        pending.resolve(result);
      },
      (error: unknown) => {
        // Refused or lost on the way, the offers may still be ours; declining what is not is harmless.
        if (state.failed === null)
          decline(state, use, {
            refuseSeconds: WAITING_REFUSE_SECONDS,
            why: () => `${pending.demand.name}: ${error instanceof Error ? error.message : String(error)}`,
          });
        pending.reject(error);
      },
    )
    .finally(() => {
      state.accepting -= 1;
      if (state.waiting.size > 0) askForOffers(state);
      else rest(state);
    });
}

/** Sends what nobody waits for, and tells what came of it: a call that was lost may have arrived. */
async function tell({ options }: PoolState, call: SchedulerCall): Promise<'sent' | 'lost' | 'refused'> {
  try {
    await options.call(call);
    return 'sent';
  } catch (error) {
    options.log?.warn(`${call.type} failed`, {
      error: error instanceof Error ? error.message : String(error),
    });
    return error instanceof MillraceError && error.code === 'MESOS_UNREACHABLE' ? 'lost' : 'refused';
  }
}

/** A decision that Mesos would drop silently is a mistake of ours. */
function requireUsable(name: string, use: readonly Offer[], { held }: PoolState): void {
  const ids = use.map(({ id }) => id.value);
  const agents = new Set(use.map(({ agent_id }) => agent_id.value));
  if (agents.size === 1 && new Set(ids).size === ids.length && ids.every((id) => held.has(id))) return;
  throw new MillraceError(
    'INTERNAL',
    `${name} chose offers that cannot be accepted together: ${ids.join(', ') || 'none'} of ${agents.size} agents. ` +
      'One or more offers that are held, each once, all of one agent, are possible. Nothing was sent.',
  );
}
