import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConstraints, type Constraint } from '../../../src/model/placement/constraints.ts';
import { fieldOf } from '../../../src/model/placement/field.ts';
import { choose, evaluate } from '../../../src/model/placement/match.ts';
import type { AgentOffer, PlacedNode, PlacementDemand } from '../../../src/model/placement/types.ts';

const offerOf = (changes: Partial<AgentOffer> = {}): AgentOffer => ({
  agentId: 'A1',
  hostname: 'h1',
  attributes: {},
  cpus: 4,
  memMb: 4096,
  diskMb: 4096,
  ports: [{ begin: 31000, end: 31009 }],
  ...changes,
});
const demandOf = (changes: Partial<PlacementDemand> = {}): PlacementDemand => ({
  name: 'broker-0',
  kind: 'broker',
  cpus: 1,
  memMb: 800,
  diskMb: 1034,
  diskType: 'ROOT',
  port: 0,
  constraints: [],
  ...changes,
});
const broker = (n: number, hostname: string, attributes: Record<string, string> = {}): PlacedNode => ({
  name: `broker-${n}`,
  kind: 'broker',
  hostname,
  attributes,
});
const reasonsOf = (result: ReturnType<typeof evaluate>) => (result.fits ? [] : result.reasons);

describe('evaluate', () => {
  it('accepts an agent that has exactly what is wanted and takes its lowest free port', () => {
    const offer = offerOf({
      cpus: 0.1 + 0.2,
      memMb: 800,
      diskMb: 1034,
      ports: [
        { begin: 31007, end: 31008 },
        { begin: 31002, end: 31003 },
      ],
    });
    expect(evaluate(offer, demandOf({ cpus: 0.3 }), [])).toEqual({ fits: true, port: 31002 });
  });

  it('names everything that is missing at once', () => {
    const offer = offerOf({ cpus: 0.5, memMb: 256, diskMb: 64, ports: [] });
    expect(reasonsOf(evaluate(offer, demandOf(), []))).toEqual([
      'cpus 0.5 < 1.0',
      'mem 256 MB < 800 MB',
      'disk 64 MB < 1034 MB',
      'no free port',
    ]);
  });

  it('takes a fixed port only where it is offered', () => {
    expect(evaluate(offerOf(), demandOf({ port: 31009 }), [])).toEqual({ fits: true, port: 31009 });
    expect(reasonsOf(evaluate(offerOf(), demandOf({ port: 9092 }), []))).toEqual(['port 9092 is not free']);
  });

  it('wants for a MOUNT volume one whole disk that is big enough, and root disk for the sandbox only', () => {
    const demand = demandOf({ diskType: 'MOUNT', diskMb: 1034, sandboxMb: 10 });
    const disks = [
      { id: '/mnt/a', sizeMb: 600 },
      { id: '/mnt/b', sizeMb: 500 },
    ];
    expect(reasonsOf(evaluate(offerOf({ mountDisksMb: disks }), demand, []))).toEqual([
      'MOUNT disk 600 MB < 1024 MB',
    ]);
    const enough = [...disks, { id: '/mnt/c', sizeMb: 1024 }];
    expect(evaluate(offerOf({ mountDisksMb: enough, diskMb: 10 }), demand, [])).toEqual({
      fits: true,
      port: 31000,
    });
    expect(reasonsOf(evaluate(offerOf({ mountDisksMb: enough, diskMb: 9 }), demand, []))).toEqual([
      'disk 9 MB < 10 MB',
    ]);
  });

  it('wants a disk of its own for each MOUNT volume, of exactly its profile', () => {
    const volumes = [
      { type: 'MOUNT' as const, sizeMb: 500, profile: 'fast' },
      { type: 'MOUNT' as const, sizeMb: 400, profile: 'fast' },
      { type: 'ROOT' as const, sizeMb: 300 },
    ];
    const demand = demandOf({ volumes, sandboxMb: 10 });
    const disk = (id: string, sizeMb: number, profile?: string) => ({
      id,
      sizeMb,
      ...(profile === undefined ? {} : { profile }),
    });
    const reasons = (...mountDisksMb: ReturnType<typeof disk>[]) =>
      reasonsOf(evaluate(offerOf({ mountDisksMb }), demand, []));
    expect(reasons(disk('a', 900), disk('b', 900, 'slow'))).toEqual(['no MOUNT disk of profile fast']);
    expect(reasons(disk('a', 450, 'fast'))).toEqual(['MOUNT disk of profile fast 450 MB < 500 MB']);
    expect(reasons(disk('a', 900, 'fast'))).toEqual(['MOUNT disks of profile fast for fewer than 2 volumes']);
    expect(reasons(disk('a', 400, 'fast'), disk('b', 500, 'fast'))).toEqual([]);
    const noProfile = demandOf({ diskType: 'MOUNT', diskMb: 500 });
    expect(reasonsOf(evaluate(offerOf({ mountDisksMb: [disk('a', 900, 'fast')] }), noProfile, []))).toEqual([
      'MOUNT disk 0 MB < 500 MB',
    ]);
  });

  it('makes no volume of pieces that are reserved for different roles', () => {
    const demand = demandOf({ diskMb: 1010, sandboxMb: 10 });
    const inPieces = (...rootPiecesMb: number[]) =>
      reasonsOf(
        evaluate(offerOf({ rootPiecesMb, diskMb: rootPiecesMb.reduce((a, b) => a + b, 0) }), demand, []),
      );
    expect(inPieces(1000, 10)).toEqual([]);
    expect(inPieces(10, 1000)).toEqual([]);
    expect(inPieces(600, 600)).toEqual([
      'disk in pieces of 600 MB and 600 MB of different reservations, none of which holds a whole volume',
    ]);
    expect(inPieces(600, 200)).toEqual(['disk 800 MB < 1010 MB']);
  });

  it.each<[string, Partial<PlacementDemand>, Partial<AgentOffer>, string | null]>([
    ['anywhere without regions', {}, { region: 'eu' }, null],
    ['with the masters', { localRegion: 'eu' }, { region: 'eu' }, null],
    ['on an agent without a region', { localRegion: 'eu' }, {}, null],
    [
      'in another region',
      { localRegion: 'eu' },
      { region: 'us' },
      "region us is not the masters' (eu); placement.region allows it",
    ],
    ['in the region that is named', { localRegion: 'eu', region: 'us' }, { region: 'us' }, null],
    [
      'in another than the named',
      { localRegion: 'eu', region: 'us' },
      { region: 'eu' },
      'region eu is not us',
    ],
    ['without the named', { region: 'us' }, {}, 'region unknown is not us'],
    [
      'where a row says so',
      { localRegion: 'eu', constraints: parseConstraints('@region:LIKE:eu|us') },
      { region: 'us' },
      null,
    ],
    ['with a rack', { rack: '@zone' }, { zone: 'z1' }, null],
    ['without a zone', { rack: '@zone' }, { attributes: { rack: 'r' } }, 'no rack (the agent has no @zone)'],
    ['without the attribute', { rack: 'row' }, {}, 'no rack (the agent has no row)'],
    ['by its name', { rack: 'hostname' }, {}, null],
  ])('judges a node %s', (_what, demand, offer, reason) => {
    expect(reasonsOf(evaluate(offerOf(offer), demandOf(demand), []))).toEqual(
      reason === null ? [] : [reason],
    );
  });

  it('takes no port of the agent for a node with an address of its own', () => {
    const demand = demandOf({ port: 9092, portIsOwn: true });
    expect(evaluate(offerOf({ ports: [] }), demand, [])).toEqual({ fits: true, port: 9092 });
  });

  it.each<[string, Partial<AgentOffer>, PlacedNode[], string | null]>([
    ['hostname:UNIQUE', {}, [broker(1, 'h2')], null],
    ['hostname:UNIQUE', {}, [broker(1, 'h1')], 'hostname UNIQUE (broker-1 is there)'],
    ['hostname:MAX_PER:2', {}, [broker(1, 'h1')], null],
    [
      'hostname:MAX_PER:2',
      {},
      [broker(1, 'h1'), broker(2, 'h1')],
      'hostname MAX_PER 2 (broker-1 and broker-2 are there)',
    ],
    ['rack:UNIQUE', {}, [], 'rack UNIQUE (the agent has no rack)'],
    ['rack:UNLIKE:a', {}, [], null],
    ['constructor:UNIQUE', {}, [], 'constructor UNIQUE (the agent has no constructor)'],
    [
      '@zone:CLUSTER',
      { zone: 'z1' },
      [{ ...broker(1, 'h2'), zone: 'z2' }],
      '@zone CLUSTER (broker-1 is elsewhere)',
    ],
    ['@zone:CLUSTER:z2', { zone: 'z1' }, [], '@zone CLUSTER z2 (it is z1)'],
    ['@region:IS:eu', { region: 'eu' }, [], null],
    ['level:IS:2', { attributes: { level: '2.0004' } }, [], null],
    ['level:IS:2', { attributes: { level: '3' } }, [], 'level IS 2 (it is 3)'],
    ['hostname:LIKE:h', {}, [], 'hostname LIKE h (it is h1)'],
    ['hostname:LIKE:x|h1', {}, [], null],
    ['hostname:UNLIKE:h.*', {}, [], 'hostname UNLIKE h.* (it is h1)'],
    ['rack:GROUP_BY', { attributes: { rack: 'a' } }, [broker(1, 'h2', { rack: 'a' })], null],
    [
      'rack:GROUP_BY',
      { attributes: { rack: 'a' } },
      [broker(1, 'h2', { rack: 'a' }), broker(2, 'h2', { rack: 'a' }), broker(3, 'h2', { rack: 'b' })],
      'rack GROUP_BY (a has 2, another 1)',
    ],
    [
      'rack:GROUP_BY:2',
      { attributes: { rack: 'a' } },
      [broker(1, 'h2', { rack: 'a' })],
      'rack GROUP_BY 2 (a has 1, only 1 of 2 values have any)',
    ],
  ])('judges %s on %j beside %j', (row, offer, others, reason) => {
    const result = evaluate(offerOf(offer), demandOf({ constraints: parseConstraints([row]) }), others);
    expect(reasonsOf(result)).toEqual(reason === null ? [] : [reason]);
  });

  it('counts neither the node itself nor nodes of the other kind', () => {
    const others = [
      broker(0, 'h1'),
      { ...broker(0, 'h1'), name: 'controller-0', kind: 'controller' as const },
    ];
    const demand = demandOf({ constraints: parseConstraints([['hostname', 'UNIQUE']]) });
    expect(evaluate(offerOf(), demand, others).fits).toBe(true);
  });
});

describe('choose', () => {
  it('counts the agents by reason when none fits', () => {
    const offers = [
      offerOf({ agentId: 'A1', hostname: 'h1', cpus: 0.5 }),
      offerOf({ agentId: 'A2', hostname: 'h2', cpus: 0.5 }),
      offerOf({ agentId: 'A3', hostname: 'h3' }),
    ];
    const demand = demandOf({ constraints: parseConstraints([['hostname', 'UNIQUE']]) });
    expect(choose(offers, demand, [broker(1, 'h3')])).toEqual({
      why: '3 agents: 2 cpus 0.5 < 1.0 [h1 h2], 1 hostname UNIQUE (broker-1 is there) [h3]',
    });
  });

  it('says so when nothing is offered', () => {
    expect(choose([], demandOf(), [])).toEqual({ why: 'no agent offers anything unreserved at the moment' });
  });

  it('stays readable with hundreds of different agents', () => {
    const offers = Array.from({ length: 300 }, (_, n) =>
      offerOf({ agentId: `A${n}`, hostname: `host-${n}`, cpus: n / 1000, ports: [] }),
    );
    const result = choose(offers, demandOf(), []);
    expect('why' in result && result.why).toMatch(
      /^300 agents: 300 no free port \[host-0 host-1 host-10 \+297\], .* and 293 other reasons$/,
    );
    expect('why' in result && result.why.length).toBeLessThan(400);
  });

  it('prefers the agent with the fewest nodes of the cluster, then the freest, then the first by id', () => {
    const offers = [
      offerOf({ agentId: 'A3', hostname: 'h3', memMb: 9000 }),
      offerOf({ agentId: 'A2', hostname: 'h2', memMb: 2000 }),
      offerOf({ agentId: 'A1', hostname: 'h1', memMb: 2000 }),
      offerOf({ agentId: 'A0', hostname: 'h0', memMb: 1000 }),
    ];
    const chosen = choose(offers, demandOf(), [{ ...broker(1, 'h3'), kind: 'controller' }]);
    expect('offer' in chosen && chosen.offer.agentId).toBe('A1');
  });
});

// ---- properties --------------------------------------------------------------------------------------------------

const hosts = ['h1', 'h2', 'h3', 'h4'];
const racks = ['a', 'b', 'c'];
const attributes = fc.option(fc.constantFrom(...racks)).map((rack) => (rack === null ? {} : { rack }));
/** Fault domains as Mesos has them: both parts or none. */
const where = { zone: fc.constantFrom('z1', 'z2'), region: fc.constantFrom('eu', 'us') };
const arbOffer = (hostname: string): fc.Arbitrary<AgentOffer> =>
  fc.record({
    agentId: fc.constant(`agent-${hostname}`),
    hostname: fc.constant(hostname),
    attributes,
    ...where,
    cpus: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
    memMb: fc.integer({ min: 0, max: 8 }).map((n) => n * 256),
    diskMb: fc.integer({ min: 0, max: 8 }).map((n) => n * 256),
    ports: fc.array(
      fc
        .tuple(fc.integer({ min: 31000, max: 31020 }), fc.integer({ min: 0, max: 3 }))
        .map(([begin, more]) => ({ begin, end: begin + more })),
      { maxLength: 3 },
    ),
  });
const arbOffers = fc.tuple(...hosts.map(arbOffer)).chain((offers) => fc.shuffledSubarray(offers));
const arbOthers = fc
  .array(
    fc.record({
      hostname: fc.constantFrom(...hosts),
      attributes,
      ...where,
      kind: fc.constantFrom('broker' as const, 'controller' as const),
    }),
    { maxLength: 6 },
  )
  .map((nodes): PlacedNode[] => nodes.map((node, n) => ({ ...node, name: `${node.kind}-${n}` })));
const arbRow = fc.oneof(
  fc
    .constantFrom('hostname', 'rack', '@zone', '@region')
    .chain((field) =>
      fc.constantFrom(
        `${field}:UNIQUE`,
        `${field}:MAX_PER:2`,
        `${field}:GROUP_BY`,
        `${field}:GROUP_BY:2`,
        `${field}:CLUSTER`,
      ),
    ),
  fc.constantFrom(
    'rack:IS:a',
    'rack:LIKE:[ab]',
    'rack:UNLIKE:a',
    'hostname:LIKE:h[12]',
    'rack:CLUSTER:b',
    '@zone:IS:z1',
    '@region:UNLIKE:e.',
    '@zone:LIKE:z.',
    '@region:CLUSTER:eu',
  ),
);
const arbDemand = fc
  .record({
    cpus: fc.integer({ min: 1, max: 20 }).map((tenths) => tenths / 10),
    memMb: fc.integer({ min: 1, max: 5 }).map((n) => n * 200),
    diskMb: fc.integer({ min: 1, max: 5 }).map((n) => n * 200),
    port: fc.oneof(fc.constant(0), fc.integer({ min: 31000, max: 31020 })),
    rows: fc.array(arbRow, { maxLength: 2 }),
    name: fc.constantFrom('broker-0', 'broker-1', 'broker-9'),
    more: fc.record(
      {
        rack: fc.constantFrom('rack', '@zone', 'hostname'),
        region: fc.constantFrom('eu', 'us'),
        localRegion: fc.constantFrom('eu', 'us'),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ rows, more, ...demand }): PlacementDemand => ({
    ...demandOf(demand),
    ...more,
    constraints: parseConstraints(rows),
  }));

/** The operators said a second time, as statements about the whole cluster after the node was added. */
function oracle(offer: AgentOffer, demand: PlacementDemand, others: readonly PlacedNode[]): boolean {
  const peers = others.filter((node) => node.kind === demand.kind && node.name !== demand.name);
  const valueOf = (node: AgentOffer | PlacedNode, field: string) =>
    ({ hostname: node.hostname, '@zone': node.zone, '@region': node.region, ...node.attributes })[field];
  const holds = (constraint: Constraint) => {
    const mine = valueOf(offer, constraint.field);
    if (mine === undefined) return constraint.operator === 'UNLIKE';
    const before = peers.map((peer) => valueOf(peer, constraint.field));
    const after = [...before, mine];
    const count = (list: (string | undefined)[], value: string | undefined) =>
      list.filter((v) => v === value).length;
    switch (constraint.operator) {
      case 'UNIQUE':
        return count(after, mine) === 1;
      case 'MAX_PER':
        return count(after, mine) <= constraint.max;
      case 'GROUP_BY': {
        const seen = [...new Set(before.filter((v) => v !== undefined))];
        if (!seen.includes(mine)) return true;
        return (
          seen.length >= (constraint.groups ?? 0) &&
          seen.every((v) => count(before, v) >= count(before, mine))
        );
      }
      case 'CLUSTER':
        return (
          after.every((v) => v === mine) && (constraint.value === undefined || constraint.value === mine)
        );
      case 'IS':
        return mine === constraint.value;
      case 'LIKE':
        return new RegExp(`^(${constraint.pattern})$`).test(mine);
      case 'UNLIKE':
        return !new RegExp(`^(${constraint.pattern})$`).test(mine);
    }
  };
  const ports = offer.ports.flatMap(({ begin, end }) =>
    Array.from({ length: end - begin + 1 }, (_, n) => begin + n),
  );
  return (
    offer.cpus >= demand.cpus &&
    offer.memMb >= demand.memMb &&
    offer.diskMb >= demand.diskMb &&
    (demand.port === 0 ? ports.length > 0 : ports.includes(demand.port)) &&
    demand.constraints.every(holds) &&
    (demand.rack === undefined || valueOf(offer, demand.rack) !== undefined) &&
    (demand.region === undefined
      ? demand.localRegion === undefined ||
        demand.localRegion === offer.region ||
        demand.constraints.some(({ field }) => field === '@region')
      : demand.region === offer.region)
  );
}

describe('placement, for any cluster', () => {
  it('finds an agent exactly when one fits, and never one that does not', () => {
    fc.assert(
      fc.property(arbOffers, arbDemand, arbOthers, (offers, demand, others) => {
        const fitting = offers.filter((offer) => oracle(offer, demand, others));
        for (const offer of offers)
          expect(evaluate(offer, demand, others).fits).toBe(fitting.includes(offer));
        const chosen = choose(offers, demand, others);
        expect('offer' in chosen).toBe(fitting.length > 0);
        if (!('offer' in chosen)) return;
        expect(fitting).toContain(chosen.offer);
        expect(chosen.offer.ports.some(({ begin, end }) => begin <= chosen.port && chosen.port <= end)).toBe(
          true,
        );
        const nodesOn = (offer: AgentOffer) =>
          others.filter((o) => o.name !== demand.name && o.hostname === offer.hostname).length;
        expect(nodesOn(chosen.offer)).toBe(Math.min(...fitting.map(nodesOn)));
        expect(choose([...offers].reverse(), demand, others)).toEqual(chosen);
      }),
      { numRuns: 2000 },
    );
  });

  it('never over-commits an agent and keeps every constraint while a whole cluster is placed', () => {
    fc.assert(
      fc.property(arbOffers, arbDemand, fc.integer({ min: 1, max: 8 }), (offers, demand, count) => {
        let free = offers;
        const placed: PlacedNode[] = [];
        const portsTaken = new Set<string>();
        for (let n = 0; n < count; n += 1) {
          const chosen = choose(free, { ...demand, name: `broker-${n}` }, placed);
          if (!('offer' in chosen)) break;
          const { offer, port } = chosen;
          expect(portsTaken.has(`${offer.agentId}:${port}`)).toBe(false);
          portsTaken.add(`${offer.agentId}:${port}`);
          const { zone = '', region = '' } = offer;
          placed.push({ ...broker(n, offer.hostname, offer.attributes), zone, region });
          const left: AgentOffer = {
            ...offer,
            cpus: offer.cpus - demand.cpus,
            memMb: offer.memMb - demand.memMb,
            diskMb: offer.diskMb - demand.diskMb,
            ports: offer.ports.flatMap(({ begin, end }) =>
              port < begin || port > end
                ? [{ begin, end }]
                : [
                    { begin, end: port - 1 },
                    { begin: port + 1, end },
                  ].filter((range) => range.begin <= range.end),
            ),
          };
          expect(Math.min(left.cpus + 1e-9, left.memMb, left.diskMb)).toBeGreaterThanOrEqual(0);
          free = free.map((candidate) => (candidate.agentId === offer.agentId ? left : candidate));
        }
        for (const constraint of demand.constraints) {
          const values = placed.map((node) => fieldOf(node, constraint.field));
          const sizes = [...new Set(values)].map((value) => values.filter((v) => v === value).length);
          if (constraint.operator === 'UNIQUE') expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(1);
          if (constraint.operator === 'MAX_PER')
            expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(constraint.max);
          if (constraint.operator === 'GROUP_BY' && constraint.groups === undefined && sizes.length > 0) {
            const [largest, smallest] = [Math.max(...sizes), Math.min(...sizes)];
            expect(largest === smallest || smallest === 1 || largest - smallest <= 1).toBe(true);
          }
          if (constraint.operator === 'CLUSTER') expect(sizes.length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
