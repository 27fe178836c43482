// Places a node: reserves its resources on one agent and creates its volume. Look first, then act, so that a try that
// died between the effect and its record is found again and nothing is reserved twice.
import { log } from '@temporalio/activity';
import { getAgents, type AgentSummary, type MesosEndpoint } from '../mesos/index.ts';
import type { Offer, Resource } from '../mesos/types.ts';
import { NODE_KIND, type Placement } from '../model/cluster.ts';
import { choose, evaluate, type AgentOffer, type PlacedNode } from '../model/placement/match.ts';
import { agentOfferOf } from './agent-offers.ts';
import type { PlaceNodeInput } from './contract.ts';
import { byAgent, labelOf, LABEL, reservedFor } from './offers.ts';
import { placementOf, planOn, wantedFor, type Wanted } from './place-operations.ts';
import { createTries, outcomeOf, sentOf, type Outcome } from './operation-outcome.ts';
import { heldSession, type HeldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

/** What was reserved may be gone (unreserved by an operator, or never carried out): it is looked for again. */
export const LOOK_AGAIN_MS = 60_000;
/**
 * For how long a broker leaves all offers to controllers of its cluster that have no place yet: on tight agents brokers could
 * take the room of all of them. The steps of an install come within milliseconds of each other; a controller that does not
 * come (its step was skipped), or fits nowhere, holds no broker up for long.
 */
export const CONTROLLERS_FIRST_MS = 1_000;

interface Deps {
  mesos: MesosEndpoint;
  sessions: Sessions;
}

export async function placeNode(deps: Deps, input: PlaceNodeInput, waiting: Waiting): Promise<Placement> {
  const held = heldSession(deps.sessions, input.cluster, input.session);
  const wanted = wantedFor(input, held.region);
  const tries = createTries(`reserve resources and create a volume for ${input.node.name}`, waiting);
  const controllersFirstUntilMs = Date.now() + CONTROLLERS_FIRST_MS;
  for (let round = 1; ; round += 1) {
    const agents = await getAgents(deps.mesos);
    rememberOthers(held, agents, input);
    const found = reservedFor(agents, input).filter(
      ({ resource }) =>
        labelOf(resource, LABEL.NODE) === input.node.name &&
        labelOf(resource, LABEL.PLACEMENT) === String(input.placementNumber),
    );
    const agent = found[0]?.agent;
    const reserved = found.filter((entry) => entry.agent.id === agent?.id).map(({ resource }) => resource);
    const port = agent ? completePort(wanted, reserved) : null;
    if (agent && port !== null) {
      log.info('found the placement of an earlier try', { node: input.node.name, hostname: agent.hostname });
      return remember(held, input, placementOf(wanted, agent, port));
    }
    const attempt: Try = { held, wanted, round, waiting, controllersFirstUntilMs };
    const placed = agent ? await complete(attempt, agent, reserved) : await reserve(attempt);
    if ('placement' in placed) return remember(held, input, placed.placement);
    await tries(placed);
  }
}

/** The port of a node for which everything is reserved and made; null when something is missing. */
function completePort(wanted: Wanted, reserved: readonly Resource[]): number | null {
  const plan = planOn(wanted, { offers: [], held: reserved, port: null, operationId: () => '' });
  return 'operations' in plan && plan.operations.length === 0 ? plan.port : null;
}

interface Try {
  held: HeldSession;
  wanted: Wanted;
  round: number;
  waiting: Waiting;
  controllersFirstUntilMs: number;
}

/** What came of a try: the placement, or why Mesos did not carry it out. */
type Placed = { placement: Placement } | Outcome;

/** RESERVE and CREATE in one ACCEPT. */
async function reserve({ held, wanted, round, waiting, controllersFirstUntilMs }: Try): Promise<Placed> {
  const { input } = wanted;
  const isController = input.node.kind === NODE_KIND.CONTROLLER;
  const { placement, sent } = await held.scheduler.withOffers({
    name: `place ${input.node.name}`,
    priority: isController ? 1 : 0,
    signal: waiting.signal,
    onWait: waiting.set,
    decide: (offers: readonly Offer[]) => {
      const unplaced = isController ? 0 : unplacedControllers(held, input);
      if (unplaced > 0 && Date.now() < controllersFirstUntilMs)
        return { wait: `controllers are placed first (${unplaced} to go)`, again: true };
      const groups = byAgent(offers);
      const free = groups
        .flatMap((group) => agentOfferOf(group, wanted.role) ?? [])
        .filter(({ agentId }) => input.avoidAgents?.includes(agentId) !== true);
      const choice = choose(free, wanted.demand, otherNodes(held, input));
      if ('why' in choice)
        return {
          wait: choice.why,
          whyNot: (agentId) =>
            input.avoidAgents?.includes(agentId) === true
              ? `${input.node.name} leaves this agent`
              : whyNot(free, agentId, wanted, otherNodes(held, input)),
        };
      const use = groups.find(([first]) => first?.agent_id.value === choice.offer.agentId) ?? [];
      const plan = planOn(wanted, {
        offers: use,
        held: [],
        port: choice.port,
        operationId: operationIds(held, wanted, round),
      });
      if ('missing' in plan) return { wait: `${plan.missing} on ${choice.offer.hostname}` };
      const placement = placementOf(wanted, choice.offer, plan.port);
      // Known before Mesos answers: a parallel placement of the same cluster must not choose the same host.
      held.placed.set(input.node.name, placement);
      return { use, operations: plan.operations, result: { placement, sent: sentOf(use, plan.operations) } };
    },
  });
  waiting.set(null);
  const outcome = await outcomeOf(held.scheduler, sent, waiting.signal);
  if (outcome.kind === 'finished') return { placement };
  held.placed.delete(input.node.name);
  return outcome;
}

/** An earlier try came to an end before all was carried out: what is missing is made beside what is reserved. */
async function complete(
  { held, wanted, round, waiting }: Try,
  agent: AgentSummary,
  reserved: readonly Resource[],
): Promise<Placed> {
  const name = wanted.input.node.name;
  const again = AbortSignal.timeout(LOOK_AGAIN_MS);
  const accepting = held.scheduler.withOffers({
    name: `complete the reservation of ${name}`,
    signal: AbortSignal.any([waiting.signal, again]),
    onWait: waiting.set,
    decide: (offers: readonly Offer[]) => {
      const use = offers.filter((offer) => offer.agent_id.value === agent.id);
      const plan = planOn(wanted, {
        offers: use,
        held: reserved,
        port: null,
        operationId: operationIds(held, wanted, round),
      });
      if ('missing' in plan)
        return {
          wait: `an offer of what is reserved for ${name} on ${agent.hostname} (missing: ${plan.missing})`,
        };
      const result = {
        placement: placementOf(wanted, agent, plan.port),
        sent: sentOf(use, plan.operations),
      };
      return { use, operations: plan.operations, result };
    },
  });
  const accepted = await accepting.catch((error: unknown) => {
    if (waiting.signal.aborted || error !== again.reason) throw error;
    return null;
  });
  if (accepted === null)
    return { kind: 'lost', message: `${agent.hostname} does not offer what was reserved there` };
  const { placement, sent } = accepted;
  waiting.set(null);
  const outcome = await outcomeOf(held.scheduler, sent, waiting.signal);
  return outcome.kind === 'finished' ? { placement } : outcome;
}

/** Ids of operations, new with each try: the outcome of an earlier one must not be taken for this one's. */
function operationIds(held: HeldSession, wanted: Wanted, round: number) {
  const name = wanted.input.node.name;
  return (verb: string, number: number) =>
    `${verb}-${name}-${held.info.epoch}-${round}${number === 0 ? '' : `-${number}`}`;
}

/** Reservations of the cluster's other nodes that no report has made known: an earlier holder's, before it died. */
function rememberOthers(held: HeldSession, agents: readonly AgentSummary[], input: PlaceNodeInput): void {
  for (const { agent, resource } of reservedFor(agents, input)) {
    const node = labelOf(resource, LABEL.NODE);
    if (node === undefined || node === input.node.name || held.placed.has(node)) continue;
    const wanted = wantedFor({ ...input, node: { name: node, kind: kindOf(node) } });
    const port = wanted.demand.portIsOwn === true ? wanted.demand.port : resource.ranges?.range[0]?.begin;
    if (port !== undefined) held.placed.set(node, placementOf(wanted, agent, port));
  }
}

function otherNodes(held: HeldSession, input: PlaceNodeInput): PlacedNode[] {
  const known = new Map<string, PlacedNode>();
  for (const [name, placement] of held.placed)
    if (name !== input.node.name) known.set(name, { ...placement, name, kind: kindOf(name) });
  for (const { name, kind, placement } of input.others) known.set(name, { ...placement, name, kind });
  return [...known.values()];
}

function unplacedControllers(held: HeldSession, input: PlaceNodeInput): number {
  const placed = otherNodes(held, input).filter(({ kind }) => kind === NODE_KIND.CONTROLLER).length;
  return input.spec.controllers.count - placed;
}

/** What is wrong with the offers of one agent. */
function whyNot(
  offers: readonly AgentOffer[],
  agentId: string,
  { demand }: Wanted,
  others: readonly PlacedNode[],
): string | undefined {
  const offer = offers.find((one) => one.agentId === agentId);
  const result = offer && evaluate(offer, demand, others);
  return result?.fits === false ? result.reasons.join(', ') : undefined;
}

function kindOf(node: string) {
  return node.startsWith(NODE_KIND.BROKER) ? NODE_KIND.BROKER : NODE_KIND.CONTROLLER;
}

function remember(held: HeldSession, input: PlaceNodeInput, placement: Placement): Placement {
  held.placed.set(input.node.name, placement);
  return placement;
}
