// The engine fed with recorded streams: every update that wants an acknowledgement gets it, and no other.
import { describe, expect, it } from 'vitest';
import { createScheduler } from '../../../src/mesos/index.ts';
import type { SchedulerEvent } from '../../../src/mesos/types.ts';
import { fakeSubscription } from '../../mesos/fake-subscription.ts';
import { readTranscript } from './transcript.ts';

describe('the engine acknowledges what wants it, and nothing else, in', () => {
  it.each([
    '01_lifecycle_reserve_create_launch_kill.jsonl',
    '01a_reserve_does_not_fit_and_reconcile_unknown.jsonl',
    '02_launch_group_default_executor.jsonl',
    '03_failover_resubscribe_acks.jsonl',
    '14_pod_with_executor_volume_mixed_launch_two_offers.jsonl',
  ])('%s', async (file) => {
    const updates = readTranscript(file)
      .filter(
        ({ record_len, stream, type }) =>
          record_len !== undefined && type === 'UPDATE' && stream !== undefined,
      )
      .map(({ body }) => body as Extract<SchedulerEvent, { type: 'UPDATE' }>);
    const wanting = updates.flatMap(({ update }) =>
      update.status.uuid === undefined ? [] : [update.status],
    );
    const fake = fakeSubscription();
    let recorded = 0;
    const scheduler = createScheduler({
      subscription: fake,
      role: 'kafka',
      onTaskStatus: () => {
        recorded += 1;
        return Promise.resolve();
      },
    });
    void scheduler.run();
    for (const event of updates) {
      const before = recorded;
      fake.send(event);
      await expect.poll(() => recorded, { interval: 1 }).toBe(before + 1);
    }
    await expect.poll(() => fake.callsOf('ACKNOWLEDGE').length, { interval: 1 }).toBe(wanting.length);
    expect(fake.callsOf('ACKNOWLEDGE').map(({ acknowledge }) => acknowledge)).toEqual(
      wanting.map(({ agent_id, task_id, uuid }) => ({ agent_id, task_id, uuid })),
    );
    scheduler.close();
  });
});
