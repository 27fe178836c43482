import { afterEach, describe, expect, it } from 'vitest';
import { getAgents, getFrameworks, getMaster, getTasks, reservedByLabels } from '../../src/mesos/index.ts';
import { expectCode } from './fake-subscription.ts';
import { masterServer, refuse, type MasterServer } from './master-server.ts';

let server: MasterServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function masterSays(answer: object): Promise<{ masters: string[] }> {
  server = await masterServer((_request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(answer));
  });
  return { masters: [server.url] };
}

const labels = { labels: [{ key: 'millrace_node', value: 'broker-0' }] };
const reservations = [{ type: 'DYNAMIC', role: 'ops', principal: 'op', labels }];
/** In the words of a real master (transcript 06): each reservation is said twice. */
const reservedCpus = {
  name: 'cpus',
  type: 'SCALAR',
  scalar: { value: 1 },
  role: 'ops',
  reservation: { principal: 'op', labels },
  reservations,
};
const volume = {
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: 50 },
  role: 'ops',
  reservation: { principal: 'op', labels },
  reservations,
  disk: { persistence: { id: 'opvol', principal: 'op' }, volume: { mode: 'RW', container_path: 'p' } },
};
const agent = (id: string, more: object = {}) => ({
  agent_info: {
    hostname: '127.0.0.1',
    port: 5052,
    attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r2' } }],
    id: { value: id },
    domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-2' } } },
  },
  active: true,
  deactivated: false,
  registered_time: { nanoseconds: 1795401349432905984 },
  total_resources: [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 2.5 }, role: '*' },
    reservedCpus,
    volume,
  ],
  allocated_resources: [
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 }, role: '*', allocation_info: { role: 'k' } },
  ],
  ...more,
});

describe('the operator API', () => {
  it('tells of agents, with reservations in the form that Mesos takes back', async () => {
    const endpoint = await masterSays({
      type: 'GET_AGENTS',
      get_agents: { agents: [agent('S1'), agent('S0', { deactivated: true, total_resources: undefined })] },
    });
    const agents = await getAgents(endpoint);
    const { role: _r1, reservation: _r2, ...cpus } = reservedCpus;
    const { role: _r3, reservation: _r4, ...disk } = volume;
    expect(agents[0]).toEqual({
      id: 'S1',
      hostname: '127.0.0.1',
      active: true,
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r2' } }],
      region: 'region-1',
      zone: 'zone-2',
      totalResources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 2.5 } }, cpus, disk],
      allocatedResources: [
        { name: 'mem', type: 'SCALAR', scalar: { value: 64 }, allocation_info: { role: 'k' } },
      ],
      offeredResources: [],
    });
    expect(agents[1]).toMatchObject({ id: 'S0', active: false, totalResources: [] });
    expect(reservedByLabels(agents, { millrace_node: 'broker-0' })).toEqual([
      { agent: agents[0], resources: [cpus, disk], volumes: [disk] },
    ]);
    expect(reservedByLabels(agents, { millrace_node: 'broker-1' })).toEqual([]);
    expect(server?.requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1',
      body: '{"type":"GET_AGENTS"}',
    });
  });

  it('tells of tasks on reachable and unreachable agents', async () => {
    const task = (id: string, state: string) => ({
      name: 'broker-0',
      task_id: { value: id },
      framework_id: { value: 'f' },
      agent_id: { value: 'S1' },
      state,
    });
    const endpoint = await masterSays({
      get_tasks: {
        tasks: [task('t1', 'TASK_RUNNING')],
        unreachable_tasks: [task('t2', 'TASK_UNREACHABLE')],
        completed_tasks: [task('t3', 'TASK_FINISHED')],
      },
    });
    expect(await getTasks(endpoint)).toEqual([
      { id: 't1', name: 'broker-0', frameworkId: 'f', agentId: 'S1', state: 'TASK_RUNNING' },
      { id: 't2', name: 'broker-0', frameworkId: 'f', agentId: 'S1', state: 'TASK_UNREACHABLE' },
    ]);
  });

  it('tells of frameworks and of the master', async () => {
    const frameworks = await masterSays({
      get_frameworks: {
        frameworks: [
          { framework_info: { id: { value: 'f' }, name: 'kafka-demo' }, active: true, connected: false },
        ],
        completed_frameworks: [{ framework_info: { id: { value: 'old' }, name: 'old' } }],
      },
    });
    expect(await getFrameworks(frameworks)).toEqual([
      { id: 'f', name: 'kafka-demo', active: true, connected: false, roles: [] },
    ]);
    await server?.close();
    const endpoint = await masterSays({ get_master: { master_info: { id: 'm', version: '1.12.0' } } });
    expect(await getMaster(endpoint)).toEqual({ url: server?.url, id: 'm', version: '1.12.0' });
  });

  it('says what it does not understand, or may not know, as a refusal', async () => {
    await expectCode(getAgents(await masterSays({ hello: 'world' })), 'MESOS_REFUSED');
    await server?.close();
    server = await masterServer((_request, response) => {
      refuse(response, 403, '403 Forbidden.');
    });
    await expectCode(getAgents({ masters: [server.url] }), 'MESOS_REFUSED');
  });

  it('gives up on a master that does not answer', async () => {
    server = await masterServer(() => undefined);
    await expectCode(getAgents({ masters: [server.url] }, { timeoutMs: 100 }), 'MESOS_UNREACHABLE');
  });
});
