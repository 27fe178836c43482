// What the node of a spec wants of an agent, in the words of placement.
import { NODE_KIND, type NodeKind } from '../cluster.ts';
import { nodeGroup, nodeResources } from '../node/resources.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { parseConstraints } from './constraints.ts';
import type { PlacementDemand } from './types.ts';

/** Ports of nodes that have an address of their own, when their spec says none. */
const OWN_PORT: Record<NodeKind, number> = { [NODE_KIND.BROKER]: 9092, [NODE_KIND.CONTROLLER]: 9093 };

/** The demand of one node, its executor and sandbox included. */
export function demandOf(
  spec: ClusterSpec,
  node: { name: string; kind: NodeKind },
  localRegion?: string,
): PlacementDemand {
  const isBroker = node.kind === NODE_KIND.BROKER;
  const { total, volumes } = nodeResources(spec, node.kind);
  const { port } = nodeGroup(spec, node.kind);
  return {
    name: node.name,
    kind: node.kind,
    ...total,
    diskType: volumes[0]?.type ?? 'ROOT',
    volumes,
    ...(spec.network ? { port: port === 0 ? OWN_PORT[node.kind] : port, portIsOwn: true } : { port }),
    constraints: parseConstraints(isBroker ? spec.placement.brokers : spec.placement.controllers),
    ...(isBroker && spec.rack !== undefined ? { rack: spec.rack } : {}),
    ...(spec.placement.region === undefined ? {} : { region: spec.placement.region }),
    ...(localRegion === undefined ? {} : { localRegion }),
  };
}
