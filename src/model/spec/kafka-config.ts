// Kafka's own properties in a spec: those that Millrace sets itself, and safe values for those that nobody set.
import type { ClusterSpec } from './schema.ts';

/** Properties that Millrace owns, with the reason that a user who sets one is told. */
const OWNED: Record<string, string> = {
  'node.id': 'it is given to a node for life',
  'broker.id': 'it is given to a node for life',
  'broker.id.generation.enable': 'ids are given to nodes for life',
  'reserved.broker.max.id': 'ids are given to nodes for life',
  'process.roles': 'brokers and controllers are nodes of their own',
  listeners: 'they follow from the port that is reserved for the node; use brokers.port or controllers.port',
  'advertised.listeners': 'they follow from the host and port where the node was placed',
  'listener.security.protocol.map': 'it belongs to the listeners that Millrace makes',
  'controller.listener.names': 'it belongs to the listeners that Millrace makes',
  'inter.broker.listener.name': 'it belongs to the listeners that Millrace makes',
  'security.inter.broker.protocol': 'it belongs to the listeners that Millrace makes',
  'early.start.listeners': 'it belongs to the listeners that Millrace makes',
  'control.plane.listener.name': 'it belongs to the listeners that Millrace makes',
  port: 'use brokers.port',
  'host.name': 'nodes listen on all addresses of their agent',
  'advertised.host.name': 'it follows from the host where the node was placed',
  'advertised.port': 'it follows from the port where the node was placed',
  'log.dirs': "data is kept on the node's persistent volumes; use brokers.disk or brokers.disks",
  'log.dir': "data is kept on the node's persistent volumes; use brokers.disk or brokers.disks",
  'metadata.log.dir': "metadata is kept on the node's persistent volume; use controllers.disk",
  'broker.rack': 'it follows from where the broker was placed; use rack',
  'cluster.id': 'it is drawn when the cluster is installed',
  'directory.id': 'it is drawn when the node is planned',
};

/** As OWNED, for all properties that begin so. */
const OWNED_PREFIXES: Record<string, string> = {
  'controller.quorum.': 'the quorum follows from the controllers and where they were placed',
  'zookeeper.': 'clusters run with a KRaft quorum, without ZooKeeper',
};

/** Replicas of a topic when the spec says nothing: enough to lose one broker and still have two copies. */
const REPLICAS = 3;

/** A broker property as a user writes it. */
export type ConfigValue = string | number | boolean;

/** Why a property may not be set by a user; null when it may. */
export function ownedReason(property: string): string | null {
  if (Object.hasOwn(OWNED, property)) return OWNED[property] ?? null;
  const prefix = Object.keys(OWNED_PREFIXES).find((candidate) => property.startsWith(candidate));
  return prefix === undefined ? null : (OWNED_PREFIXES[prefix] ?? null);
}

/** All properties that Millrace owns; a prefix ends with `.*`. */
export function ownedProperties(): string[] {
  return [...Object.keys(OWNED), ...Object.keys(OWNED_PREFIXES).map((prefix) => `${prefix}*`)].sort();
}

/**
 * The properties of all nodes of a cluster that do not depend on the node: the user's, and where there is none a value
 * that is safe in production. Kafka's own defaults lose acknowledged records with the first broker (one replica) and
 * make a topic of every typing error.
 *
 * | property | value when not set |
 * |---|---|
 * | default.replication.factor, offsets.topic.replication.factor, transaction.state.log.replication.factor, share.coordinator.state.topic.replication.factor | 3, or the number of brokers when there are fewer |
 * | min.insync.replicas, transaction.state.log.min.isr, share.coordinator.state.topic.min.isr | 2 where the replication factor is 3 or more, else 1 |
 * | unclean.leader.election.enable, auto.create.topics.enable | false |
 * | initial.broker.registration.timeout.ms | an hour: a broker that waits for its controllers must not end after a minute |
 *
 * They go to controllers too: these create topics' replicas, elect leaders, and in later versions take the defaults of
 * topics from themselves.
 */
export function effectiveConfig(spec: {
  brokers: Pick<ClusterSpec['brokers'], 'count'>;
  kafka: { config: Record<string, ConfigValue> };
}): Record<string, string> {
  const { config } = spec.kafka;
  const replicas = String(Math.min(REPLICAS, spec.brokers.count));
  const inSync = (factor: string) => {
    const value = wholeNumber(Object.hasOwn(config, factor) ? config[factor] : replicas);
    return value !== null && value >= REPLICAS ? '2' : '1';
  };
  return {
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'share.coordinator.state.topic.replication.factor': replicas,
    'min.insync.replicas': inSync('default.replication.factor'),
    'transaction.state.log.min.isr': inSync('transaction.state.log.replication.factor'),
    'share.coordinator.state.topic.min.isr': inSync('share.coordinator.state.topic.replication.factor'),
    'unclean.leader.election.enable': 'false',
    'auto.create.topics.enable': 'false',
    'initial.broker.registration.timeout.ms': '3600000',
    ...Object.fromEntries(Object.entries(config).map(([property, value]) => [property, String(value)])),
  };
}

/** The whole number that a property's value says; null when it says none. */
export function wholeNumber(value: ConfigValue | undefined): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null;
  return typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value) ? Number(value) : null;
}
