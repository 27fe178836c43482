import { describe, expect, it } from 'vitest';
import type { ClusterState, NodeState } from '../../../src/model/cluster.ts';
import {
  adviceFor,
  explainPlaces,
  STAGE,
  waitingNodes,
  withOffers,
  type WaitingNode,
} from '../../../src/model/placement/explain.ts';
import type { AgentPicture, MesosPicture } from '../../../src/model/placement/picture.ts';
import { demandOf } from '../../../src/model/placement/demand.ts';
import { MAX_AGENTS_SHOWN, quotaProblems, verdictsOf } from '../../../src/model/placement/verdict.ts';
import { STATUS, type PlanProgress } from '../../../src/model/plan/plan.ts';
import { planInstall, planHash, planReplace } from '../../../src/model/plan/plans.ts';
import { beginProgress, setStep } from '../../../src/model/plan/progress.ts';
import { newCluster, placementOf, specOf } from '../clusters.ts';
import { anOperation } from '../operations.ts';

const picture = (agents: AgentPicture[], changes: Partial<MesosPicture> = {}): MesosPicture => ({
  agents,
  quotas: [],
  unknown: [],
  ...changes,
});
const agent = (n: number, changes: Partial<AgentPicture['free']> = {}, more: Partial<AgentPicture> = {}) => {
  const free = {
    agentId: `A${n}`,
    hostname: `h${n}`,
    attributes: {},
    cpus: 8,
    memMb: 16_384,
    diskMb: 65_536,
    ports: [{ begin: 1, end: 9 }],
    ...changes,
  };
  return { open: free, free, closed: [], notes: [], offeredTo: [], reservedFor: [], ...more };
};

function installing(): { state: ClusterState; progress: PlanProgress } {
  const state = newCluster(specOf(3, 1));
  state.operation = anOperation('install');
  const plan = planInstall(state);
  const progress = beginProgress(plan, {
    operationId: 'orders/install#1',
    planHash: planHash(plan),
    requestedBy: 'ann',
    nowMs: 1_000,
  });
  return { state, progress };
}
const change = (state: ClusterState, name: string, changes: Partial<NodeState>) => {
  state.nodes[name] = { ...state.nodes[name]!, ...changes };
};
const waiting = (...nodes: string[]): WaitingNode[] =>
  nodes.map((node) => ({
    node,
    kind: node.startsWith('broker') ? 'broker' : 'controller',
    stage: STAGE.PLACE,
    operationId: 'orders/install#1',
    status: STATUS.WAITING,
    sinceMs: 1_000,
  }));

describe('the nodes that wait', () => {
  it('are those whose step to place or start them is under way or failed, until their task runs', () => {
    const { state, progress } = installing();
    setStep(progress, 'place:broker-0', { status: STATUS.WAITING, reason: 'no offer', nowMs: 2_000 });
    setStep(progress, 'place:broker-1', { status: STATUS.COMPLETE, nowMs: 2_000 });
    setStep(progress, 'start:broker-1', { status: STATUS.RUNNING, nowMs: 3_000 });
    setStep(progress, 'start:broker-2', { status: STATUS.RUNNING, nowMs: 3_000 });
    setStep(progress, 'place:controller-0', { status: STATUS.FAILED, reason: 'refused', nowMs: 4_000 });
    change(state, 'broker-1', { status: 'PLACED', placement: placementOf('broker-1'), launches: 1 });
    change(state, 'broker-2', {
      status: 'STARTING',
      placement: placementOf('broker-2'),
      launches: 1,
      taskState: 'TASK_RUNNING',
    });
    expect(
      waitingNodes(state, [progress])
        .map(({ node, stage, status, sinceMs, reason }) => [node, stage, status, sinceMs, reason])
        .sort(),
    ).toEqual([
      ['broker-0', 'PLACE', 'WAITING', 2_000, 'no offer'],
      ['broker-1', 'LAUNCH', 'RUNNING', 3_000, undefined],
      ['controller-0', 'PLACE', 'FAILED', 4_000, 'refused'],
    ]);
    change(state, 'broker-2', { taskState: 'TASK_FAILED' });
    expect(waitingNodes(state, [progress]).map(({ node }) => node)).toContain('broker-2');
  });

  it('are those that are to go to another agent, and then be started there', () => {
    const state = newCluster(specOf(3, 1));
    state.operation = anOperation('replace', 2);
    const placement = placementOf('broker-0', { agentId: 'A1' });
    change(state, 'broker-0', { status: 'READY', placement, launches: 1, taskState: 'TASK_RUNNING' });
    const progress = beginProgress(planReplace(state, 'broker-0'), {
      operationId: 'orders/replace#2',
      planHash: '',
      requestedBy: 'ann',
      nowMs: 1_000,
    });
    setStep(progress, 'relocate:broker-0', { status: STATUS.WAITING, nowMs: 2_000 });
    expect(waitingNodes(state, [progress])).toMatchObject([
      { node: 'broker-0', stage: 'PLACE', leaves: 'A1' },
    ]);
    const next = placementOf('broker-0', { number: 2, agentId: 'A2' });
    change(state, 'broker-0', {
      status: 'STOPPED',
      taskState: 'TASK_KILLED',
      next: { placement: next, directoryId: 'd' },
    });
    setStep(progress, 'start:broker-0', { status: STATUS.RUNNING, nowMs: 3_000 });
    expect(waitingNodes(state, [progress])).toMatchObject([
      { node: 'broker-0', stage: 'LAUNCH', placement: { agentId: 'A2' } },
    ]);
  });

  it('are none when no operation runs, whatever an old one says', () => {
    const { state, progress } = installing();
    setStep(progress, 'place:broker-0', { status: STATUS.WAITING, nowMs: 2_000 });
    state.operation = null;
    expect(waitingNodes(state, [progress])).toEqual([]);
  });
});

describe('why nodes have no place', () => {
  const spec = specOf(3, 1);

  it('is said once for all nodes of a kind, agent by agent, those that come closest first', () => {
    const found = explainPlaces(
      picture([
        agent(1, { cpus: 0.5, memMb: 100 }),
        agent(2),
        agent(3, {}, { closed: ['agent is draining'], notes: ['scheduled for maintenance at noon'] }),
        agent(4, { cpus: 1 }, { reservedFor: [{ by: 'ops', amounts: { cpus: 7, memMb: 0, diskMb: 0 } }] }),
      ]),
      {
        spec,
        waiting: waiting('broker-1', 'broker-2'),
        placed: [{ name: 'broker-0', kind: 'broker', hostname: 'h2', attributes: {} }],
      },
    );
    expect(found).toHaveLength(1);
    const [brokers] = found;
    expect(brokers).toMatchObject({ nodes: ['broker-1', 'broker-2'], everywhere: [], agentsLeftOut: 0 });
    expect(brokers?.wants.slice(0, 2)).toEqual(['cpus 1.1', 'mem 2080 MB']);
    expect(brokers?.wants.at(-1)).toBe('hostname UNIQUE');
    expect(brokers?.agents.map(({ hostname, reasons }) => [hostname, ...reasons])).toEqual(
      [
        ['h2', 'hostname UNIQUE (broker-0 is there)'],
        ['h3', 'agent is draining'],
        ['h1', 'cpus 0.5 < 1.1', 'mem 100 MB < 2080 MB'],
        ['h4', 'cpus 1.0 < 1.1', 'reserved for role ops: cpus 7.0'],
      ].sort((a, b) => a.length - b.length),
    );
    expect(brokers?.agents.find(({ hostname }) => hostname === 'h3')?.notes).toEqual([
      'scheduled for maintenance at noon',
    ]);
    expect(brokers?.advice).toEqual([
      'bring back h3: it would fit there',
      'loosen placement.brokers: h2 would have room for it',
      'free resources on h1, h4',
      expect.stringMatching(
        /^add an agent with at least cpus 1\.1, mem 2080 MB, disk \d+ MB, a port, on which/,
      ),
      'abort the operation, and install with a spec that wants less',
    ]);
  });

  it('is said for a node that leaves its agent alone, and never of that agent', () => {
    const found = explainPlaces(picture([agent(1), agent(2, { cpus: 0 })]), {
      spec,
      waiting: [{ ...waiting('broker-0')[0]!, leaves: 'A1' }, ...waiting('broker-1')],
      placed: [{ name: 'broker-0', kind: 'broker', hostname: 'h1', attributes: {} }],
    });
    expect(found.map(({ nodes }) => nodes)).toEqual([['broker-0'], ['broker-1']]);
    expect(found[0]?.agents.map(({ hostname, reasons }) => [hostname, ...reasons])).toEqual([
      ['h1', 'broker-0 leaves this agent'],
      ['h2', 'cpus 0.0 < 1.1'],
    ]);
    expect(found[0]?.advice[0]).toBe('free resources on h2');
  });

  it('is a MOUNT disk that is too small, with the largest that there is', () => {
    const mount = { ...spec, brokers: { ...spec.brokers, disk: { type: 'MOUNT' as const, sizeMb: 10_240 } } };
    const [found] = explainPlaces(picture([agent(1)]), {
      spec: mount,
      waiting: waiting('broker-0'),
      placed: [],
    });
    expect(found?.agents[0]?.reasons).toEqual(['MOUNT disk 0 MB < 10240 MB']);
    expect(found?.wants).toContain('MOUNT disk of 10240 MB');
  });

  it('is that there is no agent, or no room in the quota', () => {
    const none = explainPlaces(picture([]), { spec, waiting: waiting('broker-0'), placed: [] });
    expect(none[0]?.everywhere).toEqual(['no agent is registered with Mesos']);
    expect(none[0]?.advice[0]).toMatch(/^add an agent/);
    const quotas = [{ role: 'orders-role', limits: { cpus: 4 }, consumed: { cpus: 4 } }];
    const [full] = explainPlaces(picture([agent(1)], { quotas }), {
      spec,
      waiting: waiting('broker-0'),
      placed: [],
    });
    expect(full?.everywhere).toEqual([
      'quota of role orders-role exhausted: cpus limit 4.0, consumed 4.0, wanted 1.1',
    ]);
    expect(full?.advice).toEqual(['raise the quota of the role, or free what the role uses']);
  });

  it('is only a matter of the next offer where an agent has all of it', () => {
    const [found] = explainPlaces(picture([agent(1), agent(2, { cpus: 0 })]), {
      spec,
      waiting: waiting('broker-0'),
      placed: [],
    });
    expect(found?.agents[0]).toMatchObject({ hostname: 'h1', fits: true, reasons: [] });
    expect(found?.advice).toEqual([expect.stringMatching(/^nothing: it goes to one of h1/)]);
    const [noted] = withOffers(
      [found!],
      [
        {
          atMs: 5,
          agentId: 'A1',
          offerId: 'o1',
          hostname: 'h1',
          offered: '',
          outcome: 'declined',
          reason: '',
        },
        { atMs: 9, agentId: 'A1', offerId: 'o2', hostname: 'h1', offered: '', outcome: 'held', reason: '' },
      ],
    );
    expect(noted?.agents.map(({ offeredAtMs }) => offeredAtMs)).toEqual([9, undefined]);
  });

  it('names no more agents than can be read, and counts the others', () => {
    const many = Array.from({ length: MAX_AGENTS_SHOWN + 7 }, (_, n) => agent(n, { cpus: 0 }));
    const demand = demandOf(spec, { name: 'broker-0', kind: 'broker' });
    const { agents, leftOut } = verdictsOf(many, demand, []);
    expect([agents.length, leftOut]).toEqual([MAX_AGENTS_SHOWN, 7]);
    expect(adviceFor(demand, { quota: false, agents })[0]).toBe('free resources on h0, h1, h10');
  });
});

describe('a quota', () => {
  const demand = { cpus: 0.1, memMb: 100, diskMb: 100 };
  it('has room up to its limit, exactly, for all demands together', () => {
    const quota = (cpus: number) => [{ role: 'r', limits: { cpus }, consumed: { cpus: 0.1 } }];
    expect(quotaProblems(quota(0.3), [demand, demand])).toEqual([]);
    expect(quotaProblems(quota(0.299), [demand, demand])).toHaveLength(1);
  });
  it('limits only what it names', () => {
    expect(quotaProblems([{ role: 'r', limits: {}, consumed: { cpus: 99 } }], [demand])).toEqual([]);
    expect(quotaProblems([{ role: 'r', limits: { mem: 50, disk: 50 }, consumed: {} }], [demand])).toEqual([
      'quota of role r exhausted: mem limit 50 MB, consumed 0 MB, wanted 100 MB',
      'quota of role r exhausted: disk limit 50 MB, consumed 0 MB, wanted 100 MB',
    ]);
  });
});
