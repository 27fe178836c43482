import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScheduler, scalar, sumScalar, type Demand, type Scheduler } from '../../src/mesos/index.ts';
import {
  IDLE_REFUSE_SECONDS,
  REVIVE_BURST,
  REVIVE_EVERY_MS,
  WAITING_REFUSE_SECONDS,
} from '../../src/mesos/offer-matching.ts';
import { HOLD_MS } from '../../src/mesos/offer-pool.ts';
import type { Offer, OfferOperation } from '../../src/mesos/types.ts';
import { WAIT_SETTLE_MS } from '../../src/mesos/wait-report.ts';
import { MillraceError } from '../../src/model/errors.ts';
import {
  anOffer,
  declined,
  expectCode,
  fakeSubscription,
  settle,
  type FakeSubscription,
} from './fake-subscription.ts';

const never = new AbortController().signal;
const operations: OfferOperation[] = [{ type: 'UNRESERVE', unreserve: { resources: [] } }];

/** Takes the first offer that there is. */
function takeFirst(name: string, signal = never): Demand<string> {
  return {
    name,
    signal,
    decide: ([first]) =>
      first === undefined
        ? { wait: 'no offer' }
        : { use: [first], operations, result: `${name} on ${first.id.value}` },
  };
}

function waitFor(reason: () => string, onWait?: (reason: string) => void, signal = never): Demand<string> {
  return { name: 'waits', signal, decide: () => ({ wait: reason() }), ...(onWait ? { onWait } : {}) };
}

let fake: FakeSubscription;
let scheduler: Scheduler;
beforeEach(() => {
  vi.useFakeTimers();
  fake = fakeSubscription();
  scheduler = createScheduler({ subscription: fake, role: 'kafka', onTaskStatus: () => Promise.resolve() });
  void scheduler.run();
});
afterEach(() => {
  scheduler.close();
  vi.useRealTimers();
});

describe('offers', () => {
  it('are asked for by the first demand, accepted for it, and suppressed after the last', async () => {
    const placed = scheduler.withOffers(takeFirst('broker-0'));
    await settle();
    expect(fake.calls).toEqual([{ type: 'REVIVE', revive: { roles: ['kafka'] } }]);
    fake.offer(anOffer('o1'), anOffer('o2', 'agent-2'));
    expect(await placed).toBe('broker-0 on o1');
    await settle();
    expect(fake.calls.slice(1)).toEqual([
      {
        type: 'ACCEPT',
        accept: { offer_ids: [{ value: 'o1' }], operations, filters: { refuse_seconds: 0 } },
      },
      { type: 'SUPPRESS', suppress: { roles: ['kafka'] } },
      {
        type: 'DECLINE',
        decline: { offer_ids: [{ value: 'o2' }], filters: { refuse_seconds: IDLE_REFUSE_SECONDS } },
      },
    ]);
  });

  it('are asked for once by demands of the same tick', async () => {
    const all = ['a', 'b', 'c'].map((name) => scheduler.withOffers(takeFirst(name)));
    await settle();
    expect(fake.callsOf('REVIVE')).toHaveLength(1);
    fake.offer(anOffer('o1'), anOffer('o2'), anOffer('o3'));
    expect(await Promise.all(all)).toEqual(['a on o1', 'b on o2', 'c on o3']);
  });

  it('are asked for again by a later demand, and for those that still wait after an ACCEPT', async () => {
    const first = scheduler.withOffers(takeFirst('a'));
    await settle();
    const second = scheduler.withOffers(takeFirst('b'));
    await settle();
    expect(fake.callsOf('REVIVE')).toHaveLength(2);
    fake.offer(anOffer('o1'));
    expect(await first).toBe('a on o1');
    await settle();
    expect(fake.callsOf('REVIVE')).toHaveLength(3);
    expect(fake.callsOf('SUPPRESS')).toHaveLength(0);
    fake.offer(anOffer('o2'));
    expect(await second).toBe('b on o2');
  });

  it('are shown to the demand of the greatest priority first, and to equals in order of arrival', async () => {
    const order: string[] = [];
    const demand = (name: string, priority?: number): Demand<string> => ({
      ...takeFirst(name),
      ...(priority === undefined ? {} : { priority }),
      decide: (offers) => {
        order.push(name);
        return takeFirst(name).decide(offers);
      },
    });
    const all = [demand('broker-0'), demand('broker-1'), demand('controller-0', 1)].map((one) =>
      scheduler.withOffers(one),
    );
    await settle();
    fake.offer(anOffer('o1'), anOffer('o2'), anOffer('o3'));
    expect(await Promise.all(all)).toEqual(['broker-0 on o2', 'broker-1 on o3', 'controller-0 on o1']);
    expect(order).toEqual(['controller-0', 'broker-0', 'broker-1']);
  });

  it('are shown again to a demand that waits for a time, though none came or went', async () => {
    const endsAtMs = Date.now() + HOLD_MS / 2;
    const placed = scheduler.withOffers({
      ...takeFirst('patient'),
      decide: (offers) =>
        Date.now() < endsAtMs ? { wait: 'a moment', again: true } : takeFirst('patient').decide(offers),
    });
    await settle();
    fake.offer(anOffer('o1'));
    await vi.advanceTimersByTimeAsync(HOLD_MS / 2 + 1_000);
    expect(await placed).toBe('patient on o1');
    expect(fake.callsOf('DECLINE')).toHaveLength(0);
  });

  it('are declined on arrival while nobody wants them', async () => {
    fake.offer(anOffer('o1'), anOffer('o2'));
    await settle();
    expect(declined(fake)).toEqual([
      ['o1', IDLE_REFUSE_SECONDS],
      ['o2', IDLE_REFUSE_SECONDS],
    ]);
  });

  it('that were rescinded are not used', async () => {
    const seen: string[][] = [];
    const demand: Demand<string> = {
      name: 'needs two',
      signal: never,
      decide: (offers) => {
        seen.push(offers.map(({ id }) => id.value));
        return offers.length < 2 ? { wait: 'one more' } : { use: [...offers], operations, result: 'placed' };
      },
    };
    const placed = scheduler.withOffers(demand);
    await settle();
    fake.offer(anOffer('o1'));
    fake.send({ type: 'RESCIND', rescind: { offer_id: { value: 'o1' } } });
    fake.offer(anOffer('o2'));
    await settle();
    expect(fake.callsOf('ACCEPT')).toHaveLength(0);
    fake.offer(anOffer('o3'));
    expect(await placed).toBe('placed');
    expect(seen.at(-1)).toEqual(['o2', 'o3']);
  });

  it('that help nobody go back after a while, all pieces of an agent together, to come again merged', async () => {
    void scheduler.withOffers(waitFor(() => 'too small')).catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1', 'agent-1'));
    await vi.advanceTimersByTimeAsync(HOLD_MS - 1_000);
    fake.offer(anOffer('o2', 'agent-1'), anOffer('o3', 'agent-2'));
    await vi.advanceTimersByTimeAsync(500);
    expect(declined(fake)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(declined(fake)).toEqual([
      ['o1', WAITING_REFUSE_SECONDS],
      ['o2', WAITING_REFUSE_SECONDS],
    ]);
  });

  it('that an ACCEPT could not take are given back, and the demand fails with the reason', async () => {
    fake.answer = (call) =>
      call.type === 'ACCEPT' ? Promise.reject(new MillraceError('MESOS_REFUSED', 'no')) : Promise.resolve();
    const placed = scheduler.withOffers(takeFirst('a'));
    placed.catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1'));
    await expectCode(placed, 'MESOS_REFUSED');
    await settle();
    expect(declined(fake)).toEqual([['o1', WAITING_REFUSE_SECONDS]]);
  });

  it('are asked for again when the REVIVE did not arrive', async () => {
    fake.answer = () => Promise.reject(new MillraceError('MESOS_UNREACHABLE', 'no'));
    void scheduler.withOffers(takeFirst('a')).catch(() => undefined);
    await settle();
    fake.answer = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fake.callsOf('REVIVE')).toHaveLength(2);
  });
});

describe('the manners of the pool', () => {
  it('let demands that come and go for a minute REVIVE about once a second, and serve them all the same', async () => {
    let served = 0;
    const perSecond: number[] = [];
    for (let second = 0; second < 60; second++) {
      const before = fake.callsOf('REVIVE').length;
      for (let i = 0; i < 20; i++) {
        const stop = new AbortController();
        const placed = scheduler.withOffers(takeFirst(`demand-${i}`, stop.signal));
        placed.then(
          () => (served += 1),
          () => undefined,
        );
        await settle();
        if (i % 2 === 0) stop.abort(new Error('changed its mind'));
        else fake.offer(anOffer(`o-${second}-${i}`));
        await vi.advanceTimersByTimeAsync(50);
      }
      perSecond.push(fake.callsOf('REVIVE').length - before);
    }
    expect(served).toBe(600);
    expect(fake.callsOf('REVIVE').length).toBeLessThanOrEqual(60 + REVIVE_BURST);
    expect(fake.callsOf('SUPPRESS').length).toBeLessThanOrEqual(60 + REVIVE_BURST);
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(REVIVE_BURST + 1);
  });

  it('ask for offers as soon as it is time, for a demand that came too soon after others', async () => {
    for (let i = 0; i < REVIVE_BURST; i++) {
      const stop = new AbortController();
      scheduler.withOffers(takeFirst('brief', stop.signal)).catch(() => undefined);
      await settle();
      stop.abort(new Error('changed its mind'));
    }
    void scheduler.withOffers(takeFirst('stays')).catch(() => undefined);
    await settle();
    expect(fake.callsOf('REVIVE')).toHaveLength(REVIVE_BURST);
    await vi.advanceTimersByTimeAsync(REVIVE_BURST * REVIVE_EVERY_MS + 500);
    expect(fake.callsOf('REVIVE')).toHaveLength(REVIVE_BURST + 1);
  });

  it('give back again what could not be given back, although nobody waits any more', async () => {
    fake.answer = (call) =>
      call.type === 'DECLINE'
        ? Promise.reject(new MillraceError('MESOS_UNREACHABLE', 'no'))
        : Promise.resolve();
    fake.offer(anOffer('o1'));
    await settle();
    expect(declined(fake)).toHaveLength(1);
    fake.answer = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(declined(fake)).toEqual([
      ['o1', IDLE_REFUSE_SECONDS],
      ['o1', IDLE_REFUSE_SECONDS],
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(declined(fake)).toHaveLength(2);
  });

  it('do not repeat a DECLINE that was refused', async () => {
    fake.answer = () => Promise.reject(new MillraceError('MESOS_REFUSED', 'no'));
    fake.offer(anOffer('o1'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(declined(fake)).toHaveLength(1);
  });

  it('give back what an ACCEPT leaves, even while it has no answer', async () => {
    fake.answer = (call) => (call.type === 'ACCEPT' ? new Promise(() => undefined) : Promise.resolve());
    void scheduler.withOffers(takeFirst('a')).catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1'), anOffer('o2', 'agent-2'));
    await vi.advanceTimersByTimeAsync(HOLD_MS + 500);
    expect(declined(fake)).toEqual([['o2', WAITING_REFUSE_SECONDS]]);
  });

  it('hold no offer for longer than they must, whatever comes and goes', async () => {
    const moves = fc.array(
      fc.oneof(
        fc.record({ move: fc.constant('offer' as const), agent: fc.nat({ max: 3 }) }),
        fc.record({ move: fc.constant('demand' as const), cpus: fc.integer({ min: 1, max: 9 }) }),
        fc.record({ move: fc.constant('giveUp' as const) }),
        fc.record({ move: fc.constant('rescind' as const) }),
        fc.record({ move: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 4_000 }) }),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (all) => {
        const local = fakeSubscription();
        const engine = createScheduler({
          subscription: local,
          role: 'kafka',
          onTaskStatus: () => Promise.resolve(),
        });
        void engine.run();
        /** Offers that are with us, and since when; what is given back or used leaves. */
        const ours = new Map<string, number>();
        const waiting: AbortController[] = [];
        const settleBooks = () => {
          for (const [id] of declined(local)) ours.delete(id);
          for (const { accept } of local.callsOf('ACCEPT'))
            for (const { value } of accept.offer_ids) ours.delete(value);
        };
        for (const [index, step] of all.entries()) {
          if (step.move === 'offer') {
            ours.set(`o${index}`, Date.now());
            local.offer(anOffer(`o${index}`, `agent-${step.agent}`, [scalar('cpus', 2)]));
          } else if (step.move === 'demand') {
            const stop = new AbortController();
            waiting.push(stop);
            engine.withOffers({ ...takesCpus(step.cpus), signal: stop.signal }).then(
              () => void waiting.splice(waiting.indexOf(stop), 1),
              () => undefined,
            );
          } else if (step.move === 'giveUp') waiting.shift()?.abort(new Error('enough'));
          else if (step.move === 'rescind') {
            const [id] = ours.keys();
            if (id !== undefined) local.send({ type: 'RESCIND', rescind: { offer_id: { value: id } } });
            if (id !== undefined) ours.delete(id);
          } else await vi.advanceTimersByTimeAsync(step.ms);
          await settle();
          settleBooks();
          if (waiting.length === 0) expect([...ours.keys()]).toEqual([]);
          for (const sinceMs of ours.values())
            expect(Date.now() - sinceMs).toBeLessThanOrEqual(HOLD_MS + 500);
        }
        engine.close();
        await settle();
      }),
      { numRuns: 100 },
    );
  });
});

describe('a demand', () => {
  it('that is given up rejects with the reason and gives everything back', async () => {
    const stop = new AbortController();
    const placed = scheduler.withOffers(waitFor(() => 'too small', undefined, stop.signal));
    placed.catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1'));
    await settle();
    stop.abort(new Error('paused'));
    await expect(placed).rejects.toThrow('paused');
    expect(fake.callsOf('SUPPRESS')).toHaveLength(1);
    expect(declined(fake)).toEqual([['o1', IDLE_REFUSE_SECONDS]]);
  });

  it('says why it waits once the reason has stood for a moment, and again when it changes', async () => {
    let reason = '1 agent: cpus';
    const reasons: string[] = [];
    void scheduler
      .withOffers(
        waitFor(
          () => reason,
          (said) => reasons.push(said),
        ),
      )
      .catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1'));
    await settle();
    reason = '2 agents: cpus';
    fake.offer(anOffer('o2', 'agent-2'));
    await vi.advanceTimersByTimeAsync(WAIT_SETTLE_MS);
    expect(reasons).toEqual(['2 agents: cpus']);
    fake.offer(anOffer('o3', 'agent-3'));
    await vi.advanceTimersByTimeAsync(WAIT_SETTLE_MS);
    expect(reasons).toEqual(['2 agents: cpus']);
    reason = '4 agents: mem';
    fake.offer(anOffer('o4', 'agent-4'));
    await vi.advanceTimersByTimeAsync(WAIT_SETTLE_MS);
    expect(reasons).toEqual(['2 agents: cpus', '4 agents: mem']);
  });

  it('says that there is no offer at all', async () => {
    const reasons: string[] = [];
    void scheduler
      .withOffers({ ...takeFirst('a'), onWait: (said) => reasons.push(said) })
      .catch(() => undefined);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(reasons).toEqual(['no offer']);
  });

  it.each<[string, (offers: readonly Offer[]) => Offer[]]>([
    ['offers of two agents', (offers) => [...offers]],
    ['an offer twice', ([first]) => (first ? [first, first] : [])],
    ['an offer that is not held', () => [anOffer('other')]],
    ['no offer', () => []],
  ])('that chooses %s is refused before Mesos drops it silently', async (_name, choose) => {
    const placed = scheduler.withOffers({
      name: 'wrong',
      signal: never,
      decide: (offers) => ({ use: choose(offers), operations, result: null }),
    });
    placed.catch(() => undefined);
    await settle();
    fake.offer(anOffer('o1', 'agent-1'), anOffer('o2', 'agent-2'));
    await expectCode(placed, 'INTERNAL');
    expect(fake.callsOf('ACCEPT')).toHaveLength(0);
  });
});

describe('any offers and demands', () => {
  it('never lead to an offer being used twice, or to more being taken than was offered', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 12 });
    const offers = fc.array(fc.record({ agent: fc.nat({ max: 3 }), cpus: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 12,
    });
    const rescinds = fc.array(fc.nat({ max: 11 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sizes, offers, rescinds, async (wants, given, gone) => {
        const local = fakeSubscription();
        const engine = createScheduler({
          subscription: local,
          role: 'kafka',
          onTaskStatus: () => Promise.resolve(),
        });
        void engine.run();
        const all = given.map(({ agent, cpus }, i) =>
          anOffer(`o${i}`, `agent-${agent}`, [scalar('cpus', cpus)]),
        );
        const placed: number[] = [];
        for (const cpus of wants)
          void engine.withOffers(takesCpus(cpus)).then(
            () => placed.push(cpus),
            () => undefined,
          );
        await settle();
        all.forEach((offer, i) => {
          local.offer(offer);
          if (gone.includes(i)) local.send({ type: 'RESCIND', rescind: { offer_id: offer.id } });
        });
        await settle();
        const accepted = local
          .callsOf('ACCEPT')
          .map(({ accept }) => accept.offer_ids.map(({ value }) => value));
        const used = accepted.flat();
        expect(new Set(used).size).toBe(used.length);
        const back = declined(local).map(([id]) => id);
        expect(back.filter((id) => used.includes(id))).toEqual([]);
        const offered = sumScalar(
          all.filter(({ id }) => used.includes(id.value)).flatMap(({ resources }) => resources),
          'cpus',
        );
        expect(offered).toBeGreaterThanOrEqual(placed.reduce((sum, cpus) => sum + cpus, 0));
        engine.close();
        await settle();
      }),
      { numRuns: 100 },
    );
  });
});

/** Gathers offers of one agent until they suffice. */
function takesCpus(cpus: number): Demand<number> {
  return {
    name: `cpus ${cpus}`,
    signal: never,
    decide: (offers) => {
      for (const agent of new Set(offers.map(({ agent_id }) => agent_id.value))) {
        const use = offers.filter(({ agent_id }) => agent_id.value === agent);
        const sum = sumScalar(
          use.flatMap(({ resources }) => resources),
          'cpus',
        );
        if (sum >= cpus) return { use, operations, result: cpus };
      }
      return { wait: 'cpus' };
    },
  };
}
