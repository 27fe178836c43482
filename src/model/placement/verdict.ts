// Why one agent does not take a node, or that it would: every reason, the agent's own state and other holders included.
import { evaluate } from './match.ts';
import type { AgentPicture, Held, QuotaPicture } from './picture.ts';
import { QUOTA_RESOURCES } from './picture.ts';
import { showAmounts, showCpus, showMb, thousandths } from './show.ts';
import type { PlacedNode, PlacementDemand } from './types.ts';

/** Whether an agent would take a node, and every reason why not. */
export interface AgentVerdict {
  agentId: string;
  hostname: string;
  fits: boolean;
  /** Empty when it fits. */
  reasons: string[];
  /** What is worth knowing and keeps no node away. */
  notes: string[];
  /** What it takes: the agent is closed, held by others, too small, or constraints forbid it. For advice. */
  obstacles: Obstacle[];
  /** Milliseconds since 1970: when it was last offered in this session. Absent: not among the last offers. */
  offeredAtMs?: number;
}

/** What kind of thing is in the way, and so who can do something about it. */
export const OBSTACLE = {
  CLOSED: 'CLOSED',
  HELD: 'HELD',
  RESOURCES: 'RESOURCES',
  CONSTRAINT: 'CONSTRAINT',
} as const;
export type Obstacle = (typeof OBSTACLE)[keyof typeof OBSTACLE];

/** Agents that an answer names; those that come closest are kept. */
export const MAX_AGENTS_SHOWN = 100;

/** What an agent says to a node. */
export function verdictOf(
  agent: AgentPicture,
  demand: PlacementDemand,
  others: readonly PlacedNode[],
): AgentVerdict {
  const { open, free, closed, notes, offeredTo, reservedFor } = agent;
  const about = { agentId: free.agentId, hostname: free.hostname, notes };
  const now = evaluate(open, demand, others);
  if (now.fits && closed.length === 0) return { ...about, fits: true, reasons: [], obstacles: [] };
  const all = evaluate(free, demand, others);
  const bare = evaluate(free, anywhere(demand), []);
  const held = all.fits && !now.fits;
  const short = !bare.fits;
  const forbidden = !all.fits && all.reasons.length > (bare.fits ? 0 : bare.reasons.length);
  return {
    ...about,
    fits: false,
    reasons: [
      ...closed,
      ...(all.fits ? [] : all.reasons),
      ...(held ? [`${now.reasons.join(', ')} without what other frameworks have in offers`] : []),
      ...(held || short ? offeredTo.map((one) => `offered to framework ${holding(one)}`) : []),
      ...(short ? reservedFor.map((one) => `reserved for role ${holding(one)}`) : []),
    ],
    obstacles: [
      ...(closed.length > 0 ? [OBSTACLE.CLOSED] : []),
      ...(held ? [OBSTACLE.HELD] : []),
      ...(short ? [OBSTACLE.RESOURCES] : []),
      ...(forbidden ? [OBSTACLE.CONSTRAINT] : []),
    ],
  };
}

/** The verdicts of all agents, those that come closest first; more than can be read are left out and counted. */
export function verdictsOf(
  agents: readonly AgentPicture[],
  demand: PlacementDemand,
  others: readonly PlacedNode[],
): { agents: AgentVerdict[]; leftOut: number } {
  const all = agents
    .map((agent) => verdictOf(agent, demand, others))
    .sort(
      (a, b) =>
        Number(b.fits) - Number(a.fits) ||
        a.reasons.length - b.reasons.length ||
        (a.hostname < b.hostname ? -1 : a.hostname > b.hostname ? 1 : 0) ||
        (a.agentId < b.agentId ? -1 : 1),
    );
  return { agents: all.slice(0, MAX_AGENTS_SHOWN), leftOut: Math.max(0, all.length - MAX_AGENTS_SHOWN) };
}

/** Which quotas leave no room for demands together: `quota of role team exhausted: cpus limit 4.0, consumed 3.5, wanted 1.1`. */
export function quotaProblems(
  quotas: readonly QuotaPicture[],
  demands: readonly Pick<PlacementDemand, 'cpus' | 'memMb' | 'diskMb'>[],
): string[] {
  const sum = (amount: (demand: (typeof demands)[number]) => number) =>
    demands.reduce((total, demand) => total + thousandths(amount(demand)), 0) / 1000;
  const wanted = {
    cpus: sum(({ cpus }) => cpus),
    mem: sum(({ memMb }) => memMb),
    disk: sum(({ diskMb }) => diskMb),
  };
  return quotas.flatMap(({ role, limits, consumed }) =>
    QUOTA_RESOURCES.flatMap((name) => {
      const limit = limits[name];
      const used = consumed[name] ?? 0;
      if (limit === undefined || thousandths(used) + thousandths(wanted[name]) <= thousandths(limit))
        return [];
      const show = name === 'cpus' ? showCpus : showMb;
      return [
        `quota of role ${role} exhausted: ${name} limit ${show(limit)}, consumed ${show(used)}, wanted ${show(wanted[name])}`,
      ];
    }),
  );
}

/** The demand for resources alone, wherever they are. */
function anywhere(demand: PlacementDemand): PlacementDemand {
  const { region: _region, localRegion: _local, rack: _rack, ...resources } = demand;
  return { ...resources, constraints: [] };
}

function holding({ by, amounts }: Held): string {
  const shown = showAmounts(amounts);
  return shown === '' ? by : `${by}: ${shown}`;
}
