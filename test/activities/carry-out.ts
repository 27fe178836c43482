// What Mesos makes of offer operations, as far as tests of placements need it.
import { subtractResources } from '../../src/mesos/index.ts';
import type { OfferOperation, Reservation, Resource } from '../../src/mesos/types.ts';

/** A resource under these reservations only. */
export function under(resource: Resource, ...reservations: Reservation[]): Resource {
  return { ...resource, reservations };
}

/** An agent's resources after Mesos has carried out operations; throws where it would refuse. */
export function carryOut(resources: readonly Resource[], operations: readonly OfferOperation[]): Resource[] {
  let left: Resource[] = [...resources];
  const exchange = (taken: Resource[], given: Resource[]) => {
    const rest = subtractResources(left, taken);
    if (!rest) throw new Error(`not there: ${JSON.stringify(taken)} in ${JSON.stringify(left)}`);
    left = [...rest, ...given];
  };
  for (const operation of operations) {
    if (operation.type === 'RESERVE') {
      const { resources: wanted } = operation.reserve;
      const below = wanted.map(({ reservations = [], ...rest }) => under(rest, ...reservations.slice(0, -1)));
      if (new Set(below.map(({ reservations }) => JSON.stringify(reservations))).size !== 1)
        throw new Error('several stacks in one RESERVE');
      for (const { reservations = [] } of wanted) {
        const [own, parent] = [reservations.at(-1), reservations.at(-2)];
        if (own?.type !== 'DYNAMIC' || (parent && !own.role.startsWith(`${parent.role}/`)))
          throw new Error(`no refinement: ${JSON.stringify(reservations)}`);
      }
      exchange(below, wanted);
    } else if (operation.type === 'CREATE') {
      const { volumes } = operation.create;
      const plain = volumes.map(({ disk, ...rest }) =>
        disk?.source ? { ...rest, disk: { source: disk.source } } : rest,
      );
      exchange(plain, volumes);
    } else if (operation.type === 'DESTROY') {
      const { volumes } = operation.destroy;
      exchange(
        volumes,
        volumes.map(({ disk, ...rest }) =>
          disk?.source ? { ...rest, disk: { source: disk.source } } : rest,
        ),
      );
    } else if (operation.type === 'UNRESERVE') {
      const { resources: reserved } = operation.unreserve;
      if (new Set(reserved.map(({ reservations }) => JSON.stringify(reservations))).size !== 1)
        throw new Error('several stacks in one UNRESERVE');
      exchange(
        reserved,
        reserved.map(({ reservations = [], ...rest }) => under(rest, ...reservations.slice(0, -1))),
      );
    }
  }
  return left;
}
