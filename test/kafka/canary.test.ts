// Where the canary's replicas and records go.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCanaryRecords } from '../../src/kafka/canary-records.ts';
import { layOutCanary } from '../../src/kafka/canary-topic.ts';

describe('the canary', () => {
  it('lets each broker lead one partition and hold as many replicas as any other', () => {
    const brokerIds = fc.uniqueArray(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(brokerIds, (ids) => {
        const layout = layOutCanary(ids);
        const replicationFactor = Math.min(3, ids.length);
        expect(layout.map((replicas) => replicas[0]).sort()).toEqual([...ids].sort());
        for (const replicas of layout) expect(new Set(replicas).size).toBe(replicationFactor);
        for (const id of ids)
          expect(layout.flat().filter((broker) => broker === id)).toHaveLength(replicationFactor);
      }),
    );
  });

  it('spreads its records over all partitions, each under a key that no other run uses', () => {
    const records = makeCanaryRecords('run-1', 300, 3);
    expect([0, 1, 2].map((at) => records.filter((record) => record.partition === at).length)).toEqual([
      100, 100, 100,
    ]);
    const keys = new Set([...records, ...makeCanaryRecords('run-2', 300, 3)].map((record) => record.key));
    expect(keys.size).toBe(600);
  });
});
