// Kafka's configuration of one node (KRaft, dynamic quorum as of KIP-853).
import { NODE_KIND, type NodeState, type Placement } from '../cluster.ts';
import { MillraceError } from '../errors.ts';
import { effectiveConfig } from '../spec/kafka-config.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { LOG_DIR } from './paths.ts';

/** Names of the listeners; voters are known to the quorum by the controllers' one. */
export const LISTENER = { CLIENT: 'CLIENT', CONTROLLER: 'CONTROLLER' } as const;
/** Agents' attribute that names the rack where Mesos knows no fault domain. */
const RACK_ATTRIBUTE = 'rack';

/** What a configuration is made of. */
export interface NodeInput {
  spec: ClusterSpec;
  kafkaClusterId: string;
  node: NodeState;
  /** All controllers, placed. */
  controllers: readonly NodeState[];
}

/**
 * The properties of a node: those of the whole cluster, and those that say who and where it is. Nodes listen on all
 * addresses and advertise the host name and port of their placement. A broker's rack is its agent's zone, else the
 * agent's attribute `rack`, else none.
 *
 * @throws MillraceError INTERNAL when the node or a controller has no place yet
 */
export function serverProperties({ spec, node, controllers }: NodeInput): Record<string, string> {
  const placement = placementOf(node);
  const listener = node.kind === NODE_KIND.BROKER ? LISTENER.CLIENT : LISTENER.CONTROLLER;
  const own: Record<string, string> = {
    'process.roles': node.kind,
    'node.id': String(node.nodeId),
    'controller.quorum.bootstrap.servers': byId(controllers).map(addressOf).join(','),
    'controller.listener.names': LISTENER.CONTROLLER,
    'listener.security.protocol.map': `${LISTENER.CLIENT}:PLAINTEXT,${LISTENER.CONTROLLER}:PLAINTEXT`,
    listeners: `${listener}://0.0.0.0:${placement.port}`,
    'advertised.listeners': `${listener}://${addressOf(node)}`,
    'log.dirs': LOG_DIR,
  };
  if (node.kind === NODE_KIND.BROKER) {
    own['inter.broker.listener.name'] = LISTENER.CLIENT;
    const rack = rackOf(placement);
    if (rack !== undefined) own['broker.rack'] = rack;
  }
  return { ...effectiveConfig(spec), ...own };
}

/** The first quorum, as `StorageTool format --initial-controllers` wants it: `3000@host:port:directoryId,…`. */
export function initialControllers(controllers: readonly NodeState[]): string {
  return byId(controllers)
    .map((controller) => `${controller.nodeId}@${addressOf(controller)}:${controller.directoryId}`)
    .join(',');
}

/** What identifies a formatted log directory (`meta.properties`, version 1). */
export function metaProperties({
  kafkaClusterId,
  node,
}: Pick<NodeInput, 'kafkaClusterId' | 'node'>): Record<string, string> {
  return {
    version: '1',
    'cluster.id': kafkaClusterId,
    'node.id': String(node.nodeId),
    'directory.id': node.directoryId,
  };
}

function byId(nodes: readonly NodeState[]): NodeState[] {
  return [...nodes].sort((a, b) => a.nodeId - b.nodeId);
}

function addressOf(node: NodeState): string {
  const { hostname, port } = placementOf(node);
  return hostname.includes(':') && !hostname.startsWith('[')
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

function rackOf({ zone, attributes }: Placement): string | undefined {
  return zone ?? (Object.hasOwn(attributes, RACK_ATTRIBUTE) ? attributes[RACK_ATTRIBUTE] : undefined);
}

function placementOf(node: NodeState): Placement {
  if (node.placement) return node.placement;
  throw new MillraceError(
    'INTERNAL',
    `The configuration cannot be rendered: ${node.name} has no place yet. Nothing was started; all controllers and the node itself have to be placed first.`,
  );
}
