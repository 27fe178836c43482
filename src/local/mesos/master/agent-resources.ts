// The resources of a new agent: what its spec says, with static reservations, and disks of their own as directories.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Resource } from '../../../mesos/types.ts';
import type { AgentSpec, DiskSpec, StaticReservationSpec } from '../options.ts';
import { subtractPools, toPool } from '../resources/pool.ts';

/**
 * Makes a directory for each disk of the n-th agent; gives them as resources. They do not lie below the agent's id, so that
 * they outlive it when the agent registers anew.
 */
export function makeDisks(stateDir: string, number: number, spec: AgentSpec): Resource[] {
  return (spec.disks ?? []).map((disk, index) => {
    const root = join(resolve(stateDir), 'disks', `agent-${number}`, `disk-${index + 1}`);
    mkdirSync(root, { recursive: true });
    return diskResource(disk, root);
  });
}

/** @throws Error when the static reservations take more than there is */
export function agentResources(
  spec: AgentSpec,
  ports: { begin: number; end: number },
  disks: readonly Resource[],
): Resource[] {
  const plain = amounts(spec, ports);
  const reservations = spec.reservations ?? [];
  const taken = reservations.flatMap((part) => amounts(part, part.ports));
  const left = taken.length === 0 ? plain : subtractPools(toPool(plain), taken);
  if (!left)
    throw new Error(
      `The static reservations of an agent take more than it has: ${JSON.stringify(reservations)} of ${JSON.stringify(spec)}. No agent was added.`,
    );
  return [
    ...[...left, ...disks].map((resource) => reserve(resource, spec.reservedTo)),
    ...reservations.flatMap((part) =>
      amounts(part, part.ports).map((resource) => reserve(resource, part.role)),
    ),
  ];
}

function amounts(
  { cpus, memMb, diskMb }: Pick<StaticReservationSpec, 'cpus' | 'memMb' | 'diskMb'>,
  ports: { begin: number; end: number } | undefined,
): Resource[] {
  const scalars = Object.entries({ cpus, mem: memMb, disk: diskMb }).filter(
    (entry): entry is [string, number] => entry[1] !== undefined,
  );
  return [
    ...scalars.map(([name, value]): Resource => ({ name, type: 'SCALAR', scalar: { value } })),
    ...(ports
      ? [
          {
            name: 'ports',
            type: 'RANGES' as const,
            ranges: { range: [{ begin: ports.begin, end: ports.end }] },
          },
        ]
      : []),
  ];
}

/** A resource that is reserved already stays as it is. */
function reserve(resource: Resource, role: string | undefined): Resource {
  return role === undefined || resource.reservations
    ? resource
    : { ...resource, reservations: [{ type: 'STATIC', role }] };
}

function diskResource({ type, sizeMb, id, profile, vendor, reservedTo }: DiskSpec, root: string): Resource {
  const disk: Resource = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: sizeMb },
    disk: {
      source: {
        type,
        ...(type === 'MOUNT' ? { mount: { root } } : { path: { root } }),
        ...(id === undefined ? {} : { id }),
        ...(profile === undefined ? {} : { profile }),
        ...(vendor === undefined ? {} : { vendor }),
      },
    },
  };
  return reserve(disk, reservedTo);
}
