// What a placement asks of Mesos: RESERVE of the node's resources on one agent, and CREATE of its volume.
import { portRange, scalar, type AgentSummary } from '../mesos/index.ts';
import type { Offer, OfferOperation, Reservation, Resource } from '../mesos/types.ts';
import { NODE_KIND, type Placement } from '../model/cluster.ts';
import { VOLUME_PATH } from '../model/node/paths.ts';
import { nodeResources, type NodeResources } from '../model/node/resources.ts';
import { parseConstraints } from '../model/placement/constraints.ts';
import type { AgentOffer, PlacementDemand } from '../model/placement/match.ts';
import type { PlaceNodeInput } from './contract.ts';
import { attributesOf, isFree, isMountDisk, reservationOf } from './offers.ts';

/** A node's demand in Millrace's words and in Mesos'. */
export interface Wanted {
  input: PlaceNodeInput;
  role: string;
  reservation: Reservation;
  resources: NodeResources;
  volumeId: string;
  demand: PlacementDemand;
}

/** What a node wants of an agent, under which reservation. */
export function wantedFor(input: PlaceNodeInput): Wanted {
  const { spec, node } = input;
  const group = node.kind === NODE_KIND.BROKER ? spec.brokers : spec.controllers;
  const rows = node.kind === NODE_KIND.BROKER ? spec.placement.brokers : spec.placement.controllers;
  const resources = nodeResources(spec, node.kind);
  const role = spec.role;
  const { total } = resources;
  return {
    input,
    role,
    resources,
    volumeId: `${node.name}-${input.placementNumber}-${input.incarnation}`,
    reservation: reservationOf({
      role,
      principal: spec.principal,
      cluster: input.cluster,
      incarnation: input.incarnation,
      node: node.name,
      placementNumber: input.placementNumber,
    }),
    demand: {
      name: node.name,
      kind: node.kind,
      ...total,
      sandboxMb: total.diskMb - resources.volumeMb,
      diskType: group.disk.type,
      port: group.port,
      constraints: parseConstraints(rows),
    },
  };
}

/** A MOUNT disk: Mesos hands it out whole, so all of it is reserved and becomes the volume. */
export interface MountDisk {
  source: NonNullable<NonNullable<Resource['disk']>['source']>;
  sizeMb: number;
}

/** RESERVE and CREATE for a placement that was chosen; `mount` is the disk for a MOUNT volume. */
export function operationsFor(
  wanted: Wanted,
  placement: Placement,
  mount: MountDisk | null,
  [reserveId, createId]: string[],
): OfferOperation[] {
  const { resources, reservation } = wanted;
  const mine = (resource: Resource): Resource => ({ ...resource, reservations: [reservation] });
  const { total, volumeMb } = resources;
  const disks = mount
    ? [{ ...scalar('disk', mount.sizeMb), disk: { source: mount.source } }, scalar('disk', total.sandboxMb)]
    : [scalar('disk', volumeMb + total.sandboxMb)];
  const reserved = [
    scalar('cpus', total.cpus),
    scalar('mem', total.memMb),
    portRange(placement.port),
    ...disks,
  ];
  return [
    { type: 'RESERVE', id: { value: reserveId ?? '' }, reserve: { resources: reserved.map(mine) } },
    createOperation(wanted, mount, createId ?? ''),
  ];
}

/** CREATE of the node's volume on what is reserved for it. */
export function createOperation(wanted: Wanted, mount: MountDisk | null, id: string): OfferOperation {
  const volume: Resource = {
    ...scalar('disk', mount?.sizeMb ?? wanted.resources.volumeMb),
    reservations: [wanted.reservation],
    disk: {
      persistence: { id: wanted.volumeId, principal: wanted.input.spec.principal },
      volume: { container_path: VOLUME_PATH, mode: 'RW' },
      ...(mount ? { source: mount.source } : {}),
    },
  };
  return { type: 'CREATE', id: { value: id }, create: { volumes: [volume] } };
}

/** The MOUNT disk behind a resource; null for ROOT. */
export function mountOf(disk: Resource): MountDisk | null {
  const source = disk.disk?.source;
  return source ? { source, sizeMb: disk.scalar?.value ?? 0 } : null;
}

/** The smallest offered MOUNT disk that is large enough; null for ROOT. */
export function mountIn(offers: readonly Offer[], wanted: Wanted): MountDisk | null {
  if (wanted.demand.diskType === 'ROOT') return null;
  const disks = offers
    .flatMap((offer) => offer.resources)
    .filter((resource) => isFree(resource) && isMountDisk(resource))
    .flatMap((resource) => mountOf(resource) ?? [])
    .filter(({ sizeMb }) => sizeMb >= wanted.resources.volumeMb);
  return disks.sort((a, b) => a.sizeMb - b.sizeMb)[0] ?? null;
}

/** The record of a placement on an agent. */
export function placementOf(wanted: Wanted, agent: AgentSummary | AgentOffer, port: number): Placement {
  const { total } = wanted.resources;
  const isOffer = 'agentId' in agent;
  return {
    number: wanted.input.placementNumber,
    agentId: isOffer ? agent.agentId : agent.id,
    hostname: agent.hostname,
    port,
    volumeId: wanted.volumeId,
    cpus: total.cpus,
    memMb: total.memMb,
    diskMb: wanted.resources.volumeMb,
    attributes: isOffer ? agent.attributes : attributesOf(agent.attributes),
    ...(agent.region === undefined ? {} : { region: agent.region }),
    ...(agent.zone === undefined ? {} : { zone: agent.zone }),
  };
}
