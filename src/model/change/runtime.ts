// What a node's process runs with, as named parts that can be compared: a node is restarted when, and only when, one of them is to
// be another and Kafka cannot change it while it runs.
import type { ClusterState, NodeState } from '../cluster.ts';
import { canonicalJson } from '../hash.ts';
import { disksOf } from '../spec/disks.ts';
import { fetchedUris, nodeContainer } from '../node/container.ts';
import { nodeGroup } from '../node/resources.ts';
import { serverProperties } from '../node/server-properties.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { isDynamic } from './dynamic-keys.ts';

/** A part that differs. */
export interface Difference {
  /** As in the spec: `kafka.config.num.partitions`, `brokers.heapMb`. */
  key: string;
  was: string | null;
  is: string | null;
}

/** A running node knows its quorum from the quorum itself; it reads where to look for it when it starts. */
const ONLY_AT_START = 'controller.quorum.bootstrap.servers';

/** The spec that a node's newest task was launched with. */
export function specOf(state: ClusterState, { generation = 1 }: NodeState): ClusterSpec {
  return state.formerSpecs?.[generation] ?? state.spec;
}

/** How a placed node would run with another spec than the one that it runs with; nothing when a restart would change nothing. */
export function restartReasons(state: ClusterState, node: NodeState, wanted: ClusterSpec): Difference[] {
  if (node.placement === null || node.launches === 0) return [];
  return differences(runtimeOf(state, node, specOf(state, node)), runtimeOf(state, node, wanted));
}

/** What differs between two sets of named values, by name. */
export function differences(
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
): Difference[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return keys.flatMap((key) =>
    was[key] === is[key] ? [] : [{ key, was: was[key] ?? null, is: is[key] ?? null }],
  );
}

function runtimeOf(state: ClusterState, node: NodeState, spec: ClusterSpec): Record<string, string> {
  const group = nodeGroup(spec, node.kind);
  const of = (name: string) => `${node.kind}s.${name}`;
  const properties = Object.entries(
    serverProperties({ spec, kafkaClusterId: state.kafkaClusterId, node, controllers: [] }),
  ).filter(([property]) => !isDynamic(property) && property !== ONLY_AT_START);
  const { image, network, rlimits, secrets } = nodeContainer(spec);
  const path = (place: object | undefined) => (place && 'path' in place ? canonicalJson(place) : undefined);
  const parts: Record<string, string | undefined> = {
    ...Object.fromEntries(properties.map(([property, value]) => [keyOf(property), value])),
    [of('heapMb')]: String(group.heapMb),
    [of('jvmOptions')]: group.jvmOptions.join(' ') || undefined,
    [of('cpus')]: String(group.cpus),
    [of('memMb')]: String(group.memMb),
    [of('disk')]: disksText(spec, node),
    'kafka.artifact': image ?? path(spec.kafka.artifact) ?? uriOf(spec, 0),
    java: path(spec.java) ?? (spec.java ? uriOf(spec, fetchedUris(spec).length - 1) : undefined),
    'network.labels': network && canonicalJson(network.labels),
    rlimits: rlimits && canonicalJson(rlimits),
    secrets: secrets && canonicalJson(secrets),
  };
  return Object.fromEntries(
    Object.entries(parts).filter((part): part is [string, string] => part[1] !== undefined),
  );
}

function keyOf(property: string): string {
  return property === 'broker.rack' ? 'rack' : `kafka.config.${property}`;
}

function disksText(spec: ClusterSpec, { kind }: NodeState): string {
  return disksOf(nodeGroup(spec, kind))
    .map(({ sizeMb }) => `${sizeMb} MB`)
    .join(', ');
}

function uriOf(spec: ClusterSpec, index: number): string | undefined {
  const uri = fetchedUris(spec)[index];
  return uri && `${uri.value}${uri.sha256 === undefined ? '' : ` (sha256 ${uri.sha256})`}`;
}
