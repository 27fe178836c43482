// Kafka's configuration of one node (KRaft, dynamic quorum as of KIP-853).
import { hostOf, NODE_KIND, type NodeState, type Placement } from '../cluster.ts';
import { MillraceError } from '../errors.ts';
import { fieldOf } from '../placement/field.ts';
import { disksOf } from '../spec/disks.ts';
import { effectiveConfig } from '../spec/kafka-config.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { derivedKafkaUuid } from '../uuid-text.ts';
import { logDir } from './paths.ts';
import { nodeGroup } from './resources.ts';

/** Names of the listeners; voters are known to the quorum by the controllers' one. */
export const LISTENER = { CLIENT: 'CLIENT', CONTROLLER: 'CONTROLLER' } as const;

/** What a configuration is made of. */
export interface NodeInput {
  spec: ClusterSpec;
  kafkaClusterId: string;
  node: NodeState;
  /** All controllers; one that is to join the quorum, and has no place yet, counts for nothing. */
  controllers: readonly NodeState[];
}

/**
 * The properties of a node: those of the whole cluster, and those that say who and where it is. Nodes listen on all
 * addresses and advertise the host name and port of their placement, or their own name on a network of containers. A
 * broker's rack is what the spec says of its agent; without that it has none.
 *
 * @throws MillraceError INTERNAL when the node or a controller of the first quorum has no place yet
 */
export function serverProperties({ spec, node, controllers }: NodeInput): Record<string, string> {
  const placement = placementOf(node);
  const listener = node.kind === NODE_KIND.BROKER ? LISTENER.CLIENT : LISTENER.CONTROLLER;
  const directories = disksOf(nodeGroup(spec, node.kind)).map((_disk, index) => logDir(index));
  const own: Record<string, string> = {
    'process.roles': node.kind,
    'node.id': String(node.nodeId),
    'controller.quorum.bootstrap.servers': placedById(controllers).map(addressOf).join(','),
    'controller.listener.names': LISTENER.CONTROLLER,
    'listener.security.protocol.map': `${LISTENER.CLIENT}:PLAINTEXT,${LISTENER.CONTROLLER}:PLAINTEXT`,
    listeners: `${listener}://0.0.0.0:${placement.port}`,
    'advertised.listeners': `${listener}://${addressOf(node)}`,
    'log.dirs': directories.join(','),
    // Kafka's default is the first anyway; with several it is said, so that nobody has to know.
    ...(directories.length > 1 ? { 'metadata.log.dir': logDir(0) } : {}),
  };
  if (node.kind === NODE_KIND.BROKER) {
    own['inter.broker.listener.name'] = LISTENER.CLIENT;
    const rack = spec.rack === undefined ? undefined : fieldOf(placement, spec.rack);
    if (rack !== undefined) own['broker.rack'] = rack;
  }
  return { ...effectiveConfig(spec), ...own };
}

/** The first quorum, as `StorageTool format --initial-controllers` wants it: `3000@host:port:directoryId,…`. */
export function initialControllers(controllers: readonly NodeState[]): string {
  return placedById(controllers)
    .map((controller) => `${controller.nodeId}@${addressOf(controller)}:${controller.directoryId}`)
    .join(',');
}

/** What identifies the node's n-th formatted log directory (`meta.properties`, version 1). */
export function metaProperties(
  { kafkaClusterId, node }: Pick<NodeInput, 'kafkaClusterId' | 'node'>,
  index = 0,
): Record<string, string> {
  return {
    version: '1',
    'cluster.id': kafkaClusterId,
    'node.id': String(node.nodeId),
    'directory.id': index === 0 ? node.directoryId : derivedKafkaUuid(node.directoryId, index),
  };
}

/** Not those that are to join and have no place yet: whatever falls meanwhile is started without them. */
function placedById(controllers: readonly NodeState[]): NodeState[] {
  return controllers
    .filter(({ placement, joins }) => placement !== null || joins === undefined)
    .sort((a, b) => a.nodeId - b.nodeId);
}

function addressOf(node: NodeState): string {
  const placement = placementOf(node);
  const { port } = placement;
  const hostname = hostOf(placement);
  return hostname.includes(':') && !hostname.startsWith('[')
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

function placementOf(node: NodeState): Placement {
  if (node.placement) return node.placement;
  throw new MillraceError(
    'INTERNAL',
    `The configuration cannot be rendered: ${node.name} has no place yet. Nothing was started; all controllers and the node itself have to be placed first.`,
  );
}
