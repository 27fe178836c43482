// Answers "why is it not placed": the offers of the session that this worker holds, beside the master's view of all agents.
import { getPlacementFacts, type MesosEndpoint, type PlacementFacts } from '../mesos/index.ts';
import { MillraceError } from '../model/errors.ts';
import {
  explainPlaces,
  STAGE,
  withOffers,
  type Explanation,
  type OfferRecord,
  type PlacementAnswer,
} from '../model/placement/explain.ts';
import type { PlacedNode } from '../model/placement/types.ts';
import type { WhyInput } from '../workflows/contract.ts';
import { explainLaunch } from './explain-launch.ts';
import { pictureOf } from './mesos-picture.ts';
import { attributesOf, labelOf, LABEL, reservedFor } from './offers.ts';
import type { Sessions } from './sessions.ts';

/** Short: somebody waits for the answer, and the API has a deadline of its own. */
const ASK_TIMEOUT_MS = 1_500;

/** Looks only. A Mesos that does not answer is part of the answer. */
export async function explainPlacement(
  deps: { mesos: MesosEndpoint; sessions: Sessions },
  input: WhyInput,
): Promise<PlacementAnswer> {
  const offers = offersOf(deps.sessions, input);
  const about = 'missing' in offers ? { offers: null, offersMissing: offers.missing } : offers;
  let facts: PlacementFacts;
  try {
    facts = await getPlacementFacts(deps.mesos, { timeoutMs: ASK_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { ...about, atMs: Date.now(), explanations: [], unknown: [`agents: ${error.message}`] };
  }
  const picture = pictureOf(facts, { ...input, role: input.spec.role });
  const explanations: Explanation[] = [
    ...explainPlaces(picture, {
      spec: input.spec,
      waiting: input.waiting,
      placed: placedNodes(facts, input),
    }),
    ...input.waiting
      .filter(({ stage }) => stage === STAGE.LAUNCH)
      .map((node) => explainLaunch(facts, input, node)),
  ];
  return {
    ...about,
    atMs: Date.now(),
    explanations: withOffers(explanations, about.offers ?? []),
    unknown: picture.unknown,
  };
}

function offersOf(
  sessions: Sessions,
  { cluster, session }: WhyInput,
): { offers: OfferRecord[] } | { missing: string } {
  if (session === null) return { missing: 'there is no Mesos session, so nothing is offered' };
  const held = sessions.get(cluster);
  if (held?.info.streamId === session.streamId) return { offers: held.scheduler.offerOutcomes() };
  return {
    missing: `the worker that holds the Mesos session (epoch ${session.epoch}) did not answer; its offers are not known`,
  };
}

/** The nodes that have their place, those included which are reserved and not yet reported. */
function placedNodes(facts: PlacementFacts, input: WhyInput): PlacedNode[] {
  const nodes = new Map(input.placed.map((node) => [node.name, node]));
  for (const { agent, resource } of reservedFor(facts.agents, input)) {
    const name = labelOf(resource, LABEL.NODE);
    if (name === undefined || nodes.has(name)) continue;
    nodes.set(name, {
      name,
      kind: name.startsWith('broker') ? 'broker' : 'controller',
      hostname: agent.hostname,
      attributes: attributesOf(agent.attributes),
      ...(agent.region === undefined ? {} : { region: agent.region }),
      ...(agent.zone === undefined ? {} : { zone: agent.zone }),
    });
  }
  return [...nodes.values()];
}
