// Inverse offers: a framework that holds something of an agent whose machine will be away is asked to give it up. What it
// answers is only told to operators; nothing is taken from it before the machine goes down.
import { refuseMs } from '../allocator/filters.ts';
import type { InverseOffer } from '../../../mesos/types.ts';
import type { Call, Unavailability } from '../wire/call-types.ts';
import { unavailabilityOf } from './machines.ts';
import { sendEvent } from './master.ts';
import type { Master } from './master.ts';
import type { Agent, Framework } from './state.ts';

export interface HeldInverseOffer {
  id: string;
  frameworkId: string;
  agentId: string;
}

export interface InverseAnswer {
  frameworkId: string;
  agentId: string;
  status: 'ACCEPT' | 'DECLINE';
  atMs: number;
  /** No other inverse offer before. */
  untilMs: number;
}

/** Sends inverse offers to all frameworks that are due one. */
export function sendInverseOffers(master: Master): void {
  for (const frameworkId of master.streams.keys()) {
    const offers = Object.values(master.state.agents)
      .filter((agent) => isDue(master, frameworkId, agent))
      .flatMap((agent) => {
        const unavailability = unavailabilityOf(master, agent);
        return unavailability ? [inverseOffer(master, frameworkId, agent, unavailability)] : [];
      });
    if (offers.length > 0)
      sendEvent(master, frameworkId, {
        type: 'INVERSE_OFFERS',
        inverse_offers: { inverse_offers: offers },
      });
  }
}

/** Takes an answer. Ids that are not outstanding change nothing, as on a real master. */
export function answerInverseOffers(
  master: Master,
  framework: Framework,
  status: InverseAnswer['status'],
  call: Call['accept_inverse_offers'],
): void {
  for (const { value: id } of call?.inverse_offer_ids ?? []) {
    const offer = master.inverseOffers.get(id);
    if (offer?.frameworkId !== framework.id) continue;
    master.inverseOffers.delete(id);
    const { agentId, frameworkId } = offer;
    const atMs = Date.now();
    const untilMs = atMs + refuseMs(call?.filters?.refuse_seconds);
    master.inverseAnswers.set(inverseKey(offer), { frameworkId, agentId, status, atMs, untilMs });
  }
}

/** Takes back the inverse offers of an agent and forgets the answers to them. */
export function rescindInverseOffers(master: Master, agentId: string): void {
  for (const [key, answer] of master.inverseAnswers)
    if (answer.agentId === agentId) master.inverseAnswers.delete(key);
  for (const offer of master.inverseOffers.values())
    if (offer.agentId === agentId) {
      master.inverseOffers.delete(offer.id);
      sendEvent(master, offer.frameworkId, {
        type: 'RESCIND_INVERSE_OFFER',
        rescind_inverse_offer: { inverse_offer_id: { value: offer.id } },
      });
    }
}

/** Forgets what a framework was asked: it is gone or has failed over. */
export function dropInverseOffers(master: Master, frameworkId: string): void {
  for (const offer of master.inverseOffers.values())
    if (offer.frameworkId === frameworkId) master.inverseOffers.delete(offer.id);
}

function inverseKey({ frameworkId, agentId }: { frameworkId: string; agentId: string }): string {
  return JSON.stringify([frameworkId, agentId]);
}

function isDue(master: Master, frameworkId: string, agent: Agent): boolean {
  const mine = (holder: { frameworkId: string; agentId: string }): boolean =>
    holder.frameworkId === frameworkId && holder.agentId === agent.id;
  if ([...master.inverseOffers.values()].some(mine)) return false;
  const answer = master.inverseAnswers.get(inverseKey({ frameworkId, agentId: agent.id }));
  if (answer && answer.untilMs > Date.now()) return false;
  return [
    ...master.offers.values(),
    ...Object.values(master.state.executors),
    ...Object.values(master.state.tasks).filter(({ released }) => !released),
  ].some(mine);
}

function inverseOffer(
  master: Master,
  frameworkId: string,
  agent: Agent,
  unavailability: Unavailability,
): InverseOffer {
  const held = { id: `${master.id}-O${master.nextOfferNumber++}`, frameworkId, agentId: agent.id };
  master.inverseOffers.set(held.id, held);
  return {
    id: { value: held.id },
    url: {
      scheme: 'http',
      address: { hostname: agent.hostname, ip: agent.hostname, port: agent.port },
      path: '/slave(1)',
    },
    framework_id: { value: frameworkId },
    agent_id: { value: agent.id },
    unavailability,
  };
}
