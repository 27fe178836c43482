// Agents with disks of their own, with static reservations, in fault domains.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import type { Resource } from '../../../src/mesos/types.ts';
import { AGENT, useLocalMesos } from './support/fixture.ts';
import { operator } from './support/operator.ts';
import { PRINCIPAL, RESERVATION } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';

const fixture = useLocalMesos();

describe('a MOUNT disk', () => {
  it('is offered with its root, taken as a whole, and holds the volume itself', async () => {
    const disks = [
      { type: 'MOUNT' as const, sizeMb: 500 },
      { type: 'MOUNT' as const, sizeMb: 600, id: 'd2', profile: 'fast', vendor: 'local' },
    ];
    const mesos = await fixture.start({ agents: [{ ...AGENT, disks }] });
    const scheduler = await subscribe(mesos.url);
    const offer = await scheduler.untilOffer();
    const [first, second] = offer.resources
      .filter(({ disk }) => disk?.source)
      .sort((a, b) => (a.scalar?.value ?? 0) - (b.scalar?.value ?? 0));
    if (!first || !second) throw new Error(`two disks expected in ${JSON.stringify(offer)}`);
    const root = first.disk?.source?.mount?.root ?? '';
    expect(existsSync(root)).toBe(true);
    expect(second.disk?.source).toMatchObject({ type: 'MOUNT', id: 'd2', profile: 'fast', vendor: 'local' });

    const reserved: Resource = { ...bare(first), reservations: [RESERVATION] };
    const part: Resource = { ...bare(second), scalar: { value: 100 }, reservations: [RESERVATION] };
    const volume: Resource = {
      ...reserved,
      disk: {
        ...reserved.disk,
        persistence: { id: 'v', principal: PRINCIPAL },
        volume: { container_path: 'data', mode: 'RW' },
      },
    };
    await scheduler.call(
      acceptOf(
        [offer],
        [
          { type: 'RESERVE', id: { value: 'part' }, reserve: { resources: [part] } },
          { type: 'RESERVE', id: { value: 'whole' }, reserve: { resources: [reserved] } },
          { type: 'CREATE', id: { value: 'create' }, create: { volumes: [volume] } },
        ],
      ),
    );
    const stateOf = async (id: string): Promise<string | undefined> =>
      (
        await scheduler.until(
          id,
          ({ update_operation_status: one }) => one?.status.operation_id?.value === id,
        )
      ).update_operation_status?.status.state;
    expect(await stateOf('part')).toBe('OPERATION_ERROR');
    expect(await stateOf('whole')).toBe('OPERATION_FINISHED');
    expect(await stateOf('create')).toBe('OPERATION_FINISHED');

    const again = await scheduler.untilOffer(({ resources }) =>
      resources.some(({ disk }) => disk?.persistence),
    );
    const task = {
      id: 't',
      command: 'echo -n bytes > data/file; sleep 1000',
      resources: [
        { name: 'cpus', type: 'SCALAR' as const, scalar: { value: 0.1 } },
        { name: 'mem', type: 'SCALAR' as const, scalar: { value: 32 } },
        volume,
      ],
    };
    await scheduler.call(acceptOf([again], [launchGroup(scheduler, again.agent_id, task)]));
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await eventually(() => {
      expect(readFileSync(join(root, 'file'), 'utf8')).toBe('bytes');
    });
    await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't' } } });
    await scheduler.untilTask('t', 'TASK_KILLED');
    await eventually(async () => {
      const destroyed = await operator(mesos.url, {
        type: 'DESTROY_VOLUMES',
        destroy_volumes: { agent_id: offer.agent_id, volumes: [volume] },
      });
      expect(destroyed.status).toBe(202);
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it('cannot be shrunk or grown', async () => {
    const mesos = await fixture.start({
      agents: [{ ...AGENT, disks: [{ type: 'MOUNT', sizeMb: 500, reservedTo: 'kafka' }] }],
    });
    const agent = mesos.state().agents[0];
    const disk = agent?.total.find((one) => one.disk?.source);
    if (!agent || !disk) throw new Error('a disk expected');
    const volume = {
      ...disk,
      disk: {
        ...disk.disk,
        persistence: { id: 'v', principal: PRINCIPAL },
        volume: { container_path: 'data', mode: 'RW' },
      },
    };
    const agent_id = { value: agent.id };
    expect(
      await operator(mesos.url, { type: 'CREATE_VOLUMES', create_volumes: { agent_id, volumes: [volume] } }),
    ).toMatchObject({ status: 202 });
    expect(
      await operator(mesos.url, {
        type: 'SHRINK_VOLUME',
        shrink_volume: { agent_id, volume, subtract: { value: 10 } },
      }),
    ).toMatchObject({
      status: 400,
      body: expect.stringContaining('Shrinking a volume on a MOUNT disk is not supported') as string,
    });
  });
});

describe('a static reservation', () => {
  it('is offered only to its role and to those below, and cannot be undone', async () => {
    const mesos = await fixture.start({
      agents: [
        { ...AGENT, reservedTo: 'slave_public' },
        { ...AGENT, reservations: [{ role: 'team', cpus: 1, memMb: 512 }] },
      ],
    });
    const [publicAgent] = mesos.state().agents;
    const outsider = await subscribe(mesos.url, { name: 'outsider', roles: ['kafka'] });
    const theirs = await outsider.untilOffer();
    expect(theirs.resources.some(({ reservations }) => reservations)).toBe(false);
    expect(mesos.state().offers.some(({ agentId }) => agentId === publicAgent?.id)).toBe(false);
    const insider = await subscribe(mesos.url, { name: 'insider', roles: ['team/kafka'] });
    const { resources } = await insider.untilOffer();
    expect(resources.map(({ name, reservations }) => [name, reservations])).toEqual([
      ['cpus', [{ type: 'STATIC', role: 'team' }]],
      ['mem', [{ type: 'STATIC', role: 'team' }]],
    ]);
    const edge = await subscribe(mesos.url, { name: 'edge', roles: ['slave_public'] });
    const all = await edge.untilOffer();
    expect(all.agent_id.value).toBe(publicAgent?.id);
    expect(all.resources.every((one) => one.reservations?.[0]?.type === 'STATIC')).toBe(true);
    expect(
      await operator(mesos.url, {
        type: 'UNRESERVE_RESOURCES',
        unreserve_resources: {
          agent_id: all.agent_id,
          resources: [
            {
              name: 'cpus',
              type: 'SCALAR',
              scalar: { value: 1 },
              reservations: [{ type: 'STATIC', role: 'slave_public' }],
            },
          ],
        },
      }),
    ).toMatchObject({ status: 400, body: expect.stringContaining('is not dynamically reserved') as string });
  });

  it('can be refined by a framework of its role, and unrefined', async () => {
    const mesos = await fixture.start({ agents: [{ ...AGENT, reservedTo: 'team' }] });
    const scheduler = await subscribe(mesos.url, { roles: ['team/kafka'] });
    const offer = await scheduler.untilOffer();
    const refined = {
      name: 'cpus',
      type: 'SCALAR',
      scalar: { value: 2 },
      reservations: [
        { type: 'STATIC', role: 'team' },
        { type: 'DYNAMIC', role: 'team/kafka', principal: PRINCIPAL },
      ],
    };
    const reserve = { type: 'RESERVE', reserve: { resources: [refined] } };
    await scheduler.call(acceptOf([offer], [reserve]));
    const second = await scheduler.untilOffer(({ resources }) =>
      resources.some(({ reservations }) => reservations?.length === 2),
    );
    const unreserve = { type: 'UNRESERVE', unreserve: { resources: [refined] } };
    await scheduler.call(acceptOf([second], [unreserve]));
    await eventually(() => {
      const cpus = mesos.state().agents[0]?.total.filter(({ name }) => name === 'cpus');
      expect(cpus).toEqual([
        {
          name: 'cpus',
          type: 'SCALAR',
          scalar: { value: 4 },
          reservations: [{ type: 'STATIC', role: 'team' }],
        },
      ]);
    });
  });
});

describe('POST /local/agents', () => {
  it('takes disks, reservations and a fault domain, and refuses what does not fit', async () => {
    const mesos = await fixture.start({ agents: [] });
    const domain = { fault_domain: { region: { name: 'eu' }, zone: { name: 'a' } } };
    const spec = { ...AGENT, domain, disks: [{ type: 'PATH', sizeMb: 100 }], reservedTo: 'slave_public' };
    expect((await add(mesos.url, spec)).status).toBe(201);
    expect(mesos.state().agents[0]?.total).toContainEqual({
      name: 'disk',
      type: 'SCALAR',
      scalar: { value: 100 },
      reservations: [{ type: 'STATIC', role: 'slave_public' }],
      disk: { source: { type: 'PATH', path: { root: expect.stringContaining('disk-1') as string } } },
    });
    const scheduler = await subscribe(mesos.url, { roles: ['slave_public'] });
    expect((await scheduler.untilOffer()).domain).toEqual(domain);
    const tooMuch = await add(mesos.url, { ...AGENT, reservations: [{ role: 'a', cpus: 5 }] });
    expect([tooMuch.status, await tooMuch.json()]).toEqual([
      400,
      { error: 'No agent was added: reservations take 5 of cpus, and the agent has 4; reserve at most that' },
    ]);
  });
});

function add(url: string, spec: object): Promise<Response> {
  return fetch(`${url}/local/agents`, { method: 'POST', body: JSON.stringify(spec) });
}

function bare({ allocation_info: _allocation, ...resource }: Resource): Resource {
  return resource;
}
