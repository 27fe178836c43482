// A gateway whose answers a test sets, and which remembers what it was asked.
import type { Gateway } from '../../src/api/gateway.ts';
import { clusterSpecSchema } from '../../src/model/spec/schema.ts';
import type { ClusterState } from '../../src/model/cluster.ts';
import { initialState } from '../../src/model/initial-state.ts';
import { beginProgress } from '../../src/model/plan/progress.ts';
import { planHash, planInstall } from '../../src/model/plan/plans.ts';
import type { PlanProgress } from '../../src/model/plan/plan.ts';

export interface FakeGateway extends Gateway {
  asked: unknown[][];
}

/** The state of a cluster `orders` whose nodes are placed on 127.0.0.1 to 127.0.0.6. */
export function sampleState(name = 'orders'): ClusterState {
  let n = 0;
  const uuid4 = () => `00000000-0000-4000-8000-${String((n += 1)).padStart(12, '0')}`;
  const spec = clusterSpecSchema.parse({ name, role: 'r' });
  const state: ClusterState = { ...initialState(spec, { uuid4, nowMs: 1000 }), operation: null };
  for (const [index, node] of Object.values(state.nodes).entries()) {
    node.placement = {
      number: 1,
      agentId: `agent-${index}`,
      hostname: `127.0.0.${index + 1}`,
      port: 9000 + index,
      volumeId: `v${index}`,
      cpus: 1,
      memMb: 1,
      diskMb: 1,
      attributes: {},
    };
  }
  return state;
}

/** The progress of an install of that cluster before its first step. */
export function sampleProgress(name = 'orders'): PlanProgress {
  const plan = planInstall(sampleState(name));
  return beginProgress(plan, {
    operationId: `${name}/install#1`,
    planHash: planHash(plan),
    requestedBy: 'test',
    nowMs: 1000,
  });
}

/** Answers about `orders`; `answers` replaces single functions. */
export function fakeGateway(answers: Partial<Gateway> = {}): FakeGateway {
  const asked: unknown[][] = [];
  const plan = planInstall(sampleState());
  const accepted = {
    operationId: 'orders/install#1',
    workflowId: 'kafka/orders/install#1',
    plan,
    planHash: planHash(plan),
  };
  const gateway: Gateway = {
    install: async () => accepted,
    uninstall: async () => accepted,
    recover: async () => accepted,
    replace: async () => accepted,
    adopt: async () => accepted,
    change: async () => accepted,
    planChange: async () => ({
      unchanged: true,
      generation: 1,
      operation: null,
      planHash: null,
      plan: null,
      moves: null,
    }),
    cluster: async () => sampleState(),
    why: async () => ({ state: sampleState(), waiting: [], answer: null }),
    preflight: async () => ({
      answer: {
        atMs: 1000,
        agents: 1,
        nodes: [],
        tight: false,
        quota: [],
        frameworksInRole: [],
        unknown: [],
      },
      existing: null,
      roleHolder: null,
    }),
    clusters: async () => [{ name: 'orders', state: sampleState() }],
    operations: async () => [],
    progress: async () => sampleProgress(),
    plan: async () => plan,
    tell: async () => sampleProgress(),
    ready: async () => undefined,
    ...answers,
  };
  const noted = Object.fromEntries(
    Object.entries(gateway).map(([name, call]) => [
      name,
      (...args: unknown[]) => {
        asked.push([name, ...args]);
        return (call as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as Gateway;
  return { ...noted, asked };
}
