// The operator API: every recorded answer to a question that the client asks, and what the client makes of it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  getAgents,
  getFrameworks,
  getMaintenance,
  getMaster,
  getQuotas,
  getRoles,
  getTasks,
  maintenanceOf,
  reservedOn,
  type MesosEndpoint,
} from '../../../src/mesos/index.ts';
import { answer, replayServer, type ReplayServer } from './replay-server.ts';
import { readTranscript, type Entry } from './transcript.ts';

const entries = readTranscript('06_operator_api.jsonl');
/** The answers to a question, in the order of the recording. */
const answersTo = (type: string) =>
  entries.filter(({ dir, type: said }) => dir === 'in' && said === `${type}_RESPONSE`);

let server: ReplayServer;
beforeEach(async () => {
  server = await replayServer();
});
afterEach(() => server.close());

/** Asks, and gives the recorded answers of the master to what is asked. */
async function ask<T>(question: (endpoint: MesosEndpoint) => Promise<T>, ...recorded: Entry[]): Promise<T> {
  const done = question({ masters: [server.url] });
  done.catch(() => undefined);
  for (const entry of recorded) {
    const request = await server.next();
    expect(`${request.method} ${request.path}`).toBe('POST /api/v1');
    expect(request.body).toBe(JSON.stringify({ type: entry.type.replace(/_RESPONSE$/, '') }));
    answer(
      request,
      entry.http ?? {},
      typeof entry.body === 'string' ? entry.body : JSON.stringify(entry.body),
    );
  }
  return done;
}

const all = <T>(type: string, question: (endpoint: MesosEndpoint) => Promise<T>) =>
  answersTo(type).reduce<Promise<T[]>>(
    async (before, entry) => [...(await before), await ask(question, entry)],
    Promise.resolve([]),
  );

describe('the recorded answers tell', () => {
  it('of agents: what they have, who holds it, and that one was deactivated and drained', async () => {
    const told = await all('GET_AGENTS', getAgents);
    expect(told).toHaveLength(4);
    const of = (i: number) => told[i]?.find(({ id }) => id.endsWith('-S1'));
    expect(of(0)).toMatchObject({ active: true, region: 'region-1', zone: 'zone-2', ip: '127.0.0.1' });
    expect(of(0)).not.toHaveProperty('deactivated');
    expect(reservedOn(of(0) ?? fail('no agent was recorded'))).toEqual([
      {
        name: 'cpus',
        type: 'SCALAR',
        scalar: { value: 0.5 },
        reservations: [{ type: 'DYNAMIC', role: 'kafka', principal: 'probe-principal' }],
      },
    ]);
    expect(of(0)?.allocatedResources.map(({ name }) => name)).toEqual(['cpus', 'mem']);
    expect(of(0)?.offeredResources.map(({ name }) => name)).toEqual(['ports', 'cpus', 'mem', 'disk']);
    expect(of(2)).toMatchObject({ active: false, deactivated: true });
    expect(of(2)).not.toHaveProperty('drain');
    expect(of(3)).toMatchObject({
      active: false,
      deactivated: true,
      drain: { state: 'DRAINED', markGone: false },
    });
  });

  it('of frameworks, and not of those that ended', async () => {
    const [during, after] = await all('GET_FRAMEWORKS', getFrameworks);
    expect(during).toEqual([
      {
        id: expect.any(String) as string,
        name: 'probe',
        active: true,
        connected: true,
        roles: ['kafka'],
        principal: 'probe-principal',
      },
    ]);
    expect(after).toEqual([]);
  });

  it('of roles and quotas', async () => {
    const [before, after] = await all('GET_ROLES', getRoles);
    expect(before).toEqual([
      {
        name: 'kafka',
        weight: 1,
        frameworks: [expect.any(String) as string],
        resources: { cpus: 8, disk: 40000, mem: 16384 },
      },
    ]);
    expect(after?.[0]).toMatchObject({ weight: 2, resources: { cpus: 0.5, mem: 64 } });
    const [none, set] = await all('GET_QUOTA', getQuotas);
    expect(none).toEqual([]);
    expect(set).toEqual([{ role: 'kafka', guarantees: { cpus: 1 }, limits: { cpus: 2, mem: 1024 } }]);
  });

  it('of maintenance, and whom it meets', async () => {
    const schedules = answersTo('GET_MAINTENANCE_SCHEDULE');
    const statuses = answersTo('GET_MAINTENANCE_STATUS');
    const told = [];
    for (const [i, schedule] of schedules.entries()) {
      const status = statuses[i] ?? statuses[0];
      told.push(await ask(getMaintenance, schedule, ...(status ? [status] : [])));
    }
    expect(told[0]).toEqual({ windows: [], down: [] });
    const planned = told.find(({ windows }) => windows.length > 0) ?? fail('no window was recorded');
    expect(planned.windows).toEqual([
      {
        machines: [{ hostname: '127.0.0.1', ip: '127.0.0.1' }],
        startMs: 1_795_401_414_754,
        durationMs: 3_600_000,
      },
    ]);
    const [agent = fail('no agent was recorded')] = (await all('GET_AGENTS', getAgents))[0] ?? [];
    expect(maintenanceOf(agent, planned)).toEqual(planned.windows);
    expect(maintenanceOf({ ...agent, ip: '127.0.0.2' }, planned)).toEqual([]);
    expect(maintenanceOf({ ...agent, hostname: 'other' }, planned)).toEqual([]);
  });

  it('of tasks and of the master', async () => {
    const [tasks] = await all('GET_TASKS', getTasks);
    expect(tasks).toMatchObject([{ id: 't1', state: 'TASK_RUNNING' }]);
    const [master] = await all('GET_MASTER', getMaster);
    expect(master).toMatchObject({ version: '1.12.0', url: server.url });
  });
});

function fail(what: string): never {
  throw new Error(what);
}
