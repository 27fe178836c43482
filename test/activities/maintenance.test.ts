// What Mesos is answered when it asks for an agent, and what the entity is told.
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Client } from '@temporalio/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerInverseOffers, type MaintenanceDeps } from '../../src/activities/maintenance.ts';
import type { InverseOffer, SchedulerCall } from '../../src/mesos/types.ts';
import type { ClusterState } from '../../src/model/cluster.ts';
import { runningCluster } from '../model/clusters.ts';

const START_MS = 1_800_000_000_000;
let state: ClusterState;
let calls: SchedulerCall[];
let told: unknown[];
let deps: MaintenanceDeps;
beforeEach(() => {
  state = runningCluster();
  calls = [];
  told = [];
  const handle = {
    signal: async (_signal: unknown, message: unknown) => {
      told.push(message);
    },
    query: async () => state,
  };
  deps = {
    client: { workflow: { getHandle: () => handle } } as unknown as Client,
    mesos: { masters: [] },
    cluster: 'orders',
    scheduler: {
      call: async (call) => {
        calls.push(call);
      },
    },
    announced: new Map(),
  };
});

function inverseOffer(agent: string | undefined, startMs = START_MS, durationMs?: number): InverseOffer {
  return {
    id: { value: `inverse-${agent ?? 'framework'}` },
    framework_id: { value: 'framework' },
    ...(agent === undefined ? {} : { agent_id: { value: agent } }),
    unavailability: {
      start: { nanoseconds: startMs * 1_000_000 },
      ...(durationMs === undefined ? {} : { duration: { nanoseconds: durationMs * 1_000_000 } }),
    },
  };
}

const answer = (...offers: InverseOffer[]) =>
  new MockActivityEnvironment().run(() => answerInverseOffers(deps, offers));
const agentOf = (node: string) => state.nodes[node]!.placement!.agentId;

describe('an inverse offer', () => {
  it('is declined while a node of the cluster runs on the agent, and accepted when it has ended', async () => {
    await answer(inverseOffer(agentOf('broker-0')));
    expect(calls.map(({ type }) => type)).toEqual(['DECLINE_INVERSE_OFFERS']);
    for (const node of Object.values(state.nodes))
      if (node.placement?.agentId === agentOf('broker-0')) node.taskState = 'TASK_KILLED';
    await answer(inverseOffer(agentOf('broker-0')));
    expect(calls[1]).toMatchObject({
      type: 'ACCEPT_INVERSE_OFFERS',
      accept_inverse_offers: { inverse_offer_ids: [{ value: `inverse-${agentOf('broker-0')}` }] },
    });
  });

  it('is told to the entity once, and again when the window has changed', async () => {
    const agent = agentOf('broker-0');
    await answer(inverseOffer(agent));
    await answer(inverseOffer(agent));
    await answer(inverseOffer(agent, START_MS, 60_000));
    expect(told).toEqual([
      { agentId: agent, window: { startMs: START_MS } },
      { agentId: agent, window: { startMs: START_MS, endMs: START_MS + 60_000 } },
    ]);
  });

  it('for an agent without nodes of the cluster is accepted, and one that names no agent is left to those that do', async () => {
    await answer(inverseOffer('elsewhere'), inverseOffer(undefined));
    expect(calls.map(({ type }) => type)).toEqual(['ACCEPT_INVERSE_OFFERS']);
  });
});
