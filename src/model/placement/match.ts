// Decides where a node goes: which agents fit, why the others do not, and which of the fitting is best.
import { FIELD, fieldOf } from './field.ts';
import { violation } from './satisfies.ts';
import { showCpus, showMb, thousandths } from './show.ts';
import type { AgentOffer, PlacedNode, PlacementDemand } from './types.ts';

import { diskShortages } from './volumes.ts';

export type { AgentOffer, PlacedNode, PlacementDemand } from './types.ts';

/** Limits of the text that `choose` makes, so that hundreds of agents stay readable. */
const MAX_REASONS_SHOWN = 8;
const MAX_HOSTS_SHOWN = 3;

/**
 * Whether a node can go to the agent of this offer. Constraints look at placed nodes of the same kind only, never at
 * the node itself. Every reason is named, not the first one only.
 */
export function evaluate(
  offer: AgentOffer,
  demand: PlacementDemand,
  others: readonly PlacedNode[],
): Evaluation {
  return evaluateBeside(offer, demand, peersOf(demand, others));
}

type Evaluation = { fits: true; port: number } | { fits: false; reasons: string[] };

function peersOf(demand: PlacementDemand, others: readonly PlacedNode[]): PlacedNode[] {
  return others.filter(({ name, kind }) => kind === demand.kind && name !== demand.name);
}

function evaluateBeside(
  offer: AgentOffer,
  demand: PlacementDemand,
  peers: readonly PlacedNode[],
): Evaluation {
  const reasons: string[] = offer.unavailable === undefined ? [] : [offer.unavailable];
  const short = (name: string, has: number, wants: number, show: (value: number) => string) => {
    if (thousandths(has) < thousandths(wants)) reasons.push(`${name} ${show(has)} < ${show(wants)}`);
  };
  short('cpus', offer.cpus, demand.cpus, showCpus);
  short('mem', offer.memMb, demand.memMb, showMb);
  reasons.push(...diskShortages(offer, demand, showMb));
  const port = demand.portIsOwn === true ? demand.port : pickPort(offer, demand.port);
  if (port === null) reasons.push(demand.port === 0 ? 'no free port' : `port ${demand.port} is not free`);
  if (reasons.length > 0 && offer.keptForRole !== undefined)
    reasons.push(
      `what is reserved for ${offer.keptForRole} itself can be refined for roles below it only: role ${offer.keptForRole}/…`,
    );
  reasons.push(...whereReasons(offer, demand));
  for (const constraint of demand.constraints) {
    const reason = violation(constraint, offer, peers);
    if (reason !== null) reasons.push(reason);
  }
  return port !== null && reasons.length === 0 ? { fits: true, port } : { fits: false, reasons };
}

/**
 * The best of the agents that fit: the one with the fewest nodes of this cluster, then with the most free memory, cpus
 * and disk, then by agent id, so that equal offers give the same answer. When none fits, `why` counts the agents by
 * reason; an agent with several reasons counts for each: `3 agents: 2 cpus 0.5 < 1.0 [a b], 1 mem 256 MB < 800 MB [c]`.
 */
export function choose(
  offers: readonly AgentOffer[],
  demand: PlacementDemand,
  others: readonly PlacedNode[],
): { offer: AgentOffer; port: number } | { why: string } {
  const fitting: { offer: AgentOffer; port: number; nodes: number }[] = [];
  const refused: { offer: AgentOffer; reasons: string[] }[] = [];
  const peers = peersOf(demand, others);
  const nodesOn = new Map<string, number>();
  for (const { name, hostname } of others)
    if (name !== demand.name) nodesOn.set(hostname, (nodesOn.get(hostname) ?? 0) + 1);
  for (const offer of offers) {
    const result = evaluateBeside(offer, demand, peers);
    if (!result.fits) refused.push({ offer, reasons: result.reasons });
    else fitting.push({ offer, port: result.port, nodes: nodesOn.get(offer.hostname) ?? 0 });
  }
  const [best] = fitting.sort(
    (a, b) =>
      a.nodes - b.nodes ||
      b.offer.memMb - a.offer.memMb ||
      b.offer.cpus - a.offer.cpus ||
      b.offer.diskMb - a.offer.diskMb ||
      compareText(a.offer.agentId, b.offer.agentId),
  );
  return best ? { offer: best.offer, port: best.port } : { why: explain(refused) };
}

/** Why an agent is in the wrong region, or cannot give the node a rack. Agents without a region are with the masters. */
function whereReasons(
  offer: AgentOffer,
  { region, localRegion, rack, constraints }: PlacementDemand,
): string[] {
  const reasons: string[] = [];
  const isLocalOnly = region === undefined && !constraints.some(({ field }) => field === FIELD.REGION);
  if (region !== undefined && offer.region !== region)
    reasons.push(`region ${offer.region ?? 'unknown'} is not ${region}`);
  else if (isLocalOnly && localRegion !== undefined && (offer.region ?? localRegion) !== localRegion)
    reasons.push(
      `region ${offer.region ?? ''} is not the masters' (${localRegion}); placement.region allows it`,
    );
  if (rack !== undefined && fieldOf(offer, rack) === undefined)
    reasons.push(`no rack (the agent has no ${rack})`);
  return reasons;
}

/** The lowest free port, or the wanted one; null when it is not offered. */
function pickPort(offer: AgentOffer, wanted: number): number | null {
  const ranges = offer.ports.filter(({ begin, end }) => begin <= end);
  if (wanted !== 0) return ranges.some(({ begin, end }) => begin <= wanted && wanted <= end) ? wanted : null;
  return ranges.length === 0 ? null : Math.min(...ranges.map(({ begin }) => begin));
}

function explain(refused: readonly { offer: AgentOffer; reasons: string[] }[]): string {
  if (refused.length === 0) return 'no agent offers anything unreserved at the moment';
  const hostsByReason = new Map<string, string[]>();
  const shorten = sharedReasons(refused.flatMap(({ reasons }) => reasons));
  for (const { offer, reasons } of refused)
    for (const reason of reasons.map(shorten)) {
      const hosts = hostsByReason.get(reason);
      if (hosts) hosts.push(offer.hostname);
      else hostsByReason.set(reason, [offer.hostname]);
    }
  const counted = [...hostsByReason].sort(
    ([reasonA, a], [reasonB, b]) => b.length - a.length || compareText(reasonA, reasonB),
  );
  const shown = counted
    .slice(0, MAX_REASONS_SHOWN)
    .map(([reason, hosts]) => `${hosts.length} ${reason} [${showHosts(hosts)}]`);
  const hidden = counted.length - shown.length;
  const agents = `${refused.length} agent${refused.length === 1 ? '' : 's'}`;
  return `${agents}: ${shown.join(', ')}${hidden > 0 ? `, and ${hidden} other reasons` : ''}`;
}

/** `hostname UNIQUE (broker-0 is there)` on one agent and `(broker-1 is there)` on the next is one reason of two agents. */
function sharedReasons(reasons: readonly string[]): (reason: string) => string {
  const bare = (reason: string) => reason.replace(/ \([^()]*\)$/, '');
  const details = Map.groupBy(new Set(reasons), bare);
  return (reason) => ((details.get(bare(reason)) ?? []).length > 1 ? bare(reason) : reason);
}

function showHosts(hosts: readonly string[]): string {
  const sorted = [...hosts].sort();
  const hidden = sorted.length - MAX_HOSTS_SHOWN;
  return hidden > 0 ? `${sorted.slice(0, MAX_HOSTS_SHOWN).join(' ')} +${hidden}` : sorted.join(' ');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
