// The engine fed with recorded streams: every update that wants an acknowledgement gets it, and no other; and every event
// is understood.
import { describe, expect, it } from 'vitest';
import { createScheduler } from '../../../src/mesos/index.ts';
import { parseEvent } from '../../../src/mesos/events.ts';
import type { SchedulerEvent } from '../../../src/mesos/types.ts';
import { fakeSubscription } from '../../mesos/fake-subscription.ts';
import { readTranscript } from './transcript.ts';

/** Where a scheduler was subscribed. */
const FILES = [
  '01_lifecycle_reserve_create_launch_kill.jsonl',
  '01a_reserve_does_not_fit_and_reconcile_unknown.jsonl',
  '02_launch_group_default_executor.jsonl',
  '03_failover_resubscribe_acks.jsonl',
  '04_agent_lost_partition_master_failover.jsonl',
  '05_http_and_validation_errors.jsonl',
  '06_operator_api.jsonl',
  '07_agent_api_containers.jsonl',
  '08_auth_401_403.jsonl',
  '09_offer_timeout_filters_rescind_constraints.jsonl',
  '10_operation_feedback_refinement_volumes.jsonl',
  '11_ha_leader_election_307_503.jsonl',
  '12_wire_format_details.jsonl',
  '13_variants_non_partition_aware_regions_killing_grow_replicated_log_failover.jsonl',
  '14_pod_with_executor_volume_mixed_launch_two_offers.jsonl',
];

/** The events of all streams of schedulers. */
function eventsIn(file: string): SchedulerEvent[] {
  const entries = readTranscript(file);
  const schedulers = new Set(
    entries
      .filter(({ dir, http }) => dir === 'out' && http?.path === '/api/v1/scheduler')
      .map(({ stream }) => stream),
  );
  return entries
    .filter(
      ({ record_len, stream }) => record_len !== undefined && stream !== undefined && schedulers.has(stream),
    )
    .map(({ body }) => body as SchedulerEvent);
}

describe('every event is understood, and nothing of it is lost, in', () => {
  it.each(FILES)('%s', (file) => {
    const events = eventsIn(file);
    for (const event of events) expect(parseEvent(Buffer.from(JSON.stringify(event)))).toEqual({ event });
    if (!file.startsWith('12')) expect(events.length).toBeGreaterThan(2);
  });
});

describe('what is not a scheduler event is passed over', () => {
  it('in the streams of the operator API and of a container', () => {
    const types = ['06_operator_api.jsonl', '07_agent_api_containers.jsonl'].flatMap((file) =>
      readTranscript(file)
        .filter(({ record_len, stream }) => record_len !== undefined && stream !== 'fw')
        .map(({ body }) => body as { type: string }),
    );
    const passedOver = types.flatMap((body) => {
      const parsed = parseEvent(Buffer.from(JSON.stringify(body)));
      return 'passedOver' in parsed ? [parsed.passedOver.type] : [];
    });
    expect(passedOver).toEqual(types.map(({ type }) => type).filter((type) => type !== 'HEARTBEAT'));
    expect(passedOver).toContain('TASK_ADDED');
    expect(passedOver).toContain('DATA');
  });
});

describe('the engine acknowledges what wants it, and nothing else, in', () => {
  it.each(FILES.filter((file) => !/^(05|12)/.test(file)))('%s', async (file) => {
    const updates = eventsIn(file).filter((event) => event.type === 'UPDATE');
    const operations = eventsIn(file).filter((event) => event.type === 'UPDATE_OPERATION_STATUS');
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
    for (const event of operations) fake.send(event);
    const told = operations
      .map(({ update_operation_status: { status } }) => status)
      .filter(({ uuid }) => uuid !== undefined);
    await expect
      .poll(() => fake.callsOf('ACKNOWLEDGE_OPERATION_STATUS').length, { interval: 1 })
      .toBe(told.length);
    expect(
      fake.callsOf('ACKNOWLEDGE_OPERATION_STATUS').map((call) => call.acknowledge_operation_status),
    ).toEqual(
      told.map(({ agent_id, operation_id, uuid }) => ({ agent_id, operation_id, uuid: uuid?.value })),
    );
    if (operations.length > 0) expect(told.length).toBeGreaterThan(0);
    scheduler.close();
  });
});
