// Offers: made by allocation, taken by ACCEPT, given back by DECLINE, rescinded when their agent goes.
import type { Offer } from '../../../mesos/types.ts';
import { allocate } from '../allocator/allocate.ts';
import type { Allocation } from '../allocator/allocate.ts';
import { mayOffer } from '../allocator/eligible.ts';
import { isFiltered, refuseMs } from '../allocator/filters.ts';
import { offeredTo } from '../resources/old-format.ts';
import { addPools, subtractPools, toPool } from '../resources/pool.ts';
import type { Pool } from '../resources/pool.ts';
import { isOnRecord } from './away.ts';
import { sendInverseOffers } from './inverse-offers.ts';
import { unavailabilityOf } from './machines.ts';
import { hasCapability, sendEvent } from './master.ts';
import type { Master } from './master.ts';
import { headroom } from './quota.ts';
import type { Agent } from './state.ts';

/** An offer that a framework holds. */
export interface HeldOffer {
  id: string;
  frameworkId: string;
  agentId: string;
  role: string;
  resources: Pool;
}

/** What tasks and executors of an agent use. */
export function usedOn(master: Master, agentId: string): Pool {
  const { executors, tasks } = master.state;
  return toPool([
    ...Object.values(executors).flatMap((executor) =>
      executor.agentId === agentId ? executor.resources : [],
    ),
    ...Object.values(tasks).flatMap((task) =>
      task.agentId === agentId && !task.released ? task.resources : [],
    ),
  ]);
}

/** What is on offer from an agent. */
export function offeredOn(master: Master, agentId: string): Pool {
  return toPool(
    [...master.offers.values()].flatMap((offer) => (offer.agentId === agentId ? offer.resources : [])),
  );
}

/** What is neither used nor offered. A lost piece would be an error of ours: then nothing is offered rather than too much. */
export function availableOn(master: Master, agent: Agent): Pool {
  const taken = addPools(usedOn(master, agent.id), offeredOn(master, agent.id));
  return subtractPools(toPool(agent.total), taken) ?? [];
}

/** Allocates what is free on these agents (all by default); sends the offers, and the inverse offers that are due. */
export function allocateNow(master: Master, agentIds?: readonly string[]): void {
  sendOffers(master, agentIds);
  sendInverseOffers(master);
}

function sendOffers(master: Master, agentIds: readonly string[] | undefined): void {
  const nowMs = Date.now();
  master.filters = master.filters.filter(({ untilMs }) => untilMs > nowMs);
  const candidates = wanting(master);
  if (candidates.length === 0) return;
  const agents = Object.values(master.state.agents);
  const allocations = allocate({
    agents: agents
      .filter(({ id, deactivated }) => deactivated !== true && (agentIds?.includes(id) ?? true))
      .map((agent) => ({ agentId: agent.id, available: availableOn(master, agent) })),
    candidates,
    cluster: toPool(agents.flatMap(({ total }) => total)),
    headroom: headroom(master),
    weights: master.state.weights ?? {},
    isFiltered: (target, offered) =>
      isFiltered(master.filters, target, offered, nowMs) || !mayHave(master, target),
  });
  const byFramework = Map.groupBy(allocations, ({ frameworkId }) => frameworkId);
  for (const [frameworkId, mine] of byFramework) {
    const offers = mine.map((allocation) => offerOf(master, hold(master, allocation)));
    sendEvent(master, frameworkId, { type: 'OFFERS', offers: { offers } });
  }
}

/** Takes back offers; with `refuseSeconds` other than 0 their resources are filtered for the framework. */
export function returnOffers(
  master: Master,
  offers: readonly HeldOffer[],
  refuseSeconds: number | undefined,
): void {
  for (const offer of offers) {
    master.offers.delete(offer.id);
    refuse(master, offer, offer.resources, refuseSeconds);
  }
}

/** Filters `refused` for the framework of an offer. */
export function refuse(
  master: Master,
  offer: HeldOffer,
  refused: Pool,
  refuseSeconds: number | undefined,
): void {
  const durationMs = refuseMs(refuseSeconds);
  if (durationMs === 0 || refused.length === 0) return;
  const { frameworkId, role, agentId } = offer;
  master.filters.push({ frameworkId, role, agentId, refused, untilMs: Date.now() + durationMs });
}

/** Takes offers back and says so. */
export function rescindOffers(master: Master, offers: readonly HeldOffer[]): void {
  for (const offer of offers) {
    master.offers.delete(offer.id);
    sendEvent(master, offer.frameworkId, { type: 'RESCIND', rescind: { offer_id: { value: offer.id } } });
  }
}

/** The offers of a framework or of an agent. */
export function offersOf(master: Master, owner: { frameworkId?: string; agentId?: string }): HeldOffer[] {
  return [...master.offers.values()].filter(
    (offer) =>
      (owner.frameworkId === undefined || offer.frameworkId === owner.frameworkId) &&
      (owner.agentId === undefined || offer.agentId === owner.agentId),
  );
}

/** An offer in the form of the wire. */
export function offerOf(master: Master, held: HeldOffer): Offer {
  const agent = master.state.agents[held.agentId];
  const framework = master.state.frameworks[held.frameworkId];
  const isMultiRole = hasCapability(framework, 'MULTI_ROLE');
  const isRefining = hasCapability(framework, 'RESERVATION_REFINEMENT');
  const unavailability = agent && unavailabilityOf(master, agent);
  const executors = Object.values(master.state.executors).filter(
    (executor) =>
      executor.isDefault && executor.agentId === held.agentId && executor.frameworkId === held.frameworkId,
  );
  return {
    id: { value: held.id },
    framework_id: { value: held.frameworkId },
    agent_id: { value: held.agentId },
    hostname: agent?.hostname ?? '',
    url: {
      scheme: 'http',
      address: { hostname: agent?.hostname ?? '', ip: agent?.hostname ?? '', port: agent?.port ?? 0 },
      path: '/slave(1)',
    },
    ...(agent?.domain ? { domain: agent.domain } : {}),
    resources: offeredTo({ isRefining, isMultiRole }, held.role, held.resources),
    ...(agent && agent.attributes.length > 0 ? { attributes: agent.attributes } : {}),
    ...(executors.length > 0 ? { executor_ids: executors.map(({ id }) => ({ value: id })) } : {}),
    ...(unavailability ? { unavailability } : {}),
    ...(isMultiRole ? { allocation_info: { role: held.role } } : {}),
  };
}

function hold(master: Master, { frameworkId, role, agentId, resources }: Allocation): HeldOffer {
  const held: HeldOffer = {
    id: `${master.id}-O${master.nextOfferNumber++}`,
    frameworkId,
    agentId,
    role,
    resources,
  };
  master.offers.set(held.id, held);
  const { offerTimeoutMs } = master.settings;
  if (offerTimeoutMs !== undefined)
    master.later(offerTimeoutMs, () => {
      if (master.offers.get(held.id) === held) rescindOffers(master, [held]);
    });
  master.served.set(frameworkId, (master.served.get(frameworkId) ?? 0) + 1);
  return held;
}

function mayHave(
  master: Master,
  { frameworkId, role, agentId }: { frameworkId: string; role: string; agentId: string },
): boolean {
  const framework = master.state.frameworks[frameworkId];
  const agent = master.state.agents[agentId];
  return (
    framework !== undefined && agent !== undefined && mayOffer(framework, role, agent, master.settings.domain)
  );
}

/** Connected frameworks with the roles for which they want offers. */
function wanting(master: Master): Parameters<typeof allocate>[0]['candidates'] {
  return Object.values(master.state.frameworks)
    .filter(({ id }) => master.streams.has(id))
    .flatMap(({ id: frameworkId, roles, suppressedRoles }) =>
      roles
        .filter((role) => !suppressedRoles.includes(role))
        .map((role) => ({
          frameworkId,
          role,
          isRefining: hasCapability(master.state.frameworks[frameworkId], 'RESERVATION_REFINEMENT'),
          allocated: allocatedTo(master, frameworkId, role),
          served: master.served.get(frameworkId) ?? 0,
        })),
    );
}

function allocatedTo(master: Master, frameworkId: string, role: string): Pool {
  const mine = <T extends { agentId: string; frameworkId: string; role: string; resources: Pool }>(
    holders: Iterable<T>,
  ): T[] =>
    [...holders].filter(
      (holder) =>
        holder.frameworkId === frameworkId && holder.role === role && isOnRecord(master, holder.agentId),
    );
  return toPool(
    [
      ...mine(master.offers.values()),
      ...mine(Object.values(master.state.executors)),
      ...mine(Object.values(master.state.tasks)).filter(({ released }) => !released),
    ].flatMap(({ resources }) => resources),
  );
}
