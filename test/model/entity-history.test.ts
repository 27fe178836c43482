import { describe, expect, it } from 'vitest';
import type { ClusterState, OperationKind } from '../../src/model/cluster.ts';
import { endOperation, HISTORY_KEPT } from '../../src/model/entity.ts';
import { runningCluster } from './clusters.ts';
import { anOperation } from './operations.ts';

/** A cluster with this operation under way; a recovery is about `broker-0`. */
const during = (kind: OperationKind): ClusterState => ({
  ...runningCluster(),
  status: 'INSTALLING',
  ...(kind === 'recover'
    ? { recoveries: [{ ...anOperation(kind), nodes: ['broker-0'] }] }
    : { operation: anOperation(kind) }),
});
const end = (state: ClusterState, kind: OperationKind, ended: 'COMPLETE' | 'ABORTED', outcome?: string) =>
  endOperation(
    state,
    anOperation(kind).id,
    { state: ended, ...(outcome === undefined ? {} : { outcome }) },
    5_000,
  );

function withFailedBroker(state: ClusterState): ClusterState {
  state.nodes['broker-0']!.status = 'FAILED';
  return state;
}

describe('the end of an operation', () => {
  it('moves it to the history with how and when it ended', () => {
    const state = during('install');
    expect(end(state, 'install', 'ABORTED', 'aborted by ann: enough')).toBe(true);
    expect(state.operation).toBeNull();
    expect(state.history).toEqual([
      { ...anOperation('install'), state: 'ABORTED', endedAtMs: 5_000, outcome: 'aborted by ann: enough' },
    ]);
  });

  it('says no outcome where there is none to say', () => {
    const state = during('install');
    end(state, 'install', 'COMPLETE');
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
      state.recoveries = [anOperation('recover', n)];
      endOperation(state, `orders/recover#${n}`, { state: 'COMPLETE' }, n);
      expect(state.history).toHaveLength(Math.min(n, HISTORY_KEPT));
      expect(state.history.at(-1)?.id).toBe(`orders/recover#${n}`);
    }
    expect(state.history[0]?.id).toBe(`orders/recover#${total - HISTORY_KEPT + 1}`);
  });

  it('changes nothing when that operation does not run', () => {
    const state = runningCluster();
    expect(end(state, 'install', 'COMPLETE')).toBe(false);
    expect(state).toEqual(runningCluster());
    const recovering = during('recover');
    expect(endOperation(recovering, 'orders/recover#7', { state: 'COMPLETE' }, 5_000)).toBe(false);
    expect(recovering).toEqual(during('recover'));
  });

  it('of one recovery leaves the others, and marks its own nodes only when it was aborted', () => {
    const state = during('recover');
    state.recoveries.push({ ...anOperation('recover', 2), nodes: ['broker-1'] });
    for (const name of ['broker-0', 'broker-1']) state.nodes[name]!.status = 'FAILED';
    end(state, 'recover', 'ABORTED', 'aborted by ann: not now');
    expect(state.recoveries.map(({ id }) => id)).toEqual(['orders/recover#2']);
    expect(state.nodes['broker-0']).toMatchObject({ status: 'FAILED', recoveryAborted: true });
    expect(state.nodes['broker-0']?.reason).toBe('orders/recover#1 aborted by ann: not now');
    expect(state.nodes['broker-1']).not.toHaveProperty('recoveryAborted');
  });

  it.each([
    ['install', 'COMPLETE', 'RUNNING'],
    ['install', 'ABORTED', 'INSTALL_ABORTED'],
    ['recover', 'COMPLETE', 'RUNNING'],
    ['uninstall', 'COMPLETE', 'UNINSTALLED'],
    ['uninstall', 'ABORTED', 'UNINSTALL_ABORTED'],
  ] as const)('%s %s leaves a cluster whose nodes are ready %s', (kind, ended, status) => {
    const state = during(kind);
    end(state, kind, ended);
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
    end(state, kind, ended);
    expect(state.status).toBe(status);
  });
});
