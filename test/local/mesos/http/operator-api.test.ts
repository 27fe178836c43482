import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { send } from '../../../conformance/server/client.ts';
import { useLocalMesos } from '../support/fixture.ts';
import { RESERVATION, ports, scalar, volume } from '../support/resources.ts';
import { subscribe } from '../support/scheduler.ts';

const fixture = useLocalMesos();
const HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };

async function operator(url: string, body: object): Promise<{ status: number; body: unknown }> {
  return (await send(url, '/api/v1', HEADERS, JSON.stringify(body))).response;
}

describe('the operator API', () => {
  it('shows agents as a real master does, with reservations in the new and the old form', async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url, { suppressedRoles: ['kafka'] });
    const id = mesos.state().agents[0]?.id ?? '';
    const agent_id = { value: id };
    const reserved = scalar('disk', 50, [RESERVATION]);
    expect(
      await operator(mesos.url, {
        type: 'RESERVE_RESOURCES',
        reserve_resources: { agent_id, resources: [reserved] },
      }),
    ).toMatchObject({ status: 202 });
    expect(
      await operator(mesos.url, {
        type: 'CREATE_VOLUMES',
        create_volumes: { agent_id, volumes: [volume('v', 50)] },
      }),
    ).toMatchObject({ status: 202 });
    const { role, principal, labels } = RESERVATION;
    expect(await operator(mesos.url, { type: 'GET_AGENTS' })).toMatchObject({
      status: 200,
      body: {
        type: 'GET_AGENTS',
        get_agents: {
          agents: [
            {
              agent_info: { hostname: '127.0.0.1', port: 5051, id: agent_id, checkpoint: true },
              active: true,
              deactivated: false,
              version: '1.12.0',
              pid: 'slave(1)@127.0.0.1:5051',
              total_resources: [
                { ...scalar('cpus', 4), role: '*' },
                { ...scalar('mem', 8192), role: '*' },
                { ...scalar('disk', 19_950), role: '*' },
                { ...ports(21_000, 21_099), role: '*' },
                { ...volume('v', 50), role, reservation: { principal, labels } },
              ],
            },
          ],
          recovered_agents: [],
        },
      },
    });
    expect(
      await operator(mesos.url, {
        type: 'UNRESERVE_RESOURCES',
        unreserve_resources: { agent_id, resources: [reserved] },
      }),
    ).toMatchObject({
      status: 409,
      body: expect.stringContaining(
        'does not contain disk(reservations: [(DYNAMIC,kafka,test-principal,{node: broker-0})]):50',
      ) as string,
    });
    expect(scheduler.events.some(({ type }) => type === 'ERROR')).toBe(false);
  });

  it("answers what it cannot do in a real master's words, or says that it is a local one", async () => {
    const { url } = await fixture.start();
    expect(await operator(url, {})).toMatchObject({
      status: 400,
      body: "Failed to validate master::Call: Expecting 'type' to be present",
    });
    expect(
      await operator(url, { type: 'TEARDOWN', teardown: { framework_id: { value: 'nope' } } }),
    ).toMatchObject({
      status: 400,
      body: 'No framework found with specified ID',
    });
    expect(await operator(url, { type: 'UPDATE_QUOTA' })).toMatchObject({
      status: 400,
      body: "Failed to validate master::Call: Expecting 'update_quota' to be present",
    });
    expect(await operator(url, { type: 'REMOVE_QUOTA' })).toMatchObject({ status: 501 });
    expect(await operator(url, { type: 'GET_HEALTH' })).toMatchObject({
      body: { type: 'GET_HEALTH', get_health: { healthy: true } },
    });
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

describe('local Mesos', () => {
  it('refuses aloud the two inputs that bring a real master down', async () => {
    const { url } = await fixture.start();
    const { call } = await subscribe(url);
    const unknown = await call({ type: 'UNKNOWN' });
    expect([unknown.status, unknown.body]).toEqual([
      400,
      expect.stringContaining('brings a real Mesos master down'),
    ]);
    const tasks = ['same', 'same'].map((value) => ({
      name: 'n',
      task_id: { value },
      agent_id: { value: 'a' },
    }));
    const operations = [
      {
        type: 'LAUNCH_GROUP',
        launch_group: { executor: { executor_id: { value: 'e' } }, task_group: { tasks } },
      },
    ];
    const twice = await call({ type: 'ACCEPT', accept: { offer_ids: [], operations } });
    expect([twice.status, twice.body]).toEqual([
      400,
      expect.stringContaining("two tasks with the id 'same'"),
    ]);
  });

  it('answers every input with something and stays up', async () => {
    const errors: unknown[] = [];
    const mesos = await fixture.start({ onError: (error) => errors.push(error) });
    const { url } = mesos;
    const scheduler = await subscribe(url);
    const offer = await scheduler.untilOffer();
    const part = fc.jsonValue({ maxDepth: 3 });
    const resource = fc.record({
      name: fc.constantFrom('cpus', 'disk', 'ports'),
      type: fc.constantFrom('SCALAR', 'RANGES', 'SET'),
      scalar: part,
      ranges: part,
      reservations: part,
      disk: part,
      role: part,
    });
    const resources = fc.array(fc.oneof(resource, part));
    const operation = fc.record({
      type: fc.constantFrom('RESERVE', 'CREATE', 'DESTROY', 'UNRESERVE', 'LAUNCH', 'LAUNCH_GROUP'),
      reserve: fc.record({ resources }),
      create: fc.record({ volumes: resources }),
      destroy: fc.record({ volumes: resources }),
      unreserve: fc.record({ resources }),
      launch: fc.record({
        task_infos: fc.array(
          fc.record({
            name: fc.string(),
            task_id: fc.record({ value: fc.string() }),
            agent_id: fc.constant(offer.agent_id),
            resources,
            command: part,
          }),
        ),
      }),
      launch_group: part,
    });
    const call = fc.oneof(
      part.map((json) => ({ body: json })),
      fc.record({
        type: fc.constantFrom('KILL', 'REVIVE', 'ACKNOWLEDGE', 'RECONCILE', 'DECLINE'),
        kill: part,
        acknowledge: part,
        reconcile: part,
        decline: part,
      }),
      fc.record({
        type: fc.constant('ACCEPT'),
        accept: fc.record({
          offer_ids: fc.constant<{ value: string }[]>([]),
          operations: fc.array(operation),
        }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(call, async (body) => {
        mesos.allocate();
        const offers = mesos.state().offers.slice(0, 1);
        if ('accept' in body) body.accept.offer_ids = offers.map(({ id }) => ({ value: id }));
        const { status } = await scheduler.call(body);
        expect([202, 400]).toContain(status);
      }),
      { numRuns: 200 },
    );
    expect(errors).toEqual([]);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
