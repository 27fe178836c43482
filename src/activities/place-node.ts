// Places a node: reserves its resources on one agent and creates its volume. Look first, then act, so that a try that
// died between the effect and its record is found again and nothing is reserved twice.
import { log } from '@temporalio/activity';
import { getAgents, type AgentSummary, type MesosEndpoint } from '../mesos/index.ts';
import type { Offer, Resource } from '../mesos/types.ts';
import { MillraceError } from '../model/errors.ts';
import { NODE_KIND, type Placement } from '../model/cluster.ts';
import { choose, type PlacedNode } from '../model/placement/match.ts';
import type { PlaceNodeInput } from './contract.ts';
import { byAgent, labelOf, LABEL, reservedFor, reservedIn, toAgentOffer } from './offers.ts';
import {
  createOperation,
  mountIn,
  mountOf,
  operationsFor,
  placementOf,
  wantedFor,
  type Wanted,
} from './place-operations.ts';
import { createTries, outcomeOf, type Outcome } from './operation-outcome.ts';
import { heldSession, type HeldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

/** What was reserved may be gone (unreserved by an operator, or never carried out): it is looked for again. */
export const LOOK_AGAIN_MS = 60_000;

interface Deps {
  mesos: MesosEndpoint;
  sessions: Sessions;
}

export async function placeNode(deps: Deps, input: PlaceNodeInput, waiting: Waiting): Promise<Placement> {
  const held = heldSession(deps.sessions, input.cluster, input.session);
  const wanted = wantedFor(input);
  const tries = createTries(`reserve resources and create a volume for ${input.node.name}`, waiting);
  for (let round = 1; ; round += 1) {
    const agents = await getAgents(deps.mesos);
    const reserved = reservedFor(agents, input).filter(
      ({ resource }) =>
        labelOf(resource, LABEL.NODE) === input.node.name &&
        labelOf(resource, LABEL.PLACEMENT) === String(input.placementNumber),
    );
    rememberOthers(held, agents, input);
    const agent = reserved[0]?.agent;
    const resources = reserved.map(({ resource }) => resource);
    if (agent && resources.some((resource) => resource.disk?.persistence?.id === wanted.volumeId)) {
      log.info('found the placement of an earlier try', { node: input.node.name, hostname: agent.hostname });
      return remember(held, input, placementOf(wanted, agent, portIn(resources)));
    }
    const placed = agent
      ? await createVolume(held, wanted, agent, portIn(resources), round, waiting)
      : await reserve(held, wanted, round, waiting);
    if ('placement' in placed) return remember(held, input, placed.placement);
    await tries(placed);
  }
}

/** What came of a try: the placement, or why Mesos did not carry it out. */
type Placed = { placement: Placement } | Outcome;

/** RESERVE and CREATE in one ACCEPT. */
async function reserve(held: HeldSession, wanted: Wanted, round: number, waiting: Waiting): Promise<Placed> {
  const { input } = wanted;
  const ids = operationIds(held, wanted, round);
  const others = () => otherNodes(held, input);
  const placement = await held.scheduler.withOffers({
    name: `place ${input.node.name}`,
    signal: waiting.signal,
    onWait: waiting.set,
    decide: (offers: readonly Offer[]) => {
      const groups = byAgent(offers);
      const free = groups
        .flatMap((group) => toAgentOffer(group) ?? [])
        .filter(({ agentId }) => input.avoidAgents?.includes(agentId) !== true);
      const choice = choose(free, wanted.demand, others());
      if ('why' in choice) return { wait: choice.why };
      const use = groups.find(([first]) => first?.agent_id.value === choice.offer.agentId) ?? [];
      const placement = placementOf(wanted, choice.offer, choice.port);
      // Known before Mesos answers: a parallel placement of the same cluster must not choose the same host.
      held.placed.set(input.node.name, placement);
      const mount = mountIn(use, wanted);
      return {
        use,
        operations: operationsFor(wanted, placement, mount, ids),
        result: placement,
      };
    },
  });
  waiting.set(null);
  const outcome = await outcomeOf(held.scheduler, ids, waiting.signal);
  if (outcome.kind === 'finished') return { placement };
  held.placed.delete(input.node.name);
  return outcome;
}

/** An earlier try reserved and died before its CREATE was carried out: the volume is made on what is reserved. */
async function createVolume(
  held: HeldSession,
  wanted: Wanted,
  agent: AgentSummary,
  port: number,
  round: number,
  waiting: Waiting,
): Promise<Placed> {
  const placement = placementOf(wanted, agent, port);
  const [, id = ''] = operationIds(held, wanted, round);
  const again = AbortSignal.timeout(LOOK_AGAIN_MS);
  const accepted = held.scheduler.withOffers({
    name: `create the volume of ${wanted.input.node.name}`,
    signal: AbortSignal.any([waiting.signal, again]),
    onWait: waiting.set,
    decide: (offers: readonly Offer[]) => {
      const use = offers.filter((offer) => offer.agent_id.value === agent.id);
      const reserved = reservedIn(use, wanted.reservation);
      const disk = reserved.find(
        (resource) =>
          resource.name === 'disk' &&
          (resource.scalar?.value ?? 0) >= wanted.resources.volumeMb &&
          // Beside a MOUNT disk there is the sandbox's part of the root disk, which may be large enough too.
          (wanted.demand.diskType === 'MOUNT') === (resource.disk?.source?.type === 'MOUNT'),
      );
      if (!disk)
        return { wait: `an offer of what is reserved for ${wanted.input.node.name} on ${agent.hostname}` };
      return { use, operations: [createOperation(wanted, mountOf(disk), id)], result: true };
    },
  });
  const isAccepted = await accepted.catch((error: unknown) => {
    if (waiting.signal.aborted || error !== again.reason) throw error;
    return false;
  });
  if (!isAccepted)
    return { kind: 'lost', message: `${agent.hostname} does not offer what was reserved there` };
  waiting.set(null);
  const outcome = await outcomeOf(held.scheduler, [id], waiting.signal);
  return outcome.kind === 'finished' ? { placement } : outcome;
}

/** Ids of RESERVE and CREATE, new with each try: the outcome of an earlier one must not be taken for this one's. */
function operationIds(held: HeldSession, wanted: Wanted, round: number): string[] {
  return ['reserve', 'create'].map((verb) => `${verb}-${wanted.input.node.name}-${held.info.epoch}-${round}`);
}

function portIn(resources: readonly Resource[]): number {
  const port = resources.find(({ name }) => name === 'ports')?.ranges?.range[0]?.begin;
  if (port === undefined)
    throw new MillraceError(
      'MESOS_OPERATION_FAILED',
      'An earlier reservation of the node has no port; it is left as it is. Uninstall releases it.',
    );
  return port;
}

/** Reservations of the cluster's other nodes that no report has made known: an earlier holder's, before it died. */
function rememberOthers(held: HeldSession, agents: readonly AgentSummary[], input: PlaceNodeInput): void {
  for (const { agent, resource } of reservedFor(agents, input)) {
    const node = labelOf(resource, LABEL.NODE);
    const port = resource.ranges?.range[0]?.begin;
    if (node === undefined || node === input.node.name || held.placed.has(node) || port === undefined)
      continue;
    const wanted = wantedFor({ ...input, node: { name: node, kind: kindOf(node) } });
    held.placed.set(node, placementOf(wanted, agent, port));
  }
}

function otherNodes(held: HeldSession, input: PlaceNodeInput): PlacedNode[] {
  const known = new Map<string, PlacedNode>();
  for (const [name, placement] of held.placed)
    if (name !== input.node.name) known.set(name, { ...placement, name, kind: kindOf(name) });
  for (const { name, kind, placement } of input.others) known.set(name, { ...placement, name, kind });
  return [...known.values()];
}

function kindOf(node: string) {
  return node.startsWith(NODE_KIND.BROKER) ? NODE_KIND.BROKER : NODE_KIND.CONTROLLER;
}

function remember(held: HeldSession, input: PlaceNodeInput, placement: Placement): Placement {
  held.placed.set(input.node.name, placement);
  return placement;
}
