// Several masters on one state: who answers what, and what a failover keeps and loses.
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { controlOf } from '../../support/local-mesos-control.ts';
import type { LocalMesos } from '../../../src/local/mesos/index.ts';
import { useLocalMesos } from './support/fixture.ts';
import { RESERVATION, scalar } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { TestScheduler } from './support/scheduler.ts';

const fixture = useLocalMesos();

function ask(url: string, path: string): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'GET_MASTER' }),
  });
}

async function runTask(scheduler: TestScheduler): Promise<string> {
  const offer = await scheduler.untilOffer();
  await scheduler.call(
    acceptOf(
      [offer],
      [
        { type: 'RESERVE', reserve: { resources: [scalar('disk', 50, [RESERVATION])] } },
        launchGroup(scheduler, offer.agent_id, { id: 't', command: 'sleep 1000' }),
      ],
    ),
  );
  await scheduler.untilTask('t', 'TASK_RUNNING');
  return offer.agent_id.value;
}

async function reconcile(scheduler: TestScheduler, taskId: string, agentId?: string): Promise<void> {
  const agent = agentId === undefined ? {} : { agent_id: { value: agentId } };
  await scheduler.call({
    type: 'RECONCILE',
    reconcile: { tasks: [{ task_id: { value: taskId }, ...agent }] },
  });
}

function updates(scheduler: TestScheduler): string[] {
  return scheduler.events.flatMap(({ update }) => (update ? [update.status.state] : []));
}

function portOf(mesos: LocalMesos, seat: number): string {
  return new URL(mesos.masters.urls[seat] ?? '').port;
}

describe('masters that do not lead', () => {
  it('redirect to the one that does, and know its health', async () => {
    const mesos = await fixture.start({ masters: 3 });
    const [, second = '', third = ''] = mesos.masters.urls;
    for (const url of [second, third]) {
      const response = await ask(url, '/api/v1');
      expect(response.status).toBe(307);
      expect(response.headers.get('location')).toBe(`//127.0.0.1:${portOf(mesos, 0)}/master/api/v1`);
      expect((await fetch(`${url}/health`)).status).toBe(200);
    }
    const redirect = await fetch(`${mesos.url}/redirect`, { redirect: 'manual' });
    expect(redirect.headers.get('location')).toBe(`//127.0.0.1:${portOf(mesos, 0)}`);
  });

  it('name the dead leader at first, then nobody, then the next', async () => {
    const mesos = await fixture.start({ masters: 3 });
    const { masters } = mesos;
    const second = masters.urls[1] ?? '';
    await masters.crash();
    await expect(ask(mesos.url, '/api/v1')).rejects.toThrow('fetch failed');
    expect((await ask(second, '/api/v1')).headers.get('location')).toContain(`:${portOf(mesos, 0)}/`);
    masters.forgetLeader();
    const nobody = await ask(second, '/api/v1');
    expect([nobody.status, await nobody.text()]).toEqual([503, 'No leader elected']);
    await masters.elect(2, 'recovering');
    expect((await ask(second, '/api/v1')).headers.get('location')).toContain(`:${portOf(mesos, 2)}/`);
    const recovering = await ask(masters.urls[2] ?? '', '/api/v1');
    expect([recovering.status, await recovering.text()]).toEqual([503, 'Master has not finished recovery']);
    masters.enter('serving');
    expect((await ask(masters.urls[2] ?? '', '/api/v1')).status).toBe(200);
  });
});

describe('a failover', () => {
  it('cuts the stream; the next master knows reservations, and of tasks only when agents are back', async () => {
    const mesos = await fixture.start({ masters: 2 });
    const { masters } = mesos;
    const first = await subscribe(mesos.url);
    const agentId = await runTask(first);
    const { pid } = mesos.state().tasks[0] ?? {};
    await masters.crash();
    await eventually(() => {
      expect(first.stream.closed).toBe(true);
    });
    await masters.elect();
    expect(masters.leader()).toBe(1);
    const second = await subscribe(masters.urls[1] ?? '', { frameworkId: first.frameworkId });
    await reconcile(second, 't', agentId);
    await reconcile(second, 'never');
    await second.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
    mesos.allocate();
    // A call that is answered with an event at once shows that the silence is over its time.
    await second.call({
      type: 'RECONCILE_OPERATIONS',
      reconcile_operations: { operations: [{ operation_id: { value: 'o' } }] },
    });
    await second.until('answer', ({ type }) => type === 'UPDATE_OPERATION_STATUS');
    expect(updates(second)).toEqual([]);
    expect(second.events.some(({ type }) => type === 'OFFERS')).toBe(false);
    masters.registerAgents();
    const offer = await second.untilOffer();
    expect(offer.id.value).not.toContain(first.events[0]?.subscribed?.framework_id.value.slice(0, 36));
    expect(offer.resources.some(({ reservations }) => reservations?.[0]?.role === 'kafka')).toBe(true);
    await reconcile(second, 't', agentId);
    await reconcile(second, 'never');
    await second.until('TASK_UNKNOWN', ({ update }) => update?.status.state === 'TASK_UNKNOWN');
    expect(updates(second)).toEqual(['TASK_RUNNING', 'TASK_UNKNOWN']);
    expect(mesos.state().tasks[0]?.pid).toBe(pid);
  });

  it('goes by itself when it is asked for, and the former leader stands by afterwards', async () => {
    const mesos = await fixture.start({ masters: 2 });
    const first = await subscribe(mesos.url);
    await runTask(first);
    const second = controlOf(mesos.masters.urls[1] ?? '');
    await controlOf(mesos.url).failOver({ namesDeadMs: 50, leaderlessMs: 50, recoveryMs: 50 });
    await eventually(async () => {
      expect(await second.masters()).toMatchObject({ leader: 1 });
      expect((await ask(mesos.url, '/api/v1')).headers.get('location')).toContain(`:${portOf(mesos, 1)}/`);
      expect((await second.state()).awayAgents).toEqual([]);
    });
    const again = await subscribe(mesos.masters.urls[1] ?? '', { frameworkId: first.frameworkId });
    await again.untilOffer();
  });

  it('of an only master is a restart in place, and updates that were not acknowledged come again', async () => {
    const mesos = await fixture.start({ updateRetryIntervalMs: 3_600_000 });
    const first = await subscribe(mesos.url);
    const offer = await first.untilOffer();
    const group = launchGroup(first, offer.agent_id, { id: 't', command: 'sleep 1000' });
    await first.call(acceptOf([offer], [group]));
    const { update } = await first.until('update', ({ type }) => type === 'UPDATE');
    await mesos.masters.failOver({ namesDeadMs: 0, leaderlessMs: 0, recoveryMs: 0, reregistrationMs: 0 });
    const second = await subscribe(mesos.url, { frameworkId: first.frameworkId });
    const repeated = await second.until('update', ({ type }) => type === 'UPDATE');
    expect(repeated.update?.status.uuid).toBe(update?.status.uuid);
    await second.untilTask('t', 'TASK_RUNNING');
  });

  it('cannot leave an only master down, and refuses times that are none', async () => {
    const { url } = await fixture.start();
    const post = (verb: string, body: string): Promise<Response> =>
      fetch(`${url}/local/masters/${verb}`, { method: 'POST', body });
    expect((await post('crash', '')).status).toBe(409);
    expect((await post('fail-over', '{"recoveryMs":-1}')).status).toBe(400);
    expect((await post('elope', '')).status).toBe(404);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

describe('after a restart', () => {
  it('agents take the time to register that was set', async () => {
    const mesos = await fixture.start();
    const first = await subscribe(mesos.url);
    await runTask(first);
    await mesos.stop();
    const again = await fixture.start({ reregistrationMs: 200 });
    expect(again.state()).toMatchObject({ agents: [], awayAgents: [{ absence: 'recovering' }] });
    const second = await subscribe(again.url, { frameworkId: first.frameworkId });
    await second.untilOffer();
    expect(again.state()).toMatchObject({ awayAgents: [], tasks: [{ state: 'TASK_RUNNING' }] });
  });
});
