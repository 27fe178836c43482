import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScheduler, type Scheduler } from '../../src/mesos/index.ts';
import { FEEDBACK_MS } from '../../src/mesos/operation-updates.ts';
import type { TaskStatus } from '../../src/mesos/types.ts';
import { MillraceError } from '../../src/model/errors.ts';
import {
  anOffer,
  aStatus,
  expectCode,
  fakeSubscription,
  settle,
  type FakeSubscription,
} from './fake-subscription.ts';

const never = new AbortController().signal;

let fake: FakeSubscription;
let scheduler: Scheduler;
let running: Promise<void>;
let record: (status: TaskStatus) => Promise<void>;
beforeEach(() => {
  vi.useFakeTimers();
  fake = fakeSubscription();
  record = () => Promise.resolve();
  scheduler = createScheduler({
    subscription: fake,
    role: 'kafka',
    onTaskStatus: (status) => record(status),
  });
  running = scheduler.run();
});
afterEach(() => {
  scheduler.close();
  vi.useRealTimers();
});

describe('a task update', () => {
  it('is acknowledged only after it was recorded', async () => {
    const recorded = Promise.withResolvers<undefined>();
    record = () => recorded.promise;
    fake.update(aStatus('t1', 'TASK_RUNNING', { uuid: 'dTE=' }));
    await settle();
    expect(fake.calls).toEqual([]);
    recorded.resolve(undefined);
    await settle();
    expect(fake.calls).toEqual([
      {
        type: 'ACKNOWLEDGE',
        acknowledge: { agent_id: { value: 'agent-1' }, task_id: { value: 't1' }, uuid: 'dTE=' },
      },
    ]);
  });

  it('without a uuid is not acknowledged', async () => {
    fake.update(aStatus('t1', 'TASK_LOST', { source: 'SOURCE_MASTER' }));
    await settle();
    expect(fake.calls).toEqual([]);
  });

  it('that could not be recorded is not acknowledged, and is recorded when Mesos sends it again', async () => {
    record = () => Promise.reject(new Error('Temporal is away'));
    fake.update(aStatus('t1', 'TASK_RUNNING', { uuid: 'dTE=' }));
    await settle();
    expect(fake.calls).toEqual([]);
    record = () => Promise.resolve();
    fake.update(aStatus('t1', 'TASK_RUNNING', { uuid: 'dTE=' }));
    await settle();
    expect(fake.callsOf('ACKNOWLEDGE')).toHaveLength(1);
  });

  it('that Mesos says only once is tried until it is recorded', async () => {
    const tries: string[] = [];
    record = (status) => {
      tries.push(status.state);
      return tries.length < 3 ? Promise.reject(new Error('Temporal is away')) : Promise.resolve();
    };
    const seen = scheduler.taskStatus('t1', () => true, never);
    fake.update(aStatus('t1', 'TASK_ERROR', { source: 'SOURCE_MASTER' }));
    await vi.advanceTimersByTimeAsync(3_500);
    expect(await seen).toMatchObject({ state: 'TASK_ERROR' });
    expect(tries).toHaveLength(3);
  });

  it('that comes again while it is being recorded is recorded once', async () => {
    const recorded = Promise.withResolvers<undefined>();
    const record1 = vi.fn(() => recorded.promise);
    record = record1;
    fake.update(aStatus('t1', 'TASK_RUNNING', { uuid: 'dTE=' }));
    fake.update(aStatus('t1', 'TASK_RUNNING', { uuid: 'dTE=' }));
    await settle();
    recorded.resolve(undefined);
    await settle();
    expect(record1).toHaveBeenCalledTimes(1);
    expect(fake.callsOf('ACKNOWLEDGE')).toHaveLength(1);
  });

  it('waits for the earlier one of its task, but not for those of other tasks', async () => {
    const first = Promise.withResolvers<undefined>();
    const order: string[] = [];
    record = ({ task_id, state }) => {
      order.push(`${task_id.value} ${state}`);
      return state === 'TASK_STARTING' && task_id.value === 't1' ? first.promise : Promise.resolve();
    };
    fake.update(aStatus('t1', 'TASK_STARTING', { uuid: 'MQ==' }));
    fake.update(aStatus('t1', 'TASK_RUNNING', { uuid: 'Mg==' }));
    fake.update(aStatus('t2', 'TASK_STARTING', { uuid: 'Mw==' }));
    await settle();
    expect(order).toEqual(['t1 TASK_STARTING', 't2 TASK_STARTING']);
    first.resolve(undefined);
    await settle();
    expect(order).toEqual(['t1 TASK_STARTING', 't2 TASK_STARTING', 't1 TASK_RUNNING']);
    expect(fake.callsOf('ACKNOWLEDGE').map(({ acknowledge }) => acknowledge.uuid)).toEqual([
      'Mw==',
      'MQ==',
      'Mg==',
    ]);
  });

  it('resolves who waits for it, and nobody else', async () => {
    const running1 = scheduler.taskStatus('t1', ({ state }) => state === 'TASK_RUNNING', never);
    const other = vi.fn();
    void scheduler.taskStatus('t2', () => true, never).then(other, () => undefined);
    fake.update(aStatus('t1', 'TASK_STARTING', { uuid: 'MQ==' }));
    fake.update(aStatus('t1', 'TASK_RUNNING', { uuid: 'Mg==' }));
    expect(await running1).toMatchObject({ state: 'TASK_RUNNING' });
    expect(other).not.toHaveBeenCalled();
  });
});

describe('an operation update', () => {
  const finished = {
    operation_id: { value: 'reserve-1' },
    state: 'OPERATION_FINISHED',
    agent_id: { value: 'agent-1' },
    uuid: { value: 'b3A=' },
  };
  const demand = (id: string) => ({
    name: 'reserve',
    signal: never,
    decide: ([first]: readonly ReturnType<typeof anOffer>[]) =>
      first === undefined
        ? { wait: 'no offer' }
        : {
            use: [first],
            operations: [{ type: 'RESERVE' as const, id: { value: id }, reserve: { resources: [] } }],
            result: null,
          },
  });

  it('is acknowledged with the bare uuid, and resolves who asked before', async () => {
    const outcome = scheduler.operationOutcome('reserve-1', never);
    fake.operation({ ...finished, state: 'OPERATION_PENDING' });
    fake.operation(finished);
    expect(await outcome).toEqual(finished);
    expect(fake.callsOf('ACKNOWLEDGE_OPERATION_STATUS').at(-1)).toEqual({
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      acknowledge_operation_status: {
        uuid: 'b3A=',
        operation_id: { value: 'reserve-1' },
        agent_id: { value: 'agent-1' },
      },
    });
  });

  it('without a uuid is not acknowledged', async () => {
    fake.operation({
      operation_id: { value: 'reserve-1' },
      state: 'OPERATION_ERROR',
      message: 'does not fit',
    });
    await settle();
    expect(fake.calls).toEqual([]);
  });

  it('that comes before the ACCEPT was answered is there for who asks afterwards', async () => {
    fake.answer = (call) => {
      if (call.type === 'ACCEPT')
        fake.operation({ operation_id: { value: 'reserve-1' }, state: 'OPERATION_ERROR' });
      return Promise.resolve();
    };
    const placed = scheduler.withOffers(demand('reserve-1'));
    await settle();
    fake.offer(anOffer('o1'));
    await placed;
    await settle();
    expect(await scheduler.operationOutcome('reserve-1', never)).toMatchObject({ state: 'OPERATION_ERROR' });
  });

  it('of an earlier ACCEPT with the same id is not taken for the outcome of the next', async () => {
    fake.operation({ operation_id: { value: 'reserve-1' }, state: 'OPERATION_ERROR' });
    const placed = scheduler.withOffers(demand('reserve-1'));
    await settle();
    fake.offer(anOffer('o1'));
    await placed;
    const outcome = scheduler.operationOutcome('reserve-1', never);
    fake.operation(finished);
    expect(await outcome).toMatchObject({ state: 'OPERATION_FINISHED' });
  });
});

describe('an operation without feedback', () => {
  const id = { value: 'reserve-1' };
  const asked = () =>
    fake.callsOf('RECONCILE_OPERATIONS').map(({ reconcile_operations }) => reconcile_operations.operations);

  it('is asked about after a while, again and again while it is pending, until it ends', async () => {
    const outcome = scheduler.operationOutcome('reserve-1', never);
    await vi.advanceTimersByTimeAsync(FEEDBACK_MS - 1);
    expect(asked()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toEqual([[{ operation_id: id }]]);
    for (const state of ['OPERATION_PENDING', 'OPERATION_RECOVERING'])
      fake.operation({ operation_id: id, state });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked().length).toBeGreaterThan(2);
    expect(asked().length).toBeLessThan(8);
    fake.operation({ operation_id: id, state: 'OPERATION_FINISHED' });
    expect(await outcome).toMatchObject({ state: 'OPERATION_FINISHED' });
    const before = asked().length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked()).toHaveLength(before);
  });

  it.each(['OPERATION_UNKNOWN', 'OPERATION_UNREACHABLE', 'OPERATION_GONE_BY_OPERATOR'])(
    'that the master calls %s will have none',
    async (state) => {
      const outcome = scheduler.operationOutcome('reserve-1', never);
      await vi.advanceTimersByTimeAsync(FEEDBACK_MS);
      fake.operation({ operation_id: id, state });
      expect(await outcome).toMatchObject({ state });
    },
  );

  it.each(['MESOS_UNREACHABLE', 'MESOS_REFUSED'] as const)(
    'is asked about again when asking failed with %s',
    async (code) => {
      fake.answer = () => Promise.reject(new MillraceError(code, 'no answer'));
      const outcome = scheduler.operationOutcome('reserve-1', never);
      await vi.advanceTimersByTimeAsync(FEEDBACK_MS);
      fake.answer = (call) => {
        if (call.type === 'RECONCILE_OPERATIONS')
          fake.operation({ operation_id: id, state: 'OPERATION_UNKNOWN' });
        return Promise.resolve();
      };
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await outcome).toMatchObject({ state: 'OPERATION_UNKNOWN' });
    },
  );

  it('is not decided by an answer that came before the question', async () => {
    fake.operation({ operation_id: id, state: 'OPERATION_UNKNOWN' });
    await settle();
    const outcome = scheduler.operationOutcome('reserve-1', never);
    fake.operation({ operation_id: id, state: 'OPERATION_FINISHED' });
    expect(await outcome).toMatchObject({ state: 'OPERATION_FINISHED' });
  });
});

describe('what Mesos says of machines', () => {
  const inverse = {
    id: { value: 'i1' },
    framework_id: { value: 'framework-1' },
    agent_id: { value: 'agent-1' },
    unavailability: { start: { nanoseconds: 1 }, duration: { nanoseconds: 2 } },
  };

  it('is told to who listens, and a listener that fails does not end the session', async () => {
    const told: unknown[] = [];
    const warnings: string[] = [];
    const local = fakeSubscription();
    const engine = createScheduler({
      subscription: local,
      role: 'kafka',
      onTaskStatus: () => Promise.resolve(),
      onInverseOffers: (offers) => told.push(offers),
      onRescindInverseOffer: (offerId) => told.push(offerId),
      onFailure: (failure) => {
        told.push(failure);
        throw new Error('a mistake');
      },
      log: { info: () => undefined, warn: (message) => warnings.push(message) },
    });
    void engine.run();
    local.send({ type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [inverse] } });
    local.send({ type: 'FAILURE', failure: { agent_id: { value: 'agent-2' } } });
    local.send({
      type: 'RESCIND_INVERSE_OFFER',
      rescind_inverse_offer: { inverse_offer_id: { value: 'i1' } },
    });
    await settle();
    expect(told).toEqual([[inverse], { agent_id: { value: 'agent-2' } }, 'i1']);
    expect(warnings).toEqual(['an observer of events failed']);
    await engine.call({
      type: 'DECLINE_INVERSE_OFFERS',
      decline_inverse_offers: { inverse_offer_ids: [{ value: 'i1' }] },
    });
    expect(local.callsOf('DECLINE_INVERSE_OFFERS')).toHaveLength(1);
    engine.close();
  });
});

describe('a reconciliation', () => {
  it('is asked for again, less and less often, until the master answers', async () => {
    const answer = scheduler.reconcile('t1', 'agent-1', never);
    await vi.advanceTimersByTimeAsync(3_600);
    expect(fake.callsOf('RECONCILE')).toEqual(
      Array.from({ length: 4 }, () => ({
        type: 'RECONCILE',
        reconcile: { tasks: [{ task_id: { value: 't1' }, agent_id: { value: 'agent-1' } }] },
      })),
    );
    fake.update(aStatus('t1', 'TASK_RUNNING', { reason: 'REASON_RECONCILIATION' }));
    expect(await answer).toMatchObject({ state: 'TASK_RUNNING' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fake.callsOf('RECONCILE')).toHaveLength(4);
  });

  it('does not take an old update on its way again for the answer', async () => {
    const answer = scheduler.reconcile('t1', undefined, never);
    fake.update(aStatus('t1', 'TASK_STARTING', { uuid: 'MQ==' }));
    fake.update(aStatus('t1', 'TASK_FAILED', { uuid: 'Mg==' }));
    expect(await answer).toMatchObject({ state: 'TASK_FAILED' });
  });

  it('goes on when a question could not be sent, and ends when it is given up', async () => {
    const stop = new AbortController();
    fake.answer = () => Promise.reject(new MillraceError('MESOS_UNREACHABLE', 'no'));
    const answer = scheduler.reconcile('t1', undefined, stop.signal);
    answer.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(600);
    expect(fake.callsOf('RECONCILE')).toHaveLength(2);
    stop.abort(new Error('given up'));
    await expect(answer).rejects.toThrow('given up');
  });
});

describe('the end of the stream', () => {
  const pending = () => {
    const all = [
      scheduler.withOffers({ name: 'a', signal: never, decide: () => ({ wait: 'x' }) }),
      scheduler.operationOutcome('op', never),
      scheduler.taskStatus('t1', () => true, never),
      scheduler.reconcile('t1', undefined, never),
    ];
    for (const promise of all) promise.catch(() => undefined);
    return all;
  };

  it.each<[string, (end: FakeSubscription) => void, string | null]>([
    [
      'a clean end',
      (end) => {
        end.end();
      },
      null,
    ],
    [
      'a break',
      (end) => {
        end.end(new MillraceError('MESOS_UNREACHABLE', 'broke'));
      },
      'MESOS_UNREACHABLE',
    ],
    [
      'a failover',
      (end) => {
        end.send({ type: 'ERROR', error: { message: 'Framework failed over' } });
      },
      'SESSION_MOVED',
    ],
    [
      'a removal',
      (end) => {
        end.send({ type: 'ERROR', error: { message: 'Framework has been removed' } });
      },
      'FRAMEWORK_REMOVED',
    ],
    [
      'another error',
      (end) => {
        end.send({ type: 'ERROR', error: { message: 'Role x is bad' } });
      },
      'MESOS_REFUSED',
    ],
  ])(
    'by %s rejects everything that waits, and whatever comes later, with SESSION_MOVED',
    async (_name, finish, code) => {
      const waiting = pending();
      await settle();
      finish(fake);
      if (code === null) await running;
      else await expectCode(running, code);
      for (const promise of [...waiting, ...pending()]) await expectCode(promise, 'SESSION_MOVED');
      await expectCode(scheduler.call({ type: 'REVIVE' }), 'SESSION_MOVED');
      expect(fake.closed).toBe(true);
    },
  );

  it('comes at once when a call is refused because the session moved', async () => {
    const waiting = pending();
    await settle();
    fake.answer = () => Promise.reject(new MillraceError('SESSION_MOVED', 'stream id'));
    await expectCode(scheduler.call({ type: 'KILL', kill: { task_id: { value: 't1' } } }), 'SESSION_MOVED');
    await expectCode(running, 'SESSION_MOVED');
    for (const promise of waiting) await expectCode(promise, 'SESSION_MOVED');
  });

  it('by our own close resolves the run and closes the subscription', async () => {
    const waiting = pending();
    scheduler.close();
    await running;
    expect(fake.closed).toBe(true);
    for (const promise of waiting) await expectCode(promise, 'SESSION_MOVED');
  });
});
