// Decides who is offered what: for each agent in turn, the role and framework with the least dominant share that wants it.
import { sumScalar } from '../../../mesos/resources.ts';
import { addPools, subtractPools } from '../resources/pool.ts';
import type { Pool } from '../resources/pool.ts';

export interface AgentAvailability {
  agentId: string;
  /** What is neither used nor offered. */
  available: Pool;
}

/** A framework that wants offers to a role, with what it holds already, used or offered. */
export interface Candidate {
  frameworkId: string;
  role: string;
  /** Whether it may be offered refined reservations. @default true */
  isRefining?: boolean;
  allocated: Pool;
  /** How often it was served; the less, the earlier among equals. */
  served: number;
}

export interface Allocation {
  frameworkId: string;
  role: string;
  agentId: string;
  resources: Pool;
}

export interface AllocationInput {
  agents: readonly AgentAvailability[];
  candidates: readonly Candidate[];
  /** All resources of all agents, for shares. */
  cluster: Pool;
  /** By role with a quota (top-level ones only): what it may still have of each limited scalar. @default no limits */
  headroom?: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** By role: a share counts the less, the greater its role's weight. @default 1 for all */
  weights?: Readonly<Record<string, number>>;
  isFiltered(target: { frameworkId: string; role: string; agentId: string }, offered: Pool): boolean;
}

/** Mesos' `--min_allocatable_resources=cpus:0.01|mem:32`: less is not worth an offer. */
const MIN_CPUS = 0.01;
const MIN_MEM_MB = 32;

/** What to offer to whom; changes nothing. */
export function allocate(input: AllocationInput): Allocation[] {
  const holders = input.candidates.map((candidate) => ({ ...candidate }));
  const allocations: Allocation[] = [];
  const headroom = new Map([...(input.headroom ?? [])].map(([role, left]) => [role, { ...left }]));
  for (const { agentId, available } of input.agents) {
    let left = available;
    const waiting = [...holders];
    while (waiting.length > 0 && isAllocatable(left)) {
      waiting.sort((a, b) => compare(a, b, holders, input));
      const candidate = waiting.shift();
      if (!candidate) break;
      const { frameworkId, role } = candidate;
      const limits = headroom.get(role.split('/')[0] ?? role);
      const suitable = left.filter(
        ({ reservations = [] }) =>
          mayHave(role, reservations.at(-1)?.role) &&
          (reservations.length < 2 || candidate.isRefining !== false),
      );
      const resources = limits ? withinLimits(suitable, limits) : suitable;
      if (!isAllocatable(resources) || input.isFiltered({ frameworkId, role, agentId }, resources)) continue;
      left = subtractPools(left, resources) ?? [];
      if (limits) takeFrom(limits, resources);
      candidate.allocated = addPools(candidate.allocated, resources);
      candidate.served++;
      allocations.push({ frameworkId, role, agentId, resources });
    }
  }
  return allocations;
}

/** A role gets what is unreserved, and what is reserved to itself or to a role above it. */
function mayHave(role: string, reservedTo: string | undefined): boolean {
  return reservedTo === undefined || role === reservedTo || role.startsWith(`${reservedTo}/`);
}

/** Cuts unreserved scalars to what the quota leaves; what is reserved counts already. */
function withinLimits(resources: Pool, limits: Readonly<Record<string, number>>): Pool {
  return resources.flatMap((resource) => {
    const limit = limits[resource.name];
    const amount = resource.scalar?.value;
    if (resource.reservations || limit === undefined || amount === undefined || amount <= limit)
      return [resource];
    return limit > 0 && resource.disk?.source?.type !== 'MOUNT'
      ? [{ ...resource, scalar: { value: limit } }]
      : [];
  });
}

function takeFrom(limits: Record<string, number>, resources: Pool): void {
  for (const { name, scalar, reservations } of resources) {
    const left = limits[name];
    if (left !== undefined && scalar && !reservations) limits[name] = Math.max(0, left - scalar.value);
  }
}

function isAllocatable(pool: Pool): boolean {
  return sumScalar(pool, 'cpus') >= MIN_CPUS || sumScalar(pool, 'mem') >= MIN_MEM_MB;
}

function compare(
  a: Candidate,
  b: Candidate,
  all: readonly Candidate[],
  { cluster, weights = {} }: AllocationInput,
): number {
  const roleShare = ({ role }: Candidate): number =>
    dominantShare(
      all.filter((other) => other.role === role).flatMap(({ allocated }) => allocated),
      cluster,
    ) / (weights[role] ?? 1);
  return (
    roleShare(a) - roleShare(b) ||
    dominantShare(a.allocated, cluster) - dominantShare(b.allocated, cluster) ||
    a.served - b.served
  );
}

function dominantShare(held: Pool, cluster: Pool): number {
  const shares = ['cpus', 'mem', 'disk'].map((name) => {
    const total = sumScalar(cluster, name);
    return total === 0 ? 0 : sumScalar(held, name) / total;
  });
  return Math.max(...shares);
}
