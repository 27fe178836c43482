// The state of a cluster at the moment its installation is accepted.
import {
  CLUSTER_STATUS,
  NODE_KIND,
  NODE_STATUS,
  type ClusterState,
  type NodeKind,
  type NodeState,
} from './cluster.ts';
import { FIRST_CONTROLLER_NODE_ID } from './node-ids.ts';
import type { ClusterSpec } from './spec/schema.ts';
import { drawKafkaUuid } from './uuid-text.ts';

/** All that Millrace decides about a new cluster before anything is touched, ids included. */
export function initialState(
  spec: ClusterSpec,
  source: { uuid4: () => string; nowMs: number },
): Omit<ClusterState, 'operation'> {
  const incarnation = source.uuid4().slice(0, 8);
  const nodes: Record<string, NodeState> = {};
  const add = (kind: NodeKind, count: number, firstId: number) => {
    for (let index = 0; index < count; index += 1) {
      const name = `${kind}-${index}`;
      nodes[name] = {
        name,
        kind,
        nodeId: firstId + index,
        directoryId: drawKafkaUuid(source.uuid4),
        status: NODE_STATUS.PLANNED,
        placement: null,
        launches: 0,
        taskState: null,
      };
    }
  };
  add(NODE_KIND.CONTROLLER, spec.controllers.count, FIRST_CONTROLLER_NODE_ID);
  add(NODE_KIND.BROKER, spec.brokers.count, 0);
  return {
    name: spec.name,
    spec,
    generation: 1,
    status: CLUSTER_STATUS.INSTALLING,
    incarnation,
    kafkaClusterId: drawKafkaUuid(source.uuid4),
    frameworkId: frameworkIdOf(spec.name, incarnation),
    session: null,
    sessionProblem: null,
    nodes,
    recoveries: [],
    history: [],
    createdAtMs: source.nowMs,
  };
}

/**
 * Chosen here and not by the master, so that a holder which dies between SUBSCRIBED and its record leaves no framework behind:
 * the next one subscribes with the same id. Mesos accepts an id that it has never seen.
 */
function frameworkIdOf(cluster: string, suffix: string): string {
  return `millrace-${cluster.replaceAll('/', '__')}-${suffix}`;
}

/** Another id for a cluster whose framework was removed; the incarnation stays, by which reservations are known. */
export function newFrameworkId(
  { name, incarnation }: Pick<ClusterState, 'name' | 'incarnation'>,
  uuid4: () => string,
): string {
  return frameworkIdOf(name, `${incarnation}-${uuid4().slice(0, 8)}`);
}
