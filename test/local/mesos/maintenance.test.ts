// The maintenance of machines: schedule, inverse offers, machines that go down and come back.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import type { LocalMesos } from '../../../src/local/mesos/index.ts';
import { AGENT, useLocalMesos } from './support/fixture.ts';
import { operator } from './support/operator.ts';
import { RESERVATION, scalar, volume } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { Event } from './support/scheduler.ts';

const fixture = useLocalMesos();
const MACHINE = { hostname: '127.0.0.1', ip: '127.0.0.1' };
const UNAVAILABILITY = {
  start: { nanoseconds: 1_900_000_000_000_000_000 },
  duration: { nanoseconds: 3_600_000_000_000 },
};

describe('a maintenance schedule', () => {
  it('asks who runs there, and shows their answers', async () => {
    const { url } = await fixture.start();
    const scheduler = await subscribe(url);
    const offer = await scheduler.untilOffer();
    await scheduler.call(
      acceptOf([offer], [launchGroup(scheduler, offer.agent_id, { id: 't', command: 'sleep 1000' })]),
    );
    await scheduler.untilTask('t', 'TASK_RUNNING');
    expect(await schedule(url)).toMatchObject({ status: 200 });
    await scheduler.untilOffer(
      (one) => one.unavailability?.start.nanoseconds === UNAVAILABILITY.start.nanoseconds,
    );
    const asked = inverseOf(await scheduler.until('inverse offer', ({ type }) => type === 'INVERSE_OFFERS'));
    expect(asked).toMatchObject({ agent_id: offer.agent_id, unavailability: UNAVAILABILITY });
    await scheduler.call({
      type: 'DECLINE_INVERSE_OFFERS',
      decline_inverse_offers: { inverse_offer_ids: [asked.id], filters: { refuse_seconds: 3600 } },
    });
    expect((await operator(url, { type: 'GET_MAINTENANCE_STATUS' })).body).toMatchObject({
      get_maintenance_status: {
        status: {
          draining_machines: [
            {
              id: MACHINE,
              statuses: [{ status: 'DECLINE', framework_id: { value: scheduler.frameworkId } }],
            },
          ],
        },
      },
    });
    await schedule(url, []);
    expect((await operator(url, { type: 'GET_MAINTENANCE_SCHEDULE' })).body).toEqual({
      type: 'GET_MAINTENANCE_SCHEDULE',
      get_maintenance_schedule: { schedule: {} },
    });
  });

  it('that ends takes back what was asked and not answered', async () => {
    const { url } = await fixture.start();
    const scheduler = await subscribe(url);
    await scheduler.untilOffer();
    await schedule(url);
    const asked = inverseOf(await scheduler.until('inverse offer', ({ type }) => type === 'INVERSE_OFFERS'));
    await schedule(url, []);
    const taken = await scheduler.until('rescind', ({ type }) => type === 'RESCIND_INVERSE_OFFER');
    expect(taken).toMatchObject({ rescind_inverse_offer: { inverse_offer_id: asked.id } });
  });

  it('is refused when it makes no sense', async () => {
    const { url } = await fixture.start();
    const twice = [{ machine_ids: [MACHINE, MACHINE], unavailability: UNAVAILABILITY }];
    expect(await schedule(url, twice)).toMatchObject({
      status: 400,
      body: expect.stringContaining('appears more than once in the schedule') as string,
    });
    expect(await schedule(url, [{ machine_ids: [], unavailability: UNAVAILABILITY }])).toMatchObject({
      status: 400,
      body: 'List of machines in the maintenance window is empty',
    });
    expect(await machines(url, 'START_MAINTENANCE')).toMatchObject({
      status: 400,
      body: `Machine '${JSON.stringify(MACHINE)}' is not in DRAINING mode and cannot be brought down`,
    });
    expect(await machines(url, 'STOP_MAINTENANCE')).toMatchObject({
      status: 400,
      body: `Machine '${JSON.stringify(MACHINE)}' is not in DOWN mode and cannot be brought up`,
    });
  });
});

describe('a machine that is taken down', () => {
  it('loses its tasks, is offered no more, and comes back with reservations and volumes', async () => {
    const mesos = await fixture.start();
    const { url } = mesos;
    const scheduler = await subscribe(url);
    const offer = await scheduler.untilOffer();
    const reserve = { type: 'RESERVE', reserve: { resources: [scalar('disk', 50, [RESERVATION])] } };
    const create = { type: 'CREATE', create: { volumes: [volume('v', 50)] } };
    const group = launchGroup(scheduler, offer.agent_id, { id: 't', command: 'sleep 1000' });
    await scheduler.call(acceptOf([offer], [reserve, create, group]));
    await scheduler.untilTask('t', 'TASK_RUNNING');
    const pid = mesos.state().tasks[0]?.pid ?? 0;
    const before = directoryOf(mesos);
    writeFileSync(join(before, 'bytes'), 'kept');
    await schedule(url);
    expect(await machines(url, 'START_MAINTENANCE')).toMatchObject({ status: 200 });
    const lost = await scheduler.until('loss', ({ update }) => update?.status.state === 'TASK_LOST');
    expect(lost.update?.status).toMatchObject({
      reason: 'REASON_AGENT_REMOVED',
      message: "Agent 127.0.0.1 removed: Operator initiated 'Machine DOWN'",
    });
    await eventually(() => {
      expect(existsSync(`/proc/${pid}`)).toBe(false);
    });
    expect(mesos.state().agents).toEqual([]);
    expect((await operator(url, { type: 'GET_MAINTENANCE_STATUS' })).body).toMatchObject({
      get_maintenance_status: { status: { down_machines: [MACHINE] } },
    });
    expect(await schedule(url, [])).toMatchObject({
      status: 400,
      body: `Machine '${JSON.stringify(MACHINE)}' is deactivated and cannot be removed from the schedule`,
    });
    expect(await machines(url, 'STOP_MAINTENANCE')).toMatchObject({ status: 200 });
    // Under another id than before: earlier offers had the volume too, and the announcement.
    const again = await scheduler.untilOffer(
      ({ resources, agent_id }) =>
        agent_id.value !== offer.agent_id.value &&
        resources.some(({ disk }) => disk?.persistence?.id === 'v'),
    );
    expect(again.unavailability).toBeUndefined();
    expect(readFileSync(join(directoryOf(mesos), 'bytes'), 'utf8')).toBe('kept');
    expect(AGENT.cpus).toBe(
      mesos.state().agents[0]?.total.find(({ name }) => name === 'cpus')?.scalar?.value,
    );
  });
});

function schedule(
  url: string,
  windows: object[] = [{ machine_ids: [MACHINE], unavailability: UNAVAILABILITY }],
) {
  return operator(url, {
    type: 'UPDATE_MAINTENANCE_SCHEDULE',
    update_maintenance_schedule: { schedule: { windows } },
  });
}

function machines(url: string, type: 'START_MAINTENANCE' | 'STOP_MAINTENANCE') {
  return operator(url, { type, [type.toLowerCase()]: { machines: [MACHINE] } });
}

function inverseOf(event: Event): { id: { value: string } } {
  const { inverse_offers: given } = event as {
    inverse_offers?: { inverse_offers: { id: { value: string } }[] };
  };
  const [first] = given?.inverse_offers ?? [];
  if (!first) throw new Error(`no inverse offer in ${JSON.stringify(event)}`);
  return first;
}

function directoryOf(mesos: LocalMesos): string {
  return mesos.state().volumes[0]?.directory ?? '';
}
