import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, vi } from 'vitest';
import type { LaunchNodeInput } from '../../src/activities/contract.ts';
import { FIRST_ASK_MS, launchNode } from '../../src/activities/launch-node.ts';
import type { Sessions } from '../../src/activities/sessions.ts';
import { reservationOf } from '../../src/activities/offers.ts';
import { portRange, scalar, type Demand, type Scheduler } from '../../src/mesos/index.ts';
import type { Offer, OfferOperation, Resource, SchedulerCall, TaskStatus } from '../../src/mesos/types.ts';
import { nodeResources } from '../../src/model/node/resources.ts';
import { clusterSpecSchema } from '../../src/model/spec/schema.ts';
import { runningCluster } from '../model/clusters.ts';

const TASK = 'broker-0.1';
const status = (state: string, more: Partial<TaskStatus> = {}): TaskStatus => ({
  task_id: { value: TASK },
  state,
  ...more,
});
const ABSENT = status('TASK_GONE', { reason: 'REASON_RECONCILIATION' });
const RUNNING = status('TASK_RUNNING', { uuid: 'dXVpZA==' });

const SPEC = clusterSpecSchema.parse({ name: 'orders', role: 'orders-role' });
const cluster = runningCluster();
const node = cluster.nodes['broker-0']!;
const placement = node.placement!;
const RESERVATION = reservationOf({
  role: SPEC.role,
  principal: SPEC.principal,
  cluster: 'orders',
  incarnation: cluster.incarnation,
  node: node.name,
  placementNumber: placement.number,
});
const { total, volumeMb } = nodeResources(SPEC, 'broker');
const mine = (resource: Resource): Resource => ({ ...resource, reservations: [RESERVATION] });
const VOLUME = mine({
  ...scalar('disk', volumeMb),
  disk: {
    persistence: { id: placement.volumeId, principal: SPEC.principal },
    volume: { container_path: 'data', mode: 'RW' },
  },
});
const PIECES = [
  mine(scalar('cpus', total.cpus)),
  mine(scalar('mem', total.memMb)),
  mine(scalar('disk', total.diskMb - volumeMb)),
  mine(portRange(placement.port)),
  VOLUME,
];
const offerOf = (agentId: string, resources: Resource[]) =>
  ({
    id: { value: agentId },
    agent_id: { value: agentId },
    hostname: placement.hostname,
    resources,
  }) as Offer;
const OFFER = offerOf(placement.agentId, PIECES);

/** A scheduler that answers questions with `known`, and after an ACCEPT sends `after`, but for those that are `lost`. */
function fakeScheduler(known: TaskStatus, after: TaskStatus[], offers = [OFFER], lost = 0) {
  const accepted: OfferOperation[] = [];
  const watchers: ((seen: TaskStatus) => void)[] = [];
  const calls: string[] = [];
  const send = (seen: TaskStatus) => {
    for (const watch of watchers) watch(seen);
  };
  const scheduler = {
    reconcile: async () => {
      calls.push('reconcile');
      return known;
    },
    taskStatus: (_id: string, until: (seen: TaskStatus) => boolean) =>
      new Promise<TaskStatus>((resolve) => {
        watchers.push((seen) => {
          if (until(seen)) resolve(seen);
        });
        if (calls.includes('reconcile'))
          queueMicrotask(() => {
            for (const seen of calls.includes('accept') ? [] : after) send(seen);
          });
      }),
    withOffers: async ({ decide }: Demand<unknown>) => {
      calls.push('accept');
      const decision = decide(offers);
      if ('wait' in decision) throw new Error(decision.wait);
      accepted.push(...decision.operations);
      if (lost > 0) lost -= 1;
      else for (const seen of after) send(seen);
      return decision.result;
    },
    call: async ({ type }: SchedulerCall) => {
      calls.push(type);
    },
  } as unknown as Scheduler;
  return { scheduler, calls, accepted, send };
}

function launch(
  fake: ReturnType<typeof fakeScheduler>,
  look: boolean,
  recorded: { state: string; reason: string } | null = null,
) {
  const session = {
    epoch: 1,
    frameworkId: 'f',
    streamId: 's',
    master: 'http://10.0.0.1:5050',
    taskQueue: 'q',
  };
  const sessions: Sessions = new Map([
    ['orders', { info: session, scheduler: fake.scheduler, placed: new Map(), leftovers: false }],
  ]);
  const input: LaunchNodeInput = {
    caller: { operationWorkflowId: 'kafka/orders/install#1', step: 'start:broker-0' },
    session,
    cluster: 'orders',
    incarnation: cluster.incarnation,
    spec: SPEC,
    kafkaClusterId: cluster.kafkaClusterId,
    node,
    taskId: TASK,
    controllers: Object.values(cluster.nodes).filter(({ kind }) => kind === 'controller'),
    look,
  };
  const waiting = { set: () => undefined, signal: new AbortController().signal };
  return new MockActivityEnvironment().run(() =>
    launchNode({ sessions, recordedEnd: async () => recorded }, input, waiting),
  );
}

describe('a launch', () => {
  it('is not taken for ended by an answer to a question that was asked before it', async () => {
    const fake = fakeScheduler(ABSENT, [ABSENT, status('TASK_STAGING'), RUNNING]);
    expect(await launch(fake, true)).toMatchObject({ running: true });
    expect(fake.calls).toEqual(['reconcile', 'accept']);
  });

  it.each([
    status('TASK_DROPPED', { reason: 'REASON_INVALID_OFFERS', message: 'stale' }),
    status('TASK_FAILED', { reason: 'REASON_COMMAND_EXECUTOR_FAILED', message: 'stale', uuid: 'dXVpZA==' }),
  ])('that $state has ended, in the words of Mesos', async (end) => {
    const fake = fakeScheduler(ABSENT, [ABSENT, end]);
    expect(await launch(fake, false)).toEqual({
      running: false,
      state: end.state,
      reason: `${end.reason ?? ''}: stale`,
    });
  });

  it('is not repeated when the task is there, and waits for one that is on its way', async () => {
    const there = fakeScheduler(status('TASK_RUNNING', { reason: 'REASON_RECONCILIATION' }), []);
    expect(await launch(there, true)).toMatchObject({ running: true });
    const onItsWay = fakeScheduler(status('TASK_STAGING', { reason: 'REASON_RECONCILIATION' }), [
      ABSENT,
      RUNNING,
    ]);
    expect(await launch(onItsWay, true)).toMatchObject({ running: true });
    expect([...there.calls, ...onItsWay.calls]).toEqual(['reconcile', 'reconcile']);
  });

  it.each([
    [
      'the entity has recorded its end',
      ABSENT,
      { state: 'TASK_FAILED', reason: 'Command exited with status 1' },
    ],
    [
      'Mesos still tells how it ended',
      status('TASK_FAILED', { reason: 'Command exited with status 1' }),
      null,
    ],
  ])('is not made again when %s', async (_what, known, recorded) => {
    const fake = fakeScheduler(known, [RUNNING]);
    expect(await launch(fake, true, recorded)).toEqual({
      running: false,
      state: 'TASK_FAILED',
      reason: 'Command exited with status 1',
    });
    expect(fake.calls).toEqual(['reconcile']);
  });

  it('takes what is reserved for its node from several offers, whatever id the agent has now', async () => {
    const split = [
      offerOf('other', [scalar('cpus', 8)]),
      offerOf('new-id', PIECES.slice(0, 2)),
      offerOf('new-id', PIECES.slice(2)),
    ];
    const fake = fakeScheduler(ABSENT, [RUNNING], split);
    expect(await launch(fake, false)).toMatchObject({ running: true, agentId: 'new-id' });
    const [group] = fake.accepted;
    expect(group?.type === 'LAUNCH_GROUP' && group.launch_group.task_group.tasks[0]?.agent_id.value).toBe(
      'new-id',
    );
  });

  it('that is lost on its way is made again once Mesos has said twice that it knows nothing of it', async () => {
    vi.useFakeTimers();
    try {
      const fake = fakeScheduler(ABSENT, [RUNNING], [OFFER], 1);
      const launched = launch(fake, false);
      await vi.advanceTimersByTimeAsync(FIRST_ASK_MS);
      expect(await launched).toMatchObject({ running: true });
      // The offers go back between the two answers: an ACCEPT that is only late finds them gone.
      expect(fake.calls).toEqual(['accept', 'reconcile', 'DECLINE', 'reconcile', 'accept']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of which Mesos knows is waited for, however long it takes', async () => {
    vi.useFakeTimers();
    try {
      const staging = status('TASK_STAGING', { reason: 'REASON_RECONCILIATION' });
      const fake = fakeScheduler(staging, [RUNNING], [OFFER], 1);
      const launched = launch(fake, false);
      await vi.advanceTimersByTimeAsync(10 * FIRST_ASK_MS);
      expect(fake.calls.slice(0, 3)).toEqual(['accept', 'reconcile', 'reconcile']);
      fake.send(RUNNING);
      expect(await launched).toMatchObject({ running: true });
      expect(fake.accepted).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits while a piece is missing, and names it', async () => {
    const fake = fakeScheduler(ABSENT, [RUNNING], [offerOf(placement.agentId, PIECES.slice(0, 4))]);
    await expect(launch(fake, false)).rejects.toThrow(`missing: volume ${placement.volumeId}`);
  });
});
