import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlaceNodeInput } from '../../src/activities/contract.ts';
import { sharesOf } from '../../src/activities/launch-group.ts';
import { toAgentOffer } from '../../src/activities/offers.ts';
import { placementOf, planOn, wantedFor, type Wanted } from '../../src/activities/place-operations.ts';
import { releaseOperations } from '../../src/activities/release-node.ts';
import { createPool } from '../../src/activities/resource-pool.ts';
import { portRange, sameKind, scalar, subtractResources, sumScalar } from '../../src/mesos/index.ts';
import type { Reservation, Resource } from '../../src/mesos/types.ts';
import { volumeIdsOf } from '../../src/model/cluster.ts';
import { evaluate } from '../../src/model/placement/match.ts';
import { parseSpec } from '../../src/model/spec/parse.ts';
import { anOffer } from '../mesos/fake-subscription.ts';
import { carryOut, under } from './carry-out.ts';
import { newCluster } from '../model/clusters.ts';

const ROLE = 'dept/orders-role';
const STATIC: Reservation = { type: 'STATIC', role: 'dept' };
const DYNAMIC: Reservation = { type: 'DYNAMIC', role: 'dept', principal: 'operator' };

const local = { kafka: { artifact: { path: '/opt/kafka' } }, java: { path: '/opt/java' } };
const inputOf = (spec: object = {}): PlaceNodeInput => ({
  caller: { operationWorkflowId: 'w', step: 's' },
  session: { epoch: 1, frameworkId: 'f', streamId: 's', master: 'm', taskQueue: 'q' },
  cluster: 'orders',
  incarnation: '0a1b2c3d',
  spec: parseSpec({ name: 'orders', role: ROLE, ...local, ...spec }),
  node: { name: 'broker-0', kind: 'broker' },
  placementNumber: 1,
  others: [],
});
const SMALL = { cpus: 0.4, memMb: 368, heapMb: 128 };
const mount = (root: string, sizeMb: number, profile?: string): Resource => ({
  ...scalar('disk', sizeMb),
  disk: { source: { type: 'MOUNT', mount: { root }, ...(profile === undefined ? {} : { profile }) } },
});
const plan = (wanted: Wanted, free: Resource[], held: Resource[] = []) =>
  planOn(wanted, {
    offers: [anOffer('o1', 'agent-1', [...held, ...free])],
    held,
    port: null,
    operationId: (verb, number) => `${verb}-${number}`,
  });

const reservedBy = (wanted: Wanted, resources: readonly Resource[]) =>
  resources.filter(
    ({ reservations }) => JSON.stringify(reservations?.at(-1)) === JSON.stringify(wanted.reservation),
  );

const DISKS = [
  { type: 'ROOT', sizeMb: 300 },
  { type: 'MOUNT', sizeMb: 400 },
  { type: 'MOUNT', sizeMb: 500, profile: 'fast' },
];

describe('the plan of a placement', () => {
  it('reserves everything of an unreserved agent at once and creates the volume', () => {
    const wanted = wantedFor(inputOf({ brokers: { ...SMALL, disk: { sizeMb: 300 } } }));
    const free = [scalar('cpus', 4), scalar('mem', 4096), scalar('disk', 4096), portRange(31_000, 31_010)];
    const made = plan(wanted, free);
    expect(made).toMatchObject({ port: 31_000 });
    expect('operations' in made && made.operations.map(({ type }) => type)).toEqual(['RESERVE', 'CREATE']);
    expect(made).toMatchObject({
      operations: [
        {
          id: { value: 'reserve-0' },
          reserve: {
            resources: expect.arrayContaining([under(scalar('disk', 364), wanted.reservation)]) as Resource[],
          },
        },
        {
          id: { value: 'create-0' },
          create: { volumes: [{ disk: { persistence: { id: 'broker-0-1-0a1b2c3d' } } }] },
        },
      ],
    });
  });

  it('takes what is kept for a role above first, one operation for each stack of reservations', () => {
    const wanted = wantedFor(inputOf({ brokers: { ...SMALL, disk: { sizeMb: 300 } } }));
    const free = [
      scalar('cpus', 4),
      under(scalar('cpus', 0.2), STATIC),
      under(scalar('cpus', 0.1), DYNAMIC),
      under(scalar('mem', 4096), STATIC),
      scalar('disk', 4096),
      under(scalar('disk', 100), DYNAMIC),
      under(portRange(31_005, 31_010), STATIC),
    ];
    const made = plan(wanted, free);
    if (!('operations' in made)) throw new Error(made.missing);
    const mine = reservedBy(wanted, carryOut(free, made.operations));
    const amounts = (name: string) =>
      Object.fromEntries(
        mine
          .filter((resource) => resource.name === name)
          .map(({ reservations, scalar: value }) => [
            reservations
              ?.slice(0, -1)
              .map(({ type }) => type)
              .join(),
            value?.value,
          ]),
      );
    expect(amounts('cpus')).toEqual({ STATIC: 0.2, DYNAMIC: 0.1, '': 0.2 });
    expect(amounts('mem')).toEqual({ STATIC: 400 });
    // The volume fits one stack only; the sandbox takes the rest where it can.
    expect(amounts('disk')).toEqual({ DYNAMIC: 64, '': 300 });
    expect(made.port).toBe(31_005);
  });

  it.each<[string, Reservation]>([
    ['its own role, which Mesos does not let be refined', { type: 'STATIC', role: ROLE }],
    ['another role', { type: 'STATIC', role: 'dep' }],
    ['a role below', { type: 'DYNAMIC', role: `${ROLE}/x`, principal: 'p' }],
    [
      'a role above, for somebody who labelled it',
      { ...DYNAMIC, labels: { labels: [{ key: 'id', value: '1' }] } },
    ],
  ])('leaves alone what is reserved for %s', (_what, reservation) => {
    const wanted = wantedFor(inputOf({ brokers: { ...SMALL, disk: { sizeMb: 300 } } }));
    const free = [scalar('cpus', 4), scalar('mem', 4096), scalar('disk', 4096), portRange(31_000)];
    const taken = free.map((resource) => under(resource, reservation));
    expect(plan(wanted, taken)).toHaveProperty('missing');
    expect(toAgentOffer([anOffer('o1', 'agent-1', taken)], ROLE)).toMatchObject({
      cpus: 0,
      memMb: 0,
      diskMb: 0,
    });
    expect(plan(wanted, [...taken, ...free])).toHaveProperty('operations');
  });

  it('says what to do with what is reserved for its own role', () => {
    const wanted = wantedFor(inputOf({ brokers: { ...SMALL, disk: { sizeMb: 300 } } }));
    const own: Reservation = { type: 'STATIC', role: ROLE };
    const agent = toAgentOffer([anOffer('o1', 'agent-1', [under(scalar('cpus', 4), own)])], ROLE);
    if (!agent) throw new Error('no offer');
    const judged = evaluate(agent, wanted.demand, []);
    expect(judged.fits ? [] : judged.reasons).toContain(
      `what is reserved for ${ROLE} itself can be refined for roles below it only: role ${ROLE}/…`,
    );
    const node = toAgentOffer(
      [anOffer('o1', 'agent-1', [under(scalar('cpus', 4), wanted.reservation)])],
      ROLE,
    );
    expect(node).not.toHaveProperty('keptForRole');
  });

  it('gives each disk a volume of its own with its own path, on disks of its profile', () => {
    const wanted = wantedFor(inputOf({ brokers: { ...SMALL, disks: DISKS } }));
    const free = [
      scalar('cpus', 4),
      scalar('mem', 4096),
      scalar('disk', 400),
      portRange(31_000),
      mount('/slow', 900),
      under(mount('/fast', 600, 'fast'), STATIC),
    ];
    const made = plan(wanted, free);
    if (!('operations' in made)) throw new Error(made.missing);
    const volumes = carryOut(free, made.operations).filter(({ disk }) => disk?.persistence);
    expect(
      volumes.map(({ disk, scalar: value }) => [
        disk?.persistence?.id,
        disk?.volume?.container_path,
        disk?.source?.mount?.root,
        value?.value,
      ]),
    ).toEqual([
      ['broker-0-1-0a1b2c3d', 'data', undefined, 300],
      ['broker-0-1-0a1b2c3d-1', 'data-1', '/slow', 900],
      ['broker-0-1-0a1b2c3d-2', 'data-2', '/fast', 600],
    ]);
    const agent = toAgentOffer([anOffer('o1', 'agent-1', free)], ROLE);
    if (!agent) throw new Error('no offer');
    const placement = placementOf(wanted, agent, made.port);
    expect(volumeIdsOf(placement)).toEqual(volumes.map(({ disk }) => disk?.persistence?.id));
    expect(placement.diskMb).toBe(1200);
  });

  it('asks a resource provider apart from the agent', () => {
    const wanted = wantedFor(
      inputOf({ brokers: { ...SMALL, disk: { type: 'MOUNT', sizeMb: 300, profile: 'fast' } } }),
    );
    const disk: Resource = {
      ...scalar('disk', 300),
      provider_id: { value: 'rp' },
      disk: { source: { type: 'MOUNT', id: 'vol-1', profile: 'fast' } },
    };
    const made = plan(wanted, [
      scalar('cpus', 4),
      scalar('mem', 4096),
      scalar('disk', 400),
      portRange(31_000),
      disk,
    ]);
    if (!('operations' in made)) throw new Error(made.missing);
    expect(made.operations.map(({ type }) => type)).toEqual(['RESERVE', 'RESERVE', 'CREATE']);
    expect(made.operations[2]).toMatchObject({ create: { volumes: [{ provider_id: { value: 'rp' } }] } });
  });

  it('reserves no port of the agent on a network of containers', () => {
    const network = { name: 'overlay', domain: 'orders.mesos' };
    const wanted = wantedFor(inputOf({ brokers: { ...SMALL, disk: { sizeMb: 300 } }, network }));
    const free = [scalar('cpus', 4), scalar('mem', 4096), scalar('disk', 4096)];
    const made = plan(wanted, free);
    if (!('operations' in made)) throw new Error(made.missing);
    expect(made.port).toBe(9092);
    const agent = toAgentOffer([anOffer('o1', 'agent-1', free)], ROLE);
    if (!agent) throw new Error('no offer');
    expect(placementOf(wanted, agent, made.port)).toMatchObject({
      networkName: 'broker-0.orders.mesos',
      port: 9092,
    });
  });
});

const isSomething = ({ scalar: value, ranges }: Resource) =>
  (value?.value ?? 0) > 0 || (ranges?.range ?? []).length > 0;
const stack = fc.constantFrom<Reservation[]>([], [STATIC], [DYNAMIC]);
const pieceOf = (name: string, amounts: number[]) =>
  fc
    .tuple(fc.constantFrom(...amounts), stack)
    .map(([amount, reservations]) => under(scalar(name, amount), ...reservations));
const anyAgent = fc
  .tuple(
    fc.array(pieceOf('cpus', [0.1, 0.25, 0.5]), { maxLength: 4 }),
    fc.array(pieceOf('mem', [100, 200, 400]), { maxLength: 4 }),
    fc.array(pieceOf('disk', [32, 100, 300, 364]), { maxLength: 4 }),
    fc.array(
      fc
        .tuple(fc.constantFrom(300, 400, 600), fc.constantFrom(undefined, 'fast'), stack)
        .map(([sizeMb, profile, reservations]) => ({ sizeMb, profile, reservations })),
      { maxLength: 3 },
    ),
    stack,
  )
  .map(([cpus, mem, disk, mounts, reservations]) => [
    ...cpus,
    ...mem,
    ...disk,
    ...mounts.map((made, n) => under(mount(`/mnt/${n}`, made.sizeMb, made.profile), ...made.reservations)),
    under(portRange(31_000, 31_003), ...reservations),
  ]);
const anyDisks = fc.subarray(DISKS, { minLength: 1 });

describe('a placement, for any agent and any pieces', () => {
  it('is planned exactly when the agent was judged to fit, and a launch finds all that it needs', () => {
    let planned = 0;
    fc.assert(
      fc.property(anyAgent, anyDisks, (free, disks) => {
        const input = inputOf({ brokers: { ...SMALL, disks } });
        const wanted = wantedFor(input);
        const agent = toAgentOffer([anOffer('o1', 'agent-1', free)], ROLE);
        if (!agent) throw new Error('no offer');
        const made = plan(wanted, free);
        expect('operations' in made).toBe(evaluate(agent, wanted.demand, []).fits);
        if (!('operations' in made)) return;
        planned += 1;
        const mine = reservedBy(wanted, carryOut(free, made.operations));
        expect(sumScalar(mine, 'cpus')).toBe(wanted.resources.total.cpus);
        expect(sumScalar(mine, 'mem')).toBe(wanted.resources.total.memMb);
        // Given back, everything is as it was before, what is kept for roles above included.
        const operations = releaseOperations(mine, (verb, number) => `${verb}-${number}`);
        const after = carryOut(carryOut(free, made.operations), operations);
        expect(subtractResources(createPool(after).pieces, free)?.filter(isSomething)).toEqual([]);
        const node = newCluster(input.spec).nodes['broker-0']!;
        const placement = placementOf(wanted, agent, made.port);
        const shares = sharesOf(
          mine,
          { ...input, node, taskId: 't', kafkaClusterId: 'k', controllers: [], look: false },
          placement,
        );
        if ('missing' in shares) throw new Error(shares.missing.join());
        // All that is reserved is handed out, each piece under its own reservations.
        const rest = subtractResources(createPool(mine).pieces, [...shares.executor, ...shares.task]);
        expect(rest?.filter(isSomething)).toEqual([]);
        for (const share of [...shares.executor, ...shares.task])
          expect(mine.some((resource) => sameKind(resource, share))).toBe(true);
      }),
      { numRuns: 3000 },
    );
    expect(planned).toBeGreaterThan(100);
  });

  it('comes to the same end whichever operation was the last to be carried out, and never makes a volume twice', () => {
    let resumed = 0;
    fc.assert(
      fc.property(
        anyAgent,
        anyDisks,
        fc.nat(),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (free, disks, cut, kept) => {
          const wanted = wantedFor(inputOf({ brokers: { ...SMALL, disks } }));
          const made = plan(wanted, free);
          if (!('operations' in made)) return;
          // Some RESERVE may fail by themselves; of the CREATEs after them, those whose disk is there.
          const done = made.operations
            .slice(0, cut % (made.operations.length + 1))
            .filter((_operation, n) => kept[n]);
          let agent: Resource[] = free;
          for (const operation of done) {
            try {
              agent = carryOut(agent, [operation]);
            } catch {
              // Refused: what it needs was not reserved.
            }
          }
          const held = reservedBy(wanted, agent);
          const rest = agent.filter((resource) => !held.includes(resource));
          const next = plan(wanted, rest, held);
          if (!('operations' in next)) throw new Error(next.missing);
          resumed += held.length > 0 && next.operations.length > 0 ? 1 : 0;
          const mine = reservedBy(wanted, carryOut(agent, next.operations));
          expect(plan(wanted, [], mine)).toEqual({ port: next.port, operations: [] });
          expect(mine.flatMap(({ disk }) => disk?.persistence?.id ?? []).sort()).toEqual(
            wanted.volumes.map(({ id }) => id).sort(),
          );
          expect(sumScalar(mine, 'cpus')).toBe(wanted.resources.total.cpus);
        },
      ),
      { numRuns: 3000 },
    );
    expect(resumed).toBeGreaterThan(50);
  });
});
