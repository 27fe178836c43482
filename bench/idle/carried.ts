// The state of a cluster that was installed long ago and rests: what the entity carries, without any task in Mesos.
import { randomUUID } from 'node:crypto';
import { CLUSTER_STATUS, NODE_STATUS } from '../../src/model/cluster.ts';
import { initialState } from '../../src/model/initial-state.ts';
import { parseSpec, type SiteDefaults } from '../../src/model/spec/parse.ts';
import type { CarriedCluster } from '../../src/workflows/contract.ts';

/** Three brokers and one controller, each with a place. No task is known, so that no recovery begins. */
export function idleCluster(name: string, site: SiteDefaults): CarriedCluster {
  const spec = parseSpec({ name, brokers: { count: 3 }, controllers: { count: 1 } }, site);
  const state = initialState(spec, { uuid4: randomUUID, nowMs: Date.now() });
  const nodes = Object.values(state.nodes).map((node, index) => ({
    ...node,
    status: NODE_STATUS.READY,
    launches: 1,
    configHash: 'a'.repeat(64),
    placement: {
      number: 1,
      agentId: `${randomUUID()}-S${index}`,
      hostname: `agent-${index}.example.org`,
      port: 31_000 + index,
      volumeId: `${node.name}-1-${state.incarnation}`,
      cpus: 2,
      memMb: 4_096,
      diskMb: 100_000,
      attributes: { rack: `rack-${index}` },
    },
  }));
  return {
    state: {
      ...state,
      status: CLUSTER_STATUS.RUNNING,
      operation: null,
      nodes: Object.fromEntries(nodes.map((node) => [node.name, node])),
    },
    claimedEpoch: 0,
    nextOperation: 2,
    seenUuids: [],
  };
}
