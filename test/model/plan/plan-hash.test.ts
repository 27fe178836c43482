import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/model/plan/plan.ts';
import { planHash, planInstall, planRecover, planUninstall } from '../../../src/model/plan/plans.ts';
import { anyCluster, newCluster, specOf } from '../clusters.ts';

const anyPlan: fc.Arbitrary<Plan> = anyCluster.chain((cluster) =>
  fc.constantFrom(planInstall(cluster), planUninstall(cluster), planRecover(cluster, ['broker-0'])),
);

/** The same data with the keys of each object the other way round. */
function withKeysReversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withKeysReversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, withKeysReversed(member)]),
  );
}

const CHANGES: Record<string, (plan: Plan) => void> = {
  operation: (plan) => (plan.operation = plan.operation === 'install' ? 'recover' : 'install'),
  cluster: (plan) => (plan.cluster += 'x'),
  'a step left out': (plan) => plan.phases.at(-1)!.steps.pop(),
  'a step more': (plan) =>
    plan.phases.at(-1)!.steps.push({ id: 'new', title: 'new', action: { kind: 'verify' } }),
  'a phase left out': (plan) => plan.phases.shift(),
  'the name of a phase': (plan) => (plan.phases[0]!.name += 'x'),
  'what a phase waits for': (plan) => plan.phases[0]!.after.push('x'),
  strategy: (plan) =>
    (plan.phases[0]!.strategy = plan.phases[0]!.strategy === 'serial' ? 'parallel' : 'serial'),
  title: (plan) => (plan.phases[0]!.steps[0]!.title += ' '),
  id: (plan) => (plan.phases[0]!.steps[0]!.id += 'x'),
  action: (plan) => (plan.phases[0]!.steps[0]!.action = { kind: 'release', node: 'another' }),
};

describe('the hash of a plan', () => {
  it('is the same for the same plan, whatever the order of its keys', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        expect(planHash(plan)).toMatch(/^[0-9a-f]{64}$/);
        expect(planHash(withKeysReversed(plan) as Plan)).toBe(planHash(plan));
        expect(planHash(JSON.parse(JSON.stringify(plan)) as Plan)).toBe(planHash(plan));
      }),
    );
  });

  it.each(Object.keys(CHANGES))('changes with a change of: %s', (change) => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const changed = structuredClone(plan);
        CHANGES[change]!(changed);
        expect(planHash(changed)).not.toBe(planHash(plan));
      }),
    );
  });

  it('changes with the order of the steps', () => {
    const plan = planInstall(newCluster());
    const reordered = structuredClone(plan);
    reordered.phases[0]!.steps.reverse();
    expect(planHash(reordered)).not.toBe(planHash(plan));
  });

  it('differs between operations and between sizes of a cluster', () => {
    const clusters = [1, 2, 3].flatMap((brokers) =>
      [1, 3].map((count) => newCluster(specOf(brokers, count))),
    );
    const plans = clusters.flatMap((cluster) => [planInstall(cluster), planUninstall(cluster)]);
    expect(new Set(plans.map(planHash)).size).toBe(plans.length);
  });
});
