// Clusters for the tests of the pure core: any valid spec, and any state that a cluster of it may come to.
import fc from 'fast-check';
import type { ClusterState, NodeState, NodeStatus, Placement } from '../../src/model/cluster.ts';
import { initialState } from '../../src/model/initial-state.ts';
import { parseSpec } from '../../src/model/spec/parse.ts';
import type { ClusterSpec } from '../../src/model/spec/schema.ts';

/** A source of uuids that are all different and the same in each run. */
export function countingUuids(): () => string {
  let drawn = 0;
  return () => {
    drawn += 1;
    return `${drawn.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
  };
}

export function specOf(brokers: number, controllers: number, name = 'orders'): ClusterSpec {
  return parseSpec({ name, brokers: { count: brokers }, controllers: { count: controllers } });
}

/** The cluster of a spec at the moment its installation is accepted. */
export function newCluster(spec: ClusterSpec = specOf(2, 1)): ClusterState {
  return { ...initialState(spec, { uuid4: countingUuids(), nowMs: 1_000 }), operation: null };
}

export function placementOf(node: string, changes: Partial<Placement> = {}): Placement {
  return {
    number: 1,
    agentId: `agent-of-${node}`,
    hostname: `host-of-${node}`,
    port: 31_000,
    volumeId: `${node}-1`,
    cpus: 1,
    memMb: 1,
    diskMb: 1,
    attributes: {},
    ...changes,
  };
}

/** A cluster whose nodes all run their first task. */
export function runningCluster(spec?: ClusterSpec): ClusterState {
  const cluster = newCluster(spec);
  for (const node of Object.values(cluster.nodes))
    cluster.nodes[node.name] = {
      ...node,
      status: 'READY',
      placement: placementOf(node.name),
      launches: 1,
      taskState: 'TASK_RUNNING',
    };
  return { ...cluster, status: 'RUNNING' };
}

/** Any spec of up to 12 brokers. */
export const anySpec: fc.Arbitrary<ClusterSpec> = fc
  .record({
    name: fc.constantFrom('orders', 'team/orders', 'a'),
    brokers: fc.integer({ min: 1, max: 12 }),
    controllers: fc.constantFrom(1, 3, 5),
  })
  .map(({ name, brokers, controllers }) => specOf(brokers, controllers, name));

type Life = Pick<NodeState, 'status' | 'launches' | 'taskState'> & { isPlaced: boolean };

const launched = (status: NodeStatus, taskStates: (string | null)[]): fc.Arbitrary<Life> =>
  fc.record({
    status: fc.constant(status),
    launches: fc.integer({ min: 1, max: 5 }),
    taskState: fc.constantFrom(...taskStates),
    isPlaced: fc.constant(true),
  });

/** What a node may have come to: without a place, placed, through some launches, given back. */
const anyLife: fc.Arbitrary<Life> = fc.oneof(
  fc.constantFrom<Life[]>(
    { status: 'PLANNED', launches: 0, taskState: null, isPlaced: false },
    { status: 'FAILED', launches: 0, taskState: null, isPlaced: false },
    { status: 'PLACED', launches: 0, taskState: null, isPlaced: true },
  ),
  launched('PLACED', [null]),
  launched('STARTING', [null, 'TASK_RUNNING', 'TASK_FAILED']),
  launched('READY', ['TASK_RUNNING', 'TASK_UNREACHABLE', 'TASK_LOST']),
  launched('STOPPED', ['TASK_FINISHED', 'TASK_KILLED']),
  launched('FAILED', ['TASK_FAILED', 'TASK_GONE', 'TASK_RUNNING']),
  fc.record({
    status: fc.constant<NodeStatus>('RELEASED'),
    launches: fc.integer({ min: 0, max: 5 }),
    taskState: fc.constant(null),
    isPlaced: fc.constant(false),
  }),
);

/** Any state of the nodes of any cluster; the cluster's own status says nothing about them. */
export const anyCluster: fc.Arbitrary<ClusterState> = anySpec.chain((spec) => {
  const cluster = newCluster(spec);
  const names = Object.keys(cluster.nodes);
  return fc.array(anyLife, { minLength: names.length, maxLength: names.length }).map((lives) => ({
    ...cluster,
    nodes: Object.fromEntries(
      Object.values(cluster.nodes).map((node, index): [string, NodeState] => {
        const { isPlaced, ...life } = lives[index]!;
        return [node.name, { ...node, ...life, placement: isPlaced ? placementOf(node.name) : null }];
      }),
    ),
  }));
});
