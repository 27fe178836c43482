import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addPools,
  resourceProblem,
  subtractPools,
  toPool,
} from '../../../../src/local/mesos/resources/pool.ts';
import type { Resource } from '../../../../src/mesos/types.ts';
import { RESERVATION, ports, scalar, volume } from '../support/resources.ts';

const someResource: fc.Arbitrary<Resource> = fc.oneof(
  fc
    .tuple(fc.constantFrom('cpus', 'mem', 'disk'), fc.integer({ min: 1, max: 9000 }), fc.boolean())
    .map(([name, thousandths, reserved]) =>
      scalar(name, thousandths / 1000, reserved ? [RESERVATION] : undefined),
    ),
  fc
    .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 20 }))
    .map(([begin, more]) => ports(begin, begin + more)),
);

describe('a pool', () => {
  it('is after adding and subtracting the same what it was, whatever was in it', () => {
    fc.assert(
      fc.property(fc.array(someResource), fc.array(someResource), (base, more) => {
        const pool = toPool(base);
        // Ports are a set: those that the pool holds already would not come back.
        const fresh = more.map((resource) => (resource.type === 'RANGES' ? ports(500, 510) : resource));
        expect(subtractPools(addPools(pool, fresh), fresh)).toEqual(pool);
      }),
    );
  });

  it('never gives more than it has', () => {
    fc.assert(
      fc.property(fc.array(someResource), fc.array(someResource), (base, less) => {
        const left = subtractPools(toPool(base), less);
        for (const resource of left ?? []) expect(resourceProblem(resource)).toBeUndefined();
        if (left) expect(addPools(left, less)).toEqual(toPool(base));
      }),
    );
  });

  it('keeps resources apart that differ in their reservation, whatever the order of its fields', () => {
    const { type, role, principal, labels } = RESERVATION;
    const turned = { labels, principal, role, type } as typeof RESERVATION;
    const pool = toPool([scalar('cpus', 1), scalar('cpus', 2, [RESERVATION]), scalar('cpus', 3, [turned])]);
    expect(pool).toEqual([scalar('cpus', 5, [RESERVATION]), scalar('cpus', 1)]);
  });

  it('gives a persistent volume only as a whole', () => {
    const pool = toPool([volume('v', 100)]);
    expect(subtractPools(pool, [volume('v', 50)])).toBeUndefined();
    expect(subtractPools(pool, [volume('v', 100)])).toEqual([]);
  });

  it('lists unreserved ports, then what is reserved, then the unreserved scalars, as recorded offers do', () => {
    const pool = toPool([
      scalar('disk', 1),
      scalar('mem', 2),
      scalar('cpus', 3),
      scalar('cpus', 4, [RESERVATION]),
      ports(1, 2),
    ]);
    expect(pool.map(({ name, reservations }) => `${name}${reservations ? '*' : ''}`)).toEqual([
      'ports',
      'cpus*',
      'cpus',
      'mem',
      'disk',
    ]);
  });

  it('takes the old form of a reservation for the new one', () => {
    const old = { ...scalar('cpus', 1), role: 'kafka', reservation: { principal: 'p' } };
    expect(toPool([old])).toEqual([scalar('cpus', 1, [{ type: 'DYNAMIC', role: 'kafka', principal: 'p' }])]);
  });
});

describe('a resource is refused', () => {
  it.each<[string, Resource]>([
    ['with a negative scalar', scalar('cpus', -1)],
    ['without a scalar', { name: 'cpus', type: 'SCALAR' }],
    ['with a range that ends before it begins', ports(5, 4)],
    ['without a name', scalar('', 1)],
    ['with a reservation without a role', scalar('cpus', 1, [{ type: 'DYNAMIC' } as never])],
  ])('%s', (_what, resource) => {
    expect(resourceProblem(resource)).toBeDefined();
  });
});
