// Operations for the tests of what a cluster remembers.
import type { OperationKind, OperationRecord } from '../../src/model/cluster.ts';

export function anOperation(kind: OperationKind, n = 1): OperationRecord {
  return {
    id: `orders/${kind}#${n}`,
    kind,
    state: 'RUNNING',
    requestedBy: 'ann',
    startedAtMs: 1_000,
    planHash: 'abc',
  };
}
