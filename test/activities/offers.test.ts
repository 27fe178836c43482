import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attributesOf,
  byAgent,
  carries,
  LABEL,
  labelOf,
  reservationOf,
  reservedFor,
  reservedIn,
  toAgentOffer,
  unavailability,
} from '../../src/activities/offers.ts';
import { portRange, scalar, withReservation, type AgentSummary } from '../../src/mesos/index.ts';
import type { Offer, Resource } from '../../src/mesos/types.ts';
import { anOffer } from '../mesos/fake-subscription.ts';

const reservation = (changes: Partial<Parameters<typeof reservationOf>[0]> = {}) =>
  reservationOf({
    role: 'orders-role',
    principal: 'millrace',
    cluster: 'orders',
    incarnation: '0a1b2c3d',
    node: 'broker-0',
    placementNumber: 1,
    ...changes,
  });
const reserved = (resource: Resource, changes: Parameters<typeof reservation>[0] = {}) =>
  withReservation(resource, reservation(changes));
const mountDisk = (root: string, sizeMb: number): Resource => ({
  ...scalar('disk', sizeMb),
  disk: { source: { type: 'MOUNT', mount: { root } } },
});
const agentWith = (id: string, totalResources: Resource[]): AgentSummary => ({
  id,
  hostname: `${id}.example`,
  active: true,
  attributes: [],
  totalResources,
  allocatedResources: [],
  offeredResources: [],
});

describe('the reservation of a node', () => {
  it('is labelled with cluster, incarnation, node and placement', () => {
    const resource = reserved(scalar('cpus', 1), { placementNumber: 2 });
    expect(reservation()).toMatchObject({ type: 'DYNAMIC', role: 'orders-role', principal: 'millrace' });
    expect(Object.values(LABEL).map((key) => labelOf(resource, key))).toEqual([
      'orders',
      '0a1b2c3d',
      'broker-0',
      '2',
    ]);
    expect(labelOf(resource, 'other')).toBeUndefined();
    expect(labelOf(scalar('cpus', 1), LABEL.NODE)).toBeUndefined();
  });

  it.each([
    ['role', { role: 'other' }],
    ['principal', { principal: 'other' }],
    ['cluster', { cluster: 'other' }],
    ['incarnation', { incarnation: 'ffffffff' }],
    ['node', { node: 'broker-1' }],
    ['placement', { placementNumber: 2 }],
  ])('is not found on what is held for another %s', (_what, changes) => {
    const mine = scalar('cpus', 1);
    expect(carries(reserved(mine), reservation())).toBe(true);
    expect(carries(reserved(mine, changes), reservation())).toBe(false);
    expect(carries(mine, reservation())).toBe(false);
    const offers = [
      anOffer('o1', 'agent-1', [mine, reserved(mine)]),
      anOffer('o2', 'agent-1', [reserved(mine, changes)]),
      anOffer('o3', 'agent-2', [reserved(scalar('mem', 64))]),
    ];
    expect(reservedIn(offers, reservation())).toEqual([reserved(mine), reserved(scalar('mem', 64))]);
  });

  it('is the innermost of several, since that is what Mesos gives back first', () => {
    const outer = { type: 'STATIC' as const, role: 'orders-role' };
    const both: Resource = { ...scalar('cpus', 1), reservations: [outer, reservation()] };
    expect(carries(both, reservation())).toBe(true);
    expect(labelOf(both, LABEL.NODE)).toBe('broker-0');
    expect(carries({ ...both, reservations: [reservation(), outer] }, reservation())).toBe(false);
  });

  it('is found on all agents, for this incarnation of the cluster only', () => {
    const first = agentWith('a1', [scalar('cpus', 4), reserved(scalar('cpus', 1))]);
    const second = agentWith('a2', [
      reserved(scalar('mem', 64), { node: 'controller-0' }),
      reserved(scalar('mem', 64), { incarnation: 'ffffffff' }),
      reserved(scalar('mem', 64), { cluster: 'other' }),
    ]);
    expect(reservedFor([first, second], { cluster: 'orders', incarnation: '0a1b2c3d' })).toEqual([
      { agent: first, resource: first.totalResources[1] },
      { agent: second, resource: second.totalResources[0] },
    ]);
  });
});

describe('what an agent offers', () => {
  it('is nothing without an offer', () => {
    expect(toAgentOffer([])).toBeNull();
  });

  it('is host, attributes, fault domain and what is free', () => {
    const offer: Offer = {
      ...anOffer('o1', 'agent-1', [
        scalar('cpus', 2),
        scalar('mem', 1024),
        scalar('disk', 4096),
        portRange(31_000, 31_010),
        mountDisk('/mnt/a', 900),
      ]),
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
      domain: { fault_domain: { region: { name: 'eu' }, zone: { name: 'eu-1' } } },
    };
    expect(toAgentOffer([offer])).toEqual({
      agentId: 'agent-1',
      hostname: 'agent-1.example',
      attributes: { rack: 'r1' },
      region: 'eu',
      zone: 'eu-1',
      cpus: 2,
      memMb: 1024,
      diskMb: 4096,
      ports: [{ begin: 31_000, end: 31_010 }],
      mountDisksMb: [{ id: '/mnt/a', sizeMb: 900 }],
    });
    expect(toAgentOffer([anOffer('o2')])).not.toHaveProperty('zone');
  });

  it.each<[string, Resource]>([
    ['reserved for somebody', reserved(scalar('cpus', 1))],
    ['revocable', { ...scalar('cpus', 1), revocable: {} }],
    ['shared', { ...scalar('disk', 64), shared: {} }],
    ['a persistent volume', { ...scalar('disk', 64), disk: { persistence: { id: 'v' } } }],
    [
      'a MOUNT disk with a volume on it',
      { ...mountDisk('/mnt/a', 64), disk: { ...mountDisk('/mnt/a', 64).disk, persistence: { id: 'v' } } },
    ],
    ['a part of a PATH disk', { ...scalar('disk', 64), disk: { source: { type: 'PATH' } } }],
    ['reserved ports', reserved(portRange(31_000, 31_001))],
  ])('leaves out what is %s', (_what, resource) => {
    const free = [scalar('cpus', 2), scalar('disk', 128)];
    expect(toAgentOffer([anOffer('o1', 'agent-1', [resource, ...free])])).toEqual(
      toAgentOffer([anOffer('o1', 'agent-1', free)]),
    );
  });

  it('adds up the pieces of its offers to the three decimals of Mesos', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(pieces, fc.nat({ max: 20 }), (thousandths, cut) => {
        const resources = thousandths.flatMap((value) => [
          scalar('cpus', value / 1000),
          scalar('mem', value / 1000),
          scalar('disk', value / 1000),
        ]);
        const total = thousandths.reduce((sum, value) => sum + value, 0) / 1000;
        const offers = [resources.slice(0, cut), resources.slice(cut)].map((part, index) =>
          anOffer(`o${index}`, 'agent-1', part),
        );
        expect(toAgentOffer(offers)).toMatchObject({ cpus: total, memMb: total, diskMb: total });
      }),
    );
  });
});

describe('offers by agent', () => {
  it('are all there, each group of one agent, in order of arrival', () => {
    const anyAgents = fc.array(fc.constantFrom('a1', 'a2', 'a3'), { maxLength: 12 });
    fc.assert(
      fc.property(anyAgents, (agents) => {
        const offers = agents.map((agent, index) => anOffer(`o${index}`, agent));
        const groups = byAgent(offers);
        expect(groups.map((group) => group[0]?.agent_id.value)).toEqual([...new Set(agents)]);
        for (const group of groups)
          expect(group).toEqual(offers.filter(({ agent_id }) => agent_id.value === group[0]?.agent_id.value));
      }),
    );
  });
});

describe('attributes as text', () => {
  it('are what a constraint can be compared with, of each type', () => {
    expect(
      attributesOf([
        { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
        { name: 'level', type: 'SCALAR', scalar: { value: 2 } },
        { name: 'weight', type: 'SCALAR', scalar: { value: 0.5 } },
        { name: 'tags', type: 'SET', set: { item: ['ssd', 'fast'] } },
        {
          name: 'slots',
          type: 'RANGES',
          ranges: {
            range: [
              { begin: 1, end: 3 },
              { begin: 7, end: 7 },
            ],
          },
        },
      ]),
    ).toEqual({ rack: 'r1', level: '2', weight: '0.5', tags: 'ssd,fast', slots: '1-3,7-7' });
  });
});

describe('the maintenance of an agent', () => {
  const NOW_MS = 1_800_000_000_000;
  const MINUTE_MS = 60_000;
  const offered = (startMs: number, durationMs?: number): Offer => ({
    ...anOffer('o1', 'agent-1', [scalar('cpus', 4)]),
    unavailability: {
      start: { nanoseconds: startMs * 1_000_000 },
      ...(durationMs === undefined ? {} : { duration: { nanoseconds: durationMs * 1_000_000 } }),
    },
  });

  it.each([
    ['under way without an end', offered(NOW_MS - MINUTE_MS), 'until it is called off'],
    [
      'under way',
      offered(NOW_MS - MINUTE_MS, 5 * MINUTE_MS),
      'maintenance from 2027-01-15T07:59:00.000Z until',
    ],
    ['so near that nodes are stopped for it', offered(NOW_MS + 9 * MINUTE_MS), 'maintenance from'],
  ])('keeps nodes away when it is %s', (_when, offer, reason) => {
    expect(unavailability([offer], NOW_MS)).toContain(reason);
  });

  it.each([
    ['not announced', anOffer('o1', 'agent-1', [])],
    ['over', offered(NOW_MS - 10 * MINUTE_MS, 5 * MINUTE_MS)],
    ['far away', offered(NOW_MS + 11 * MINUTE_MS)],
  ])('does not when it is %s', (_when, offer) => {
    expect(unavailability([offer], NOW_MS)).toBeNull();
  });
});
