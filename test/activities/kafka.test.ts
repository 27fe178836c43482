// When a broker that is waited for counts as hanging.
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awaitBrokerReady } from '../../src/activities/kafka.ts';
import type { AwaitBrokerInput, BrokerAwaited } from '../../src/activities/contract.ts';
import * as kafka from '../../src/kafka/index.ts';
import type { BrokerReadiness } from '../../src/kafka/index.ts';

vi.mock('../../src/kafka/index.ts', () => ({
  brokerReadiness: vi.fn(),
  describeVoters: vi.fn(),
  electPreferredLeaders: vi.fn(),
}));

const ABSENT = { ready: false, waitingFor: 'broker 1 is not there', progress: null } as const;
const UNHEARD: BrokerReadiness = { ...ABSENT, isUnheardOf: true };
const SILENCE: BrokerReadiness = { ...ABSENT, nobodyAnswers: true };
const HUNG = { hung: 'broker 1 is not there, for 5 minutes' };

let readiness: BrokerReadiness;
let leaderId: number;
beforeEach(() => {
  vi.useFakeTimers();
  vi.mocked(kafka.electPreferredLeaders).mockReset();
  leaderId = 3000;
  vi.mocked(kafka.brokerReadiness).mockImplementation(async () => readiness);
  vi.mocked(kafka.describeVoters).mockImplementation(async () => ({
    known: true,
    snapshot: { leaderId, voters: [] },
  }));
});
afterEach(() => {
  vi.useRealTimers();
});

/** What came of it in these minutes; null when it still waits. */
async function within(minutes: number, more: Partial<AwaitBrokerInput> = {}): Promise<BrokerAwaited | null> {
  const controller = new AbortController();
  let result: BrokerAwaited | null = null;
  const input = { caller: { operationWorkflowId: 'w', step: 's' }, nodeId: 1, brokers: [], controllers: [] };
  const run: Promise<BrokerAwaited> = new MockActivityEnvironment().run(() =>
    awaitBrokerReady({ ...input, ...more }, { set: () => undefined, signal: controller.signal }),
  );
  const ended = run.then(
    (awaited) => {
      result = awaited;
    },
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(minutes * 60_000);
  const seen = result;
  controller.abort(new Error('enough'));
  await vi.advanceTimersByTimeAsync(1_000);
  await ended;
  return seen;
}

describe('a broker that is waited for', () => {
  it('hangs when nobody has heard of it for five minutes while a quorum leads', async () => {
    readiness = UNHEARD;
    expect(await within(4.9)).toBeNull();
    expect(await within(5.1)).toEqual(HUNG);
  });

  it('does not while no controller leads, nor while it is heard of', async () => {
    readiness = UNHEARD;
    leaderId = -1;
    expect(await within(30)).toBeNull();
    leaderId = 3000;
    readiness = ABSENT;
    expect(await within(30)).toBeNull();
  });

  it('that is new hangs when no broker at all answers; others may be recovering their logs', async () => {
    readiness = SILENCE;
    expect(await within(30)).toBeNull();
    expect(await within(1.9, { isNew: true })).toBeNull();
    expect(await within(2.1, { isNew: true })).toEqual({ hung: 'broker 1 is not there, for 2 minutes' });
  });

  it('with partitions that nobody leads although it serves has them elected, again and again', async () => {
    const leaderless = [{ topic: 'orders', partition: 4 }];
    readiness = { ready: false, waitingFor: 'orders-4', progress: { replicas: 9, inSync: 8 }, leaderless };
    expect(await within(1.5 / 60)).toBeNull();
    expect(kafka.electPreferredLeaders).not.toHaveBeenCalled();
    expect(await within(10 / 60)).toBeNull();
    expect(vi.mocked(kafka.electPreferredLeaders).mock.calls.length).toBeGreaterThan(1);
    expect(vi.mocked(kafka.electPreferredLeaders).mock.calls[0]?.[2]).toEqual(leaderless);
  });

  it('is ready when it is, and gives its leaders back', async () => {
    readiness = { ready: true, progress: { replicas: 1, inSync: 1 } };
    expect(await within(0.1, { restoreLeaders: true })).toEqual({});
    expect(kafka.electPreferredLeaders).toHaveBeenCalledOnce();
  });
});
