import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState } from '../../src/model/initial-state.ts';
import { FIRST_CONTROLLER_NODE_ID } from '../../src/model/node-ids.ts';
import { anySpec, countingUuids, specOf } from './clusters.ts';

const KAFKA_UUID = /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/;
const stateOf = (spec = specOf(2, 1), uuid4 = countingUuids()) => initialState(spec, { uuid4, nowMs: 5 });

describe('the first state of a cluster', () => {
  it('is new, of generation 1, without session and history', () => {
    expect(stateOf()).toMatchObject({
      name: 'orders',
      spec: specOf(2, 1),
      generation: 1,
      status: 'INSTALLING',
      session: null,
      sessionProblem: null,
      history: [],
      createdAtMs: 5,
    });
  });

  it('has a planned node for each that the spec counts, numbered from 0', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const { nodes } = stateOf(spec);
        const expected = (kind: 'broker' | 'controller', count: number, firstId: number) =>
          Array.from({ length: count }, (_, index) => ({
            name: `${kind}-${index}`,
            kind,
            nodeId: firstId + index,
          }));
        expect(Object.values(nodes).map(({ name, kind, nodeId }) => ({ name, kind, nodeId }))).toEqual([
          ...expected('controller', spec.controllers.count, FIRST_CONTROLLER_NODE_ID),
          ...expected('broker', spec.brokers.count, 0),
        ]);
        for (const [key, node] of Object.entries(nodes)) {
          expect(node).toMatchObject({ status: 'PLANNED', placement: null, launches: 0, taskState: null });
          expect(key).toBe(node.name);
        }
      }),
    );
  });

  it('gives each node an id and a directory id of its own', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const { nodes, kafkaClusterId } = stateOf(spec);
        const ids = Object.values(nodes).map(({ nodeId }) => nodeId);
        const uuids = [...Object.values(nodes).map(({ directoryId }) => directoryId), kafkaClusterId];
        expect(new Set(ids).size).toBe(ids.length);
        expect(new Set(uuids).size).toBe(uuids.length);
        for (const uuid of uuids) expect(uuid).toMatch(KAFKA_UUID);
      }),
    );
  });

  it('keeps brokers below the ids of controllers, in the largest cluster too', () => {
    const { nodes } = stateOf(specOf(1_000, 9));
    const ids = Object.values(nodes).map(({ nodeId }) => nodeId);
    expect(new Set(ids).size).toBe(1_009);
    expect(nodes['broker-999']!.nodeId).toBeLessThan(FIRST_CONTROLLER_NODE_ID);
  });

  it('names the framework after cluster and incarnation, so that a cluster installed again gets another', () => {
    const uuids = countingUuids();
    const spec = specOf(1, 1, 'team/orders');
    const [first, second] = [stateOf(spec, uuids), stateOf(spec, uuids)];
    for (const { frameworkId, incarnation } of [first, second]) {
      expect(incarnation).toMatch(/^[0-9a-f]{8}$/);
      expect(frameworkId).toBe(`millrace-team__orders-${incarnation}`);
    }
    expect(second.frameworkId).not.toBe(first.frameworkId);
    expect(second.kafkaClusterId).not.toBe(first.kafkaClusterId);
  });

  it('is decided by spec, uuids and time alone, and is plain JSON', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        expect(stateOf(spec)).toStrictEqual(stateOf(spec));
        expect(JSON.parse(JSON.stringify(stateOf(spec)))).toStrictEqual(stateOf(spec));
      }),
    );
  });
});
