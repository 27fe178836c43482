// When nodes of lost agents are replaced, agents are drained, and tasks that end again and again are launched.
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { ClusterState, OperationRecord } from '../../src/model/cluster.ts';
import { observeTask } from '../../src/model/entity.ts';
import {
  BY_ITSELF,
  DRAIN_LEAD_MS,
  nextDrain,
  nextReplacement,
  strayPlaces,
} from '../../src/model/recovery.ts';
import { backoffSeconds, recoveryPolicy } from '../../src/model/recovery-policy.ts';
import { runningCluster } from './clusters.ts';

const lose = (state: ClusterState, node: string, atMs: number, taskState = 'TASK_UNREACHABLE') =>
  observeTask(state, { taskId: `${node}.1`, agentId: 'agent', state: taskState }, atMs);

function withPolicy(policy: Partial<ClusterState['spec']['recovery']>): ClusterState {
  const state = runningCluster();
  state.spec.recovery = { ...recoveryPolicy(state.spec), ...policy };
  return state;
}

function record(kind: OperationRecord['kind'], about: Partial<OperationRecord> = {}): OperationRecord {
  return {
    id: `orders/${kind}#9`,
    kind,
    state: 'RUNNING',
    requestedBy: BY_ITSELF,
    startedAtMs: 0,
    planHash: '',
    ...about,
  };
}

describe('a replacement that nobody asked for', () => {
  it('never comes for an agent that is out of reach when the spec names no time', () => {
    const state = runningCluster();
    lose(state, 'broker-0', 1_000);
    expect(nextReplacement(state)).toBeNull();
  });

  it('is due when the agent has been out of reach for as long as the spec says', () => {
    const state = withPolicy({ replaceAfterSeconds: 60 });
    expect(nextReplacement(state)).toBeNull();
    lose(state, 'broker-0', 1_000);
    lose(state, 'broker-1', 5_000);
    expect(nextReplacement(state)).toMatchObject({ nodes: ['broker-0'], atMs: 61_000 });
    lose(state, 'broker-0', 70_000, 'TASK_RUNNING');
    expect(nextReplacement(state)).toMatchObject({ nodes: ['broker-1'], atMs: 65_000 });
  });

  it('is due at once for an agent that an operator removed, whatever the spec says', () => {
    const state = runningCluster();
    lose(state, 'broker-1', 1_000, 'TASK_GONE_BY_OPERATOR');
    expect(nextReplacement(state)).toMatchObject({
      nodes: ['broker-1'],
      atMs: 0,
      reason: expect.stringContaining('removed by an operator') as string,
    });
  });

  it('waits for the one that runs, and keeps its distance from the last', () => {
    const state = withPolicy({ replaceAfterSeconds: 60, minSecondsBetweenReplacements: 600 });
    lose(state, 'broker-0', 0);
    state.recoveries = [record('replace', { nodes: ['broker-1'] })];
    expect(nextReplacement(state)).toBeNull();
    state.recoveries = [];
    state.history = [
      record('replace', { startedAtMs: 100_000 }),
      record('replace', { startedAtMs: 900_000, requestedBy: 'a person' }),
      record('recover', { startedAtMs: 900_000 }),
    ];
    expect(nextReplacement(state)?.atMs).toBe(700_000);
  });

  it('takes a node over from its recovery, and from no other operation', () => {
    const state = withPolicy({ replaceAfterSeconds: 60 });
    lose(state, 'broker-0', 0);
    state.recoveries = [record('recover', { nodes: ['broker-0'] })];
    expect(nextReplacement(state)?.nodes).toEqual(['broker-0']);
    state.recoveries = [record('drain', { nodes: ['broker-0'] })];
    expect(nextReplacement(state)).toBeNull();
  });

  it('does not come again for a node whose replacement was aborted, nor without a framework', () => {
    const state = withPolicy({ replaceAfterSeconds: 60 });
    lose(state, 'broker-0', 0);
    state.sessionProblem = { code: 'FRAMEWORK_REMOVED', reason: 'removed' };
    expect(nextReplacement(state)).toBeNull();
    state.sessionProblem = null;
    state.nodes['broker-0']!.replacementAborted = true;
    expect(nextReplacement(state)).toBeNull();
  });

  it('is of one node that is not ready, and never in the past of its loss', () => {
    const STATES = ['TASK_UNREACHABLE', 'TASK_LOST', 'TASK_RUNNING', 'TASK_GONE', 'TASK_GONE_BY_OPERATOR'];
    const change = fc.record({
      node: fc.constantFrom('broker-0', 'broker-1', 'controller-0'),
      taskState: fc.constantFrom(...STATES),
      atMs: fc.nat(1_000_000),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 8 }),
        fc.option(fc.integer({ min: 60, max: 999 })),
        (changes, after) => {
          const state = withPolicy(after === null ? {} : { replaceAfterSeconds: after });
          for (const { node, taskState, atMs } of changes) lose(state, node, atMs, taskState);
          const due = nextReplacement(state);
          if (!due) return;
          expect(due.nodes).toHaveLength(1);
          const node = state.nodes[due.nodes[0]!]!;
          expect(node.status).not.toBe('READY');
          if (node.taskState === 'TASK_GONE_BY_OPERATOR') return;
          expect(due.atMs).toBe(node.unreachableSinceMs! + after! * 1000);
        },
      ),
    );
  });
});

describe('a drain', () => {
  const window = { startMs: 100 * DRAIN_LEAD_MS };

  it('is due some minutes before the maintenance of an agent, for the ready nodes on it', () => {
    const state = runningCluster();
    const { agentId } = state.nodes['broker-1']!.placement!;
    state.maintenance = { elsewhere: window };
    expect(nextDrain(state, 0)).toBeNull();
    state.maintenance = { elsewhere: window, [agentId]: window };
    expect(nextDrain(state, 0)).toMatchObject({
      nodes: Object.values(state.nodes)
        .filter(({ placement }) => placement?.agentId === agentId)
        .map(({ name }) => name),
      atMs: 99 * DRAIN_LEAD_MS,
    });
  });

  it('comes once a window: not again after it ended, nor for nodes that an operation holds', () => {
    const state = runningCluster();
    const { agentId } = state.nodes['broker-1']!.placement!;
    const nodes = Object.keys(state.nodes);
    state.maintenance = { [agentId]: window };
    state.recoveries = [record('recover', { nodes })];
    expect(nextDrain(state, 0)).toBeNull();
    state.recoveries = [];
    state.history = [record('drain', { nodes, windowStartMs: window.startMs })];
    expect(nextDrain(state, 0)).toBeNull();
    state.history = [record('drain', { nodes, windowStartMs: window.startMs + 1 })];
    expect(nextDrain(state, 0)).not.toBeNull();
    state.maintenance = { [agentId]: { ...window, endMs: window.startMs + 1 } };
    expect(nextDrain(state, window.startMs + 2)).toBeNull();
  });
});

describe('a place that Mesos holds for a node', () => {
  const place = (node: string, placementNumber: number) => ({ node, placementNumber });
  const moved = () => {
    const state = runningCluster();
    const node = state.nodes['broker-1']!;
    node.lastPlace = 2;
    node.placement = { ...node.placement!, number: 2 };
    return state;
  };

  it('is to be released when the node is ready elsewhere, and not before', () => {
    const state = moved();
    const held = [place('broker-1', 1), place('broker-1', 2), place('broker-0', 1)];
    expect(strayPlaces(state, held)).toEqual([place('broker-1', 1)]);
    state.nodes['broker-1']!.status = 'STARTING';
    expect(strayPlaces(state, held)).toEqual([]);
  });

  it('is to be released when it was reserved for a move that was aborted', () => {
    const state = runningCluster();
    state.nodes['broker-1']!.lastPlace = 2;
    expect(strayPlaces(state, [place('broker-1', 2)])).toEqual([place('broker-1', 2)]);
    state.nodes['broker-1']!.next = {
      directoryId: 'x',
      placement: { ...state.nodes['broker-1']!.placement!, number: 2 },
    };
    expect(strayPlaces(state, [place('broker-1', 2)])).toEqual([]);
  });

  it('is left alone while an operation may want it, and when nobody knows it', () => {
    const state = moved();
    state.recoveries = [record('replace', { nodes: ['broker-1'] })];
    expect(strayPlaces(state, [place('broker-1', 1)])).toEqual([]);
    state.recoveries = [];
    expect(strayPlaces(state, [place('broker-1', 3), place('broker-9', 1)])).toEqual([]);
    state.operation = record('uninstall');
    expect(strayPlaces(state, [place('broker-1', 1)])).toEqual([]);
  });
});

describe('the pause before a launch', () => {
  it('doubles with each end in a row, from the first to the longest of the spec', () => {
    const policy = { ...recoveryPolicy({}), backoff: { initialSeconds: 5, maxSeconds: 60 } };
    expect([1, 2, 3, 4, 5, 6, 1000].map((ends) => backoffSeconds(policy, ends))).toEqual([
      5, 10, 20, 40, 60, 60, 60,
    ]);
  });
});
