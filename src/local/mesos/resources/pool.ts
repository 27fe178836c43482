// Arithmetic on the resources of an agent: a pool is a list of normalised resources, no two of which could be one.
// Scalars have three decimals as in Mesos; persistent volumes and MOUNT disks are whole or not there.
import { mergeRanges, subtractRanges } from '../../../mesos/ranges.ts';
import { roundScalar } from '../../../mesos/resources.ts';
import type { Label, Labels, Reservation, Resource } from '../../../mesos/types.ts';

/** Resources without allocation_info, merged, in the order in which a real master lists them. */
export type Pool = readonly Resource[];

/** Builds a pool of any resources. */
export function toPool(resources: readonly Resource[]): Pool {
  return addPools([], resources);
}

/** The sum. */
export function addPools(pool: Pool, more: readonly Resource[]): Pool {
  const byIdentity = new Map(pool.map((resource) => [identityOf(resource), resource]));
  for (const given of more) {
    const resource = normalise(given);
    const identity = identityOf(resource);
    const present = byIdentity.get(identity);
    byIdentity.set(identity, present ? combine(present, resource, 1) : resource);
  }
  return order([...byIdentity.values()].filter((resource) => !isEmpty(resource)));
}

/** The difference, or undefined when `pool` does not contain `less`. */
export function subtractPools(pool: Pool, less: readonly Resource[]): Pool | undefined {
  const byIdentity = new Map(pool.map((resource) => [identityOf(resource), resource]));
  for (const resource of toPool(less)) {
    const identity = identityOf(resource);
    const present = byIdentity.get(identity);
    if (!present || !covers(present, resource)) return undefined;
    byIdentity.set(identity, combine(present, resource, -1));
  }
  return order([...byIdentity.values()].filter((resource) => !isEmpty(resource)));
}

/** The resource with `allocation_info`, as offers and tasks carry it. */
export function allocateTo(role: string, resources: readonly Resource[]): Resource[] {
  return resources.map((resource) => ({ ...resource, allocation_info: { role } }));
}

/** What is wrong with a resource in itself; undefined when nothing is. */
export function resourceProblem(resource: Resource): string | undefined {
  if (resource.name === '') return 'a resource has an empty name';
  for (const reservation of resource.reservations ?? []) {
    const { role, type } = reservation as Partial<Reservation>;
    if (role === undefined || type === undefined)
      return `a reservation of '${resource.name}' lacks role or type`;
  }
  const scalar = resource.scalar?.value;
  if (resource.type === 'SCALAR' && (scalar === undefined || !Number.isFinite(scalar) || scalar < 0))
    return `the scalar of '${resource.name}' is missing or negative`;
  if (resource.type === 'RANGES') {
    const ranges = resource.ranges?.range ?? [];
    if (ranges.some(({ begin, end }) => begin < 0 || begin > end))
      return `a range of '${resource.name}' is negative or ends before it begins`;
  }
  return resource.type === 'SCALAR' || resource.type === 'RANGES' || resource.type === 'SET'
    ? undefined
    : `'${resource.name}' has the type ${String(resource.type)}`;
}

/** Strips what is not part of a resource's identity or amount, and turns the old reservation form into the new one. */
export function normalise(given: Resource): Resource {
  const old = given as Resource & { reservation?: { principal?: string; labels?: object } };
  const reservations =
    given.reservations ??
    (given.role !== undefined && given.role !== '*'
      ? [
          {
            type: old.reservation ? 'DYNAMIC' : 'STATIC',
            role: given.role,
            ...old.reservation,
          } as Reservation,
        ]
      : []);
  return {
    name: given.name,
    type: given.type,
    ...(given.type === 'SCALAR' ? { scalar: { value: roundScalar(given.scalar?.value ?? 0) } } : {}),
    ...(given.type === 'RANGES' ? { ranges: { range: mergeRanges(given.ranges?.range ?? []) } } : {}),
    ...(given.type === 'SET' ? { set: { item: [...new Set(given.set?.item ?? [])] } } : {}),
    ...(reservations.length > 0 ? { reservations: reservations.map(normaliseReservation) } : {}),
    ...(given.disk && Object.keys(given.disk).length > 0 ? { disk: given.disk } : {}),
  };
}

function normaliseReservation({ type, role, principal, labels }: Reservation): Reservation {
  const kept: readonly Label[] = (labels as Partial<Labels> | undefined)?.labels ?? [];
  return {
    type,
    role,
    ...(principal === undefined ? {} : { principal }),
    ...(kept.length > 0 ? { labels: { labels: [...kept] } } : {}),
  };
}

function identityOf(resource: Resource): string {
  return canonical([resource.name, resource.type, resource.reservations ?? [], resource.disk ?? null]);
}

/** JSON with sorted keys, so that the same thing written in another order is the same thing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function combine(a: Resource, b: Resource, sign: 1 | -1): Resource {
  if (a.type === 'SCALAR')
    return { ...a, scalar: { value: roundScalar((a.scalar?.value ?? 0) + sign * (b.scalar?.value ?? 0)) } };
  if (a.type === 'RANGES') {
    const [ours, theirs] = [a.ranges?.range ?? [], b.ranges?.range ?? []];
    return {
      ...a,
      ranges: { range: sign === 1 ? mergeRanges([...ours, ...theirs]) : subtractRanges(ours, theirs) },
    };
  }
  const [ours, theirs] = [a.set?.item ?? [], b.set?.item ?? []];
  return {
    ...a,
    set: {
      item: sign === 1 ? [...new Set([...ours, ...theirs])] : ours.filter((item) => !theirs.includes(item)),
    },
  };
}

function covers(a: Resource, b: Resource): boolean {
  if (a.type === 'SCALAR') {
    const [have, want] = [a.scalar?.value ?? 0, b.scalar?.value ?? 0];
    return isWhole(a) ? have === want : have >= want;
  }
  if (a.type === 'RANGES') return subtractRanges(b.ranges?.range ?? [], a.ranges?.range ?? []).length === 0;
  return (b.set?.item ?? []).every((item) => a.set?.item.includes(item));
}

/** Persistent volumes and disks of their own mount are taken as a whole or not at all. */
function isWhole({ disk }: Resource): boolean {
  return disk?.persistence !== undefined || disk?.source?.type === 'MOUNT';
}

function isEmpty(resource: Resource): boolean {
  if (resource.type === 'SCALAR') return resource.scalar?.value === 0;
  return (resource.type === 'RANGES' ? resource.ranges?.range : resource.set?.item)?.length === 0;
}

/** Unreserved ports, then what is reserved, then the unreserved scalars: the order seen in every recorded offer and text. */
function order(resources: Resource[]): Resource[] {
  const rank = (resource: Resource): number =>
    resource.reservations ? 1 : resource.type === 'SCALAR' ? 2 : 0;
  const names = ['cpus', 'mem', 'disk'];
  const position = ({ name, reservations }: Resource): number =>
    reservations || !names.includes(name) ? names.length : names.indexOf(name);
  return resources.sort((a, b) => rank(a) - rank(b) || position(a) - position(b));
}
