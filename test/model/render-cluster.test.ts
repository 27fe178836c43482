import { describe, expect, it } from 'vitest';
import { renderCluster } from '../../src/model/render-cluster.ts';
import { newCluster, runningCluster, specOf } from './clusters.ts';
import { anOperation } from './operations.ts';

const SESSION = {
  epoch: 1_000_001,
  frameworkId: 'millrace-orders-1',
  streamId: 'stream',
  master: 'http://10.0.0.1:5050',
  taskQueue: 'worker-1',
};

describe('a cluster as Markdown', () => {
  it('is its status, its operation, its session and a table of its nodes', () => {
    const state = runningCluster(specOf(1, 1));
    state.nodes['broker-0'] = { ...state.nodes['broker-0']!, status: 'FAILED', reason: 'its task ended' };
    expect(renderCluster({ ...state, session: SESSION })).toMatchInlineSnapshot(`
      "**orders** — RUNNING · Kafka 4.4.0 · generation 1

      Operation: none
      Mesos session: open with http://10.0.0.1:5050 (epoch 1000001)

      | node | status | address | task | state of task |
      |---|---|---|---|---|
      | controller-0 | READY | host-of-controller-0:31000 | controller-0.1 | TASK_RUNNING |
      | broker-0 | FAILED (its task ended) | host-of-broker-0:31000 | broker-0.1 | TASK_RUNNING |"
    `);
  });

  it('names the operation that runs', () => {
    expect(renderCluster({ ...newCluster(), operation: anOperation('install') })).toContain(
      '\nOperation: orders/install#1\n',
    );
  });

  it('says why there is no session, even when the last one is still known', () => {
    const sessionProblem = { code: 'MESOS_UNREACHABLE' as const, reason: 'no master answers at mesos:5050' };
    const sessionLine = (text: string) => text.split('\n').find((line) => line.startsWith('Mesos session: '));
    expect(sessionLine(renderCluster(newCluster()))).toBe('Mesos session: not yet open');
    for (const session of [null, SESSION])
      expect(sessionLine(renderCluster({ ...newCluster(), session, sessionProblem }))).toBe(
        'Mesos session: no master answers at mesos:5050',
      );
  });

  it('has one row for each node, with empty cells for what is not there yet', () => {
    const rows = (text: string) => text.split('\n').filter((line) => line.startsWith('| '));
    const [head, ...nodes] = rows(renderCluster(newCluster(specOf(12, 5))));
    expect(head).toBe('| node | status | address | task | state of task |');
    expect(nodes).toHaveLength(17);
    expect(nodes[0]).toBe('| controller-0 | PLANNED |  |  |  |');
  });

  it('stays below the limit of Temporal, and keeps its table whatever the reasons say', () => {
    const state = newCluster(specOf(900, 5));
    state.nodes['controller-0'] = { ...state.nodes['controller-0']!, reason: 'a | b\nc' };
    const text = renderCluster(state);
    expect(Buffer.byteLength(text)).toBeLessThan(20_000);
    expect(text).toContain('| controller-0 | PLANNED (a \\| b c) |');
    expect(text).toMatch(/… \d+ more nodes; the query `cluster` has all$/);
  });
});
