// Parts of which the plans of the operations are made.
import { NODE_KIND, type ClusterState, type NodeState } from '../cluster.ts';
import type { Plan, PlanPhase, PlanStep, StepAction } from './plan.ts';

/** What a plan is made from. */
export type Nodes = Pick<ClusterState, 'name' | 'nodes'>;

/** A plan of these phases, without those that have no steps. */
export function plan(operation: Plan['operation'], cluster: Nodes, phases: PlanPhase[]): Plan {
  return { operation, cluster: cluster.name, phases: withoutEmpty(phases) };
}

/** A phase without steps would only puzzle people; what waited for it waits for what it waited for. */
function withoutEmpty(phases: PlanPhase[]): PlanPhase[] {
  const kept: PlanPhase[] = [];
  const replacement = new Map<string, string[]>();
  for (const phase of phases) {
    const after = [...new Set(phase.after.flatMap((name) => replacement.get(name) ?? [name]))];
    if (phase.steps.length === 0) replacement.set(phase.name, after);
    else kept.push({ ...phase, after });
  }
  return kept;
}

/** A phase that begins when those it names have ended. */
export function phase(
  name: string,
  after: string[],
  strategy: PlanPhase['strategy'],
  steps: PlanStep[],
): PlanPhase {
  return { name, after, strategy, steps };
}

const TITLES = {
  place: (node: string) => `reserve resources and a volume for ${node}`,
  start: (node: string) => `start ${node} and wait until it is ready`,
  stop: (node: string) => `stop ${node}`,
  release: (node: string) => `release the resources and the volume of ${node}`,
  replaceable: (node: string) => `wait until Kafka can do without the data of ${node}`,
  relocate: (node: string) => `reserve resources and a volume for ${node} on another agent`,
  releaseFormer: (node: string) => `release what ${node} held on its former agent`,
  grow: (node: string) => `reserve what ${node} needs more, while it runs`,
  unregister: (node: string) => `make Kafka forget ${node}`,
  removeVoter: (node: string) => `take ${node} out of the quorum`,
} as const;

/** Stops a node of a cluster that serves, behind Kafka's gate; `together` with others, which are not counted on either. */
export function gatedStop(node: string, together: readonly string[] = []): PlanStep {
  const others = together.filter((name) => name !== node);
  return {
    id: `stop:${node}`,
    title: `stop ${node} when Kafka can do without it`,
    action: { kind: 'stop', node, gated: true, ...(others.length > 0 ? { together: others } : {}) },
  };
}

/** Starts a node that has been stopped, and gives its leaders back to it when it is in sync again. */
export function startAgain(node: NodeState): PlanStep {
  return node.kind === NODE_KIND.BROKER
    ? {
        id: `start:${node.name}`,
        title: `start ${node.name}, wait until it is in sync, give its leaders back`,
        action: { kind: 'start', node: node.name, leaders: true },
      }
    : step('start', node.name);
}

/** A step that is about one node. */
export function step(kind: keyof typeof TITLES, node: string): PlanStep {
  const action: StepAction = { kind, node };
  return { id: `${kind}:${node}`, title: TITLES[kind](node), action };
}

/** The nodes of a kind by their `node.id`. */
export function nodesOf(cluster: Nodes, kind: string): NodeState[] {
  return Object.values(cluster.nodes)
    .filter((node) => node.kind === kind)
    .sort((a, b) => a.nodeId - b.nodeId);
}
