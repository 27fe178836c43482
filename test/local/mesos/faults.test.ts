// Every fault that can be injected shows at the scheduler as the real one would.
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { controlOf } from '../../support/local-mesos-control.ts';
import type { LocalMesosControl } from '../../support/local-mesos-control.ts';
import type { LocalMesos } from '../../../src/local/mesos/index.ts';
import type { TaskStatus } from '../../../src/mesos/types.ts';
import { useLocalMesos } from './support/fixture.ts';
import { RESERVATION, scalar } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { TestScheduler } from './support/scheduler.ts';

const fixture = useLocalMesos();

async function start(): Promise<{ mesos: LocalMesos; scheduler: TestScheduler; control: LocalMesosControl }> {
  const mesos = await fixture.start({ updateRetryIntervalMs: 200, heartbeatIntervalMs: 20 });
  return { mesos, scheduler: await subscribe(mesos.url), control: controlOf(mesos.url) };
}

async function launch(scheduler: TestScheduler, id = 't'): Promise<void> {
  const offer = await scheduler.untilOffer();
  const group = launchGroup(scheduler, offer.agent_id, { id, command: 'sleep 1000' });
  await scheduler.call(acceptOf([offer], [group]));
}

function updates(scheduler: TestScheduler, state: string): TaskStatus[] {
  return scheduler.events
    .map(({ update }) => update?.status)
    .filter((status) => status !== undefined)
    .filter((status) => status.state === state);
}

async function reserve(scheduler: TestScheduler, operationId?: string): Promise<void> {
  const offer = await scheduler.untilOffer();
  const id = operationId === undefined ? {} : { id: { value: operationId } };
  const resources = [scalar('disk', 50, [RESERVATION])];
  await scheduler.call(acceptOf([offer], [{ ...id, type: 'RESERVE', reserve: { resources } }]));
}

describe('a call that is dropped', () => {
  it('is answered 202, nothing comes of it, and the next one counts', async () => {
    const { mesos, scheduler, control } = await start();
    await scheduler.untilOffer();
    await control.inject({ fault: 'dropCall', type: 'SUPPRESS' });
    const suppressed = (): unknown => mesos.state().frameworks[0]?.suppressedRoles;
    expect((await scheduler.call({ type: 'SUPPRESS' })).status).toBe(202);
    expect(suppressed()).toEqual([]);
    await scheduler.call({ type: 'SUPPRESS' });
    expect(suppressed()).toEqual(['kafka']);
  });
});

describe('an operation that is dropped', () => {
  it.each(['OPERATION_DROPPED', 'OPERATION_ERROR'] as const)('gives %s when it had an id', async (state) => {
    const { mesos, scheduler, control } = await start();
    await control.inject({ fault: 'dropOperation', type: 'RESERVE', state });
    await reserve(scheduler, 'r');
    const { update_operation_status: update } = await scheduler.until(
      'status',
      ({ type }) => type === 'UPDATE_OPERATION_STATUS',
    );
    expect(update?.status).toMatchObject({ operation_id: { value: 'r' }, state });
    expect(mesos.state().reservations).toEqual([]);
  });

  it('gives nothing at all when it is lost in silence; what it wanted is offered again', async () => {
    const { mesos, scheduler, control } = await start();
    await control.inject({ fault: 'dropOperation', type: 'RESERVE', silent: true });
    await reserve(scheduler, 'r');
    await scheduler.until('second offer', () => {
      const offers = scheduler.events.flatMap(({ offers: one }) => one?.offers ?? []);
      return offers.length > 1;
    });
    expect(scheduler.events.some(({ type }) => type === 'UPDATE_OPERATION_STATUS')).toBe(false);
    expect(mesos.state().reservations).toEqual([]);
  });

  it('gives TASK_DROPPED when it was a launch', async () => {
    const { mesos, scheduler, control } = await start();
    await control.inject({ fault: 'dropOperation', type: 'LAUNCH_GROUP' });
    await launch(scheduler);
    await scheduler.until('TASK_DROPPED', ({ update }) => update?.status.state === 'TASK_DROPPED');
    expect(mesos.state().tasks).toEqual([]);
  });
});

describe('an update', () => {
  it('that is dropped comes with the next retry', async () => {
    const { scheduler, control } = await start();
    await control.inject({ fault: 'dropUpdate', state: 'TASK_STARTING', times: 2 });
    await launch(scheduler);
    await scheduler.untilTask('t', 'TASK_RUNNING');
    expect(await control.waiting()).toBe(0);
  });

  it('that is repeated comes twice with one uuid, the second time after later ones', async () => {
    const { scheduler, control } = await start();
    await control.inject({ fault: 'repeatUpdate', state: 'TASK_STARTING', ms: 500 });
    await launch(scheduler);
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await scheduler.until('the second', () => updates(scheduler, 'TASK_STARTING').length > 1);
    const [first, second] = updates(scheduler, 'TASK_STARTING');
    expect(second?.uuid).toBe(first?.uuid);
    expect(scheduler.events.findLast(({ type }) => type === 'UPDATE')?.update?.status.uuid).toBe(
      second?.uuid,
    );
  });

  it('that is delayed comes after those of other tasks', async () => {
    const { scheduler, control } = await start();
    await control.inject({ fault: 'delayUpdate', taskId: 'slow', ms: 150 });
    const offer = await scheduler.untilOffer();
    await scheduler.call(
      acceptOf(
        [offer],
        ['slow', 'fast'].map((id) => launchGroup(scheduler, offer.agent_id, { id, command: 'sleep 1000' })),
      ),
    );
    await scheduler.untilTask('slow', 'TASK_RUNNING');
    expect(updates(scheduler, 'TASK_STARTING')[0]?.task_id.value).toBe('fast');
  });

  it('whose acknowledgement is lost comes again', async () => {
    const { scheduler, control } = await start();
    await control.inject({ fault: 'dropAcknowledgement', taskId: 't' });
    await launch(scheduler);
    await scheduler.until('TASK_STARTING', () => updates(scheduler, 'TASK_STARTING').length > 0);
    const acknowledge = async (): Promise<void> => {
      const [status] = updates(scheduler, 'TASK_STARTING');
      await scheduler.call({
        type: 'ACKNOWLEDGE',
        acknowledge: { agent_id: status?.agent_id, task_id: status?.task_id, uuid: status?.uuid },
      });
    };
    await acknowledge();
    await scheduler.until('the same again', () => updates(scheduler, 'TASK_STARTING').length > 1);
    expect(updates(scheduler, 'TASK_RUNNING')).toEqual([]);
    await acknowledge();
    await scheduler.until('TASK_RUNNING', () => updates(scheduler, 'TASK_RUNNING').length > 0);
  });
});

describe('a stream', () => {
  it('hears that its offers are rescinded', async () => {
    const { scheduler, control } = await start();
    const offer = await scheduler.untilOffer();
    await control.inject({ fault: 'rescindOffers', frameworkId: scheduler.frameworkId });
    await scheduler.until('RESCIND', ({ rescind }) => rescind?.offer_id.value === offer.id.value);
  });

  it('that is silenced stays open, and says everything afterwards', async () => {
    const { scheduler, control } = await start();
    await scheduler.untilOffer();
    await control.inject({ fault: 'silence', ms: 3_600_000 });
    await launch(scheduler);
    await eventually(async () => {
      expect((await control.state()).tasks[0]?.state).toBe('TASK_RUNNING');
    });
    expect(scheduler.events.some(({ type }) => type === 'UPDATE')).toBe(false);
    expect(scheduler.stream.closed).toBe(false);
    await control.clearFaults();
    await scheduler.untilTask('t', 'TASK_RUNNING');
  });

  it('that is cut breaks in the middle of a record, and the framework is disconnected', async () => {
    const { mesos, scheduler, control } = await start();
    await control.inject({ fault: 'cutStream', afterBytes: 5 });
    await eventually(() => {
      expect(scheduler.stream.closed).toBe(true);
      expect(mesos.state().frameworks).toMatchObject([{ connected: false }]);
    });
    expect(scheduler.stream.ended).toBe(false);
  });
});

describe('a task', () => {
  it('whose executor is killed fails with it', async () => {
    const { mesos, scheduler, control } = await start();
    await launch(scheduler);
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await control.inject({ fault: 'killExecutor', taskId: 't' });
    expect(await scheduler.untilTask('t', 'TASK_FAILED')).toMatchObject({
      source: 'SOURCE_AGENT',
      reason: 'REASON_EXECUTOR_TERMINATED',
    });
    const { failure } = await scheduler.until('FAILURE', ({ type }) => type === 'FAILURE');
    expect(failure).toMatchObject({ executor_id: { value: 't-executor' }, status: 9 });
    expect(mesos.state()).toMatchObject({ executors: [] });
  });

  it('that is killed behind the back of Mesos fails with the signal', async () => {
    const { scheduler, control } = await start();
    await launch(scheduler);
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await control.inject({ fault: 'killTask', taskId: 't' });
    expect((await scheduler.untilTask('t', 'TASK_FAILED')).message).toBe(
      'Command terminated with signal Killed',
    );
  });
});

describe('faults', () => {
  it('that wait can be taken back', async () => {
    const { mesos, scheduler, control } = await start();
    await control.inject({ fault: 'dropCall', type: 'SUPPRESS', times: 3 });
    expect(await control.waiting()).toBe(1);
    await control.clearFaults();
    await scheduler.call({ type: 'SUPPRESS' });
    expect(mesos.state().frameworks[0]?.suppressedRoles).toEqual(['kafka']);
  });

  it.each([
    ['nothing', ''],
    ['no list', '{"fault":"dropUpdate"}'],
    ['an unknown fault', '[{"fault":"earthquake"}]'],
    ['a field that the fault does not have', '[{"fault":"dropUpdate","ms":1}]'],
    ['a number that is none', '[{"fault":"silence","ms":"long"}]'],
  ])('are refused when they are %s, and nothing happens', async (_what, body) => {
    const { mesos, control } = await start();
    const response = await fetch(`${mesos.url}/local/faults`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain('No fault was injected');
    expect(await control.waiting()).toBe(0);
  });

  it('about what does not exist are refused, with the reason', async () => {
    const { control } = await start();
    await expect(control.inject({ fault: 'killTask', taskId: 'nope' })).rejects.toThrow(
      "no task 'nope' runs",
    );
    await expect(control.inject({ fault: 'cutStream', frameworkId: 'nope' })).rejects.toThrow(
      "'nope' is not connected",
    );
  });
});
