import { describe, expect, it } from 'vitest';
import { changeLines, describeChange, isUnchanged } from '../../../src/model/change/describe.ts';
import { isDynamic, nextPoolSize } from '../../../src/model/change/dynamic-keys.ts';
import type { ClusterState } from '../../../src/model/cluster.ts';
import { CLUSTER_STATUS, NODE_STATUS } from '../../../src/model/cluster.ts';
import { nodeResources } from '../../../src/model/node/resources.ts';
import { refuseChange } from '../../../src/model/spec/refuse-change.ts';
import { clusterSpecSchema, type ClusterSpec } from '../../../src/model/spec/schema.ts';
import { parseSpec } from '../../../src/model/spec/parse.ts';
import { sampleState } from '../../api/fake-gateway.ts';

/** A cluster that runs with its spec. */
function running(): ClusterState {
  const state = sampleState();
  state.spec = parseSpec({ name: 'orders', role: 'r' });
  state.status = CLUSTER_STATUS.RUNNING;
  for (const node of Object.values(state.nodes)) {
    const { total, volumeMb } = nodeResources(state.spec, node.kind);
    node.status = NODE_STATUS.READY;
    node.launches = 1;
    Object.assign(node.placement!, { cpus: total.cpus, memMb: total.memMb, diskMb: volumeMb });
  }
  return state;
}

const spec = (changes: object) => parseSpec({ name: 'orders', role: 'r', ...changes });
const restarted = (state: ClusterState, wanted: ClusterSpec) =>
  describeChange(state, wanted)
    .nodes.filter(({ restart }) => restart.length > 0)
    .map(({ name }) => name);

describe('a change of the spec', () => {
  it('is none when the spec is equal', () => {
    const state = running();
    expect(isUnchanged(describeChange(state, state.spec))).toBe(true);
  });

  it('restarts only the nodes that it concerns', () => {
    const state = running();
    expect(restarted(state, spec({ controllers: { heapMb: 600 } }))).toEqual([
      'controller-0',
      'controller-1',
      'controller-2',
    ]);
    expect(restarted(state, spec({ labels: { team: 'payments' } }))).toEqual([]);
  });

  it('tells what Kafka changes while it runs from what wants a restart', () => {
    const change = describeChange(
      running(),
      spec({ kafka: { config: { 'num.io.threads': 20, 'queued.max.requests': 700 } } }),
    );
    expect(change.dynamic.set).toEqual({ 'num.io.threads': '20' });
    expect(changeLines(change)).toEqual([
      'kafka.config.num.io.threads: not set → 20 (while Kafka runs)',
      'kafka.config.queued.max.requests: not set → 700 (restart: controller-0, controller-1, controller-2, broker-0, broker-1, broker-2)',
    ]);
  });

  it('compares each node with the spec that it was launched with', () => {
    const state = running();
    const newer = spec({ brokers: { jvmOptions: ['-Da=1'] } });
    state.formerSpecs = { 1: state.spec };
    state.generation = 2;
    state.spec = newer;
    state.nodes['broker-1']!.generation = 2;
    expect(restarted(state, newer)).toEqual(['broker-0', 'broker-2']);
  });

  it('changes again what was begun and not seen through, and what is not as wanted', () => {
    const state = running();
    state.dynamic = { values: { 'num.io.threads': '20' }, unknown: ['log.retention.ms'] };
    const { dynamic } = describeChange(state, spec({ kafka: { config: { 'log.retention.ms': 5_000 } } }));
    expect(dynamic).toMatchObject({ set: { 'log.retention.ms': '5000' }, unset: ['num.io.threads'] });
  });

  it('grows what is reserved, and does not touch nodes that a person keeps stopped', () => {
    const state = running();
    state.nodes['broker-0']!.paused = { by: 'ann' };
    const { nodes } = describeChange(state, spec({ brokers: { memMb: 4096, heapMb: 2048 } }));
    expect(nodes.map(({ name, restart, resources }) => [name, restart.length > 0, resources.grows])).toEqual([
      ['broker-0', false, true],
      ['broker-1', true, true],
      ['broker-2', true, true],
    ]);
  });

  it('names the nodes that come, and those that go', () => {
    const state = running();
    state.nextNodeId = { broker: 7 };
    expect(describeChange(state, spec({ brokers: { count: 5 } })).brokers.added).toEqual([
      'broker-7',
      'broker-8',
    ]);
    expect(describeChange(state, spec({ brokers: { count: 1 } }), ['broker-0']).brokers.removed).toEqual([
      'broker-0',
      'broker-2',
    ]);
  });

  it('finds something to do, or refuses, for a change of any field of the schema', () => {
    const changes: Record<string, object> = {
      name: { name: 'others' },
      kafka: { kafka: { config: { 'num.partitions': 7 } } },
      java: { java: { path: '/opt/java' } },
      brokers: { brokers: { cpus: 2 } },
      controllers: { controllers: { jvmOptions: ['-Da=1'] } },
      placement: { placement: { brokers: [] } },
      rack: { rack: 'hostname' },
      network: { network: { name: 'cni', domain: 'example' } },
      rlimits: { rlimits: { nofile: 1000 } },
      secrets: { secrets: [{ secret: 'a/b', env: 'A' }] },
      killGraceSeconds: { killGraceSeconds: 99 },
      recovery: { recovery: { replaceAfterSeconds: 600 } },
      update: { update: { spareless: 'allow' } },
      role: { role: 'other' },
      principal: { principal: 'other' },
      user: { user: 'kafka' },
      labels: { labels: { a: 'b' } },
    };
    expect(Object.keys(changes).sort()).toEqual(Object.keys(clusterSpecSchema.shape).sort());
    for (const [field, change] of Object.entries(changes)) {
      const state = running();
      const wanted = { ...spec({}), ...spec(change) };
      const isRefused = refuseChange(state.spec, wanted).length > 0;
      expect(isRefused || !isUnchanged(describeChange(state, wanted)), field).toBe(true);
    }
  });
});

describe('pools of threads', () => {
  it('go to at most double and at least half at once', () => {
    expect([nextPoolSize(8, 40), nextPoolSize(16, 40), nextPoolSize(32, 40)]).toEqual([16, 32, 40]);
    expect([nextPoolSize(20, 8), nextPoolSize(10, 8), nextPoolSize(3, 1), nextPoolSize(1, 1)]).toEqual([
      10, 8, 2, 1,
    ]);
  });

  it('are among what Kafka can change, and hours of retention are not', () => {
    expect(isDynamic('num.io.threads')).toBe(true);
    expect(isDynamic('log.retention.hours')).toBe(false);
  });
});
