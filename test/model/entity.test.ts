import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLUSTER_STATUS, parseTaskId, type ClusterState } from '../../src/model/cluster.ts';
import { applyNodes, knownTasks, nodesToRecover, observeTask } from '../../src/model/entity.ts';
import { isTerminal } from '../../src/model/task-state.ts';
import { anyCluster, newCluster, placementOf, runningCluster } from './clusters.ts';
import { anOperation } from './operations.ts';

const STATES = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_UNREACHABLE',
  'TASK_LOST',
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_GONE',
];
const anyState = fc.constantFrom(...STATES);
const observe = (state: ClusterState, taskId: string, taskState: string) =>
  observeTask(state, { taskId, agentId: 'agent', state: taskState }, 0);

/** A running cluster whose broker-0 is at its third task. */
function atThirdLaunch(): ClusterState {
  const state = runningCluster();
  state.nodes['broker-0']!.launches = 3;
  return state;
}

describe('a task status', () => {
  it('of a ready node whose task ended makes the node FAILED and keeps the words of Mesos', () => {
    const state = runningCluster();
    const seen = observeTask(
      state,
      {
        taskId: 'broker-0.1',
        agentId: 'agent',
        state: 'TASK_FAILED',
        reason: 'REASON_COMMAND_EXECUTOR_FAILED',
        message: 'Command exited with status 1',
      },
      0,
    );
    expect(seen).toEqual({ kind: 'ended', node: state.nodes['broker-0'] });
    expect(state.nodes['broker-0']).toMatchObject({
      status: 'FAILED',
      taskState: 'TASK_FAILED',
      reason:
        'task broker-0.1 ended TASK_FAILED, REASON_COMMAND_EXECUTOR_FAILED, Command exited with status 1',
    });
  });

  it('TASK_KILLING is not an end: the node stays READY', () => {
    const state = runningCluster();
    expect(observe(state, 'broker-0.1', 'TASK_KILLING')).toEqual({
      kind: 'changed',
      node: state.nodes['broker-0'],
    });
    expect(state.nodes['broker-0']).toMatchObject({ status: 'READY', taskState: 'TASK_KILLING' });
  });

  it.each(['TASK_UNREACHABLE', 'TASK_LOST'])(
    '%s is not an end: the node is UNREACHABLE since then, with the reason, until it runs again',
    (to) => {
      const state = runningCluster();
      const lost = { taskId: 'broker-0.1', agentId: 'agent', state: to };
      expect(observeTask(state, lost, 7)).toEqual({ kind: 'changed', node: state.nodes['broker-0'] });
      observeTask(state, lost, 9);
      expect(state).toMatchObject({ status: 'DEGRADED' });
      expect(state.nodes['broker-0']).toMatchObject({
        status: 'UNREACHABLE',
        taskState: to,
        unreachableSinceMs: 7,
        reason: expect.stringContaining('comes back with the agent') as string,
      });
      expect(nodesToRecover(state)).toEqual([]);
      expect(observe(state, 'broker-0.1', 'TASK_RUNNING').kind).toBe('returned');
      expect(state.status).toBe('RUNNING');
      const back = state.nodes['broker-0']!;
      expect(back).toMatchObject({ status: 'READY', taskState: 'TASK_RUNNING' });
      expect(back.unreachableSinceMs ?? back.reason).toBeUndefined();
    },
  );

  it('that ends on a lost agent makes the node FAILED, and how long it is lost is kept until it runs', () => {
    const state = runningCluster();
    observeTask(state, { taskId: 'broker-0.1', agentId: 'agent', state: 'TASK_UNREACHABLE' }, 7);
    expect(observe(state, 'broker-0.1', 'TASK_GONE').kind).toBe('ended');
    expect(nodesToRecover(state)).toEqual(['broker-0']);
    const { unreachableSinceMs: _since, ...reported } = state.nodes['broker-0']!;
    applyNodes(state, [{ ...reported, status: 'STARTING', launches: 2, taskState: null }]);
    expect(state.nodes['broker-0']?.unreachableSinceMs).toBe(7);
    expect(observe(state, 'broker-0.2', 'TASK_RUNNING').kind).toBe('changed');
    expect(state.nodes['broker-0']?.unreachableSinceMs).toBeUndefined();
  });

  it('wins over an older picture that an operation has of whether its node is in reach', () => {
    const state = runningCluster();
    const { ...stale } = state.nodes['broker-0']!;
    observeTask(state, { taskId: 'broker-0.1', agentId: 'agent', state: 'TASK_UNREACHABLE' }, 7);
    applyNodes(state, [{ ...stale, lastPlace: 2 }]);
    expect(state.nodes['broker-0']).toMatchObject({
      status: 'UNREACHABLE',
      lastPlace: 2,
      unreachableSinceMs: 7,
      reason: expect.any(String) as string,
    });
    const lost = { ...state.nodes['broker-0']! };
    observe(state, 'broker-0.1', 'TASK_RUNNING');
    applyNodes(state, [{ ...lost, lastPlace: 3 }]);
    const back = state.nodes['broker-0']!;
    expect(back).toMatchObject({ status: 'READY', lastPlace: 3 });
    expect(back.reason ?? back.unreachableSinceMs).toBeUndefined();
  });

  it('that is lost while its node is reported ready makes the node UNREACHABLE, not READY', () => {
    const state = runningCluster();
    const node = state.nodes['broker-0']!;
    Object.assign(node, { status: 'STARTING', launches: 2, taskState: 'TASK_RUNNING' });
    observeTask(state, { taskId: 'broker-0.2', agentId: 'agent', state: 'TASK_UNREACHABLE' }, 7);
    applyNodes(state, [{ ...node, status: 'READY', taskState: 'TASK_RUNNING' }]);
    expect(state.nodes['broker-0']).toMatchObject({ status: 'UNREACHABLE', unreachableSinceMs: 7 });
  });

  it('counts ends that come soon after the node was ready, until it has been ready for long', () => {
    const state = runningCluster();
    const node = state.nodes['broker-0']!;
    const end = (launch: number, readyAtMs: number, endedAtMs: number) => {
      Object.assign(node, { status: 'READY', launches: launch, taskState: 'TASK_RUNNING', readyAtMs });
      observeTask(state, { taskId: `broker-0.${launch}`, agentId: 'agent', state: 'TASK_FAILED' }, endedAtMs);
      return node.quickEnds;
    };
    expect([end(1, 1_000, 2_000), end(2, 3_000, 4_000), end(3, 5_000, 5_000_000)]).toEqual([1, 2, 0]);
  });

  it('of an agent that is gone for good is no reason to start the node where it was', () => {
    const state = runningCluster();
    observe(state, 'broker-0.1', 'TASK_GONE_BY_OPERATOR');
    expect(state.nodes['broker-0']?.status).toBe('FAILED');
    expect(nodesToRecover(state)).toEqual([]);
  });

  it.each(['PLACED', 'STARTING', 'STOPPING'] as const)(
    'of a node that is %s tells that its task ended and leaves the verdict to the operation',
    (status) => {
      const state = runningCluster();
      state.nodes['broker-0']!.status = status;
      expect(observe(state, 'broker-0.1', 'TASK_FINISHED').kind).toBe('ended');
      expect(state.nodes['broker-0']).toMatchObject({ status, taskState: 'TASK_FINISHED' });
      expect(state.nodes['broker-0']).not.toHaveProperty('reason');
    },
  );

  it('ends a task once, however often and in whatever order Mesos sends', () => {
    fc.assert(
      fc.property(fc.array(anyState, { maxLength: 12 }), (sent) => {
        const state = atThirdLaunch();
        const kinds = sent.map((taskState) => {
          const before = structuredClone(state);
          const hadEnded = isTerminal(before.nodes['broker-0']!.taskState!);
          const { kind } = observe(state, 'broker-0.3', taskState);
          if (hadEnded) expect(state).toEqual(before);
          expect(kind === 'returned' ? 'changed' : kind).toBe(
            hadEnded ? 'none' : isTerminal(taskState) ? 'ended' : 'changed',
          );
          return kind;
        });
        const ends = sent.filter(isTerminal);
        expect(kinds.filter((kind) => kind === 'ended')).toHaveLength(Math.min(1, ends.length));
        expect(state.nodes['broker-0']?.taskState).toBe(ends[0] ?? sent.at(-1) ?? 'TASK_RUNNING');
      }),
    );
  });

  it.each(['broker-0.1', 'broker-0.2', 'broker-0.4', 'broker-9.1', 'controller-7.1', 'something-else', ''])(
    'of the task "%s", which is nobody\'s newest, changes nothing: a living one is a stray',
    (taskId) => {
      const state = atThirdLaunch();
      for (const taskState of STATES)
        expect(observe(state, taskId, taskState).kind, taskState).toBe(
          isTerminal(taskState) ? 'none' : 'stray',
        );
      expect(state).toEqual(atThirdLaunch());
    },
  );
});

describe('what an operation reports of nodes', () => {
  it('is taken over, and leaves the other nodes alone', () => {
    const state = newCluster();
    const before = structuredClone(state);
    const placed = {
      ...state.nodes['broker-0']!,
      status: 'PLACED' as const,
      placement: placementOf('broker-0'),
      launches: 1,
    };
    applyNodes(state, [placed]);
    expect(state.nodes).toEqual({ ...before.nodes, 'broker-0': placed });
  });

  it("does not overwrite what the entity heard of the task, unless the task is another's", () => {
    const state = runningCluster();
    observe(state, 'broker-0.1', 'TASK_UNREACHABLE');
    const reported = { ...state.nodes['broker-0']!, taskState: 'TASK_RUNNING' };
    applyNodes(state, [reported]);
    expect(state.nodes['broker-0']?.taskState).toBe('TASK_UNREACHABLE');
    applyNodes(state, [{ ...reported, launches: 2, taskState: null, status: 'STARTING' }]);
    expect(state.nodes['broker-0']).toMatchObject({ launches: 2, taskState: null, status: 'STARTING' });
  });

  it('tells the state of a task of which the entity has heard nothing', () => {
    const state = runningCluster();
    state.nodes['broker-0']!.taskState = null;
    applyNodes(state, [{ ...state.nodes['broker-0']!, taskState: 'TASK_RUNNING' }]);
    expect(state.nodes['broker-0']?.taskState).toBe('TASK_RUNNING');
  });

  it('cannot make a node READY whose task ended meanwhile', () => {
    const state = runningCluster();
    const starting = { ...state.nodes['broker-0']!, status: 'STARTING' as const };
    applyNodes(state, [starting]);
    observe(state, 'broker-0.1', 'TASK_FAILED');
    applyNodes(state, [{ ...starting, status: 'READY' }]);
    expect(state.nodes['broker-0']).toMatchObject({
      status: 'FAILED',
      taskState: 'TASK_FAILED',
      reason: 'its task ended TASK_FAILED',
    });
  });

  it('never leaves a READY node with a task that has ended', () => {
    const anyReport = fc.record({
      name: fc.constantFrom('broker-0', 'broker-1', 'controller-0'),
      status: fc.constantFrom('STARTING' as const, 'READY' as const, 'STOPPED' as const),
      launches: fc.integer({ min: 1, max: 3 }),
      taskState: fc.option(anyState, { nil: null }),
    });
    const anyNews = fc.oneof(fc.tuple(fc.integer({ min: 1, max: 3 }), anyState), anyReport);
    fc.assert(
      fc.property(fc.array(anyNews, { maxLength: 20 }), (news) => {
        const state = runningCluster();
        for (const piece of news) {
          if (Array.isArray(piece)) observe(state, `broker-0.${piece[0]}`, piece[1]);
          else applyNodes(state, [{ ...state.nodes[piece.name]!, ...piece }]);
          for (const { status, taskState } of Object.values(state.nodes))
            expect(status === 'READY' && isTerminal(taskState ?? '')).toBe(false);
        }
      }),
    );
  });
});

describe('the nodes to recover', () => {
  it('are those of a serving cluster that failed where they are placed', () => {
    const state = runningCluster();
    expect(nodesToRecover(state)).toEqual([]);
    observe(state, 'broker-1.1', 'TASK_FAILED');
    expect(nodesToRecover(state)).toEqual(['broker-1']);
    expect(nodesToRecover({ ...state, status: 'DEGRADED' })).toEqual(['broker-1']);
  });

  it('are none while an operation runs, nor of a cluster that does not serve', () => {
    const state = runningCluster();
    observe(state, 'broker-1.1', 'TASK_FAILED');
    expect(nodesToRecover({ ...state, operation: anOperation('install') })).toEqual([]);
    const recovery = { ...anOperation('recover'), nodes: ['broker-1'] };
    expect(nodesToRecover({ ...state, recoveries: [recovery] })).toEqual([]);
    expect(nodesToRecover({ ...state, recoveries: [{ ...recovery, nodes: ['broker-0'] }] })).toEqual([
      'broker-1',
    ]);
    for (const status of Object.values(CLUSTER_STATUS))
      if (status !== 'RUNNING' && status !== 'DEGRADED')
        expect(nodesToRecover({ ...state, status }), status).toEqual([]);
  });

  it('are always FAILED and placed', () => {
    fc.assert(
      fc.property(anyCluster, (cluster) => {
        for (const name of nodesToRecover({ ...cluster, status: 'DEGRADED' })) {
          expect(cluster.nodes[name]?.status).toBe('FAILED');
          expect(cluster.nodes[name]?.placement).not.toBeNull();
        }
      }),
    );
  });
});

describe('the tasks that a new session reconciles', () => {
  it('are the newest of each placed node of which Mesos has spoken, unless it has ended', () => {
    fc.assert(
      fc.property(anyCluster, (cluster) => {
        const expected = Object.values(cluster.nodes).filter(
          ({ placement, launches, taskState }) =>
            placement !== null && launches > 0 && taskState !== null && !isTerminal(taskState),
        );
        expect(knownTasks(cluster)).toEqual(
          expected.map(({ name, launches, placement, taskState }) => ({
            taskId: `${name}.${launches}`,
            agentId: placement?.agentId,
            state: taskState,
          })),
        );
      }),
    );
  });

  it('are never strays, and each names its node', () => {
    fc.assert(
      fc.property(anyCluster, (cluster) => {
        for (const { taskId } of knownTasks(cluster)) {
          const seen = observe(cluster, taskId, 'TASK_RUNNING');
          expect(seen).toEqual({ kind: 'changed', node: cluster.nodes[parseTaskId(taskId)!.node] });
        }
      }),
    );
  });
});
