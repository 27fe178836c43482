// "Why is it not placed?": what waits, what it wants, what each agent says to it, and what a person can do.
import { NODE_STATUS, type ClusterState, type NodeKind, type NodeState, type Placement } from '../cluster.ts';
import { runningOperations } from '../entity.ts';
import { STATUS, type PlanProgress, type Status, type StepAction } from '../plan/plan.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { isTerminal } from '../task-state.ts';
import { describeConstraint } from './constraints.ts';
import { demandOf } from './demand.ts';
import type { MesosPicture } from './picture.ts';
import { showCpus, showMb } from './show.ts';
import type { PlacedNode, PlacementDemand } from './types.ts';
import { OBSTACLE, quotaProblems, verdictsOf, type AgentVerdict } from './verdict.ts';
import { volumesOf } from './volumes.ts';

/** What a node waits for: a place, or an offer of what is reserved for it. */
export const STAGE = { PLACE: 'PLACE', LAUNCH: 'LAUNCH' } as const;
export type Stage = (typeof STAGE)[keyof typeof STAGE];

/** A node that an operation wants to place or launch. */
export interface WaitingNode {
  node: string;
  kind: NodeKind;
  stage: Stage;
  operationId: string;
  /** Status of its step: RUNNING, WAITING, or FAILED, which waits for a person. */
  status: Status;
  /** Milliseconds since 1970. */
  sinceMs: number;
  /** What its step says. */
  reason?: string;
  /** Where it is to be launched. */
  placement?: Placement;
  /** The agent that it is to leave. */
  leaves?: string;
}

/** Nodes that wait for the same, and why none of the agents takes them. */
export interface Explanation {
  nodes: string[];
  stage: Stage;
  /** In words: `cpus 1.1`, `hostname UNIQUE`. */
  wants: string[];
  /** What keeps them away from all agents. */
  everywhere: string[];
  agents: AgentVerdict[];
  /** Agents that are not named, being further away. */
  agentsLeftOut: number;
  advice: string[];
}

const OPEN: readonly Status[] = [STATUS.RUNNING, STATUS.WAITING, STATUS.FAILED];

/**
 * The nodes of a cluster that wait to be placed or launched. `progress`: of each operation that runs. A node whose task runs
 * and that waits for Kafka is not one of them.
 */
export function waitingNodes(state: ClusterState, progress: readonly PlanProgress[]): WaitingNode[] {
  const running = new Set(runningOperations(state).map(({ id }) => id));
  return progress
    .filter(({ operationId }) => running.has(operationId))
    .flatMap(({ operationId, phases }) =>
      phases
        .flatMap(({ steps }) => steps)
        .flatMap((step): WaitingNode[] => {
          const { action, status, sinceMs, reason } = step;
          if (!OPEN.includes(status) || !('node' in action)) return [];
          const node = state.nodes[action.node];
          const waits = node && waitOf(node, action);
          if (!waits) return [];
          return [
            {
              node: node.name,
              kind: node.kind,
              ...waits,
              operationId,
              status,
              sinceMs,
              ...(reason === undefined ? {} : { reason }),
            },
          ];
        }),
    );
}

/** What a step wants of Mesos for its node; null when it wants nothing (any more). */
function waitOf(
  node: NodeState,
  action: StepAction,
): Pick<WaitingNode, 'stage' | 'placement' | 'leaves'> | null {
  const { placement, next } = node;
  if (action.kind === 'place') return placement === null ? { stage: STAGE.PLACE } : null;
  if (action.kind === 'relocate')
    return placement === null || next !== undefined
      ? null
      : { stage: STAGE.PLACE, leaves: placement.agentId };
  if (action.kind !== 'start') return null;
  const place = action.elsewhere === true && next ? next.placement : placement;
  const launched = node.taskState !== null && !isTerminal(node.taskState);
  return place === null || launched || node.status === NODE_STATUS.READY
    ? null
    : { stage: STAGE.LAUNCH, placement: place };
}

/**
 * Why the nodes that wait for a place have none. Nodes of a kind want the same, and are explained together; one that leaves its
 * agent is explained alone.
 */
export function explainPlaces(
  picture: MesosPicture,
  about: { spec: ClusterSpec; waiting: readonly WaitingNode[]; placed: readonly PlacedNode[] },
): Explanation[] {
  const waiting = about.waiting.filter(({ stage }) => stage === STAGE.PLACE);
  const alike = Map.groupBy(waiting, ({ node, kind, leaves }) => (leaves === undefined ? kind : node));
  return [...alike.values()].flatMap((nodes) => {
    const [first] = nodes;
    if (!first) return [];
    const demand = demandOf(about.spec, { name: first.node, kind: first.kind }, picture.region);
    const agents = picture.agents.map((agent) =>
      agent.free.agentId === first.leaves
        ? { ...agent, closed: [...agent.closed, `${first.node} leaves this agent`] }
        : agent,
    );
    const { agents: verdicts, leftOut } = verdictsOf(agents, demand, about.placed);
    const quota = quotaProblems(picture.quotas, [demand]);
    return [
      {
        nodes: nodes.map(({ node }) => node),
        stage: STAGE.PLACE,
        wants: wantsOf(demand),
        everywhere: [...quota, ...(agents.length === 0 ? ['no agent is registered with Mesos'] : [])],
        agents: verdicts,
        agentsLeftOut: leftOut,
        advice: adviceFor(demand, {
          quota: quota.length > 0,
          agents: verdicts.filter(({ agentId }) => agentId !== first.leaves),
        }),
      },
    ];
  });
}

/** What a demand asks of an agent, one thing an entry. */
export function wantsOf(demand: PlacementDemand): string[] {
  const volumes = volumesOf(demand);
  const rootMb = volumes.reduce((sum, { type, sizeMb }) => (type === 'ROOT' ? sum + sizeMb : sum), 0);
  return [
    `cpus ${showCpus(demand.cpus)}`,
    `mem ${showMb(demand.memMb)}`,
    ...volumes
      .filter(({ type }) => type === 'MOUNT')
      .map(
        ({ sizeMb, profile }) =>
          `MOUNT disk of ${showMb(sizeMb)}${profile === undefined ? '' : ` (profile ${profile})`}`,
      ),
    `disk ${showMb(rootMb + (demand.sandboxMb ?? 0))}`,
    ...(demand.portIsOwn === true ? [] : [demand.port === 0 ? 'a port' : `port ${demand.port}`]),
    ...(demand.region === undefined ? [] : [`region ${demand.region}`]),
    ...(demand.rack === undefined ? [] : [`a rack (${demand.rack})`]),
    ...demand.constraints.map(describeConstraint),
  ];
}

/** What a person can do; the least that helps comes first. */
export function adviceFor(
  demand: PlacementDemand,
  { quota, agents }: { quota: boolean; agents: readonly AgentVerdict[] },
): string[] {
  const some = (obstacle: AgentVerdict['obstacles'][number], alone: boolean) =>
    agents.filter(({ obstacles }) => obstacles.includes(obstacle) && (!alone || obstacles.length === 1));
  const fitting = agents.filter(({ fits }) => fits);
  const hosts = (list: readonly AgentVerdict[]) =>
    [...new Set(list.map(({ hostname }) => hostname))].slice(0, 3).join(', ');
  if (quota) return ['raise the quota of the role, or free what the role uses'];
  if (fitting.length > 0)
    return [`nothing: it goes to one of ${hosts(fitting)} as soon as Mesos offers it; this takes seconds`];
  const closed = some(OBSTACLE.CLOSED, true);
  const held = some(OBSTACLE.HELD, true);
  const forbidden = some(OBSTACLE.CONSTRAINT, true);
  const short = some(OBSTACLE.RESOURCES, true);
  const what = wantsOf(demand).filter(
    (_want, index) => index < wantsOf({ ...demand, constraints: [] }).length,
  );
  return [
    ...(closed.length > 0 ? [`bring back ${hosts(closed)}: it would fit there`] : []),
    ...(held.length > 0
      ? [`let the other frameworks decline or suppress their offers of ${hosts(held)}: it would fit there`]
      : []),
    ...(forbidden.length > 0
      ? [`loosen ${whereabouts(demand)}: ${hosts(forbidden)} would have room for it`]
      : []),
    ...(short.length > 0 ? [`free resources on ${hosts(short)}`] : []),
    `add an agent with at least ${what.join(', ')}${demand.constraints.length > 0 ? ', on which its constraints hold' : ''}; it is placed by itself then`,
    'abort the operation, and install with a spec that wants less',
  ];
}

/** The fields of the spec that say where a node may go. */
function whereabouts({ kind, constraints, region, localRegion, rack }: PlacementDemand): string {
  const fields = [
    ...(constraints.length > 0 ? [`placement.${kind}s`] : []),
    ...(region === undefined && localRegion === undefined ? [] : ['placement.region']),
    ...(rack === undefined ? [] : ['rack']),
  ];
  return fields.join(' or ');
}

/** An offer of the session and what became of it: used, declined, rescinded, expired, or still held. */
export interface OfferRecord {
  /** Milliseconds since 1970: when it was decided, or, while it is held, when it came. */
  atMs: number;
  offerId: string;
  agentId: string;
  hostname: string;
  /** In short: `cpus 2, mem 1024, disk 4096, 100 ports`. */
  offered: string;
  outcome: 'used' | 'declined' | 'rescinded' | 'expired' | 'held';
  reason: string;
}

/** What a worker finds out about the nodes that wait. */
export interface PlacementAnswer {
  atMs: number;
  explanations: Explanation[];
  /** The newest last; null when they are not known. */
  offers: OfferRecord[] | null;
  offersMissing?: string;
  /** What could not be asked, and why. */
  unknown: string[];
}

/** Notes with each agent when it was last offered in this session. */
export function withOffers(
  explanations: readonly Explanation[],
  offers: readonly OfferRecord[],
): Explanation[] {
  const newest = new Map<string, number>();
  for (const { agentId, atMs } of offers) newest.set(agentId, Math.max(atMs, newest.get(agentId) ?? 0));
  return explanations.map((explanation) => ({
    ...explanation,
    agents: explanation.agents.map((agent) => {
      const offeredAtMs = newest.get(agent.agentId);
      return offeredAtMs === undefined ? agent : { ...agent, offeredAtMs };
    }),
  }));
}
