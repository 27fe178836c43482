// Draining and deactivating agents.
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { AGENT, useLocalMesos } from './support/fixture.ts';
import { operator } from './support/operator.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';

const fixture = useLocalMesos();
const STUBBORN = "trap '' TERM; while true; do sleep 1; done";

describe('an agent that is drained', () => {
  it('kills its tasks within the grace, is offered no more, and is drained when their ends are known', async () => {
    const { url } = await fixture.start();
    const scheduler = await subscribe(url);
    const offer = await scheduler.untilOffer();
    const id = offer.agent_id.value;
    const task = {
      id: 't',
      command: STUBBORN,
      kill_policy: { grace_period: { nanoseconds: 3_600e9 } },
    };
    await scheduler.call(acceptOf([offer], [launchGroup(scheduler, offer.agent_id, task)], 3600));
    await scheduler.untilTask('t', 'TASK_RUNNING');
    expect(await drain(url, id, { max_grace_period: { nanoseconds: 300e6 } })).toMatchObject({ status: 200 });
    expect(await infoOf(url, id)).toMatchObject({ active: false, drain_info: { state: 'DRAINING' } });
    expect(await reactivate(url, id)).toMatchObject({
      status: 400,
      body: 'Agent is still in the DRAINING state',
    });
    const killed = await scheduler.untilTask('t', 'TASK_KILLED');
    expect(killed).toMatchObject({
      reason: 'REASON_AGENT_DRAINING',
      message: 'Command terminated with signal Killed',
    });
    await eventually(async () => {
      expect(await infoOf(url, id)).toMatchObject({ deactivated: true, drain_info: { state: 'DRAINED' } });
    });
    const offers = (): number => scheduler.events.filter(({ type }) => type === 'OFFERS').length;
    const before = offers();
    await scheduler.call({ type: 'REVIVE' });
    expect(offers()).toBe(before);
    expect(await reactivate(url, id)).toMatchObject({ status: 200 });
    await eventually(() => {
      expect(offers()).toBeGreaterThan(before);
    });
  });

  it('and is to be gone is gone when it has nothing left', async () => {
    const mesos = await fixture.start({ agents: [AGENT, AGENT] });
    const id = mesos.state().agents[0]?.id ?? '';
    await drain(mesos.url, id, { mark_gone: true });
    await eventually(() => {
      expect(mesos.state().agents.map((agent) => agent.id)).not.toContain(id);
    });
    expect(mesos.state().agents).toHaveLength(1);
  });

  it('is refused when there is no such agent, or none to reactivate', async () => {
    const mesos = await fixture.start();
    expect(await drain(mesos.url, 'nope', {})).toMatchObject({ status: 400, body: 'Unknown agent' });
    expect(await reactivate(mesos.url, mesos.state().agents[0]?.id ?? '')).toMatchObject({
      status: 400,
      body: 'Agent is not deactivated',
    });
  });
});

function drain(url: string, id: string, more: object) {
  return operator(url, { type: 'DRAIN_AGENT', drain_agent: { agent_id: { value: id }, ...more } });
}

function reactivate(url: string, id: string) {
  return operator(url, { type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: { value: id } } });
}

async function infoOf(url: string, id: string): Promise<object | undefined> {
  const { body } = await operator(url, { type: 'GET_AGENTS' });
  const { agents } = (body as { get_agents: { agents: { agent_info: { id: { value: string } } }[] } })
    .get_agents;
  return agents.find(({ agent_info: info }) => info.id.value === id);
}
