import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentPicture } from '../../../src/model/placement/picture.ts';
import { simulate, type Simulated } from '../../../src/model/placement/simulate.ts';
import type { AgentOffer, PlacementDemand } from '../../../src/model/placement/types.ts';

const agentOf = (offer: AgentOffer, more: Partial<AgentPicture> = {}): AgentPicture => ({
  open: offer,
  free: offer,
  closed: [],
  notes: [],
  offeredTo: [],
  reservedFor: [],
  ...more,
});
const offerOf = (n: number, changes: Partial<AgentOffer> = {}): AgentOffer => ({
  agentId: `A${n}`,
  hostname: `h${n}`,
  attributes: { rack: `r${n % 2}` },
  cpus: 2,
  memMb: 2048,
  diskMb: 4096,
  ports: [{ begin: 1000 * n, end: 1000 * n + 9 }],
  mountDisksMb: [],
  ...changes,
});
const broker = (n: number, changes: Partial<PlacementDemand> = {}): PlacementDemand => ({
  name: `broker-${n}`,
  kind: 'broker',
  cpus: 1,
  memMb: 1024,
  diskMb: 1024,
  sandboxMb: 24,
  diskType: 'ROOT',
  port: 0,
  constraints: [],
  ...changes,
});
const fits = (nodes: readonly Simulated[]) => nodes.every((node) => node.fits);

/** What is wrong with an assignment (index of the agent by demand), by a rule that knows nothing of the simulation. */
function wrongWith(
  agents: readonly AgentOffer[],
  demands: readonly PlacementDemand[],
  at: readonly number[],
) {
  const wrong: string[] = [];
  agents.forEach((agent, index) => {
    const mine = demands.filter((_demand, n) => at[n] === index);
    const sum = (amount: (demand: PlacementDemand) => number) =>
      mine.reduce((total, demand) => total + Math.round(amount(demand) * 1000), 0);
    const over = (name: string, wanted: number, has: number) => {
      if (wanted > Math.round(has * 1000)) wrong.push(`${name} of ${agent.agentId}`);
    };
    over(
      'cpus',
      sum(({ cpus }) => cpus),
      agent.cpus,
    );
    over(
      'mem',
      sum(({ memMb }) => memMb),
      agent.memMb,
    );
    over(
      'disk',
      sum((demand) => (demand.diskType === 'ROOT' ? demand.diskMb : (demand.sandboxMb ?? 0))),
      agent.diskMb,
    );
    const ports = agent.ports.reduce((count, { begin, end }) => count + end - begin + 1, 0);
    if (mine.length > ports) wrong.push(`ports of ${agent.agentId}`);
    // The largest wish gets the largest disk: if that does not do, nothing does.
    const disks = (agent.mountDisksMb ?? []).map(({ sizeMb }) => sizeMb).sort((a, b) => b - a);
    mine
      .filter(({ diskType }) => diskType === 'MOUNT')
      .map((demand) => demand.diskMb - (demand.sandboxMb ?? 0))
      .sort((a, b) => b - a)
      .forEach((wish, n) => {
        if ((disks[n] ?? 0) < wish) wrong.push(`MOUNT disks of ${agent.agentId}`);
      });
  });
  demands.forEach((demand, n) => {
    for (const constraint of demand.constraints) {
      const value = (index: number) =>
        constraint.field === 'hostname' ? agents[index]?.hostname : agents[index]?.attributes['rack'];
      const same = at.filter((other) => value(other) === value(at[n] ?? -1)).length;
      if (constraint.operator === 'UNIQUE' && same > 1) wrong.push(`UNIQUE of ${demand.name}`);
      if (constraint.operator === 'MAX_PER' && same > constraint.max) wrong.push(`MAX_PER of ${demand.name}`);
    }
  });
  return wrong;
}

/** Tries every assignment. */
function anyFits(agents: readonly AgentOffer[], demands: readonly PlacementDemand[]): boolean {
  const tryFrom = (at: number[]): boolean =>
    at.length === demands.length
      ? wrongWith(agents, demands, at).length === 0
      : agents.some((_agent, index) => tryFrom([...at, index]));
  return tryFrom([]);
}

const anyAgents = fc
  .array(
    fc.record({
      host: fc.nat({ max: 2 }),
      cpus: fc.constantFrom(0, 0.1, 0.3, 1, 2),
      memMb: fc.constantFrom(0, 512, 1024, 4096),
      diskMb: fc.constantFrom(0, 24, 1024, 2048),
      ports: fc.nat({ max: 3 }),
      disks: fc.array(fc.constantFrom(500, 1000, 2000), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((agents) =>
    agents.map(({ host, cpus, memMb, diskMb, ports, disks }, n) =>
      offerOf(n, {
        hostname: `h${host}`,
        attributes: { rack: `r${host % 2}` },
        cpus,
        memMb,
        diskMb,
        ports: ports === 0 ? [] : [{ begin: 1000 * n, end: 1000 * n + ports - 1 }],
        mountDisksMb: disks.map((sizeMb, index) => ({ id: `/mnt/${index}`, sizeMb })),
      }),
    ),
  );
const anyConstraints = fc.constantFrom<PlacementDemand['constraints']>(
  [],
  [{ operator: 'UNIQUE', field: 'hostname' }],
  [{ operator: 'MAX_PER', field: 'rack', max: 2 }],
  [
    { operator: 'MAX_PER', field: 'hostname', max: 2 },
    { operator: 'UNIQUE', field: 'rack' },
  ],
);
const anyDemand = fc.record({
  cpus: fc.constantFrom(0.1, 0.2, 0.5, 1),
  memMb: fc.constantFrom(256, 512, 1024),
  diskMb: fc.constantFrom(524, 1024),
  diskType: fc.constantFrom<PlacementDemand['diskType']>('ROOT', 'MOUNT'),
});
/** Demands of one kind share their constraints, as those of a spec do. */
const anyDemands = fc
  .tuple(fc.array(anyDemand, { minLength: 1, maxLength: 4 }), anyConstraints)
  .map(([demands, constraints]) => demands.map((demand, n) => broker(n, { ...demand, constraints })));

describe('a simulated install', () => {
  it('never gives an agent more than it has, nor breaks a constraint, and what it says fits does fit', () => {
    fc.assert(
      fc.property(anyAgents, anyDemands, (agents, demands) => {
        const result = simulate(
          agents.map((offer) => agentOf(offer)),
          demands,
        );
        expect(result.map(({ node }) => node)).toEqual(demands.map(({ name }) => name));
        const placed = result.flatMap((node) => (node.fits ? [node] : []));
        const at = placed.map(({ agentId }) => agents.findIndex((agent) => agent.agentId === agentId));
        const of = demands.filter(({ name }) => placed.some(({ node }) => node === name));
        expect(wrongWith(agents, of, at)).toEqual([]);
        const ports = placed.map(({ agentId, port }) => `${agentId}:${port}`);
        expect(new Set(ports).size).toBe(ports.length);
        if (fits(result)) expect(anyFits(agents, demands)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('finds a place for each of equal nodes whenever there is one, one a host as without constraints', () => {
    const anyRule = fc.constantFrom<PlacementDemand['constraints']>(
      [],
      [{ operator: 'UNIQUE', field: 'hostname' }],
    );
    let fitting = 0;
    fc.assert(
      fc.property(
        anyAgents,
        anyDemand,
        fc.integer({ min: 1, max: 4 }),
        anyRule,
        (agents, demand, count, constraints) => {
          const demands = Array.from({ length: count }, (_, n) => broker(n, { ...demand, constraints }));
          const result = simulate(
            agents.map((offer) => agentOf(offer)),
            demands,
          );
          expect(fits(result)).toBe(anyFits(agents, demands));
          if (fits(result)) fitting += 1;
        },
      ),
      { numRuns: 500 },
    );
    expect(fitting).toBeGreaterThan(10);
  });

  it('says of each node that does not fit why not, and of the next one that it is the same', () => {
    const unique = { constraints: [{ operator: 'UNIQUE' as const, field: 'hostname' }] };
    const agents = [agentOf(offerOf(1)), agentOf(offerOf(2, { cpus: 0.5 }))];
    const result = simulate(agents, [broker(0, unique), broker(1, unique), broker(2, unique)]);
    expect(result[0]).toMatchObject({ node: 'broker-0', fits: true, hostname: 'h1', port: 1000 });
    expect(result[1]).toMatchObject({
      node: 'broker-1',
      fits: false,
      agents: [
        { hostname: 'h1', reasons: ['hostname UNIQUE (broker-0 is there)'], obstacles: ['CONSTRAINT'] },
        { hostname: 'h2', reasons: ['cpus 0.5 < 1.0'], obstacles: ['RESOURCES'] },
      ],
    });
    expect(result[2]).toEqual({ node: 'broker-2', fits: false, sameAs: 'broker-1' });
  });

  it('takes nothing of an agent that Mesos does not offer, nor of what others hold', () => {
    const closed = agentOf(offerOf(1), { closed: ['agent is draining'] });
    const held = agentOf(offerOf(2), {
      open: offerOf(2, { cpus: 0 }),
      offeredTo: [{ by: 'spark', amounts: { cpus: 2, memMb: 0, diskMb: 0 } }],
    });
    expect(simulate([closed, held], [broker(0)])).toMatchObject([
      {
        fits: false,
        agents: [
          { hostname: 'h1', reasons: ['agent is draining'], obstacles: ['CLOSED'] },
          {
            hostname: 'h2',
            reasons: [
              'cpus 0.0 < 1.0 without what other frameworks have in offers',
              'offered to framework spark: cpus 2.0',
            ],
            obstacles: ['HELD'],
          },
        ],
      },
    ]);
  });
});
