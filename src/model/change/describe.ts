// What a change to another spec means, for people and for the plan.
import { NODE_KIND, type ClusterState, type NodeKind, type NodeState } from '../cluster.ts';
import { resourceChange, type ResourceChange } from '../node/resource-change.ts';
import { nextNodeIds, nodeNameOf } from '../node-ids.ts';
import { nodesOf } from '../plan/build.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { dynamicChange, type DynamicChange } from './dynamic-change.ts';
import { differences, restartReasons, type Difference } from './runtime.ts';

export interface NodeChange {
  name: string;
  /** Why it is restarted; empty when it is not. */
  restart: Difference[];
  resources: ResourceChange;
}

export interface CountChange {
  from: number;
  to: number;
  added: string[];
  removed: string[];
}

export interface SpecChange {
  dynamic: DynamicChange;
  /** The placed nodes that stay, and that something is done to. */
  nodes: NodeChange[];
  brokers: CountChange;
  controllers: CountChange;
  /** Fields that hold from now on, without any node being touched. */
  other: Difference[];
}

/**
 * @param remove names of the brokers that go when there are to be fewer; those with the greatest ids when left out
 */
export function describeChange(
  state: ClusterState,
  wanted: ClusterSpec,
  remove: readonly string[] = [],
): SpecChange {
  const brokers = countChange(state, NODE_KIND.BROKER, wanted.brokers.count, remove);
  const controllers = countChange(state, NODE_KIND.CONTROLLER, wanted.controllers.count, []);
  const gone = [...brokers.removed, ...controllers.removed];
  const nodes = Object.values(state.nodes)
    .filter(({ name, placement }) => !gone.includes(name) && placement !== null)
    .map((node) => nodeChange(state, node, wanted))
    .filter(({ restart, resources }) => restart.length > 0 || resources.grows);
  return {
    dynamic: dynamicChange(state, wanted),
    nodes,
    brokers,
    controllers,
    other: differences(otherFields(state.spec), otherFields(wanted)),
  };
}

/** Whether nothing at all would be done or noted. */
export function isUnchanged(change: SpecChange): boolean {
  const { dynamic, nodes, brokers, controllers, other } = change;
  return (
    dynamic.details.length === 0 &&
    nodes.length === 0 &&
    other.length === 0 &&
    [brokers, controllers].every(({ added, removed }) => added.length === 0 && removed.length === 0)
  );
}

function nodeChange(state: ClusterState, node: NodeState, wanted: ClusterSpec): NodeChange {
  return {
    name: node.name,
    // It reads its new configuration when it is resumed.
    restart: node.paused ? [] : restartReasons(state, node, wanted),
    resources: resourceChange(node, wanted),
  };
}

function countChange(
  state: ClusterState,
  kind: NodeKind,
  to: number,
  remove: readonly string[],
): CountChange {
  const present = nodesOf(state, kind).map(({ name }) => name);
  const last = [...present].reverse().filter((name) => !remove.includes(name));
  const removed = [...remove.filter((name) => present.includes(name)), ...last].slice(
    0,
    Math.max(0, present.length - to),
  );
  return {
    from: present.length,
    to,
    added: nextNodeIds(state, kind, to).map((id) => nodeNameOf(kind, id)),
    removed: removed.sort(),
  };
}

/** Fields that concern later launches and placements, or Millrace itself. */
function otherFields(spec: ClusterSpec): Record<string, string> {
  const { brokers, controllers, placement, labels, killGraceSeconds, recovery, update } = spec;
  return Object.fromEntries(
    Object.entries({
      'brokers.port': brokers.port,
      'controllers.port': controllers.port,
      'placement.brokers': placement.brokers,
      'placement.controllers': placement.controllers,
      labels,
      killGraceSeconds,
      recovery,
      update,
    })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/** One line each, as people read them before they say yes. */
export function changeLines(change: SpecChange): string[] {
  const { dynamic, nodes, brokers, controllers, other } = change;
  return [
    ...dynamic.details.map((detail) => `${sayDifference(detail)} (while Kafka runs)`),
    ...grouped(nodes),
    ...sayCount('brokers', brokers),
    ...sayCount('controllers', controllers),
    ...other.map((detail) => `${sayDifference(detail)} (no node is touched)`),
  ];
}

/** Nodes that are restarted for the same reasons share a line. */
function grouped(nodes: readonly NodeChange[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { name, restart } of nodes)
    for (const reason of restart) {
      const said = sayDifference(reason);
      byReason.set(said, [...(byReason.get(said) ?? []), name]);
    }
  return [...byReason].map(([reason, names]) => `${reason} (restart: ${names.join(', ')})`);
}

function sayCount(kind: string, { from, to, added, removed }: CountChange): string[] {
  if (added.length > 0) return [`${kind}.count: ${from} → ${to} (new: ${added.join(', ')})`];
  return removed.length > 0 ? [`${kind}.count: ${from} → ${to} (removed: ${removed.join(', ')})`] : [];
}

function sayDifference({ key, was, is }: Difference): string {
  return `${key}: ${was ?? 'not set'} → ${is ?? 'not set'}`;
}
