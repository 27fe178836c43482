// Arithmetic on what some offers hold: pieces are taken out, each with the reservations that it came with.
import { containsPort, roundScalar, sameKind, subtractRanges, withoutAllocation } from '../mesos/index.ts';
import type { Resource } from '../mesos/types.ts';

/** What is left of some resources. Those of one kind are one piece; what is reserved already comes first. */
export interface ResourcePool {
  readonly pieces: Resource[];
  /** Takes an amount of `cpus`, `mem` or the root disk, of as many pieces as it needs; null, and nothing taken, when there is less. */
  take(name: string, amount: number): Resource[] | null;
  /** Takes one port; null when it is not there. */
  takePort(port: number): Resource | null;
  /** Takes an amount of one piece; null when it has less. */
  takeOf(piece: Resource, amount: number): Resource | null;
}

/** A pool of resources, without their allocation: in the form in which operations want them. */
export function createPool(resources: readonly Resource[]): ResourcePool {
  const pieces: Resource[] = [];
  for (const resource of resources.map(withoutAllocation)) {
    const same = pieces.findIndex((piece) => isDivisible(piece) && sameKind(piece, resource));
    if (same < 0) pieces.push(resource);
    else pieces[same] = sum(pieces[same]!, resource);
  }
  pieces.sort((a, b) => depth(b) - depth(a));
  const takeOf = (piece: Resource, amount: number): Resource | null => {
    const at = pieces.indexOf(piece);
    const left = roundScalar((piece.scalar?.value ?? 0) - amount);
    if (at < 0 || left < 0) return null;
    // In place: whoever holds the piece sees what is left of it.
    piece.scalar = { value: left };
    return { ...piece, scalar: { value: roundScalar(amount) } };
  };
  return {
    pieces,
    takeOf,
    take(name, amount) {
      const plain = pieces.filter((piece) => piece.name === name && isPlain(piece));
      if (
        roundScalar(plain.reduce((total, { scalar }) => total + (scalar?.value ?? 0), 0)) <
        roundScalar(amount)
      )
        return null;
      const taken: Resource[] = [];
      let wanted = roundScalar(amount);
      for (const piece of plain) {
        const part = Math.min(wanted, piece.scalar?.value ?? 0);
        const got = part > 0 ? takeOf(piece, part) : null;
        if (got) taken.push(got);
        wanted = roundScalar(wanted - part);
      }
      return taken;
    },
    takePort(port) {
      const piece = pieces.find(
        ({ name, ranges }) => name === 'ports' && containsPort(ranges?.range ?? [], port),
      );
      if (!piece) return null;
      const one = [{ begin: port, end: port }];
      const taken = { ...piece, ranges: { range: one } };
      piece.ranges = { range: subtractRanges(piece.ranges?.range ?? [], one) };
      return taken;
    },
  };
}

/** Neither a volume nor a disk of its own. */
export function isPlain(resource: Resource): boolean {
  return resource.disk === undefined && resource.revocable === undefined && resource.shared === undefined;
}

/** Parts that may go into one operation: under the same reservations, and of the same resource provider. */
export function byStack(resources: readonly Resource[]): Resource[][] {
  const groups = new Map<string, Resource[]>();
  for (const resource of resources) {
    const key = JSON.stringify([resource.reservations ?? [], resource.provider_id?.value ?? null]);
    groups.set(key, [...(groups.get(key) ?? []), resource]);
  }
  return [...groups.values()];
}

/** Amounts of whole disks and volumes are never added up: two disks of one size are still two. */
function isDivisible({ disk }: Resource): boolean {
  return disk === undefined;
}

function sum(a: Resource, b: Resource): Resource {
  if (a.ranges) return { ...a, ranges: { range: [...a.ranges.range, ...(b.ranges?.range ?? [])] } };
  return { ...a, scalar: { value: roundScalar((a.scalar?.value ?? 0) + (b.scalar?.value ?? 0)) } };
}

function depth({ reservations }: Resource): number {
  return reservations?.length ?? 0;
}
