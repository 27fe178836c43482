import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../../src/model/cluster.ts';
import type { Plan, StepAction } from '../../../src/model/plan/plan.ts';
import { planInstall, planRecover, planUninstall } from '../../../src/model/plan/plans.ts';
import { anyCluster, anySpec, newCluster, runningCluster, specOf } from '../clusters.ts';

const stepsOf = (plan: Plan) => plan.phases.flatMap((phase) => phase.steps);
const idsOf = (plan: Plan, kind: StepAction['kind']) =>
  stepsOf(plan)
    .filter(({ action }) => action.kind === kind)
    .map(({ id }) => id);
const nodesIn = (plan: Plan, kind: StepAction['kind']) =>
  stepsOf(plan).flatMap(({ action }) => (action.kind === kind && 'node' in action ? [action.node] : []));
const namesOf = (cluster: ClusterState, kind?: string) =>
  Object.values(cluster.nodes)
    .filter((node) => kind === undefined || node.kind === kind)
    .map(({ name }) => name);

/** Every phase that must have ended before this one begins. */
function before(plan: Plan, name: string, seen = new Set<string>()): Set<string> {
  for (const earlier of plan.phases.find((phase) => phase.name === name)?.after ?? []) {
    if (seen.has(earlier)) continue;
    seen.add(earlier);
    before(plan, earlier, seen);
  }
  return seen;
}

/** Whether the plan lets the second step begin only when the first has ended. */
function isOrdered(plan: Plan, first: string, second: string): boolean {
  const phaseOf = (id: string) => plan.phases.find((phase) => phase.steps.some((step) => step.id === id))!;
  const [a, b] = [phaseOf(first), phaseOf(second)];
  if (a !== b) return before(plan, b.name).has(a.name);
  const at = (id: string) => a.steps.findIndex((step) => step.id === id);
  return a.strategy === 'serial' && at(first) < at(second);
}

function expectOrder(plan: Plan, first: readonly string[], second: readonly string[]): void {
  const unordered = first.flatMap((a) =>
    second.filter((b) => !isOrdered(plan, a, b)).map((b) => `${a} → ${b}`),
  );
  expect(unordered, JSON.stringify(plan.phases)).toEqual([]);
}

/** What holds for every plan: ids are unique, phases name phases that there are, none waits for itself, none is empty. */
function expectSound(plan: Plan): void {
  const ids = stepsOf(plan).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const names = plan.phases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, after, steps } of plan.phases) {
    expect(names).toEqual(expect.arrayContaining(after));
    expect(before(plan, name)).not.toContain(name);
    expect(steps).not.toEqual([]);
  }
}

const sorted = (values: readonly string[]) => [...values].sort();

/** A plan in a few lines: `brokers after reserve, parallel: start:broker-0 start:broker-1`. */
const outline = (plan: Plan) =>
  plan.phases.map(
    ({ name, after, strategy, steps }) =>
      `${name} after ${after.join(' and ') || 'nothing'}, ${strategy}: ${steps.map(({ id }) => id).join(' ')}`,
  );

describe('the plan of an install', () => {
  it('reads so for two brokers and a controller', () => {
    expect(outline(planInstall(newCluster(specOf(2, 1))))).toEqual([
      'reserve after nothing, parallel: place:controller-0 place:broker-0 place:broker-1',
      'controllers after reserve, parallel: start:controller-0',
      'brokers after reserve, parallel: start:broker-0 start:broker-1',
      'verify after controllers and brokers, serial: verify',
    ]);
  });

  it('covers the spec: each node is placed once and started once, and the cluster is verified once', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const cluster = newCluster(spec);
        const plan = planInstall(cluster);
        expectSound(plan);
        expect(plan).toMatchObject({ operation: 'install', cluster: spec.name });
        const nodes = sorted(namesOf(cluster));
        expect(nodes).toHaveLength(spec.brokers.count + spec.controllers.count);
        expect(sorted(nodesIn(plan, 'place'))).toEqual(nodes);
        expect(sorted(nodesIn(plan, 'start'))).toEqual(nodes);
        expect(stepsOf(plan)).toHaveLength(2 * nodes.length + 1);
        expect(idsOf(plan, 'verify')).toEqual(['verify']);
      }),
    );
  });

  it('starts nothing before everything is placed, and verifies when everything has started', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const plan = planInstall(newCluster(spec));
        expectOrder(plan, idsOf(plan, 'place'), idsOf(plan, 'start'));
        expectOrder(plan, idsOf(plan, 'start'), ['verify']);
      }),
    );
  });

  it('lets brokers start beside their controllers', () => {
    const plan = planInstall(newCluster(specOf(3, 3)));
    expect(isOrdered(plan, 'start:controller-0', 'start:broker-0')).toBe(false);
    expect(isOrdered(plan, 'start:broker-0', 'start:controller-0')).toBe(false);
  });

  it('does not depend on the order in which the state lists the nodes', () => {
    const cluster = newCluster(specOf(12, 3));
    const reversed = Object.fromEntries(Object.entries(cluster.nodes).reverse());
    expect(planInstall({ ...cluster, nodes: reversed })).toEqual(planInstall(cluster));
    expect(nodesIn(planInstall(cluster), 'start').slice(-3)).toEqual(['broker-9', 'broker-10', 'broker-11']);
  });

  it('names node and work in the title of each step', () => {
    for (const { title, action } of stepsOf(planInstall(newCluster())))
      if ('node' in action) expect(title).toContain(action.node);
  });
});

describe('the plan of an uninstall', () => {
  it('reads so for two brokers and a controller that run', () => {
    expect(outline(planUninstall(runningCluster(specOf(2, 1))))).toEqual([
      'stop brokers after nothing, parallel: stop:broker-0 stop:broker-1',
      'stop controllers after stop brokers, parallel: stop:controller-0',
      'release after stop controllers, parallel: release:controller-0 release:broker-0 release:broker-1',
      'deregister after release, serial: deregister',
    ]);
  });

  it('stops exactly what was launched and releases exactly what is not released', () => {
    fc.assert(
      fc.property(anyCluster, (cluster) => {
        const plan = planUninstall(cluster);
        expectSound(plan);
        expect(plan).toMatchObject({ operation: 'uninstall', cluster: cluster.name });
        const held = Object.values(cluster.nodes).filter(({ status }) => status !== 'RELEASED');
        const wasLaunched = held.filter(({ launches }) => launches > 0);
        expect(sorted(nodesIn(plan, 'stop'))).toEqual(sorted(wasLaunched.map(({ name }) => name)));
        expect(sorted(nodesIn(plan, 'release'))).toEqual(sorted(held.map(({ name }) => name)));
        expect(stepsOf(plan)).toHaveLength(wasLaunched.length + held.length + 1);
      }),
    );
  });

  it('stops brokers before controllers, releases when all is stopped, and deregisters last', () => {
    fc.assert(
      fc.property(anyCluster, (cluster) => {
        const plan = planUninstall(cluster);
        const stops = (kind: string) => idsOf(plan, 'stop').filter((id) => id.startsWith(`stop:${kind}-`));
        expectOrder(plan, stops('broker'), stops('controller'));
        expectOrder(plan, idsOf(plan, 'stop'), idsOf(plan, 'release'));
        expectOrder(plan, [...idsOf(plan, 'stop'), ...idsOf(plan, 'release')], ['deregister']);
        expect(stepsOf(plan).at(-1)?.action).toEqual({ kind: 'deregister' });
      }),
    );
  });

  it('only deregisters when everything is released already', () => {
    const cluster = runningCluster();
    for (const node of Object.values(cluster.nodes))
      Object.assign(node, { status: 'RELEASED', placement: null });
    expect(outline(planUninstall(cluster))).toEqual(['deregister after nothing, serial: deregister']);
  });
});

describe('the plan of a recovery', () => {
  it('starts exactly the named nodes, all at once', () => {
    const named = anyCluster.chain((cluster) =>
      fc.record({ cluster: fc.constant(cluster), names: fc.shuffledSubarray(namesOf(cluster)) }),
    );
    fc.assert(
      fc.property(named, ({ cluster, names }) => {
        const plan = planRecover(cluster, names);
        expectSound(plan);
        expect(plan).toMatchObject({ operation: 'recover', cluster: cluster.name });
        expect(stepsOf(plan)).toHaveLength(names.length);
        expect(sorted(nodesIn(plan, 'start'))).toEqual(sorted(names));
        // None waits for another: controllers need a majority, and a replica its leader.
        for (const { after, strategy } of plan.phases) expect([after, strategy]).toEqual([[], 'parallel']);
        for (const { name, steps } of plan.phases)
          for (const { action } of steps)
            expect(`${'node' in action ? cluster.nodes[action.node]!.kind : ''}s`).toBe(name);
      }),
    );
  });

  it('takes a node that is named twice once, and passes over one that the cluster does not have', () => {
    expect(nodesIn(planRecover(newCluster(), ['broker-1', 'broker-7', 'broker-1']), 'start')).toEqual([
      'broker-1',
    ]);
  });
});
