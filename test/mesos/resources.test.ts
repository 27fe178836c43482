import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  containsPort,
  hasLabels,
  isUnreserved,
  mergeRanges,
  portRange,
  ports,
  portsIn,
  reservationsEqual,
  roundScalar,
  sameKind,
  scalar,
  sizeOfRanges,
  subtractRanges,
  subtractResources,
  sumScalar,
  withoutAllocation,
  withReservation,
} from '../../src/mesos/index.ts';
import type { Range, Reservation, Resource } from '../../src/mesos/types.ts';

const reservation = (node: string): Reservation => ({
  type: 'DYNAMIC',
  role: 'kafka',
  principal: 'millrace',
  labels: {
    labels: [
      { key: 'node', value: node },
      { key: 'cluster', value: 'demo' },
    ],
  },
});

const anyRanges = fc.array(
  fc
    .tuple(fc.nat({ max: 60 }), fc.nat({ max: 8 }))
    .map(([begin, length]): Range => ({ begin, end: begin + length })),
  { maxLength: 6 },
);
const thousandths = fc.integer({ min: 0, max: 100_000 });

function numbers(ranges: readonly Range[]): Set<number> {
  return new Set(
    ranges.flatMap(({ begin, end }) => Array.from({ length: end - begin + 1 }, (_, i) => begin + i)),
  );
}

describe('ranges', () => {
  it('merge to the same numbers, sorted and apart from each other', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const merged = mergeRanges(ranges);
        expect(numbers(merged)).toEqual(numbers(ranges));
        for (const [i, { begin }] of merged.entries())
          expect(begin).toBeGreaterThan((merged[i - 1]?.end ?? -2) + 1);
        expect(sizeOfRanges(ranges)).toBe(numbers(ranges).size);
      }),
    );
  });

  it('lose exactly what is taken from them', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (ranges, taken) => {
        expect(numbers(subtractRanges(ranges, taken))).toEqual(
          new Set([...numbers(ranges)].filter((number) => !numbers(taken).has(number))),
        );
      }),
    );
  });

  it('contain a port when one of them does', () => {
    fc.assert(
      fc.property(anyRanges, fc.nat({ max: 70 }), (ranges, port) => {
        expect(containsPort(ranges, port)).toBe(numbers(ranges).has(port));
      }),
    );
  });
});

describe('scalars', () => {
  it('are kept to three decimals, as Mesos does', () => {
    expect(scalar('cpus', 0.1 + 0.2)).toEqual({ name: 'cpus', type: 'SCALAR', scalar: { value: 0.3 } });
    expect(roundScalar(1.00049)).toBe(1);
  });

  it('are added up without rounding errors', () => {
    fc.assert(
      fc.property(fc.array(thousandths, { maxLength: 50 }), (parts) => {
        const resources = parts.map((part) => scalar('cpus', part / 1000));
        expect(sumScalar([...resources, scalar('mem', 5)], 'cpus')).toBe(
          parts.reduce((a, b) => a + b, 0) / 1000,
        );
      }),
    );
  });
});

describe('subtracting resources', () => {
  it('gives back what is left of split pieces, and never takes more than there is', () => {
    fc.assert(
      fc.property(fc.array(thousandths, { minLength: 1, maxLength: 6 }), thousandths, (parts, wanted) => {
        const pool = parts.map((part) =>
          withReservation(scalar('cpus', part / 1000), reservation('broker-0')),
        );
        const have = parts.reduce((a, b) => a + b, 0);
        const left = subtractResources(pool, [
          withReservation(scalar('cpus', wanted / 1000), reservation('broker-0')),
        ]);
        if (wanted > have) expect(left).toBeNull();
        else expect(sumScalar(left ?? [], 'cpus')).toBe((have - wanted) / 1000);
      }),
    );
  });

  it('takes ports only when all of them are there', () => {
    const pool = [ports([{ begin: 9000, end: 9002 }]), ports([{ begin: 9010, end: 9010 }])];
    expect(portsIn(subtractResources(pool, [portRange(9001)]) ?? [])).toEqual([
      { begin: 9000, end: 9000 },
      { begin: 9002, end: 9002 },
      { begin: 9010, end: 9010 },
    ]);
    expect(subtractResources(pool, [portRange(9002, 9003)])).toBeNull();
    expect(subtractResources(pool, [portRange(9000), portRange(9000)])).toBeNull();
  });

  it('does not take what is reserved for another node, nor a volume for plain disk', () => {
    const volume: Resource = {
      ...withReservation(scalar('disk', 100), reservation('broker-0')),
      disk: { persistence: { id: 'v1' }, volume: { container_path: 'data', mode: 'RW' } },
    };
    const wanted = withReservation(scalar('disk', 50), reservation('broker-0'));
    expect(subtractResources([volume], [wanted])).toBeNull();
    expect(
      subtractResources([withReservation(scalar('disk', 100), reservation('broker-1'))], [wanted]),
    ).toBeNull();
    expect(subtractResources([scalar('disk', 100)], [wanted])).toBeNull();
    expect(subtractResources([volume], [volume])).toEqual([]);
  });
});

describe('reservations', () => {
  it('are equal whatever the order of their labels, and differ by any of their parts', () => {
    const one = reservation('broker-0');
    const turned = { ...one, labels: { labels: [...(one.labels?.labels ?? [])].reverse() } };
    expect(reservationsEqual(one, turned)).toBe(true);
    expect(reservationsEqual(one, reservation('broker-1'))).toBe(false);
    expect(reservationsEqual(one, { ...one, role: 'other' })).toBe(false);
    expect(reservationsEqual(one, { ...one, principal: 'other' })).toBe(false);
    expect(reservationsEqual(one, { type: 'DYNAMIC', role: 'kafka', principal: 'millrace' })).toBe(false);
    expect(
      reservationsEqual(
        { type: 'DYNAMIC', role: 'kafka' },
        { type: 'DYNAMIC', role: 'kafka', labels: { labels: [] } },
      ),
    ).toBe(true);
  });

  it('are found by labels of the innermost one', () => {
    const mine = withReservation(scalar('cpus', 1), reservation('broker-0'));
    expect(hasLabels(mine, { cluster: 'demo' })).toBe(true);
    expect(hasLabels(mine, { cluster: 'demo', node: 'broker-1' })).toBe(false);
    expect(hasLabels(scalar('cpus', 1), { cluster: 'demo' })).toBe(false);
    expect(hasLabels(mine, {})).toBe(false);
    expect(hasLabels(withReservation(mine, { type: 'DYNAMIC', role: 'kafka/x' }), { cluster: 'demo' })).toBe(
      false,
    );
  });

  it('make a resource another kind; an allocation does not', () => {
    const offered: Resource = { ...scalar('cpus', 1), allocation_info: { role: 'kafka' }, role: '*' };
    expect(sameKind(offered, scalar('cpus', 2))).toBe(true);
    expect(sameKind(offered, withReservation(scalar('cpus', 1), reservation('broker-0')))).toBe(false);
    expect(withoutAllocation(offered)).toEqual(scalar('cpus', 1));
    expect(isUnreserved(offered)).toBe(true);
    expect(isUnreserved(withReservation(offered, reservation('broker-0')))).toBe(false);
  });

  it('of a volume are compared with its disk, whatever the order of its keys', () => {
    const a: Resource = {
      ...scalar('disk', 1),
      disk: { persistence: { id: 'v' }, volume: { container_path: 'd', mode: 'RW' } },
    };
    const b: Resource = {
      ...scalar('disk', 9),
      disk: { volume: { mode: 'RW', container_path: 'd' }, persistence: { id: 'v' } },
    };
    expect(sameKind(a, b)).toBe(true);
    expect(sameKind(a, { ...b, disk: { ...b.disk, persistence: { id: 'w' } } })).toBe(false);
  });
});
