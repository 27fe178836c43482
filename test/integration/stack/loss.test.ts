// Takes agents, machines, the framework and the workers away from a cluster that serves. Each time it ends with the right nodes,
// each once in Mesos, nothing left over, and every record.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterView } from '../../../src/api/schemas/cluster.ts';
import { nodesInMesos, smallSpec, startTestStack, type TestStack } from '../../support/stack.ts';
import { controlOf, type LocalMesosControl } from '../../support/local-mesos-control.ts';
import { consumeRecords, produceRecords } from '../../support/records.ts';
import { waitFor } from '../../support/wait-for.ts';

const NAME = 'lossy';
const RECORDS = 300;
const NODES = ['broker-0', 'broker-1', 'broker-2', 'controller-0', 'controller-1', 'controller-2'];

let stack: TestStack;
let mesos: LocalMesosControl;
beforeAll(async () => {
  stack = await startTestStack({ agents: { count: 5, cpus: 2, memMb: 2048, diskMb: 8192 } });
  mesos = controlOf(stack.urls.mesos);
  const small = smallSpec(NAME);
  const operationId = await stack.install({
    ...small,
    controllers: { ...small.controllers, count: 3 },
    recovery: {
      backoff: { initialSeconds: 1, maxSeconds: 10 },
      replaceAfterSeconds: 60,
      minSecondsBetweenReplacements: 0,
    },
  });
  await stack.complete(operationId);
  await produceRecords((await stack.cluster(NAME)).bootstrapServers, RECORDS);
});
afterAll(async () => {
  await stack.close();
});

const nodeOf = (cluster: ClusterView, name: string) => cluster.nodes.find((node) => node.name === name)!;
const node = async (name: string) => nodeOf(await stack.cluster(NAME), name);
const clusterUntil = (until: (cluster: ClusterView) => boolean, describe: string) =>
  waitFor(() => stack.cluster(NAME), until, { describe, timeoutMs: 150_000 });
const isIdle = ({ status, operation, recoveries }: ClusterView) =>
  status === 'RUNNING' && operation === null && recoveries.length === 0;
const operator = async (call: object) => {
  const response = await fetch(`${stack.urls.mesos}/api/v1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(call),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
};

/** One task, one reservation and one volume for each node, and all the records. */
async function expectWhole(): Promise<void> {
  const cluster = await clusterUntil(isIdle, 'a cluster that runs and has nothing to do');
  expect(cluster.nodes.map(({ name, status }) => `${name} ${status}`).sort()).toEqual(
    NODES.map((name) => `${name} READY`),
  );
  const seen = await waitFor(
    () => nodesInMesos(stack, NAME),
    ({ reserved }) => reserved.length === NODES.length,
    { describe: 'one reservation for each node', timeoutMs: 60_000 },
  );
  expect(seen.reserved).toEqual(cluster.nodes.map(({ name, agent }) => `${name}@${agent ?? ''}`).sort());
  expect(seen.running).toEqual(cluster.nodes.map(({ task }) => task).sort());
  expect(seen.volumes).toBe(NODES.length);
  await consumeRecords(cluster.bootstrapServers, RECORDS);
}

describe('an agent', () => {
  it('that is out of reach and comes back finds its node as it was', async () => {
    const before = await node('broker-0');
    await mesos.loseAgent(before.agent!, 'unreachable');
    const lost = await clusterUntil((seen) => nodeOf(seen, 'broker-0').status === 'UNREACHABLE', 'the loss');
    expect(lost.status).toBe('DEGRADED');
    expect(nodeOf(lost, 'broker-0').reason).toContain('comes back with the agent');
    await mesos.returnAgent(before.agent!);
    await clusterUntil((seen) => nodeOf(seen, 'broker-0').status === 'READY', 'its return');
    expect(await node('broker-0')).toEqual(before);
    await expectWhole();
  });

  it('that stays out of reach loses its nodes to others, and what it kept when it comes back', async () => {
    const before = await node('broker-1');
    const all = (await stack.cluster(NAME)).nodes.filter(({ agent }) => agent === before.agent);
    await mesos.loseAgent(before.agent!, 'powerCut');
    const replaced = await clusterUntil(
      (seen) => isIdle(seen) && all.every(({ name, agent }) => nodeOf(seen, name).agent !== agent),
      `${all.map(({ name }) => name).join(', ')} elsewhere`,
    );
    const after = nodeOf(replaced, 'broker-1');
    expect(after).toMatchObject({ nodeId: before.nodeId, status: 'READY' });
    const replacements = replaced.history.filter(({ kind }) => kind === 'replace');
    expect(replacements.map(({ state, requestedBy }) => `${state} ${requestedBy}`)).toEqual(
      all.map(() => 'COMPLETE millrace'),
    );
    expect((await nodesInMesos(stack, NAME)).reserved.length).toBeGreaterThan(NODES.length - 1);
    await mesos.returnAgent(before.agent!);
    await expectWhole();
  });

  it('that an operator removed for good is not waited for', async () => {
    const before = await node('broker-2');
    await mesos.loseAgent(before.agent!, 'gone');
    await clusterUntil(
      (seen) => isIdle(seen) && nodeOf(seen, 'broker-2').agent !== before.agent,
      'broker-2 elsewhere',
    );
    await expectWhole();
  });

  it('that goes into maintenance is emptied before, and has its nodes again afterwards', async () => {
    const before = await node('broker-0');
    const state = await mesos.state();
    const hostname = state.agents.find(({ id }) => id === before.agent)!.hostname;
    const schedule = (windows: object[]) =>
      operator({
        type: 'UPDATE_MAINTENANCE_SCHEDULE',
        update_maintenance_schedule: { schedule: { windows } },
      });
    await schedule([
      {
        machine_ids: [{ hostname, ip: hostname }],
        unavailability: { start: { nanoseconds: (Date.now() + 30_000) * 1_000_000 } },
      },
    ]);
    // Each is to be started again at once, and waits for the end of the maintenance.
    const drained = await clusterUntil(
      (seen) =>
        seen.nodes
          .filter(({ agent }) => agent === before.agent)
          .every(({ status }) => status === 'STOPPED' || status === 'STARTING'),
      `the nodes on ${hostname} to be stopped`,
    );
    const { tasks } = await mesos.state();
    expect(
      tasks.filter(({ agentId, state: task }) => agentId === before.agent && task === 'TASK_RUNNING'),
    ).toEqual([]);
    expect(drained.recoveries.map(({ kind }) => kind)).toEqual(['drain']);
    await waitFor(
      async () => {
        const response = await fetch(`${stack.urls.mesos}/api/v1`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({ type: 'GET_MAINTENANCE_STATUS' }),
        });
        return response.text();
      },
      (status) => status.includes('ACCEPT'),
      { describe: 'the inverse offer to be accepted', timeoutMs: 60_000 },
    );
    await schedule([]);
    await expectWhole();
    expect((await node('broker-0')).agent).toBe(before.agent);
  });
});

describe('a controller', () => {
  it('that a person has replaced is a voter of the quorum in place of the former', async () => {
    const before = await node('controller-1');
    const { status, body } = await stack.request<{ operationId: string }>(
      'POST',
      `/v1/clusters/${NAME}/nodes/controller-1/replace`,
      { reason: 'disk fails' },
    );
    expect(status).toBe(202);
    await stack.complete(body.operationId);
    expect((await node('controller-1')).agent).not.toBe(before.agent);
    await expectWhole();
  });
});

describe('a framework', () => {
  it('that somebody removed is not started again by itself, and is adopted with all its records', async () => {
    const before = await stack.cluster(NAME);
    await operator({ type: 'TEARDOWN', teardown: { framework_id: { value: before.frameworkId } } });
    const removed = await clusterUntil(({ status }) => status === 'DEGRADED', 'the removal to be said');
    expect(removed.session.problem).toContain('removed');
    expect(removed.recoveries).toEqual([]);
    const { status, body } = await stack.request<{ operationId: string }>(
      'POST',
      `/v1/clusters/${NAME}/adopt`,
    );
    expect(status).toBe(202);
    await stack.complete(body.operationId);
    const after = await stack.cluster(NAME);
    expect(after.frameworkId).not.toBe(before.frameworkId);
    expect(after.nodes.map(({ name, host, port }) => `${name} ${host}:${port}`)).toEqual(
      before.nodes.map(({ name, host, port }) => `${name} ${host}:${port}`),
    );
    await expectWhole();
  });
});

describe('all workers', () => {
  it('may be away while the brokers serve on, and what happened meanwhile is caught up with', async () => {
    const { bootstrapServers } = await stack.cluster(NAME);
    await stack.kill('worker-1', 'SIGKILL');
    expect((await stack.request('GET', `/v1/clusters/${NAME}`)).status).toBe(503);
    await consumeRecords(bootstrapServers, RECORDS);
    const { tasks } = await mesos.state();
    const victim = tasks.find(({ id, state }) => state === 'TASK_RUNNING' && id.startsWith('broker-0.'));
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await stack.startWorker();
    await clusterUntil(
      (seen) => isIdle(seen) && nodeOf(seen, 'broker-0').task !== victim?.id,
      'broker-0 to be recovered',
    );
    await expectWhole();
  });
});

describe('an uninstall of all this', () => {
  it('leaves nothing behind', async () => {
    await stack.complete(await stack.uninstall(NAME));
    const { reservations, volumes, tasks } = await mesos.state();
    expect(reservations).toEqual([]);
    expect(volumes).toEqual([]);
    expect(tasks.filter(({ state }) => state === 'TASK_RUNNING')).toEqual([]);
  });
});
