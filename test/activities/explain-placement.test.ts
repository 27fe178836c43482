// The activities that answer questions, against a master that speaks the operator API and a session in memory.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainPlacement } from '../../src/activities/explain-placement.ts';
import { reservationOf } from '../../src/activities/offers.ts';
import { preflight } from '../../src/activities/preflight.ts';
import type { Sessions } from '../../src/activities/sessions.ts';
import {
  portRange,
  scalar,
  withReservation,
  type OfferOutcome,
  type Scheduler,
} from '../../src/mesos/index.ts';
import type { Resource } from '../../src/mesos/types.ts';
import { STAGE, type WaitingNode } from '../../src/model/placement/explain.ts';
import { clusterSpecSchema } from '../../src/model/spec/schema.ts';
import type { WhyInput } from '../../src/workflows/contract.ts';
import { placementOf } from '../model/clusters.ts';
import { masterServer, refuse, type MasterServer } from '../mesos/master-server.ts';

const SPEC = clusterSpecSchema.parse({
  name: 'orders',
  role: 'orders-role',
  brokers: { count: 2, cpus: 1, memMb: 1024, heapMb: 512, disk: { sizeMb: 1024 } },
  controllers: { count: 1, cpus: 0.5, memMb: 512, heapMb: 256, disk: { sizeMb: 512 } },
  kafka: { artifact: { path: '/opt/kafka' } },
});
const SESSION = { epoch: 1, frameworkId: 'F', streamId: 's', master: 'http://m', taskQueue: 'q' };
const whole = (cpus: number, port: number): Resource[] => [
  scalar('cpus', cpus),
  scalar('mem', 8192),
  scalar('disk', 65_536),
  portRange(port, port + 9),
];
const own = (node: string, resource: Resource): Resource =>
  withReservation(
    resource,
    reservationOf({
      role: SPEC.role,
      principal: SPEC.principal,
      cluster: 'orders',
      incarnation: 'inc',
      node,
      placementNumber: 1,
    }),
  );
const agent = (n: number, total: Resource[], more: object = {}) => ({
  agent_info: { hostname: `h${n}`, id: { value: `A${n}` } },
  active: true,
  pid: `slave(1)@10.0.0.${n}:5051`,
  total_resources: total,
  ...more,
});
const allocated = (role: string, resources: Resource[]) =>
  resources.map((resource) => ({ ...resource, allocation_info: { role } }));

let server: MasterServer;
let mesos: Record<string, object>;
beforeEach(async () => {
  mesos = {
    GET_AGENTS: { agents: [] },
    GET_FRAMEWORKS: {},
    GET_MAINTENANCE_SCHEDULE: { schedule: {} },
    GET_MAINTENANCE_STATUS: { status: {} },
    GET_QUOTA: { status: {} },
    GET_MASTER: { master_info: { id: 'm' } },
  };
  server = await masterServer(({ body }, response) => {
    const { type } = JSON.parse(body) as { type: string };
    const answer = mesos[type];
    if (!answer) {
      refuse(response, 501, `no ${type}`);
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ type, [type.toLowerCase()]: answer }));
  });
});
afterEach(() => server.close());

const waiting = (node: string, stage: WaitingNode['stage'] = STAGE.PLACE): WaitingNode => ({
  node,
  kind: 'broker',
  stage,
  operationId: 'orders/install#1',
  status: 'WAITING',
  sinceMs: 1,
  ...(stage === STAGE.LAUNCH ? { placement: placementOf(node, { agentId: 'A1', hostname: 'h1' }) } : {}),
});
const OFFER: OfferOutcome = {
  atMs: 77,
  offerId: 'o1',
  agentId: 'A1',
  hostname: 'h1',
  offered: 'cpus 1',
  outcome: 'expired',
  reason: 'place broker-0: cpus 1.0 < 1.1',
};
const explain = (input: Partial<WhyInput> = {}, streamId = 's') => {
  const scheduler = { offerOutcomes: () => [OFFER] } as unknown as Scheduler;
  const sessions: Sessions = new Map([
    ['orders', { info: { ...SESSION, streamId }, scheduler, placed: new Map(), leftovers: false }],
  ]);
  return explainPlacement(
    { mesos: { masters: [server.url] }, sessions },
    {
      cluster: 'orders',
      incarnation: 'inc',
      frameworkId: 'F',
      spec: SPEC,
      session: SESSION,
      waiting: [waiting('broker-0')],
      placed: [],
      ...input,
    },
  );
};
const reasonsOf = ({ explanations }: Awaited<ReturnType<typeof explain>>) =>
  Object.fromEntries(
    (explanations[0]?.agents ?? []).map(({ hostname, reasons, notes }) => [hostname, [...reasons, ...notes]]),
  );

describe('why a node is not placed', () => {
  it('is said of every agent: drain, connection, maintenance, who holds what, constraints', async () => {
    mesos['GET_AGENTS'] = {
      agents: [
        agent(1, whole(1, 100)),
        agent(2, whole(4, 200), { active: false, deactivated: true, drain_info: { state: 'DRAINING' } }),
        agent(3, whole(4, 300), { active: false, deactivated: true }),
        agent(4, whole(4, 400), { active: false }),
        agent(5, [
          ...whole(1, 500),
          withReservation(scalar('cpus', 3), { type: 'DYNAMIC', role: 'ops', principal: 'op' }),
        ]),
        agent(6, whole(4, 600)),
        agent(7, [...whole(4, 700), own('broker-1', scalar('cpus', 1))]),
        agent(8, whole(4, 800), { allocated_resources: allocated('spark', [scalar('cpus', 3.9)]) }),
      ],
    };
    mesos['GET_FRAMEWORKS'] = {
      frameworks: [
        {
          framework_info: { id: { value: 'F9' }, name: 'spark', roles: ['spark'] },
          active: true,
          offers: [{ agent_id: { value: 'A6' }, resources: allocated('spark', [scalar('cpus', 4)]) }],
        },
        {
          framework_info: { id: { value: 'F' }, name: 'kafka-orders', roles: [SPEC.role] },
          active: true,
          offers: [{ agent_id: { value: 'A1' }, resources: allocated(SPEC.role, whole(1, 100)) }],
        },
      ],
    };
    mesos['GET_MAINTENANCE_SCHEDULE'] = {
      schedule: {
        windows: [
          {
            machine_ids: [
              { hostname: 'h1', ip: '10.0.0.1' },
              { hostname: 'h5', ip: '10.9.9.9' },
            ],
            unavailability: {
              start: { nanoseconds: 1_700_000_000_000_000_000 },
              duration: { nanoseconds: 3_600_000_000_000 },
            },
          },
        ],
      },
    };
    const answer = await explain();
    expect(reasonsOf(answer)).toEqual({
      h1: ['cpus 1.0 < 1.1', 'scheduled for maintenance at 2023-11-14T22:13:20.000Z for 60 min'],
      h2: ['agent is draining'],
      h3: ['agent is deactivated'],
      h4: ['agent is not connected'],
      h5: ['cpus 1.0 < 1.1', 'reserved for role ops: cpus 3.0'],
      h6: [
        'cpus 0.0 < 1.1 without what other frameworks have in offers',
        'offered to framework spark: cpus 4.0',
      ],
      // Reserved for another node of this cluster, of which the entity has not heard yet.
      h7: ['hostname UNIQUE (broker-1 is there)'],
      h8: ['cpus 0.1 < 1.1'],
    });
    expect(answer.offers).toEqual([OFFER]);
    const offered = answer.explanations[0]?.agents.filter(({ offeredAtMs }) => offeredAtMs !== undefined);
    expect(offered?.map(({ hostname, offeredAtMs }) => [hostname, offeredAtMs])).toEqual([['h1', 77]]);
    expect(answer.unknown).toEqual([]);
  });

  it("is a region that is not the masters', which is no lack of resources", async () => {
    const domain = (region: string) => ({ fault_domain: { region: { name: region }, zone: { name: 'a' } } });
    mesos['GET_MASTER'] = { master_info: { id: 'm', domain: domain('eu') } };
    const remote = agent(1, whole(4, 100));
    mesos['GET_AGENTS'] = {
      agents: [{ ...remote, agent_info: { ...remote.agent_info, domain: domain('us') } }],
    };
    const answer = await explain();
    expect(reasonsOf(answer)).toEqual({
      h1: ["region us is not the masters' (eu); placement.region allows it"],
    });
    expect(answer.explanations[0]?.agents[0]?.obstacles).toEqual(['CONSTRAINT']);
    expect(answer.explanations[0]?.advice[0]).toBe(
      'loosen placement.brokers or placement.region: h1 would have room for it',
    );
    const { nodes, region } = await preflight({ mesos: { masters: [server.url] } }, { spec: SPEC });
    expect([region, ...nodes.map(({ fits: one }) => one)]).toEqual(['eu', false, false, false]);
    const there = { ...SPEC, placement: { ...SPEC.placement, region: 'us' } };
    expect((await explain({ spec: there })).explanations[0]?.agents[0]?.fits).toBe(true);
  });

  it('is a quota of the role or of one above it, by what is reserved and used', async () => {
    const spec = { ...SPEC, role: 'team/orders' };
    mesos['GET_AGENTS'] = {
      agents: [
        agent(
          1,
          [
            ...whole(16, 100),
            withReservation(scalar('cpus', 2), { type: 'DYNAMIC', role: 'team/other', principal: 'op' }),
            withReservation(scalar('cpus', 9), { type: 'DYNAMIC', role: 'teammate', principal: 'op' }),
          ],
          {
            allocated_resources: [
              ...allocated('team/orders', [scalar('cpus', 1)]),
              // Counted once: it is among what is reserved.
              ...allocated('team/other', [
                withReservation(scalar('cpus', 2), { type: 'DYNAMIC', role: 'team/other', principal: 'op' }),
              ]),
            ],
          },
        ),
      ],
    };
    mesos['GET_QUOTA'] = {
      status: {
        configs: [
          { role: 'team', limits: { cpus: { value: 4 } } },
          { role: 'teammate', limits: { cpus: { value: 0 } } },
        ],
      },
    };
    const { explanations } = await explain({ spec });
    expect(explanations[0]?.everywhere).toEqual([
      'quota of role team exhausted: cpus limit 4.0, consumed 3.0, wanted 1.1',
    ]);
  });

  it('is told without offers where the session is not held, and without agents when no master answers', async () => {
    mesos['GET_AGENTS'] = { agents: [agent(1, whole(4, 100))] };
    const elsewhere = await explain({}, 'another');
    expect(elsewhere).toMatchObject({ offers: null, explanations: [{ nodes: ['broker-0'] }] });
    expect(elsewhere.offersMissing).toContain('did not answer');
    expect((await explain({ session: null })).offersMissing).toContain('no Mesos session');
    delete mesos['GET_AGENTS'];
    const alone = await explain();
    expect(alone).toMatchObject({ offers: [OFFER], explanations: [] });
    expect(alone.unknown).toEqual([expect.stringMatching(/^agents: GET_AGENTS/)]);
  });
});

describe('why a placed node is not launched', () => {
  const launch = async () => {
    const { explanations } = await explain({ waiting: [waiting('broker-0', STAGE.LAUNCH)] });
    expect(explanations).toHaveLength(1);
    return explanations[0]!;
  };
  const reserved = own('broker-0', scalar('cpus', 1.1));

  it('is that its agent is away, or that its resources are gone', async () => {
    mesos['GET_AGENTS'] = { agents: [agent(2, whole(4, 100))] };
    expect((await launch()).everywhere).toEqual([
      'h1 (agent A1), which holds its volume, is not registered with Mesos',
    ]);
    mesos['GET_AGENTS'] = { agents: [agent(1, whole(4, 100))] };
    expect((await launch()).everywhere).toEqual([
      'nothing is reserved for broker-0 on h1 (agent A1) any more',
    ]);
  });

  it('is that its agent drains, that what it has is in use, or that it is not offered yet', async () => {
    const of = async (more: object) => {
      mesos['GET_AGENTS'] = { agents: [agent(1, [...whole(4, 100), reserved], more)] };
      const { agents, advice } = await launch();
      return [...(agents[0]?.reasons ?? []), ...advice];
    };
    expect(await of({ drain_info: { state: 'DRAINED' }, deactivated: true })).toEqual([
      'agent is drained',
      'bring h1 back; it is launched by itself then',
    ]);
    expect((await of({ allocated_resources: allocated(SPEC.role, [reserved]) }))[0]).toBe(
      'what is reserved for it is still in use (cpus 1.1)',
    );
    expect((await of({}))[0]).toBe('what is reserved for it is free and not offered yet');
    expect(await of({ offered_resources: allocated(SPEC.role, [reserved]) })).toEqual([
      expect.stringMatching(/^nothing: it is launched/),
    ]);
  });
});

describe('whether a cluster would fit', () => {
  const fits = () => preflight({ mesos: { masters: [server.url] } }, { spec: SPEC });

  it('is played through in the order of the install, consuming what each node takes', async () => {
    mesos['GET_AGENTS'] = { agents: [agent(1, whole(1.7, 100)), agent(2, whole(1.1, 200))] };
    const { nodes, agents, tight } = await fits();
    expect([agents, tight]).toEqual([2, false]);
    expect(nodes).toEqual([
      { node: 'controller-0', fits: true, agentId: 'A1', hostname: 'h1', port: 100 },
      { node: 'broker-0', fits: true, agentId: 'A2', hostname: 'h2', port: 200 },
      { node: 'broker-1', fits: true, agentId: 'A1', hostname: 'h1', port: 101 },
    ]);
    mesos['GET_AGENTS'] = { agents: [agent(1, whole(1.6, 100)), agent(2, whole(1.1, 200))] };
    const { nodes: tighter } = await fits();
    expect(tighter.map(({ node, fits: one }) => [node, one])).toEqual([
      ['controller-0', true],
      ['broker-0', true],
      ['broker-1', false],
    ]);
    expect(tighter[2]).toMatchObject({
      agents: [
        { hostname: 'h1', reasons: ['cpus 1.0 < 1.1'] },
        { hostname: 'h2', reasons: expect.arrayContaining(['hostname UNIQUE (broker-0 is there)']) },
      ],
    });
  });

  it('says when it is tight: in another order of offers a node would have no place', async () => {
    const controllers = { ...SPEC.controllers, disk: { type: 'ROOT' as const, sizeMb: 4096 } };
    const spec = { ...SPEC, brokers: { ...SPEC.brokers, count: 1 }, controllers };
    const ask = async (cpus: number) => {
      // The controller needs the disk of h1, which has the most memory: whoever comes first goes there.
      const small = [scalar('cpus', 4), scalar('mem', 4096), scalar('disk', 2048), portRange(200, 209)];
      mesos['GET_AGENTS'] = { agents: [agent(1, whole(cpus, 100)), agent(2, small)] };
      const { nodes, tight } = await preflight({ mesos: { masters: [server.url] } }, { spec });
      return [nodes.every(({ fits: one }) => one), tight];
    };
    expect(await ask(1.7)).toEqual([true, false]);
    expect(await ask(1.6)).toEqual([true, true]);
    expect(await ask(0.5)).toEqual([false, false]);
  });

  it('names quotas that the whole cluster would break, frameworks in its role, and what it could not ask', async () => {
    mesos['GET_AGENTS'] = { agents: [agent(1, whole(4, 100))] };
    mesos['GET_QUOTA'] = { status: { configs: [{ role: SPEC.role, limits: { cpus: { value: 2 } } }] } };
    mesos['GET_FRAMEWORKS'] = {
      frameworks: [
        { framework_info: { id: { value: 'X' }, name: 'stranger', roles: [SPEC.role] }, active: true },
      ],
    };
    delete mesos['GET_MAINTENANCE_SCHEDULE'];
    const { quota, frameworksInRole, unknown } = await fits();
    expect(quota).toEqual(['quota of role orders-role exhausted: cpus limit 2.0, consumed 0.0, wanted 2.8']);
    expect(frameworksInRole).toEqual([{ id: 'X', name: 'stranger' }]);
    expect(unknown).toEqual([expect.stringMatching(/^maintenance: GET_MAINTENANCE_SCHEDULE.*501/)]);
  });

  it('cannot be said when no master answers', async () => {
    delete mesos['GET_AGENTS'];
    await expect(fits()).rejects.toMatchObject({ code: 'MESOS_UNREACHABLE' });
  });
});
