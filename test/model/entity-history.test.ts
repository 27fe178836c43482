import { describe, expect, it } from 'vitest';
import type { ClusterState, OperationKind } from '../../src/model/cluster.ts';
import { endOperation, HISTORY_KEPT } from '../../src/model/entity.ts';
import { runningCluster } from './clusters.ts';
import { anOperation } from './operations.ts';

const during = (kind: OperationKind, n?: number): ClusterState => ({
  ...runningCluster(),
  status: 'INSTALLING',
  operation: anOperation(kind, n),
});

function withFailedBroker(state: ClusterState): ClusterState {
  state.nodes['broker-0']!.status = 'FAILED';
  return state;
}

describe('the end of an operation', () => {
  it('moves it to the history with how and when it ended', () => {
    const state = during('install');
    endOperation(state, { state: 'ABORTED', outcome: 'aborted by ann: enough' }, 5_000);
    expect(state.operation).toBeNull();
    expect(state.history).toEqual([
      { ...anOperation('install'), state: 'ABORTED', endedAtMs: 5_000, outcome: 'aborted by ann: enough' },
    ]);
  });

  it('says no outcome where there is none to say', () => {
    const state = during('install');
    endOperation(state, { state: 'COMPLETE' }, 5_000);
    expect(state.history[0]).toStrictEqual({
      ...anOperation('install'),
      state: 'COMPLETE',
      endedAtMs: 5_000,
    });
  });

  it('keeps the newest operations only, oldest first', () => {
    const state = runningCluster();
    const total = HISTORY_KEPT + 7;
    for (let n = 1; n <= total; n += 1) {
      state.operation = anOperation('recover', n);
      endOperation(state, { state: 'COMPLETE' }, n);
      expect(state.history).toHaveLength(Math.min(n, HISTORY_KEPT));
      expect(state.history.at(-1)?.id).toBe(`orders/recover#${n}`);
    }
    expect(state.history[0]?.id).toBe(`orders/recover#${total - HISTORY_KEPT + 1}`);
  });

  it('changes nothing when no operation runs', () => {
    const state = runningCluster();
    endOperation(state, { state: 'COMPLETE' }, 5_000);
    expect(state).toEqual(runningCluster());
  });

  it.each([
    ['install', 'COMPLETE', 'RUNNING'],
    ['install', 'ABORTED', 'INSTALL_ABORTED'],
    ['recover', 'COMPLETE', 'RUNNING'],
    ['uninstall', 'COMPLETE', 'UNINSTALLED'],
    ['uninstall', 'ABORTED', 'UNINSTALL_ABORTED'],
  ] as const)('%s %s leaves a cluster whose nodes are ready %s', (kind, ended, status) => {
    const state = during(kind);
    endOperation(state, { state: ended }, 5_000);
    expect(state.status).toBe(status);
  });

  it.each([
    ['install', 'COMPLETE', 'DEGRADED'],
    ['install', 'ABORTED', 'INSTALL_ABORTED'],
    ['recover', 'COMPLETE', 'DEGRADED'],
    ['recover', 'ABORTED', 'DEGRADED'],
    ['uninstall', 'ABORTED', 'UNINSTALL_ABORTED'],
  ] as const)('%s %s leaves a cluster with a failed node %s', (kind, ended, status) => {
    const state = withFailedBroker(during(kind));
    endOperation(state, { state: ended }, 5_000);
    expect(state.status).toBe(status);
  });
});
