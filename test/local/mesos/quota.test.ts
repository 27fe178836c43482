// Quotas and weights of roles.
import { describe, expect, it } from 'vitest';
import { useLocalMesos } from './support/fixture.ts';
import { operator } from './support/operator.ts';
import { RESERVATION, scalar } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';

const fixture = useLocalMesos();

describe('a quota', () => {
  it('is the most that a role is offered, with the roles below it', async () => {
    const { url } = await fixture.start();
    await limit(url, { cpus: { value: 1 }, mem: { value: 1000 } });
    const scheduler = await subscribe(url, { roles: ['kafka/pod'] });
    const offer = await scheduler.untilOffer();
    expect(amount(offer, 'cpus')).toBe(1);
    expect(amount(offer, 'mem')).toBe(1000);
    expect(amount(offer, 'disk')).toBe(20_000);
  });

  it('that is used up leaves nothing to offer', async () => {
    const mesos = await fixture.start();
    await limit(mesos.url, { cpus: { value: 1 }, mem: { value: 1000 } });
    const scheduler = await subscribe(mesos.url);
    const offer = await scheduler.untilOffer();
    const task = {
      id: 't',
      command: 'sleep 1000',
      resources: [scalar('cpus', 0.9), scalar('mem', 968)],
    };
    await scheduler.call(acceptOf([offer], [launchGroup(scheduler, offer.agent_id, task)]));
    await scheduler.untilTask('t', 'TASK_RUNNING');
    mesos.allocate();
    expect(mesos.state().offers).toEqual([]);
    await limit(mesos.url, {});
    mesos.allocate();
    expect(mesos.state().offers).toHaveLength(1);
  });

  it('counts what is reserved, and offers it all the same', async () => {
    const mesos = await fixture.start();
    const agentId = mesos.state().agents[0]?.id ?? '';
    await operator(mesos.url, {
      type: 'RESERVE_RESOURCES',
      reserve_resources: { agent_id: { value: agentId }, resources: [scalar('cpus', 2, [RESERVATION])] },
    });
    await limit(mesos.url, { cpus: { value: 2 } });
    const scheduler = await subscribe(mesos.url);
    const { resources } = await scheduler.untilOffer();
    const cpus = resources.filter(({ name }) => name === 'cpus');
    expect(cpus).toMatchObject([{ scalar: { value: 2 }, reservations: [{ role: 'kafka' }] }]);
  });

  it('below what is used is refused unless forced, and then takes offers back', async () => {
    const { url } = await fixture.start();
    const scheduler = await subscribe(url);
    const offer = await scheduler.untilOffer();
    const reserve = { type: 'RESERVE', reserve: { resources: [scalar('cpus', 2, [RESERVATION])] } };
    await scheduler.call(acceptOf([offer], [reserve]));
    const second = await scheduler.untilOffer(({ resources }) => resources.some((one) => one.reservations));
    expect(await limit(url, { cpus: { value: 1 } })).toMatchObject({
      status: 400,
      body: "Invalid QuotaConfig: Role 'kafka' is already consuming 'cpus:2'; this is more than the requested limits 'cpus:1' (use 'force' flag to bypass this check)",
    });
    expect(await limit(url, { cpus: { value: 1 } }, true)).toMatchObject({ status: 200 });
    await scheduler.until('rescind', ({ rescind }) => rescind?.offer_id.value === second.id.value);
  });

  it('is kept over a restart', async () => {
    const first = await fixture.start();
    await limit(first.url, { cpus: { value: 1 } });
    await first.stop();
    const { url } = await fixture.start();
    const { body } = await operator(url, { type: 'GET_QUOTA' });
    expect(body).toMatchObject({
      get_quota: { status: { configs: [{ role: 'kafka', limits: { cpus: { value: 1 } } }] } },
    });
  });
});

function limit(url: string, limits: object, force = false) {
  return operator(url, {
    type: 'UPDATE_QUOTA',
    update_quota: { force, quota_configs: [{ role: 'kafka', limits }] },
  });
}

function amount(offer: { resources: { name: string; scalar?: { value: number } }[] }, name: string): number {
  return offer.resources.reduce((sum, one) => sum + (one.name === name ? (one.scalar?.value ?? 0) : 0), 0);
}
