// A node is killed only through an open gate.
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StopGate, StopNodeInput, StopResult } from '../../src/activities/contract.ts';
import type { Sessions } from '../../src/activities/sessions.ts';
import { stopNode } from '../../src/activities/stop-node.ts';
import type { Scheduler } from '../../src/mesos/index.ts';
import type { TaskStatus } from '../../src/mesos/types.ts';
import type { Gate } from '../../src/model/safety/gate.ts';

const TASK = 'broker-0.1';
const session = { epoch: 1, frameworkId: 'f', streamId: 's', master: 'http://m', taskQueue: 'q' };
const gate: StopGate = { kind: 'broker', nodeId: 0, brokers: [], controllers: [], policy: 'wait' };
const input: StopNodeInput = {
  caller: { operationWorkflowId: 'kafka/orders/update#2', step: 'stop:broker-0' },
  session,
  cluster: 'orders',
  taskId: TASK,
  agentId: 'agent',
  killGraceSeconds: 1,
};
const status = (state: string): TaskStatus => ({ task_id: { value: TASK }, state });
const CLOSED: Gate = { open: false, reason: 'orders-0 (1 left, 2 needed)' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Stops a task that is in `state`, and ends when it is killed; `looks` are what the gate says, in turn. */
async function stop(looks: Gate[], options: { state?: string; gated?: boolean; endsAtLook?: number } = {}) {
  const events: string[] = [];
  const watchers: ((seen: TaskStatus) => void)[] = [];
  const end = (state: string) => {
    for (const watch of watchers.splice(0)) watch(status(state));
  };
  const scheduler = {
    taskStatus: (_: string, until: (seen: TaskStatus) => boolean, signal: AbortSignal) =>
      new Promise<TaskStatus>((resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        watchers.push((seen) => {
          if (until(seen)) resolve(seen);
        });
      }),
    reconcile: async () => status(options.state ?? 'TASK_RUNNING'),
    call: async ({ type }: { type: string }) => {
      events.push(type);
      end('TASK_KILLED');
    },
  } as unknown as Scheduler;
  const sessions: Sessions = new Map([
    ['orders', { info: session, scheduler, placed: new Map(), leftovers: false }],
  ]);
  const stopGate = async (asked: StopGate): Promise<Gate> => {
    expect(asked).toBe(gate);
    const look = looks.shift() ?? CLOSED;
    events.push(look.open ? 'open' : 'closed');
    if (events.length === options.endsAtLook) end('TASK_FAILED');
    return look;
  };
  const reasons: (string | null)[] = [];
  const run = (): Promise<StopResult> =>
    stopNode({ sessions, stopGate }, options.gated === false ? input : { ...input, gate }, {
      set: (reason) => reasons.push(reason),
      signal: new AbortController().signal,
    });
  const result = new MockActivityEnvironment().run(run);
  await vi.advanceTimersByTimeAsync(10_000);
  return { result: await result, events, reasons };
}

describe('a node that is to be stopped', () => {
  it('is killed right after its gate was open twice in a row', async () => {
    const { result, events } = await stop([{ open: true }, CLOSED, { open: true }, { open: true }]);
    expect(result).toEqual({ stopped: true, state: 'TASK_KILLED' });
    expect(events).toEqual(['open', 'closed', 'open', 'open', 'KILL']);
  });

  it('says what its gate waits for', async () => {
    const { reasons } = await stop([CLOSED, { open: true }, { open: true }]);
    expect(reasons[0]).toBe('orders-0 (1 left, 2 needed)');
  });

  it('needs no gate when it has ended already, and is not killed then', async () => {
    const { result, events } = await stop([], { state: 'TASK_FINISHED' });
    expect(result).toEqual({ stopped: true, state: 'TASK_FINISHED' });
    expect(events).toEqual([]);
  });

  it('is not waited for any more when it ends before its gate', async () => {
    const { result, events } = await stop([CLOSED], { endsAtLook: 1 });
    expect(result).toEqual({ stopped: true, state: 'TASK_FAILED' });
    expect(events).not.toContain('KILL');
  });

  it('is killed at once where no gate is given', async () => {
    const { result, events } = await stop([], { gated: false });
    expect(result).toEqual({ stopped: true, state: 'TASK_KILLED' });
    expect(events).toEqual(['KILL']);
  });
});
