import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlaceNodeInput } from '../../src/activities/contract.ts';
import { CONTROLLERS_FIRST_MS, placeNode } from '../../src/activities/place-node.ts';
import { releaseNode } from '../../src/activities/release-node.ts';
import { portRange, scalar, type Demand, type Scheduler } from '../../src/mesos/index.ts';
import type { OfferOperation, Resource } from '../../src/mesos/types.ts';
import { volumeIdsOf, type Placement } from '../../src/model/cluster.ts';
import { parseSpec } from '../../src/model/spec/parse.ts';
import { anOffer } from '../mesos/fake-subscription.ts';
import { masterServer, type MasterServer } from '../mesos/master-server.ts';
import { placementOf } from '../model/clusters.ts';
import { carryOut, under } from './carry-out.ts';

const session = { epoch: 1, frameworkId: 'f', streamId: 's', master: 'm', taskQueue: 'q' };
const input: PlaceNodeInput = {
  caller: { operationWorkflowId: 'w', step: 's' },
  session,
  cluster: 'orders',
  incarnation: '0a1b2c3d',
  spec: parseSpec({
    name: 'orders',
    role: 'dept/orders',
    kafka: { artifact: { path: '/opt/kafka' } },
    java: { path: '/opt/java' },
    brokers: {
      disks: [
        { type: 'ROOT', sizeMb: 300 },
        { type: 'MOUNT', sizeMb: 400 },
      ],
    },
  }),
  node: { name: 'broker-0', kind: 'broker' },
  placementNumber: 1,
  others: [0, 1, 2].map((n) => ({
    name: `controller-${n}`,
    kind: 'controller',
    placement: placementOf(`controller-${n}`),
  })),
};
const FREE: Resource[] = [
  scalar('cpus', 4),
  under(scalar('mem', 4096), { type: 'STATIC', role: 'dept' }),
  scalar('disk', 4096),
  portRange(31_000, 31_005),
  { ...scalar('disk', 500), disk: { source: { type: 'MOUNT', mount: { root: '/mnt/a' } } } },
];

/** The one agent of a Mesos, and what it was asked to do; `fails` refuses operations by their place in the whole run. */
let agent: { resources: Resource[]; operations: OfferOperation[] };
let fails: Set<number>;
let master: MasterServer;
let waits: string[];
let demands: Demand<unknown>[];
/** How much later the offers come than the demand. */
let lateMs: number;

beforeEach(async () => {
  agent = { resources: FREE, operations: [] };
  fails = new Set();
  waits = [];
  demands = [];
  lateMs = 0;
  vi.useFakeTimers({ toFake: ['Date'] });
  master = await masterServer((_request, response) => {
    response.setHeader('Content-Type', 'application/json');
    const info = { id: { value: 'agent-1' }, hostname: 'agent-1.example', attributes: [] };
    const one = { agent_info: info, active: true, total_resources: agent.resources };
    response.end(JSON.stringify({ type: 'GET_AGENTS', get_agents: { agents: [one] } }));
  });
});
afterEach(async () => {
  vi.useRealTimers();
  await master.close();
});

function scheduler(): Scheduler {
  const outcomes = new Map<string, string>();
  return {
    withOffers: async (demand: Demand<unknown>) => {
      const { decide } = demand;
      demands.push(demand);
      vi.setSystemTime(Date.now() + lateMs);
      const domain = { fault_domain: { region: { name: 'us' }, zone: { name: 'us-1' } } };
      const decision = decide([{ ...anOffer('o1', 'agent-1', agent.resources), domain }]);
      if ('wait' in decision) {
        waits.push(decision.wait);
        throw new Error(decision.wait);
      }
      for (const operation of decision.operations) {
        const isRefused = fails.has(agent.operations.push(operation) - 1);
        let state = isRefused ? 'OPERATION_ERROR' : 'OPERATION_FINISHED';
        try {
          if (!isRefused) agent.resources = carryOut(agent.resources, [operation]);
        } catch {
          state = 'OPERATION_ERROR';
        }
        if ('id' in operation) outcomes.set(operation.id?.value ?? '', state);
      }
      return decision.result;
    },
    operationOutcome: async (id: string) => ({
      state: outcomes.get(id) ?? 'none',
      message: 'Invalid offers',
    }),
    call: () => Promise.resolve(),
  } as unknown as Scheduler;
}

const waiting = { set: () => undefined, signal: new AbortController().signal };

/** What the worker has that holds the session. */
function deps(region?: string, placed = new Map<string, Placement>()) {
  const held = {
    info: session,
    scheduler: scheduler(),
    placed,
    leftovers: false,
    ...(region === undefined ? {} : { region }),
  };
  return { mesos: { masters: [master.url] }, sessions: new Map([['orders', held]]) };
}

function place(
  region?: string,
  changes: Partial<PlaceNodeInput> = {},
  has = deps(region),
): Promise<Placement> {
  const run: Promise<Placement> = new MockActivityEnvironment().run(() =>
    placeNode(has, { ...input, ...changes }, waiting),
  );
  return run;
}
const types = () => agent.operations.map(({ type }) => type);
const volumes = () => agent.resources.flatMap(({ disk }) => disk?.persistence?.id ?? []);

describe('placing a node', () => {
  it('reserves by stack, makes all volumes, and finds them when it is asked again', async () => {
    const placement = await place();
    expect(types()).toEqual(['RESERVE', 'RESERVE', 'CREATE', 'CREATE']);
    expect(volumeIdsOf(placement).sort()).toEqual(volumes().sort());
    expect(placement).toMatchObject({ port: 31_000, diskMb: 700, region: 'us' });
    agent.operations = [];
    expect(await place()).toMatchObject({ port: 31_000, volumeId: placement.volumeId });
    expect(types()).toEqual([]);
  });

  it('takes the agent of a node that was released meanwhile', async () => {
    const former = { ...placementOf('broker-9'), hostname: 'agent-1.example' };
    const has = deps(undefined, new Map([['broker-9', former]]));
    await expect(place(undefined, {}, has)).rejects.toThrow('hostname UNIQUE');
    const released = { session, cluster: 'orders', incarnation: input.incarnation, node: 'broker-9' };
    const run: Promise<unknown> = new MockActivityEnvironment().run(() =>
      releaseNode(has, { ...released, spec: input.spec, caller: input.caller, placement: null }, waiting),
    );
    await run;
    expect(await place(undefined, {}, has)).toMatchObject({ hostname: 'agent-1.example' });
  });

  it.each([
    ['the first RESERVE', 0],
    ['the second RESERVE', 1],
    ['the first CREATE', 2],
    ['the second CREATE', 3],
  ])('makes up for %s, which Mesos did not carry out', async (_what, index) => {
    fails.add(index);
    const placement = await place();
    expect(volumes()).toHaveLength(2);
    expect(new Set(volumes())).toEqual(new Set(volumeIdsOf(placement)));
    const own = agent.resources.filter(({ reservations }) => reservations?.at(-1)?.labels !== undefined);
    expect(own.filter(({ name }) => name === 'mem').map(({ scalar: value }) => value?.value)).toEqual([2080]);
    expect(own.filter(({ name }) => name === 'ports')).toHaveLength(1);
  });

  it('leaves the offers to controllers without a place, for as long as these take to come', async () => {
    const others = input.others.slice(1);
    const controller: PlaceNodeInput['node'] = { name: 'controller-0', kind: 'controller' };
    await expect(place(undefined, { others })).rejects.toThrow('controllers are placed first (1 to go)');
    expect(agent.operations).toEqual([]);
    lateMs = CONTROLLERS_FIRST_MS;
    await place(undefined, { others });
    lateMs = 0;
    expect(demands).toMatchObject([{ priority: 0 }, { priority: 0 }]);
    await place(undefined, { others, node: controller });
    expect(demands.at(-1)).toMatchObject({ name: 'place controller-0', priority: 1 });
  });

  it('goes to no agent of another region than the masters', async () => {
    await expect(place('eu')).rejects.toThrow("region us is not the masters' (eu)");
    expect(agent.operations).toEqual([]);
    await place('us');
    expect(volumes()).toHaveLength(2);
  });
});
