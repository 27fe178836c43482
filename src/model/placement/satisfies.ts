// What each operator of a placement constraint means. Source: Marathon's documentation and its Constraints.scala.
import { describeConstraint, matchesPattern, type Constraint } from './constraints.ts';
import { fieldOf } from './field.ts';
import type { AgentOffer, PlacedNode } from './types.ts';

/**
 * Why a node may not be placed on the agent of this offer beside its placed peers; null when it may.
 *
 * | operator | holds when |
 * |---|---|
 * | UNIQUE | no peer has the agent's value |
 * | MAX_PER n | fewer than n peers have the agent's value |
 * | GROUP_BY [n] | the agent's value has no peer yet, or at least n values have peers and none has fewer than this one |
 * | CLUSTER [v] | the agent's value is v, when v is given, and that of every peer |
 * | LIKE, UNLIKE p | the agent's whole value matches, does not match, the regular expression |
 * | IS v | the agent's value is v; numbers are compared as numbers with three decimals, as Mesos keeps them |
 *
 * An agent without the field satisfies UNLIKE only. GROUP_BY sees the values that nodes have, not those that other
 * agents could offer: give it the number of groups to make it wait for agents with new values.
 *
 * @param peers placed nodes of the same kind, without the node itself
 */
export function violation(
  constraint: Constraint,
  offer: AgentOffer,
  peers: readonly PlacedNode[],
): string | null {
  const value = fieldOf(offer, constraint.field);
  if (value === undefined)
    return constraint.operator === 'UNLIKE'
      ? null
      : `${describeConstraint(constraint)} (the agent has no ${constraint.field})`;
  const why = violationOf(constraint, value, peers);
  return why === null ? null : `${describeConstraint(constraint)} (${why})`;
}

function violationOf(constraint: Constraint, value: string, peers: readonly PlacedNode[]): string | null {
  const there = peersBy(peers, constraint.field).get(value) ?? [];
  switch (constraint.operator) {
    case 'UNIQUE':
      return there.length === 0 ? null : `${names(there)} there`;
    case 'MAX_PER':
      return there.length < constraint.max ? null : `${names(there)} there`;
    case 'GROUP_BY':
      return groupViolation(constraint.groups ?? 0, value, peersBy(peers, constraint.field));
    case 'CLUSTER': {
      if (constraint.value !== undefined && !sameValue(value, constraint.value)) return `it is ${value}`;
      if (there.length === peers.length) return null;
      const elsewhere = peers.filter((peer) => fieldOf(peer, constraint.field) !== value);
      return `${names(elsewhere)} elsewhere`;
    }
    case 'LIKE':
      return matchesPattern(constraint.pattern, value) ? null : `it is ${value}`;
    case 'UNLIKE':
      return matchesPattern(constraint.pattern, value) ? `it is ${value}` : null;
    case 'IS':
      return sameValue(value, constraint.value) ? null : `it is ${value}`;
  }
}

/** Peers by their value of a field, without those that have none; made once for a list of peers, which nobody changes then. */
function peersBy(peers: readonly PlacedNode[], field: string): ReadonlyMap<string, readonly PlacedNode[]> {
  const known = peersByField.get(peers) ?? new Map<string, Map<string, PlacedNode[]>>();
  peersByField.set(peers, known);
  const found = known.get(field);
  if (found) return found;
  const made = new Map<string, PlacedNode[]>();
  for (const peer of peers) {
    const value = fieldOf(peer, field);
    const group = value === undefined ? undefined : made.get(value);
    if (group) group.push(peer);
    else if (value !== undefined) made.set(value, [peer]);
  }
  known.set(field, made);
  return made;
}

/** All agents of an offer round are asked about the same peers: a thousand agents, a hundred peers. */
const peersByField = new WeakMap<readonly PlacedNode[], Map<string, Map<string, PlacedNode[]>>>();

function groupViolation(
  wantedGroups: number,
  value: string,
  groups: ReadonlyMap<string, readonly PlacedNode[]>,
): string | null {
  const here = groups.get(value)?.length ?? 0;
  if (here === 0) return null;
  if (groups.size < wantedGroups)
    return `${value} has ${here}, only ${groups.size} of ${wantedGroups} values have any`;
  const smallest = Math.min(...[...groups.values()].map(({ length }) => length));
  return here === smallest ? null : `${value} has ${here}, another ${smallest}`;
}

function sameValue(actual: string, wanted: string): boolean {
  if (actual === wanted) return true;
  const [a, b] = [decimal(actual), decimal(wanted)];
  return a !== null && b !== null && Math.round(a * 1000) === Math.round(b * 1000);
}

function decimal(text: string): number | null {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

/** `broker-1 is`, `broker-1 and broker-2 are`; long lists are cut. */
function names(nodes: readonly PlacedNode[]): string {
  const sorted = nodes.map(({ name }) => name).sort();
  const shown = sorted.length > 3 ? [...sorted.slice(0, 2), `${sorted.length - 2} more`] : sorted;
  return `${shown.join(' and ')} ${shown.length === 1 ? 'is' : 'are'}`;
}
