// Pure arithmetic on Mesos resources. Mesos keeps three decimals of a scalar; sums are made in thousandths, so that
// 0.1 + 0.2 is 0.3 and a comparison does not fail by a rounding error.
import { mergeRanges, sizeOfRanges, subtractRanges } from './ranges.ts';
import type { Range, Reservation, Resource } from './types.ts';

const THOUSAND = 1000;

/** A scalar resource (`cpus`, `mem`, `disk`), rounded as Mesos does. */
export function scalar(name: string, value: number): Resource {
  return { name, type: 'SCALAR', scalar: { value: roundScalar(value) } };
}

/** A `ports` resource. */
export function ports(ranges: readonly Range[]): Resource {
  return { name: 'ports', type: 'RANGES', ranges: { range: mergeRanges(ranges) } };
}

/** A `ports` resource of one port, or of a range. */
export function portRange(begin: number, end: number = begin): Resource {
  return ports([{ begin, end }]);
}

/** To the three decimals that Mesos keeps. */
export function roundScalar(value: number): number {
  return Math.round(value * THOUSAND) / THOUSAND;
}

/** Sum of all scalars of a name, whatever they are reserved for. */
export function sumScalar(resources: readonly Resource[], name: string): number {
  const thousandths = resources
    .filter((resource) => resource.name === name)
    .reduce((sum, resource) => sum + Math.round((resource.scalar?.value ?? 0) * THOUSAND), 0);
  return thousandths / THOUSAND;
}

/** All ranges of the `ports` resources, merged. */
export function portsIn(resources: readonly Resource[]): Range[] {
  return mergeRanges(
    resources.filter(({ name }) => name === 'ports').flatMap(({ ranges }) => ranges?.range ?? []),
  );
}

/** The resource under one more reservation. */
export function withReservation(resource: Resource, reservation: Reservation): Resource {
  return { ...resource, reservations: [...(resource.reservations ?? []), reservation] };
}

/** As it has to be in operations: without the offer's allocation and the old form of the role. */
export function withoutAllocation(resource: Resource): Resource {
  const { allocation_info: _allocation, role: _role, ...rest } = resource;
  return rest;
}

/** Whether nobody has reserved it. */
export function isUnreserved(resource: Resource): boolean {
  return (resource.reservations ?? []).length === 0;
}

/** Whether the innermost reservation carries all these labels (and maybe more). */
export function hasLabels(resource: Resource, labels: Readonly<Record<string, string>>): boolean {
  const own = resource.reservations?.at(-1)?.labels?.labels ?? [];
  const wanted = Object.entries(labels);
  return (
    wanted.length > 0 &&
    wanted.every(([key, value]) => own.some((label) => label.key === key && label.value === value))
  );
}

/** Equality of reservations as Mesos sees it: labels are a bag, their order means nothing. */
export function reservationsEqual(a: Reservation, b: Reservation): boolean {
  return (
    a.type === b.type && a.role === b.role && a.principal === b.principal && labelText(a) === labelText(b)
  );
}

/** Whether two resources differ in nothing but their amount, so that they may be added up. */
export function sameKind(a: Resource, b: Resource): boolean {
  const left = a.reservations ?? [];
  const right = b.reservations ?? [];
  return (
    a.name === b.name &&
    a.type === b.type &&
    left.length === right.length &&
    left.every((reservation, i) => reservationsEqual(reservation, right[i] ?? reservation)) &&
    canonical(a.disk) === canonical(b.disk) &&
    (a.revocable === undefined) === (b.revocable === undefined) &&
    (a.shared === undefined) === (b.shared === undefined) &&
    a.provider_id?.value === b.provider_id?.value
  );
}

/**
 * What is left of a pool without the wanted resources; null when they are not all in it. The pool may hold one kind in
 * several pieces, as offers of one agent do.
 */
export function subtractResources(pool: readonly Resource[], wanted: readonly Resource[]): Resource[] | null {
  let left = [...pool];
  for (const want of wanted) {
    const pieces = left.filter((resource) => sameKind(resource, want));
    const rest = left.filter((resource) => !sameKind(resource, want));
    const remainder = minus(pieces, want);
    if (remainder === null) return null;
    left = [...rest, ...remainder];
  }
  return left;
}

function minus(pieces: readonly Resource[], want: Resource): Resource[] | null {
  const [first] = pieces;
  if (first === undefined) return null;
  if (want.type === 'RANGES') {
    const have = mergeRanges(pieces.flatMap(({ ranges }) => ranges?.range ?? []));
    const taken = want.ranges?.range ?? [];
    const left = subtractRanges(have, taken);
    if (sizeOfRanges(left) !== sizeOfRanges(have) - sizeOfRanges(taken)) return null;
    return left.length === 0 ? [] : [{ ...first, ranges: { range: left } }];
  }
  const left = roundScalar(sumScalar(pieces, first.name) - roundScalar(want.scalar?.value ?? 0));
  if (left < 0) return null;
  return left === 0 ? [] : [{ ...first, scalar: { value: left } }];
}

function labelText({ labels }: Reservation): string {
  return (labels?.labels ?? [])
    .map(({ key, value }) => JSON.stringify([key, value ?? null]))
    .sort()
    .join();
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
