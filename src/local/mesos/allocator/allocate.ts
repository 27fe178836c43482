// Decides who is offered what: for each agent in turn, the role and framework with the least dominant share that wants it.
import { sumScalar } from '../../../mesos/resources.ts';
import { addPools } from '../resources/pool.ts';
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
  isFiltered(target: { frameworkId: string; role: string; agentId: string }, offered: Pool): boolean;
}

/** Mesos' `--min_allocatable_resources=cpus:0.01|mem:32`: less is not worth an offer. */
const MIN_CPUS = 0.01;
const MIN_MEM_MB = 32;

/** What to offer to whom; changes nothing. */
export function allocate(input: AllocationInput): Allocation[] {
  const holders = input.candidates.map((candidate) => ({ ...candidate }));
  const allocations: Allocation[] = [];
  for (const { agentId, available } of input.agents) {
    let left = available;
    const waiting = [...holders];
    while (waiting.length > 0 && isAllocatable(left)) {
      waiting.sort((a, b) => compare(a, b, holders, input.cluster));
      const candidate = waiting.shift();
      if (!candidate) break;
      const { frameworkId, role } = candidate;
      const resources = left.filter((resource) => mayHave(role, resource.reservations?.at(-1)?.role));
      if (!isAllocatable(resources) || input.isFiltered({ frameworkId, role, agentId }, resources)) continue;
      left = left.filter((resource) => !resources.includes(resource));
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

function isAllocatable(pool: Pool): boolean {
  return sumScalar(pool, 'cpus') >= MIN_CPUS || sumScalar(pool, 'mem') >= MIN_MEM_MB;
}

function compare(a: Candidate, b: Candidate, all: readonly Candidate[], cluster: Pool): number {
  const roleShare = ({ role }: Candidate): number =>
    dominantShare(
      all.filter((other) => other.role === role).flatMap(({ allocated }) => allocated),
      cluster,
    );
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
