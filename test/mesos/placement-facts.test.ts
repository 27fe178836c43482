import { afterEach, describe, expect, it } from 'vitest';
import { getPlacementFacts } from '../../src/mesos/index.ts';
import { expectCode } from './fake-subscription.ts';
import { masterServer, refuse, type MasterServer } from './master-server.ts';

let server: MasterServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

/** A master that answers each call with what is set, and refuses the others. */
async function masterWith(answers: Record<string, object>): Promise<{ masters: string[] }> {
  server = await masterServer(({ body }, response) => {
    const { type } = JSON.parse(body) as { type: string };
    const answer = answers[type];
    if (!answer) {
      refuse(response, 403, `not allowed to ${type}`);
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ type, [type.toLowerCase()]: answer }));
  });
  return { masters: [server.url] };
}

// In the words of a real master (transcript 06).
const AGENTS = {
  agents: [
    {
      agent_info: { hostname: '127.0.0.1', port: 5052, id: { value: 'S1' } },
      active: false,
      deactivated: true,
      pid: 'slave(1)@127.0.0.1:5052',
      total_resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 4 }, role: '*' }],
      drain_info: { state: 'DRAINED', config: { max_grace_period: { nanoseconds: 0 }, mark_gone: false } },
    },
    {
      agent_info: { hostname: '127.0.0.1', port: 5051, id: { value: 'S0' } },
      active: true,
      pid: 'slave(1)@127.0.0.1:5051',
    },
  ],
};
const FRAMEWORKS = {
  frameworks: [
    {
      framework_info: { name: 'probe', id: { value: 'F0' }, roles: ['kafka'] },
      active: true,
      connected: true,
      offers: [
        {
          id: { value: 'O2' },
          agent_id: { value: 'S0' },
          resources: [
            { name: 'cpus', type: 'SCALAR', scalar: { value: 3.5 }, allocation_info: { role: 'kafka' } },
          ],
        },
      ],
    },
    { framework_info: { name: 'old', id: { value: 'F1' }, role: 'ops' }, active: false, connected: false },
  ],
};
const MAINTENANCE = {
  schedule: {
    windows: [
      {
        machine_ids: [{ hostname: '127.0.0.1', ip: '127.0.0.1' }],
        unavailability: {
          start: { nanoseconds: 1795401414753530112 },
          duration: { nanoseconds: 3600000000000 },
        },
      },
      { machine_ids: [{ hostname: 'h' }], unavailability: { start: { nanoseconds: 1000000 } } },
    ],
  },
};
const MASTER = {
  master_info: {
    id: 'm',
    version: '1.12.0',
    domain: { fault_domain: { region: { name: 'eu' }, zone: { name: 'a' } } },
  },
};
const QUOTA = {
  status: {
    infos: [{ role: 'kafka', guarantee: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }] }],
    configs: [
      {
        role: 'kafka',
        guarantees: { cpus: { value: 1 } },
        limits: { cpus: { value: 2 }, mem: { value: 1024 } },
      },
    ],
  },
};

describe('what Mesos tells of where something could be placed', () => {
  it("is agents, drains, who holds offers, maintenance, quotas and the masters' region", async () => {
    const endpoint = await masterWith({
      GET_AGENTS: AGENTS,
      GET_FRAMEWORKS: FRAMEWORKS,
      GET_MAINTENANCE_SCHEDULE: MAINTENANCE,
      GET_MAINTENANCE_STATUS: { status: {} },
      GET_QUOTA: QUOTA,
      GET_MASTER: MASTER,
    });
    const facts = await getPlacementFacts(endpoint);
    expect(facts.agents).toMatchObject([
      { id: 'S1', active: false, ip: '127.0.0.1', deactivated: true, drain: { state: 'DRAINED' } },
      { id: 'S0', active: true, ip: '127.0.0.1' },
    ]);
    expect(facts.frameworks).toMatchObject([
      { id: 'F0', name: 'probe', roles: ['kafka'], offers: [{ agentId: 'S0' }] },
      { id: 'F1', name: 'old', roles: ['ops'], offers: [] },
    ]);
    expect(facts.maintenance.windows).toHaveLength(2);
    expect(facts.quotas).toMatchObject([{ role: 'kafka', limits: { cpus: 2, mem: 1024 } }]);
    expect(facts.region).toBe('eu');
    expect(facts.unknown).toEqual([]);
  });

  it('says what a master refuses to tell, and goes on without it', async () => {
    const { agents, unknown } = await getPlacementFacts(
      await masterWith({
        GET_AGENTS: AGENTS,
        GET_FRAMEWORKS: {},
        GET_MAINTENANCE_SCHEDULE: { schedule: {} },
        GET_MAINTENANCE_STATUS: { status: {} },
        GET_MASTER: { master_info: { id: 'm' } },
      }),
    );
    expect(agents).toHaveLength(2);
    expect(unknown).toEqual([expect.stringMatching(/^quotas: GET_QUOTA was refused by .*not allowed/)]);
  });

  it('is nothing when not even the agents are told', async () => {
    await expectCode(getPlacementFacts(await masterWith({})), 'MESOS_REFUSED');
  });
});
