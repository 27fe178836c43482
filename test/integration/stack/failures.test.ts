// What fails between Millrace and Mesos while a cluster is installed and serves: masters, streams, calls, offer operations,
// updates, tasks. Each time it ends with the right nodes, each once in Mesos, started no more often than needed, and every record.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterView } from '../../../src/api/schemas/cluster.ts';
import { findStep } from '../../../src/model/plan/progress.ts';
import { sessionWorkflowId } from '../../../src/workflows/contract.ts';
import { nodesInMesos, smallSpec, startTestStack, type TestStack } from '../../support/stack.ts';
import { controlOf, type LocalMesosControl } from '../../support/local-mesos-control.ts';
import { stepIs, stepsOf } from '../../support/progress.ts';
import { consumeRecords, produceRecords } from '../../support/records.ts';
import { waitFor } from '../../support/wait-for.ts';

const NAME = 'tough';
const RECORDS = 300;
const NODES = ['broker-0', 'broker-1', 'broker-2', 'controller-0'];
const HEARTBEAT_MS = 2_000;
/** Nothing listens on the discard port of a machine of today. */
const NO_MASTER = 'http://127.0.0.1:9';

let stack: TestStack;
let mesos: LocalMesosControl;
beforeAll(async () => {
  stack = await startTestStack({ masters: 3, heartbeatMs: HEARTBEAT_MS });
  mesos = controlOf(stack.urls.mesos);
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
const launchOf = (task: string | null) => Number(task?.split('.')[1]);
const recoveriesOf = (cluster: ClusterView, name: string) =>
  cluster.history.filter(({ kind, nodes }) => kind === 'recover' && nodes?.includes(name)).length;
const running = async () =>
  (await mesos.state()).tasks
    .filter(({ state }) => state === 'TASK_RUNNING')
    .map(({ id, pid }) => ({ id, pid }))
    .sort((a, b) => a.id.localeCompare(b.id));
const pidOf = async (task: string | null) => (await running()).find(({ id }) => id === task)?.pid ?? 0;

/** One task, one reservation and one volume for each node, nothing left to hear of, and all the records. */
async function expectWhole(): Promise<ClusterView> {
  const cluster = await clusterUntil(isIdle, 'a cluster that runs and has nothing to do');
  expect(cluster.nodes.map(({ name, status }) => `${name} ${status}`).sort()).toEqual(
    NODES.map((name) => `${name} READY`),
  );
  const tasks = cluster.nodes.map(({ task }) => task).sort();
  // A task that has ended stays until its end is acknowledged.
  await waitFor(
    async () => (await mesos.state()).tasks.map(({ id, state }) => `${id} ${state}`).sort(),
    (seen) => seen.join() === tasks.map((task) => `${task ?? ''} TASK_RUNNING`).join(),
    { describe: 'each task once, and no end that is not acknowledged', timeoutMs: 60_000 },
  );
  const seen = await nodesInMesos(stack, NAME);
  expect(seen.reserved).toEqual(cluster.nodes.map(({ name, agent }) => `${name}@${agent ?? ''}`).sort());
  expect(seen.running).toEqual(tasks);
  expect(seen.volumes).toBe(NODES.length);
  await consumeRecords(cluster.bootstrapServers, RECORDS);
  return cluster;
}

/** Where a node is and what is kept for it there. */
const placeOf = ({ nodes }: ClusterView) =>
  nodes.map(({ name, agent, host, port }) => ({ name, agent, host, port }));
const kept = async () => {
  const { reservations, volumes } = await mesos.state();
  return {
    reservations: reservations.map((reservation) => JSON.stringify(reservation)).sort(),
    volumes: volumes.map(({ agentId, id }) => `${id}@${agentId}`).sort(),
  };
};

/** Has something happen to nodes; each is recovered once and in place, with so many new tasks. The others are not touched. */
async function expectRecovered(launches: Record<string, number>, happen: () => Promise<void>): Promise<void> {
  const before = await stack.cluster(NAME);
  const [keptBefore, tasksBefore] = [await kept(), await running()];
  await happen();
  await clusterUntil(
    (seen) =>
      isIdle(seen) &&
      Object.keys(launches).every((name) => recoveriesOf(seen, name) > recoveriesOf(before, name)),
    `the recovery of ${Object.keys(launches).join(', ')}`,
  );
  // What was repeated or is late has come before one looks whether it did harm.
  await waitFor(mesos.waiting, (count) => count === 0, { describe: 'all faults to have happened' });
  const after = await expectWhole();
  for (const { name, task } of before.nodes) {
    const more = launches[name] ?? 0;
    expect(launchOf(nodeOf(after, name).task), `launches of ${name}`).toBe(launchOf(task) + more);
    expect(recoveriesOf(after, name) - recoveriesOf(before, name), `recoveries of ${name}`).toBe(
      more === 0 ? 0 : 1,
    );
  }
  expect(placeOf(after)).toEqual(placeOf(before));
  expect(await kept()).toEqual(keptBefore);
  const untouched = tasksBefore.filter(({ id }) => launches[id.split('.')[0] ?? ''] === undefined);
  expect(await running()).toEqual(expect.arrayContaining(untouched));
}

/** Has something happen to the session; how long it took until the next one, of the same framework, was there. */
async function takenUpAfter(happen: () => Promise<void>): Promise<number> {
  const before = await stack.cluster(NAME);
  await happen();
  const sinceMs = Date.now();
  const after = await clusterUntil(
    ({ session }) => session.open && (session.epoch ?? 0) > (before.session.epoch ?? 0),
    'the next session',
  );
  const tookMs = Date.now() - sinceMs;
  expect(after.frameworkId).toBe(before.frameworkId);
  return tookMs;
}

describe('an install', () => {
  it('completes by itself when calls and operations are lost, dropped and refused', async () => {
    await mesos.inject(
      { fault: 'dropCall', type: 'ACCEPT' },
      { fault: 'dropOperation', type: 'RESERVE' },
      { fault: 'dropOperation', type: 'RESERVE', silent: true },
      { fault: 'dropOperation', type: 'RESERVE', state: 'OPERATION_ERROR' },
    );
    const small = smallSpec(NAME);
    const operationId = await stack.install({
      ...small,
      recovery: { backoff: { initialSeconds: 3, maxSeconds: 10 } },
    });
    // These are for CREATEs whose RESERVE was carried out: the nodes of which nothing was heard come again seconds later.
    await waitFor(mesos.waiting, (count) => count === 0, { describe: 'a first try of each node' });
    await mesos.inject(
      { fault: 'dropOperation', type: 'CREATE' },
      { fault: 'dropOperation', type: 'CREATE', silent: true },
      { fault: 'dropOperation', type: 'LAUNCH_GROUP' },
      { fault: 'dropOperation', type: 'LAUNCH_GROUP', silent: true },
    );
    const progress = await stack.complete(operationId);
    expect(await mesos.waiting()).toBe(0);
    // Nobody helped: each step ran once.
    expect(stepsOf(progress).map(({ id, runs }) => `${id} ${runs}`)).toEqual(
      stepsOf(progress).map(({ id }) => `${id} 1`),
    );
    const { nodes, bootstrapServers } = await stack.cluster(NAME);
    // The LAUNCH_GROUP of which Mesos said that it was dropped was made once more under the next name; the others were not.
    expect(nodes.map(({ task }) => launchOf(task)).sort()).toEqual([1, 1, 1, 2]);
    await produceRecords(bootstrapServers, RECORDS);
    await expectWhole();
  });
});

describe('a stream', () => {
  it('cut in the middle of a record is taken up again, and what was in it comes again', async () => {
    const { task } = await node('broker-0');
    const pid = await pidOf(task);
    await expectRecovered({ 'broker-0': 1 }, async () => {
      const tookMs = await takenUpAfter(async () => {
        await mesos.inject({ fault: 'cutStream', afterBytes: 7 });
        process.kill(pid, 'SIGKILL');
      });
      expect(tookMs).toBeLessThan(15_000);
    });
  });

  it('that falls silent is given up after 2½ heartbeats, and what was lost in it is asked for', async () => {
    const cluster = await stack.cluster(NAME);
    const { agent: withController } = nodeOf(cluster, 'controller-0');
    const victim = cluster.nodes.find(({ kind, agent }) => kind === 'broker' && agent !== withController)!;
    await expectRecovered({ [victim.name]: 1 }, async () => {
      const tookMs = await takenUpAfter(async () => {
        await mesos.inject({ fault: 'silence', ms: 600_000 });
        // Mesos says TASK_LOST once, into the silence. Only a question brings to light that the task is gone.
        await mesos.loseAgent(victim.agent!, 'unregistered');
      });
      expect(tookMs).toBeLessThan(15_000);
      const silentSeconds = /sent nothing for (\d+) s/.exec(await whySessionEnded())?.[1];
      expect(Number(silentSeconds)).toBeGreaterThanOrEqual((2.5 * HEARTBEAT_MS) / 1000);
      expect(Number(silentSeconds)).toBeLessThan((3.5 * HEARTBEAT_MS) / 1000);
      await mesos.clearFaults();

      const failed = await clusterUntil(
        (seen) => seen.recoveries.some(({ nodes }) => nodes?.includes(victim.name)),
        `the recovery of ${victim.name} to begin`,
      );
      expect(failed.recoveries).toHaveLength(1);
      // It wants offers, and there are none of its agent. Those of the others are taken back meanwhile.
      await waitFor(
        async () => (await mesos.state()).offers.length,
        (count) => count > 0,
        { describe: 'offers to be held', timeoutMs: 60_000 },
      );
      await mesos.inject({ fault: 'rescindOffers' });
      await mesos.returnAgent(victim.agent!);
    });
  });
});

/** Why the last attempt to hold the subscription ended. */
async function whySessionEnded(): Promise<string> {
  const { raw } = await stack.client.workflow.getHandle(sessionWorkflowId(NAME)).describe();
  return raw.pendingActivities?.[0]?.lastFailure?.message ?? '';
}

describe('the end of a task', () => {
  it('is acted on once, whether its update is lost, repeated or late, or its acknowledgement is lost', async () => {
    const { nodes } = await stack.cluster(NAME);
    const [first, second, third] = ['broker-0', 'broker-1', 'broker-2'].map(
      (name) => nodes.find((one) => one.name === name)?.task ?? '',
    ) as [string, string, string];
    const pids = await Promise.all([first, second, third].map(pidOf));
    const next = `broker-1.${launchOf(second) + 1}`;
    await expectRecovered({ 'broker-0': 1, 'broker-1': 1, 'broker-2': 1 }, async () => {
      await mesos.inject(
        { fault: 'dropUpdate', taskId: first, state: 'TASK_FAILED' },
        // Each copy arrives when the next task of the node is under way.
        { fault: 'repeatUpdate', taskId: second, state: 'TASK_FAILED', ms: 4_000 },
        { fault: 'repeatUpdate', taskId: next, state: 'TASK_RUNNING', ms: 2_000 },
        { fault: 'delayUpdate', taskId: third, state: 'TASK_FAILED', ms: 3_000 },
        { fault: 'dropAcknowledgement', taskId: third },
        // And the launch of one of them is lost on its way.
        { fault: 'dropCall', type: 'ACCEPT' },
      );
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    });
  });

  it('by a signal or with its executor brings the node back in place; an agent that is away for a moment does not', async () => {
    const { task: first } = await node('broker-0');
    const { task: second } = await node('broker-1');
    const { agent } = await node('broker-2');
    await expectRecovered({ 'broker-0': 1, 'broker-1': 1 }, async () => {
      await mesos.loseAgent(agent!, 'disconnected');
      await mesos.returnAgent(agent!);
      await mesos.inject(
        { fault: 'killTask', taskId: first ?? '', signal: 'SIGSEGV' },
        { fault: 'killExecutor', taskId: second ?? '' },
      );
    });
  });
});

describe('a broker that ends again and again', () => {
  it('is started slower and slower, says when next, and at once when a person asks for it', async () => {
    const before = await node('broker-2');
    const { volumes } = await mesos.state();
    const directory = volumes.find(({ id }) => id.startsWith('broker-2-'))!.directory;
    const meta = join(directory, 'kafka', 'meta.properties');
    const good = readFileSync(meta, 'utf8');
    // Kafka refuses to start on the directory of another node.
    writeFileSync(meta, good.replace(/^node\.id=.*$/m, 'node.id=99'));
    process.kill(await pidOf(before.task), 'SIGKILL');
    const { recoveries } = await clusterUntil(
      (seen) => seen.recoveries.some(({ nodes }) => nodes?.includes('broker-2')),
      'the recovery of broker-2 to begin',
    );
    const operationId = recoveries[0]!.id;
    const pauses: string[] = [];
    const paused = (pause: string) =>
      stack.progressUntil(operationId, (progress) => {
        const reason = findStep(progress, 'start:broker-2')?.reason ?? '';
        const said = /Launch (\d+) of \d+ follows in (\d+) s/.exec(reason);
        const seen = said === null ? '' : `launch ${said[1] ?? ''} in ${said[2] ?? ''} s`;
        if (seen !== '' && pauses.at(-1) !== seen) pauses.push(seen);
        return seen === pause;
      });
    const long = await paused('launch 4 in 10 s');
    expect(pauses).toEqual(['launch 2 in 3 s', 'launch 3 in 6 s', 'launch 4 in 10 s']);
    const step = findStep(long, 'start:broker-2');
    expect(step?.status).toBe('WAITING');
    expect(step?.reason).toMatch(/^Task broker-2\.\d+ of broker-2 on \S+ ended TASK_FAILED \(.*status 1/);
    const atMs = Date.parse(/, at (\S+);/.exec(step?.reason ?? '')?.[1] ?? '');

    const launches = launchOf((await node('broker-2')).task);
    const retry = await stack.request('POST', `/v1/operations/${encodeURIComponent(operationId)}/retry`, {
      step: 'start:broker-2',
    });
    expect(retry.status).toBe(200);
    await clusterUntil((seen) => launchOf(nodeOf(seen, 'broker-2').task) > launches, 'the next launch');
    expect(Date.now()).toBeLessThan(atMs);
    await paused('launch 2 in 3 s');
    expect(pauses).toHaveLength(4);
    writeFileSync(meta, good);
    await stack.progressUntil(operationId, stepIs('start:broker-2', 'COMPLETE'));
    expect(await node('broker-2')).toMatchObject({
      agent: before.agent,
      host: before.host,
      port: before.port,
    });
    await expectWhole();
  });
});

describe('masters', () => {
  it('may go, come and name the dead: the framework is the same, and no task is touched', async () => {
    const { urls } = await mesos.masters();
    const [first, , third] = urls as [string, string, string];
    await stack.startWorker({ MILLRACE_MESOS_MASTERS: [NO_MASTER, ...urls].join(',') });
    await takenUpAfter(() => stack.kill('worker-1', 'SIGTERM'));
    const cluster = await stack.cluster(NAME);
    const tasks = await running();
    // The third stays up throughout, and can be asked.
    const ensemble = controlOf(third);

    // The first goes and stays down.
    await ensemble.crashLeader();
    const without = await clusterUntil(({ session }) => !session.open, 'the outage to be said');
    expect(without.session.problem).toMatch(/no leading Mesos master was found/);
    expect(without.nodes).toEqual(cluster.nodes);
    const tookMs = [await takenUpAfter(() => ensemble.elect())];
    expect((await ensemble.masters()).leader).toBe(1);

    // The second goes; the third redirects to it, then knows nobody, then leads.
    tookMs.push(
      await takenUpAfter(async () => {
        await ensemble.failOver({ namesDeadMs: 2_000, leaderlessMs: 1_000, recoveryMs: 1_000 });
        await waitFor(
          async () => (await ensemble.masters()).leader,
          (leader) => leader === 2,
          { describe: 'the third master to lead' },
        );
      }),
    );
    expect((await stack.cluster(NAME)).session.master).toBe(third);

    // The third goes, and the first leads again.
    tookMs.push(
      await takenUpAfter(async () => {
        await ensemble.failOver();
        await waitFor(
          async () => (await mesos.masters()).leader,
          (leader) => leader === 0,
          { describe: 'the first master to lead' },
        );
      }),
    );
    expect((await stack.cluster(NAME)).session.master).toBe(first);
    for (const ms of tookMs) expect(ms).toBeLessThan(15_000);
    const after = await expectWhole();
    expect(after.nodes).toEqual(cluster.nodes);
    expect(after.history).toEqual(cluster.history);
    expect(await running()).toEqual(tasks);
  });
});

describe('an uninstall of all this', () => {
  it('leaves nothing behind', async () => {
    await stack.complete(await stack.uninstall(NAME));
    const { reservations, volumes, tasks, frameworks, offers } = await mesos.state();
    expect([reservations, volumes, tasks, frameworks, offers]).toEqual([[], [], [], [], []]);
  });
});
