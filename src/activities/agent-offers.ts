// What placement sees of an agent's offers, worked out once while they are held: each node that waits asks about all of them,
// and a hundred nodes may wait for a thousand agents.
import type { Offer } from '../mesos/types.ts';
import type { AgentOffer } from '../model/placement/match.ts';
import { toAgentOffer } from './offers.ts';

/** By the first offer of a group; an offer never changes, and is made to one framework, which has one role. */
const known = new WeakMap<Offer, { offers: readonly Offer[]; agent: AgentOffer | null }>();

/** As `toAgentOffer`. The answer is shared: nobody may change it. */
export function agentOfferOf(offers: readonly Offer[], role: string): AgentOffer | null {
  const [first] = offers;
  if (!first) return null;
  const before = known.get(first);
  if (before?.offers.length === offers.length && before.offers.every((offer, i) => offer === offers[i]))
    return before.agent;
  const agent = toAgentOffer(offers, role);
  known.set(first, { offers, agent });
  return agent;
}
