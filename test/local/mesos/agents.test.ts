import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { isAlive, readStat } from '../../../src/local/mesos/agent/proc.ts';
import { AGENT, useLocalMesos } from './support/fixture.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { TestScheduler } from './support/scheduler.ts';

const fixture = useLocalMesos();

async function runTask(scheduler: TestScheduler): Promise<string> {
  const offer = await scheduler.untilOffer();
  await scheduler.call(
    acceptOf([offer], [launchGroup(scheduler, offer.agent_id, { id: 't', command: 'sleep 1000' })]),
  );
  await scheduler.untilTask('t', 'TASK_RUNNING');
  return offer.agent_id.value;
}

describe('an agent', () => {
  it('that is added is offered at once, with a host and ports of its own', async () => {
    const mesos = await fixture.start({ allocationIntervalMs: 3_600_000 });
    const scheduler = await subscribe(mesos.url);
    const first = await scheduler.untilOffer();
    const response = await fetch(`${mesos.url}/local/agents`, {
      method: 'POST',
      body: JSON.stringify(AGENT),
    });
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as { id: string };
    const second = await scheduler.untilOffer((offer) => offer.agent_id.value === id);
    expect([first.hostname, second.hostname]).toEqual(['127.0.0.1', '127.0.0.2']);
    const ranges = [first, second].map(
      ({ resources }) => resources.find(({ name }) => name === 'ports')?.ranges?.range[0],
    );
    expect(ranges[0]?.end).toBeLessThan(ranges[1]?.begin ?? 0);
    expect(second.attributes).toEqual([
      { name: 'rack', type: 'TEXT', text: { value: 'r2' } },
      { name: 'zone', type: 'TEXT', text: { value: 'z2' } },
    ]);
  });

  it.each([
    ['powerCut', 'TASK_UNREACHABLE', 'health check timed out', 'TASK_UNREACHABLE'],
    ['unregistered', 'TASK_LOST', 'the agent unregistered', 'TASK_UNKNOWN'],
    ['gone', 'TASK_GONE_BY_OPERATOR', 'Agent has been marked gone', 'TASK_GONE_BY_OPERATOR'],
  ] as const)('that is lost (%s) takes its task along: %s', async (loss, state, message, reconciled) => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    const agentId = await runTask(scheduler);
    const pid = mesos.state().tasks[0]?.pid ?? 0;
    await scheduler.until('second offer', ({ offers }) => (offers?.offers[0]?.executor_ids?.length ?? 0) > 0);
    const response = await fetch(`${mesos.url}/local/agents/${agentId}?loss=${loss}`, { method: 'DELETE' });
    expect(response.status).toBe(200);
    const { update } = await scheduler.until(state, ({ update: one }) => one?.status.state === state);
    expect(update?.status).toMatchObject({ task_id: { value: 't' }, agent_id: { value: agentId } });
    expect(update?.status.message).toContain(message);
    expect(update?.status.uuid).toBeUndefined();
    await scheduler.until('RESCIND', ({ rescind }) => rescind !== undefined);
    await scheduler.until(
      'FAILURE',
      ({ failure }) => failure?.agent_id.value === agentId && !failure.executor_id,
    );
    await eventually(() => {
      expect(isAlive(readStat(pid))).toBe(false);
    });
    await scheduler.call({
      type: 'RECONCILE',
      reconcile: { tasks: [{ task_id: { value: 't' }, agent_id: { value: agentId } }] },
    });
    await scheduler.until(
      'reconciliation',
      ({ update: one }) => one?.status.reason === 'REASON_RECONCILIATION' && one.status.state === reconciled,
    );
    expect(mesos.state()).toMatchObject({ agents: [], tasks: [], executors: [], offers: [] });
  });

  it('that does not exist cannot be removed, and a bad one cannot be added', async () => {
    const { url } = await fixture.start();
    expect((await fetch(`${url}/local/agents/nope`, { method: 'DELETE' })).status).toBe(404);
    for (const body of [
      '',
      '{}',
      '{"cpus":-1,"memMb":1,"diskMb":1}',
      '{"cpus":1,"memMb":1,"diskMb":1,"x":1}',
    ])
      expect((await fetch(`${url}/local/agents`, { method: 'POST', body })).status).toBe(400);
  });
});

describe('frameworks', () => {
  it('share the agents: one that wants nothing leaves all to the other', async () => {
    const mesos = await fixture.start({
      agents: [AGENT, AGENT, AGENT, AGENT],
      allocationIntervalMs: 3_600_000,
    });
    const idle = await subscribe(mesos.url, { suppressedRoles: ['kafka'] });
    const wanting = await subscribe(mesos.url);
    const { offers } = await wanting.until('OFFERS', ({ type }) => type === 'OFFERS');
    expect(offers?.offers).toHaveLength(4);
    await wanting.call({ type: 'DECLINE', decline: { offer_ids: offers?.offers.map(({ id }) => id) } });
    await idle.call({ type: 'REVIVE' });
    const revived = await idle.until('OFFERS', ({ type }) => type === 'OFFERS');
    expect(revived.offers?.offers).toHaveLength(4);
  });

  it('that both want get agents each when both wait', async () => {
    const mesos = await fixture.start({ agents: [], allocationIntervalMs: 3_600_000 });
    const both = [await subscribe(mesos.url, { roles: ['a'] }), await subscribe(mesos.url, { roles: ['b'] })];
    for (const _ of both) mesos.addAgent(AGENT);
    for (const scheduler of both) await scheduler.untilOffer();
  });

  it('are sent heartbeats at the interval that SUBSCRIBED names', async () => {
    const mesos = await fixture.start({ heartbeatIntervalMs: 50 });
    const scheduler = await subscribe(mesos.url);
    expect(scheduler.events[0]?.subscribed?.heartbeat_interval_seconds).toBe(0.05);
    await eventually(() => {
      expect(scheduler.events.filter(({ type }) => type === 'HEARTBEAT').length).toBeGreaterThan(3);
    });
  });
});
