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
  const name = describeConstraint(constraint);
  if (value === undefined)
    return constraint.operator === 'UNLIKE' ? null : `${name} (the agent has no ${constraint.field})`;
  const there = peers.filter((peer) => fieldOf(peer, constraint.field) === value);
  switch (constraint.operator) {
    case 'UNIQUE':
      return there.length === 0 ? null : `${name} (${names(there)} there)`;
    case 'MAX_PER':
      return there.length < constraint.max ? null : `${name} (${names(there)} there)`;
    case 'GROUP_BY':
      return groupViolation(name, constraint.groups ?? 0, value, there, peers, constraint.field);
    case 'CLUSTER': {
      if (constraint.value !== undefined && !sameValue(value, constraint.value))
        return `${name} (it is ${value})`;
      const elsewhere = peers.filter((peer) => fieldOf(peer, constraint.field) !== value);
      return elsewhere.length === 0 ? null : `${name} (${names(elsewhere)} elsewhere)`;
    }
    case 'LIKE':
      return matchesPattern(constraint.pattern, value) ? null : `${name} (it is ${value})`;
    case 'UNLIKE':
      return matchesPattern(constraint.pattern, value) ? `${name} (it is ${value})` : null;
    case 'IS':
      return sameValue(value, constraint.value) ? null : `${name} (it is ${value})`;
  }
}

function groupViolation(
  name: string,
  wantedGroups: number,
  value: string,
  there: readonly PlacedNode[],
  peers: readonly PlacedNode[],
  field: string,
): string | null {
  if (there.length === 0) return null;
  const sizes = new Map<string, number>();
  for (const peer of peers) {
    const group = fieldOf(peer, field);
    if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  if (sizes.size < wantedGroups)
    return `${name} (${value} has ${there.length}, only ${sizes.size} of ${wantedGroups} values have any)`;
  const smallest = Math.min(...sizes.values());
  return there.length === smallest ? null : `${name} (${value} has ${there.length}, another ${smallest})`;
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
