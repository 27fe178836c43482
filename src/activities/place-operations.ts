// What a placement asks of Mesos: RESERVE of the node's resources on one agent, and CREATE of its volumes.
import { sameKind, scalar, withReservation, type AgentSummary } from '../mesos/index.ts';
import type { Offer, OfferOperation, Reservation, Resource } from '../mesos/types.ts';
import type { Placement } from '../model/cluster.ts';
import { volumeGrowths, type VolumeGrowth } from '../model/node/grow-volumes.ts';
import { nodeResources, type NodeResources, type VolumeDemand } from '../model/node/resources.ts';
import { demandOf } from '../model/placement/demand.ts';
import type { AgentOffer, PlacementDemand } from '../model/placement/match.ts';
import { assignMounts, assignRoot } from '../model/placement/volumes.ts';
import type { PlaceNodeInput } from './contract.ts';
import { attributesOf, freeIn, isMountDisk, mountDiskOf, reservationOf, reservedIn } from './offers.ts';
import { byStack, createPool, isPlain, type ResourcePool } from './resource-pool.ts';

/** A persistent volume with its id. */
export interface WantedVolume extends VolumeDemand {
  id: string;
}

/** A node's demand in Millrace's words and in Mesos'. */
export interface Wanted {
  input: PlaceNodeInput;
  role: string;
  reservation: Reservation;
  resources: NodeResources;
  volumes: WantedVolume[];
  demand: PlacementDemand;
}

/** What a node wants of an agent, under which reservation. */
export function wantedFor(input: PlaceNodeInput, localRegion?: string): Wanted {
  const { spec, node } = input;
  const resources = nodeResources(spec, node.kind);
  const role = spec.role;
  const volumes = resources.volumes.map((volume, index) => ({
    ...volume,
    id: `${node.name}-${input.placementNumber}-${input.incarnation}${index === 0 ? '' : `-${index}`}`,
  }));
  return {
    input,
    role,
    resources,
    volumes,
    reservation: reservationOf({
      role,
      principal: spec.principal,
      cluster: input.cluster,
      incarnation: input.incarnation,
      node: node.name,
      placementNumber: input.placementNumber,
    }),
    demand: demandOf(spec, node, localRegion),
  };
}

/** What is offered of an agent, and what is reserved for the node there already. */
export interface Around {
  offers: readonly Offer[];
  /** From the master's point of view: volumes, and what an earlier try reserved. */
  held: readonly Resource[];
  /** The port to take; null = the one that is held, or any that is free. */
  port: number | null;
  operationId(verb: string, number: number): string;
}

/** What is still to be done for a node on an agent; nothing when there are no operations. */
export type PlacePlan = { operations: OfferOperation[]; port: number } | { missing: string };

/**
 * RESERVE of what is not reserved yet and CREATE of the volumes that are not there. An earlier try may have come to any
 * point between. Pieces under different reservations are reserved by operations of their own.
 */
export function planOn(wanted: Wanted, around: Around): PlacePlan {
  const free = freeIn(around.offers, wanted.role);
  const held = createPool(around.held.filter(({ disk }) => disk?.persistence === undefined));
  const existing = new Set(around.held.flatMap(({ disk }) => disk?.persistence?.id ?? []));
  const volumes = wanted.volumes.filter(({ id }) => !existing.has(id));
  const disks = disksFor(volumes, held, free);
  if ('missing' in disks) return disks;
  const { total } = wanted.resources;
  const taken = [...disks.taken];
  for (const [name, amount] of [
    ['cpus', total.cpus],
    ['mem', total.memMb],
    ['disk', total.sandboxMb + growthMb(wanted, around.held)],
  ] as const) {
    const short = Math.max(0, amount - heldAmount(held, name));
    const more = free.take(name, short);
    if (!more) return { missing: `${short} more of ${name}` };
    taken.push(...more);
  }
  const ports = portFor(wanted, around.port, held, free);
  if ('missing' in ports) return ports;
  taken.push(...ports.taken);
  const onHeld = disks.made.filter(({ isHeld }) => isHeld).map(({ disk }) => disk);
  if (!areOffered(onHeld, reservedIn(around.offers, wanted.reservation)))
    return { missing: 'the disks that are reserved already' };
  return {
    port: ports.port,
    operations: [
      ...byStack(taken).map((resources, index): OfferOperation => ({
        type: 'RESERVE',
        id: { value: around.operationId('reserve', index) },
        reserve: {
          resources: createPool(resources).pieces.map((piece) => withReservation(piece, wanted.reservation)),
        },
      })),
      ...disks.made.map(({ volume, disk, isHeld }, index) =>
        createOperation(
          wanted,
          volume,
          isHeld ? disk : withReservation(disk, wanted.reservation),
          around.operationId('create', index),
        ),
      ),
    ],
  };
}

/** By how much the volumes that there are have to grow; the disk for that is reserved while they are in use. */
function growthMb(wanted: Wanted, held: readonly Resource[]): number {
  return growthsOf(wanted, held).reduce((sum, { byMb }) => sum + byMb, 0);
}

/** The volumes of a node that are smaller than its spec says. */
export function growthsOf({ volumes }: Wanted, held: readonly Resource[]): VolumeGrowth[] {
  const sizesMb = Object.fromEntries(
    held.flatMap(({ disk, scalar }) =>
      disk?.persistence ? [[disk.persistence.id, scalar?.value ?? 0]] : [],
    ),
  );
  return volumeGrowths(volumes, sizesMb);
}

interface Disks {
  /** What has to be reserved. */
  taken: Resource[];
  made: { volume: WantedVolume; disk: Resource; isHeld: boolean }[];
}

/** A disk for each volume: of what is held when there is one, else of what is free. */
function disksFor(
  volumes: readonly WantedVolume[],
  held: ResourcePool,
  free: ResourcePool,
): Disks | { missing: string } {
  const disks: Disks = { taken: [], made: [] };
  let left = volumes;
  for (const pool of [held, free]) {
    const mounts = pool.pieces.filter(isMountDisk);
    const roots = pool.pieces.filter((piece) => piece.name === 'disk' && isPlain(piece));
    const mountOf = assignMounts(left, mounts.map(mountDiskOf));
    const rootOf = assignRoot(
      left,
      roots.map((piece) => piece.scalar?.value ?? 0),
    );
    left = left.filter((volume, index) => {
      const mount = mounts[mountOf[index] ?? -1];
      const root = roots[rootOf[index] ?? -1];
      // A MOUNT disk is handed out whole.
      const disk = mount ? { ...mount } : root ? pool.takeOf(root, volume.sizeMb) : null;
      if (!disk) return true;
      disks.made.push({ volume, disk, isHeld: pool === held });
      if (pool === free) disks.taken.push(disk);
      return false;
    });
  }
  const [missing] = left;
  if (missing) return { missing: `a ${missing.type} disk of ${missing.sizeMb} MB` };
  disks.made.sort((a, b) => volumes.indexOf(a.volume) - volumes.indexOf(b.volume));
  return disks;
}

function heldAmount(held: ResourcePool, name: string): number {
  return held.pieces
    .filter((piece) => piece.name === name && isPlain(piece))
    .reduce((sum, piece) => sum + (piece.scalar?.value ?? 0), 0);
}

function portFor(
  { demand }: Wanted,
  wantedPort: number | null,
  held: ResourcePool,
  free: ResourcePool,
): { port: number; taken: Resource[] } | { missing: string } {
  if (demand.portIsOwn === true) return { port: demand.port, taken: [] };
  const there = lowestPort(held);
  if (there !== null) return { port: there, taken: [] };
  const port = wantedPort ?? (demand.port === 0 ? lowestPort(free) : demand.port);
  const taken = port === null ? null : free.takePort(port);
  return port === null || taken === null
    ? { missing: demand.port === 0 ? 'a port' : `port ${demand.port}` }
    : { port, taken: [taken] };
}

function lowestPort({ pieces }: ResourcePool): number | null {
  const begins = pieces
    .filter(({ name }) => name === 'ports')
    .flatMap(({ ranges }) => (ranges?.range ?? []).map(({ begin }) => begin));
  return begins.length === 0 ? null : Math.min(...begins);
}

/** Whether all these disks are in what is offered. */
function areOffered(disks: readonly Resource[], offered: readonly Resource[]): boolean {
  const pool = createPool(offered);
  return disks.every((disk) => {
    const piece = pool.pieces.find(
      (candidate) => sameKind(candidate, disk) && (candidate.scalar?.value ?? 0) >= (disk.scalar?.value ?? 0),
    );
    return piece !== undefined && pool.takeOf(piece, disk.scalar?.value ?? 0) !== null;
  });
}

/** CREATE of a volume on what is reserved for it. */
function createOperation(wanted: Wanted, volume: WantedVolume, disk: Resource, id: string): OfferOperation {
  const source = disk.disk?.source;
  const made: Resource = {
    ...disk,
    ...scalar('disk', disk.scalar?.value ?? 0),
    disk: {
      persistence: { id: volume.id, principal: wanted.input.spec.principal },
      volume: { container_path: volume.containerPath, mode: 'RW' },
      ...(source ? { source } : {}),
    },
  };
  return { type: 'CREATE', id: { value: id }, create: { volumes: [made] } };
}

/** The record of a placement on an agent. */
export function placementOf(wanted: Wanted, agent: AgentSummary | AgentOffer, port: number): Placement {
  const { total, volumeMb } = wanted.resources;
  const isOffer = 'agentId' in agent;
  const [first, ...more] = wanted.volumes;
  const { network } = wanted.input.spec;
  return {
    number: wanted.input.placementNumber,
    agentId: isOffer ? agent.agentId : agent.id,
    hostname: agent.hostname,
    port,
    volumeId: first?.id ?? '',
    ...(more.length > 0 ? { moreVolumes: more.map(({ id, sizeMb }) => ({ id, sizeMb })) } : {}),
    ...(network ? { networkName: `${wanted.input.node.name}.${network.domain}` } : {}),
    cpus: total.cpus,
    memMb: total.memMb,
    diskMb: volumeMb,
    attributes: isOffer ? agent.attributes : attributesOf(agent.attributes),
    ...(agent.region === undefined ? {} : { region: agent.region }),
    ...(agent.zone === undefined ? {} : { zone: agent.zone }),
  };
}
