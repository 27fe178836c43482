// Nodes with places, for the tests of what they run.
import type { NodeKind, NodeState } from '../../../src/model/cluster.ts';
import type { NodeInput } from '../../../src/model/node/render.ts';
import { parseSpec } from '../../../src/model/spec/parse.ts';

export function nodeOf(kind: NodeKind, index: number, changes: Partial<NodeState> = {}): NodeState {
  const nodeId = kind === 'broker' ? index : 3000 + index;
  return {
    name: `${kind}-${index}`,
    kind,
    nodeId,
    directoryId: `${kind === 'broker' ? 'B' : 'C'}${index}AAAAAAAAAAAAAAAAAAAA`,
    status: 'PLACED',
    placement: {
      number: 1,
      agentId: `agent-${index}`,
      hostname: `10.0.0.${index + 1}`,
      port: kind === 'broker' ? 31_000 : 31_001,
      volumeId: `${kind}-${index}-1`,
      cpus: 1,
      memMb: 1,
      diskMb: 1,
      attributes: {},
    },
    launches: 1,
    taskState: null,
    ...changes,
  };
}

/** A node of the cluster that this spec declares. */
export function inputOf(kind: NodeKind, spec: object = {}, changes: Partial<NodeInput> = {}): NodeInput {
  const parsed = parseSpec({ name: 'orders', ...spec });
  return {
    spec: parsed,
    kafkaClusterId: 'QhveAbEPS7eCGvshQldAhw',
    node: nodeOf(kind, 0),
    controllers: Array.from({ length: parsed.controllers.count }, (_, index) => nodeOf('controller', index)),
    ...changes,
  };
}
