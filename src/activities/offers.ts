// Between Mesos' offers and the words in which placement thinks.
import { reservationsEqual, type AgentSummary, type Scheduler } from '../mesos/index.ts';
import type { Attribute, Offer, Reservation, Resource, Unavailability } from '../mesos/types.ts';
import type { MaintenanceWindow } from '../model/cluster.ts';
import { DRAIN_LEAD_MS } from '../model/recovery.ts';
import type { AgentOffer } from '../model/placement/match.ts';
import { createPool, isPlain, type ResourcePool } from './resource-pool.ts';

const NANOSECONDS_PER_MS = 1_000_000;

/** Labels of every reservation: whose it is. Looked for before anything is reserved again. */
export const LABEL = {
  CLUSTER: 'millrace_cluster',
  INCARNATION: 'millrace_incarnation',
  NODE: 'millrace_node',
  PLACEMENT: 'millrace_placement',
} as const;

/** The reservation under which a node's resources are held. */
export function reservationOf(about: {
  role: string;
  principal: string;
  cluster: string;
  incarnation: string;
  node: string;
  placementNumber: number;
}): Reservation {
  return {
    type: 'DYNAMIC',
    role: about.role,
    principal: about.principal,
    labels: {
      labels: [
        { key: LABEL.CLUSTER, value: about.cluster },
        { key: LABEL.INCARNATION, value: about.incarnation },
        { key: LABEL.NODE, value: about.node },
        { key: LABEL.PLACEMENT, value: String(about.placementNumber) },
      ],
    },
  };
}

/**
 * What is free for a new node in the offers of one agent.
 *
 * @param role of the cluster; without it only what nobody has reserved is free
 */
export function toAgentOffer(offers: readonly Offer[], role?: string): AgentOffer | null {
  const [first] = offers;
  if (!first) return null;
  const free = freeIn(offers, role).pieces;
  const sum = (name: string) =>
    free
      .filter((resource) => resource.name === name && resource.disk === undefined)
      .reduce((total, resource) => total + (resource.scalar?.value ?? 0), 0);
  const rootPieces = free.filter((resource) => resource.name === 'disk' && isPlain(resource));
  const isKept = offers
    .flatMap((offer) => offer.resources)
    .some((resource) => {
      const innermost = resource.reservations?.at(-1);
      return innermost?.role === role && (innermost?.labels?.labels ?? []).length === 0;
    });
  const domain = first.domain?.fault_domain;
  const unavailable = unavailability(offers);
  return {
    agentId: first.agent_id.value,
    hostname: first.hostname,
    attributes: attributesOf(first.attributes ?? []),
    ...(domain ? { region: domain.region.name, zone: domain.zone.name } : {}),
    cpus: round(sum('cpus')),
    memMb: round(sum('mem')),
    diskMb: round(sum('disk')),
    ...(rootPieces.length > 1 ? { rootPiecesMb: rootPieces.map(({ scalar }) => scalar?.value ?? 0) } : {}),
    ...(isKept && role !== undefined ? { keptForRole: role } : {}),
    ...(unavailable === null ? {} : { unavailable }),
    ports: free.filter(({ name }) => name === 'ports').flatMap((resource) => resource.ranges?.range ?? []),
    mountDisksMb: free.filter(isMountDisk).map(mountDiskOf),
  };
}

/**
 * Why nothing is to be started on the agent of these offers: its maintenance is under way, or so near that its nodes are stopped
 * for it. Null when there is no reason.
 */
export function unavailability(offers: readonly Offer[], nowMs = Date.now()): string | null {
  const announced = offers.find((offer) => offer.unavailability !== undefined)?.unavailability;
  if (announced === undefined) return null;
  const { startMs, endMs } = windowOf(announced);
  if (startMs - DRAIN_LEAD_MS > nowMs || (endMs !== undefined && endMs < nowMs)) return null;
  const until = endMs === undefined ? 'until it is called off' : `until ${new Date(endMs).toISOString()}`;
  return `maintenance from ${new Date(startMs).toISOString()} ${until}`;
}

/** The window of an announcement, in milliseconds since 1970. */
export function windowOf({ start, duration }: Unavailability): MaintenanceWindow {
  const startMs = Math.round(start.nanoseconds / NANOSECONDS_PER_MS);
  if (duration === undefined) return { startMs };
  return { startMs, endMs: startMs + Math.round(duration.nanoseconds / NANOSECONDS_PER_MS) };
}

/** The resources of offers that carry exactly this reservation. */
export function reservedIn(offers: readonly Offer[], reservation: Reservation): Resource[] {
  return offers.flatMap((offer) => offer.resources).filter((resource) => carries(resource, reservation));
}

/** Whether the innermost reservation of a resource is this one. */
export function carries(resource: Resource, reservation: Reservation): boolean {
  const innermost = resource.reservations?.at(-1);
  return innermost !== undefined && reservationsEqual(innermost, reservation);
}

/** Value of a label on the innermost reservation of a resource. */
export function labelOf(resource: Resource, key: string): string | undefined {
  return resource.reservations?.at(-1)?.labels?.labels.find((label) => label.key === key)?.value;
}

/** Resources on all agents that are reserved for this cluster, with the agent each is on. */
export function reservedFor(
  agents: readonly AgentSummary[],
  cluster: { cluster: string; incarnation: string },
): { agent: AgentSummary; resource: Resource }[] {
  return agents.flatMap((agent) =>
    agent.totalResources
      .filter(
        (resource) =>
          labelOf(resource, LABEL.CLUSTER) === cluster.cluster &&
          labelOf(resource, LABEL.INCARNATION) === cluster.incarnation,
      )
      .map((resource) => ({ agent, resource })),
  );
}

/** Groups offers by their agent, in order of arrival. */
export function byAgent(offers: readonly Offer[]): Offer[][] {
  const groups = new Map<string, Offer[]>();
  for (const offer of offers) {
    const group = groups.get(offer.agent_id.value);
    if (group) group.push(offer);
    else groups.set(offer.agent_id.value, [offer]);
  }
  return [...groups.values()];
}

/** Attributes as text: what constraints compare. */
export function attributesOf(attributes: readonly Attribute[]): Record<string, string> {
  return Object.fromEntries(
    attributes.map((attribute) => [
      attribute.name,
      attribute.text?.value ??
        attribute.scalar?.value.toString() ??
        attribute.set?.item.join(',') ??
        (attribute.ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(','),
    ]),
  );
}

/**
 * Whether a new node of a role may take a resource: nobody has reserved it, or it is kept for a role above this one
 * (Mesos lets a reservation be refined for a role below its own only), and it is neither revocable nor shared. What is
 * reserved with labels is somebody's.
 */
export function isFree(resource: Resource, role?: string): boolean {
  const stack = resource.reservations ?? [];
  return (
    stack.every(
      (reservation) =>
        role?.startsWith(`${reservation.role}/`) === true && (reservation.labels?.labels ?? []).length === 0,
    ) &&
    resource.revocable === undefined &&
    resource.shared === undefined
  );
}

/** All that a new node of a role may take in some offers. */
export function freeIn(offers: readonly Offer[], role?: string): ResourcePool {
  return createPool(offers.flatMap((offer) => offer.resources).filter((resource) => isFree(resource, role)));
}

/** A whole disk without a volume, of the agent itself or of a resource provider. */
export function isMountDisk(resource: Resource): boolean {
  return resource.disk?.source?.type === 'MOUNT' && resource.disk.persistence === undefined;
}

/** A MOUNT disk in the words of placement; providers tell theirs apart by an id, agents by where it is mounted. */
export function mountDiskOf({ disk, scalar }: Resource): { id: string; sizeMb: number; profile?: string } {
  const source = disk?.source;
  return {
    id: source?.id ?? source?.mount?.root ?? '',
    sizeMb: scalar?.value ?? 0,
    ...(source?.profile === undefined ? {} : { profile: source.profile }),
  };
}

/** Mesos keeps three decimals of a scalar. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * Gives offers back whose ACCEPT may have been lost: the master would hold them for us as long as the session lasts. One that
 * arrives later finds them gone. Those that were accepted are not the framework's to decline any more, and stay what they are.
 */
export async function giveBack(scheduler: Scheduler, offers: readonly Offer[]): Promise<void> {
  const offer_ids = offers.map(({ id }) => id);
  await scheduler.call({ type: 'DECLINE', decline: { offer_ids, filters: { refuse_seconds: 0 } } });
}
