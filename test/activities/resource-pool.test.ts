import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byStack, createPool } from '../../src/activities/resource-pool.ts';
import { portRange, scalar, sumScalar } from '../../src/mesos/index.ts';
import type { Resource } from '../../src/mesos/types.ts';

const dept: Resource['reservations'] = [{ type: 'STATIC', role: 'dept' }];
const stacks = fc.constantFrom<Resource['reservations']>([], dept, [
  ...dept,
  { type: 'DYNAMIC', role: 'dept/a', principal: 'p' },
]);
interface Piece {
  name: string;
  thousandths: number;
  reservations: Resource['reservations'];
}
const piece: fc.Arbitrary<Piece> = fc.record({
  name: fc.constantFrom('cpus', 'mem', 'disk'),
  thousandths: fc.integer({ min: 1, max: 5_000 }),
  reservations: stacks,
});
const toResource = ({ name, thousandths, reservations }: Piece): Resource => ({
  ...scalar(name, thousandths / 1000),
  reservations: reservations ?? [],
  allocation_info: { role: 'dept/a' },
});

describe('a pool of resources', () => {
  it('hands out exactly what is asked for while there is enough, loses nothing, and takes reserved pieces first', () => {
    const want = fc.tuple(fc.constantFrom('cpus', 'mem', 'disk'), fc.integer({ min: 0, max: 6_000 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(want, { maxLength: 8 }), (pieces, wants) => {
        const pool = createPool(pieces.map(toResource));
        for (const [name, thousandths] of wants) {
          const there = sumScalar(pool.pieces, name);
          const before = pool.pieces.map((left) => ({ ...left }));
          const taken = pool.take(name, thousandths / 1000);
          expect(taken === null).toBe(Math.round(there * 1000) < thousandths);
          expect(sumScalar(taken ?? [], name)).toBe(taken ? thousandths / 1000 : 0);
          expect(sumScalar([...pool.pieces, ...(taken ?? [])], name)).toBe(there);
          for (const part of taken ?? []) {
            expect(part).not.toHaveProperty('allocation_info');
            const deeper = before.filter(
              (other) => other.name === name && other.reservations!.length > part.reservations!.length,
            );
            // What was more deeply reserved is used up.
            for (const other of deeper)
              expect(
                pool.pieces.find((left) => byStack([left, other]).length === 1 && left.name === name)?.scalar
                  ?.value,
              ).toBe(0);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('adds up what came in several offers, but never two disks', () => {
    const mount = (root: string): Resource => ({
      ...scalar('disk', 500),
      disk: { source: { type: 'MOUNT', mount: { root } } },
    });
    const pool = createPool([scalar('disk', 100), mount('/a'), scalar('disk', 50), mount('/a')]);
    expect(pool.pieces.map(({ scalar: value }) => value?.value)).toEqual([150, 500, 500]);
    expect(pool.take('disk', 151)).toBeNull();
  });

  it('takes a port once', () => {
    const pool = createPool([portRange(31_000, 31_002), portRange(31_005)]);
    expect(pool.takePort(31_001)).toEqual(portRange(31_001));
    expect(pool.takePort(31_001)).toBeNull();
    expect(pool.takePort(31_005)).toEqual(portRange(31_005));
    expect(pool.takePort(31_006)).toBeNull();
  });
});
