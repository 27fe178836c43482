// Destroys a node's volume and unreserves its resources. Done through offers only: Mesos offers them when no process
// holds them any more, and a volume that is destroyed under a dying process has taken a whole agent down.
import { getAgents, withoutAllocation, type AgentSummary, type MesosEndpoint } from '../mesos/index.ts';
import type { Offer, OfferOperation, Resource } from '../mesos/types.ts';
import { volumeIdsOf } from '../model/cluster.ts';
import type { ReleaseNodeInput, ReleaseResult } from './contract.ts';
import { labelOf, LABEL, reservedFor } from './offers.ts';
import { createTries, outcomeOf, sentOf, type Outcome } from './operation-outcome.ts';
import { pause } from './pause.ts';
import { byStack } from './resource-pool.ts';
import { heldSession, type HeldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

/** How long an agent that is not there may take to come back before its resources are left to it. */
const AGENT_GRACE_MS = 20_000;
const RETRY_MS = 1_000;

interface Deps {
  mesos: MesosEndpoint;
  sessions: Sessions;
}

export async function releaseNode(
  deps: Deps,
  input: ReleaseNodeInput,
  waiting: Waiting,
): Promise<ReleaseResult> {
  const held = heldSession(deps.sessions, input.cluster, input.session);
  const tries = createTries(`release the resources and the volume of ${input.node}`, waiting);
  const giveUpAtMs = Date.now() + AGENT_GRACE_MS;
  for (let round = 1; ; round += 1) {
    const agents = await getAgents(deps.mesos);
    const reserved = reservedFor(agents, input).filter(({ resource }) => belongs(resource, input));
    // What can be had first: it may hold places on several agents, and one of them may be away.
    const agent = (reserved.find((entry) => entry.agent.active) ?? reserved[0])?.agent;
    const gone = agent?.active === true ? null : absentAgent(agents, input, agent);
    if (gone !== null) {
      if (Date.now() > giveUpAtMs) {
        if (input.onlyPlacement !== undefined) held.leftovers = true;
        return { released: false, left: gone };
      }
      waiting.set(gone);
      await pause(RETRY_MS);
      continue;
    }
    if (!agent) {
      forget(held, input);
      return { released: true };
    }
    const resources = reserved.filter((entry) => entry.agent.id === agent.id).map(({ resource }) => resource);
    await tries(await release(held, input, agent, resources, round, waiting));
  }
}

/** A place that is no more is nobody's neighbour. */
function forget({ placed }: HeldSession, { node, onlyPlacement }: ReleaseNodeInput): void {
  if (onlyPlacement === undefined || placed.get(node)?.number === onlyPlacement) placed.delete(node);
}

/** Why a node's resources can't be had at the moment; null when its agent is there, or when nothing was reserved. */
function absentAgent(
  agents: readonly AgentSummary[],
  input: ReleaseNodeInput,
  holder: AgentSummary | undefined,
): string | null {
  const id = holder?.id ?? input.placement?.agentId;
  if (id === undefined) return null;
  if (agents.some((agent) => agent.id === id && agent.active)) return null;
  const { placement } = input;
  return (
    `agent ${id} (${placement?.hostname ?? holder?.hostname ?? '?'}) is not there, so the reservation of ${input.node} ` +
    `and its volumes ${placement ? volumeIdsOf(placement).join(' and ') : ''} stay on it; they come back with the agent`
  );
}

/** DESTROY and UNRESERVE in one ACCEPT of everything that is reserved. */
async function release(
  held: HeldSession,
  input: ReleaseNodeInput,
  agent: AgentSummary,
  resources: Resource[],
  round: number,
  waiting: Waiting,
): Promise<Outcome> {
  const operationId = (verb: string, number: number) =>
    `${verb}-${input.node}-${held.info.epoch}-${round}${number === 0 ? '' : `-${number}`}`;
  const wanted = new Map(sums(resources));
  const sent = await held.scheduler.withOffers({
    name: `release ${input.node}`,
    signal: waiting.signal,
    onWait: waiting.set,
    decide: (offers: readonly Offer[]) => {
      const use = offers.filter((offer) => offer.agent_id.value === agent.id);
      const mine = use.flatMap((offer) => offer.resources).filter((resource) => belongs(resource, input));
      const offered = new Map(sums(mine));
      const missing = [...wanted]
        .filter(([name, value]) => (offered.get(name) ?? 0) + 0.0005 < value)
        .map(([name]) => name);
      if (missing.length > 0)
        return {
          wait: `Mesos to offer all that is reserved for ${input.node} on ${agent.hostname} (missing: ${missing.join(', ')})`,
        };
      const operations = releaseOperations(mine.map(withoutAllocation), operationId);
      const holding = use.filter((offer) => offer.resources.some((resource) => belongs(resource, input)));
      return { use: holding, operations, result: sentOf(holding, operations) };
    },
  });
  waiting.set(`Mesos to release ${input.node}`);
  return outcomeOf(held.scheduler, sent, waiting.signal);
}

function belongs(resource: Resource, input: ReleaseNodeInput): boolean {
  return (
    labelOf(resource, LABEL.CLUSTER) === input.cluster &&
    labelOf(resource, LABEL.INCARNATION) === input.incarnation &&
    labelOf(resource, LABEL.NODE) === input.node &&
    (input.onlyPlacement === undefined || labelOf(resource, LABEL.PLACEMENT) === String(input.onlyPlacement))
  );
}

/** DESTROY of all volumes and UNRESERVE of everything. Only our own reservation is taken off; what is below it stays as it was before the node came. */
export function releaseOperations(
  resources: readonly Resource[],
  operationId: (verb: string, number: number) => string,
): OfferOperation[] {
  const volumes = resources.filter((resource) => resource.disk?.persistence !== undefined);
  const plain = resources.map((resource) => {
    if (resource.disk?.persistence === undefined) return resource;
    const { disk, ...rest } = resource;
    return disk.source ? { ...rest, disk: { source: disk.source } } : rest;
  });
  return [
    ...byStack(volumes).map((stack, index): OfferOperation => ({
      type: 'DESTROY',
      id: { value: operationId('destroy', index) },
      destroy: { volumes: stack },
    })),
    ...byStack(plain).map((stack, index): OfferOperation => ({
      type: 'UNRESERVE',
      id: { value: operationId('unreserve', index) },
      unreserve: { resources: stack },
    })),
  ];
}

/** Amounts by kind of resource, a volume apart from plain disk; ports are counted. */
function sums(resources: readonly Resource[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const resource of resources) {
    const name = resource.disk?.persistence ? `volume ${resource.disk.persistence.id}` : resource.name;
    const amount =
      resource.scalar?.value ??
      (resource.ranges?.range ?? []).reduce((count, { begin, end }) => count + end - begin + 1, 0);
    totals.set(name, (totals.get(name) ?? 0) + amount);
  }
  return totals;
}
