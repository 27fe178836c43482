import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createScheduler,
  portRange,
  scalar,
  withReservation,
  type Demand,
  type Scheduler,
} from '../../src/mesos/index.ts';
import { createOfferLog, OUTCOMES_KEPT } from '../../src/mesos/offer-log.ts';
import { HOLD_MS } from '../../src/mesos/offer-pool.ts';
import { anOffer, fakeSubscription, settle, type FakeSubscription } from './fake-subscription.ts';

let fake: FakeSubscription;
let scheduler: Scheduler;
let ended: AbortController;
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
  ended = new AbortController();
  fake = fakeSubscription();
  scheduler = createScheduler({ subscription: fake, role: 'kafka', onTaskStatus: () => Promise.resolve() });
  void scheduler.run();
});
afterEach(() => {
  scheduler.close();
  vi.useRealTimers();
});

/** Takes an offer of this agent; says of others that they are not it. */
function wants(agent: string, name = 'place broker-0'): Demand<string> {
  return {
    name,
    signal: ended.signal,
    decide: (offers) => {
      const offer = offers.find(({ agent_id }) => agent_id.value === agent);
      return offer
        ? { use: [offer], operations: [], result: offer.id.value }
        : {
            wait: `${offers.length} agents: no`,
            whyNot: (id) => (id === 'agent-9' ? undefined : `${id} is not ${agent}`),
          };
    },
  };
}
const outcomes = () =>
  scheduler.offerOutcomes().map(({ offerId, outcome, reason, atMs }) => [offerId, outcome, reason, atMs]);

describe('what became of the offers', () => {
  it('is told of each: held, used, declined when the last demand is served', async () => {
    const placed = scheduler.withOffers(wants('agent-2'));
    await settle();
    fake.offer(anOffer('o1', 'agent-1'));
    await settle();
    expect(outcomes()).toEqual([['o1', 'held', 'place broker-0: agent-1 is not agent-2', 1_000]]);
    fake.offer(anOffer('o2', 'agent-2'));
    await placed;
    await settle();
    expect(outcomes()).toEqual([
      ['o2', 'used', 'place broker-0', 1_000],
      ['o1', 'declined', 'no node waits for resources', 1_000],
    ]);
  });

  it('is that Mesos took it back, or that no demand could use it for a while', async () => {
    const placed = scheduler.withOffers(wants('agent-7'));
    placed.catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1', 'agent-1'), anOffer('o2', 'agent-2'), anOffer('o9', 'agent-9'));
    await settle();
    fake.send({ type: 'RESCIND', rescind: { offer_id: { value: 'o2' } } });
    fake.send({ type: 'RESCIND', rescind: { offer_id: { value: 'never-seen' } } });
    await vi.advanceTimersByTimeAsync(HOLD_MS + 1_000);
    expect(outcomes().map(([id, outcome, reason]) => [id, outcome, reason])).toEqual([
      ['o2', 'rescinded', 'Mesos took it back'],
      ['o1', 'expired', 'place broker-0: agent-1 is not agent-7'],
      // The demand has nothing to say of that agent alone.
      ['o9', 'expired', 'place broker-0: 2 agents: no'],
    ]);
    ended.abort(new Error('over'));
  });

  it('is that nobody wanted an offer that came unasked', async () => {
    fake.offer(anOffer('o1'));
    await settle();
    expect(outcomes()).toEqual([['o1', 'declined', 'no node waits for resources', 1_000]]);
  });

  it('is that Mesos did not take the ACCEPT, in its words', async () => {
    fake.answer = async ({ type }) => {
      if (type === 'ACCEPT') throw new Error('503 not leading');
    };
    const placed = scheduler.withOffers(wants('agent-1'));
    placed.catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1', 'agent-1'));
    await expect(placed).rejects.toThrow('503');
    expect(outcomes().map(([, outcome, reason]) => [outcome, reason])).toEqual([
      ['used', 'place broker-0'],
      ['declined', 'place broker-0: 503 not leading'],
    ]);
  });

  it('names three demands at most', async () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => scheduler.withOffers(wants('agent-7', name)));
    for (const one of all) one.catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1', 'agent-1'));
    await settle();
    expect(outcomes()[0]?.[2]).toBe(
      'a: agent-1 is not agent-7; b: agent-1 is not agent-7; c: agent-1 is not agent-7; and 2 more',
    );
    ended.abort(new Error('over'));
  });

  it('keeps the last 100, and says in short what was offered', () => {
    const log = createOfferLog();
    const reservation = { type: 'DYNAMIC' as const, role: 'kafka', principal: 'p' };
    const resources = [
      scalar('cpus', 1.5),
      scalar('mem', 1024),
      portRange(31_000, 31_009),
      withReservation(scalar('cpus', 0.5), reservation),
    ];
    for (let n = 0; n < OUTCOMES_KEPT + 5; n += 1)
      log.note([anOffer(`o${n}`, 'agent-1', n === 0 ? [] : resources)], 'declined', () => 'no');
    const kept = log.outcomes();
    expect(kept).toHaveLength(OUTCOMES_KEPT);
    expect(kept[0]?.offerId).toBe('o5');
    expect(kept.at(-1)).toEqual({
      atMs: 1_000,
      offerId: `o${OUTCOMES_KEPT + 4}`,
      agentId: 'agent-1',
      hostname: 'agent-1.example',
      offered: 'cpus 1.5, mem 1024, 10 ports; reserved: cpus 0.5',
      outcome: 'declined',
      reason: 'no',
    });
  });
});
