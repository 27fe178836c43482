// From the master's answers to the picture that placement thinks in: what each agent has, who holds the rest, and why.
import {
  hasLabels,
  isUnreserved,
  maintenanceOf,
  subtractResources,
  sumScalar,
  type AgentSummary,
  type PlacementFacts,
} from '../mesos/index.ts';
import type { Resource } from '../mesos/types.ts';
import type {
  AgentPicture,
  Held,
  MesosPicture,
  QuotaAmounts,
  QuotaPicture,
} from '../model/placement/picture.ts';
import { QUOTA_RESOURCES } from '../model/placement/picture.ts';
import type { AgentOffer } from '../model/placement/types.ts';
import { isFree, LABEL, toAgentOffer } from './offers.ts';

/** For whom the picture is made. What a cluster that does not exist yet has is nothing. */
export interface Beholder {
  role: string;
  cluster: string;
  frameworkId?: string;
  incarnation?: string;
}

/** The picture of a Mesos, for one cluster. */
export function pictureOf(facts: PlacementFacts, beholder: Beholder): MesosPicture {
  return {
    agents: facts.agents.map((agent) => agentPicture(facts, agent, beholder)),
    quotas: quotasFor(facts, beholder.role),
    ...(facts.region === undefined ? {} : { region: facts.region }),
    unknown: facts.unknown,
  };
}

/** Why Mesos offers nothing of an agent. */
export function closedOf({ active, deactivated, drain }: AgentSummary): string[] {
  if (drain !== undefined) return [drain.state === 'DRAINING' ? 'agent is draining' : 'agent is drained'];
  if (deactivated === true) return ['agent is deactivated'];
  return active ? [] : ['agent is not connected'];
}

function agentPicture(facts: PlacementFacts, agent: AgentSummary, beholder: Beholder): AgentPicture {
  const isMine = (resource: Resource) => isFree(resource, beholder.role);
  const others = facts.frameworks.flatMap(({ id, name, offers }) =>
    id === beholder.frameworkId
      ? []
      : offers
          .filter(({ agentId }) => agentId === agent.id)
          .map(({ resources }) => ({ name, resources: resources.map(plain).filter(isMine) })),
  );
  const free = without(
    agent.totalResources.filter(isMine),
    agent.allocatedResources.map(plain).filter(isMine),
  );
  return {
    free: offerOf(agent, free, beholder.role),
    open: offerOf(
      agent,
      without(
        free,
        others.flatMap(({ resources }) => resources),
      ),
      beholder.role,
    ),
    closed: closedOf(agent),
    notes: maintenanceNotes(facts, agent),
    offeredTo: heldBy(others.map(({ name, resources }) => ({ by: name, resources }))),
    reservedFor: heldBy(
      agent.totalResources
        .filter((resource) => !isUnreserved(resource) && !isMine(resource) && !isOwn(resource, beholder))
        .map((resource) => ({ by: resource.reservations?.at(-1)?.role ?? '', resources: [resource] })),
    ),
  };
}

function offerOf(agent: AgentSummary, resources: Resource[], role: string): AgentOffer {
  const { id, hostname, attributes, region, zone } = agent;
  const offer = toAgentOffer(
    [
      {
        id: { value: '' },
        framework_id: { value: '' },
        agent_id: { value: id },
        hostname,
        resources,
        attributes,
        ...(region === undefined || zone === undefined
          ? {}
          : { domain: { fault_domain: { region: { name: region }, zone: { name: zone } } } }),
      },
    ],
    role,
  );
  return offer ?? { agentId: id, hostname, attributes: {}, cpus: 0, memMb: 0, diskMb: 0, ports: [] };
}

/** What is left; what is not in the pool (an answer that is some milliseconds older) takes nothing. */
function without(pool: readonly Resource[], taken: readonly Resource[]): Resource[] {
  return taken.reduce<Resource[]>((left, one) => subtractResources(left, [one]) ?? left, [...pool]);
}

function plain({ allocation_info: _allocation, role: _role, ...resource }: Resource): Resource {
  return resource;
}

function isOwn(resource: Resource, { cluster, incarnation }: Beholder): boolean {
  return (
    incarnation !== undefined &&
    hasLabels(resource, { [LABEL.CLUSTER]: cluster, [LABEL.INCARNATION]: incarnation })
  );
}

function heldBy(parts: readonly { by: string; resources: readonly Resource[] }[]): Held[] {
  return [...Map.groupBy(parts, ({ by }) => by)].map(([by, mine]) => {
    const resources = mine.flatMap((part) => part.resources);
    return {
      by,
      amounts: {
        cpus: sumScalar(resources, 'cpus'),
        memMb: sumScalar(resources, 'mem'),
        diskMb: sumScalar(resources, 'disk'),
      },
    };
  });
}

function maintenanceNotes({ maintenance }: PlacementFacts, agent: AgentSummary): string[] {
  return maintenanceOf(agent, maintenance).map(({ startMs, durationMs }) => {
    const minutes = durationMs === undefined ? '' : ` for ${Math.round(durationMs / 60_000)} min`;
    return `scheduled for maintenance at ${new Date(startMs).toISOString()}${minutes}`;
  });
}

/** Quotas of the role and of the roles above it: `team` limits `team/orders` too. */
function quotasFor({ quotas, agents }: PlacementFacts, role: string): QuotaPicture[] {
  return quotas
    .filter((quota) => isWithin(role, quota.role))
    .map(({ role: owner, limits }) => ({
      role: owner,
      limits: named((name) => limits[name]),
      consumed: named((name) =>
        agents.reduce((sum, agent) => sum + sumScalar(consumedBy(agent, owner), name), 0),
      ),
    }));
}

/** As Mesos counts: what is reserved, used or not, and what is used of the rest. */
function consumedBy(agent: AgentSummary, owner: string): Resource[] {
  return [
    ...agent.totalResources.filter((resource) => {
      const role = resource.reservations?.at(-1)?.role;
      return role !== undefined && isWithin(role, owner);
    }),
    ...agent.allocatedResources.filter(
      (resource) => isUnreserved(resource) && isWithin(resource.allocation_info?.role ?? '', owner),
    ),
  ];
}

function isWithin(role: string, owner: string): boolean {
  return role === owner || role.startsWith(`${owner}/`);
}

function named(amount: (name: string) => number | undefined): QuotaAmounts {
  return Object.fromEntries(
    QUOTA_RESOURCES.flatMap((name) => {
      const value = amount(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
