// A scripted subscription: the test says what the master sends and sees what the engine calls.
import { expect, vi } from 'vitest';
import { createEventQueue } from '../../src/mesos/event-stream.ts';
import type { Subscription } from '../../src/mesos/index.ts';
import type {
  Offer,
  OperationStatus,
  Resource,
  SchedulerCall,
  SchedulerEvent,
  TaskStatus,
} from '../../src/mesos/types.ts';

export interface FakeSubscription extends Subscription {
  /** Every call in order. */
  readonly calls: SchedulerCall[];
  readonly closed: boolean;
  send(event: SchedulerEvent): void;
  offer(...offers: Offer[]): void;
  update(status: TaskStatus): void;
  operation(status: OperationStatus): void;
  /** Ends the stream, cleanly or with an error. */
  end(error?: Error): void;
  /** What the master makes of each call: a rejection refuses it. */
  answer: (call: SchedulerCall) => Promise<void>;
  callsOf<T extends SchedulerCall['type']>(type: T): Extract<SchedulerCall, { type: T }>[];
}

export function fakeSubscription(): FakeSubscription {
  const queue = createEventQueue();
  const calls: SchedulerCall[] = [];
  const fake = {
    frameworkId: 'framework-1',
    streamId: 'stream-1',
    master: 'http://127.0.0.1:5050',
    heartbeatIntervalMs: 15_000,
    lastEventAtMs: () => Date.now(),
    events: { [Symbol.asyncIterator]: () => queue },
    calls,
    closed: false,
    answer: (_call: SchedulerCall) => Promise.resolve(),
    call(call: SchedulerCall) {
      calls.push(call);
      return fake.answer(call);
    },
    close() {
      fake.closed = true;
      queue.end();
    },
    send(event: SchedulerEvent) {
      queue.push(event);
    },
    offer(...offers: Offer[]) {
      queue.push({ type: 'OFFERS', offers: { offers } });
    },
    update(status: TaskStatus) {
      queue.push({ type: 'UPDATE', update: { status } });
    },
    operation(status: OperationStatus) {
      queue.push({ type: 'UPDATE_OPERATION_STATUS', update_operation_status: { status } });
    },
    end(error?: Error) {
      queue.end(error);
    },
    callsOf: <T extends SchedulerCall['type']>(type: T) =>
      calls.filter((call): call is Extract<SchedulerCall, { type: T }> => call.type === type),
  };
  return fake;
}

export function anOffer(id: string, agent = 'agent-1', resources: Resource[] = []): Offer {
  return {
    id: { value: id },
    framework_id: { value: 'framework-1' },
    agent_id: { value: agent },
    hostname: `${agent}.example`,
    resources,
    allocation_info: { role: 'kafka' },
  };
}

export function aStatus(taskId: string, state: string, more: Partial<TaskStatus> = {}): TaskStatus {
  return { task_id: { value: taskId }, agent_id: { value: 'agent-1' }, state, ...more };
}

/** Lets everything run that is due now, without passing time. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** The ids of the offers that were declined, with their filters. */
export function declined(fake: FakeSubscription): [string, number | undefined][] {
  return fake
    .callsOf('DECLINE')
    .flatMap(({ decline }) =>
      decline.offer_ids.map(({ value }): [string, number | undefined] => [
        value,
        decline.filters?.refuse_seconds,
      ]),
    );
}

/** Expects a rejection with this code. */
export async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  await expect(promise).rejects.toMatchObject({ name: 'MillraceError', code });
}
