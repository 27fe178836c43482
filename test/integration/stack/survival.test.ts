// Kills the parts of a stack while an install runs. Each time it ends COMPLETE with exactly the nodes asked for, each
// once in Mesos, and nobody had to help.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodesInMesos, smallSpec, startTestStack, tinySpec, type TestStack } from '../../support/stack.ts';
import { isComplete, stepIs, stepsOf } from '../../support/progress.ts';
import { consumeRecords, produceRecords } from '../../support/records.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startFaultyProxy } from '../../support/faulty-proxy.ts';

let stack: TestStack;
beforeEach(async () => {
  stack = await startTestStack();
});
afterEach(async () => {
  await stack.close();
});

const NODES = ['broker-0', 'broker-1', 'broker-2', 'controller-0'];

/** Exactly the nodes asked for: one task and one reservation with its volume each. */
async function expectExactly(
  cluster: string,
  nodes: string[],
  launches: (node: string) => number = () => 1,
): Promise<void> {
  const seen = await nodesInMesos(stack, cluster);
  expect(seen.reserved.map((reservation) => reservation.split('@')[0])).toEqual(nodes);
  expect(seen.running).toEqual(nodes.map((node) => `${node}.${launches(node)}`));
  expect(seen.volumes).toBe(nodes.length);
}

describe('an install survives', () => {
  it('the worker killed after each of its steps', async () => {
    const operationId = await stack.install(smallSpec('phoenix'));
    let worker = 'worker-1';
    const killedAfter = new Set<string>();
    let progress = await stack.progress(operationId);
    while (!isComplete(progress)) {
      const done = stepsOf(progress).filter(
        ({ status, id }) => status === 'COMPLETE' && !killedAfter.has(id),
      );
      if (done.length > 0) {
        await stack.kill(worker, 'SIGKILL');
        // Steps that end side by side are one moment.
        done.forEach(({ id }) => killedAfter.add(id));
        worker = await stack.startWorker();
      }
      progress = await waitFor(
        () => stack.progress(operationId),
        (seen) =>
          isComplete(seen) ||
          stepsOf(seen).some(({ status, id }) => status === 'COMPLETE' && !killedAfter.has(id)),
        { describe: `a next step of ${operationId}`, timeoutMs: 90_000 },
      );
      expect(stepsOf(progress).filter(({ status }) => status === 'FAILED')).toEqual([]);
    }
    expect(killedAfter.size).toBeGreaterThanOrEqual(4);
    await expectExactly('phoenix', NODES);
  });

  it('the Temporal server and the Mesos master killed while nodes start', async () => {
    const operationId = await stack.install(smallSpec('both'));
    await stack.progressUntil(operationId, (seen) => seen.phases[0]?.status === 'COMPLETE');
    await stack.kill('temporal', 'SIGKILL');
    await stack.restart('temporal');
    await stack.kill('mesos', 'SIGKILL');
    await stack.restart('mesos');
    await stack.complete(operationId);
    await expectExactly('both', NODES);
    await stack.complete(await stack.uninstall('both'));
    expect((await stack.mesos()).reservations).toEqual([]);
  });

  it("a broker's process killed while it starts", async () => {
    const operationId = await stack.install(smallSpec('stumble'));
    const pid = await waitFor(
      async () =>
        (await stack.mesos()).tasks.find(({ id, state }) => id === 'broker-1.1' && state === 'TASK_RUNNING')
          ?.pid,
      (found) => found !== undefined,
      { describe: 'the process of broker-1.1' },
    );
    process.kill(pid ?? 0, 'SIGKILL');
    await stack.complete(operationId);
    await expectExactly('stumble', NODES, (node) => (node === 'broker-1' ? 2 : 1));
  });
});

describe('a session', () => {
  it('is taken over within 15 s of the death of its holder, and at once when that is stopped', async () => {
    await stack.complete(await stack.install(tinySpec('relay')));
    await stack.startWorker();
    const epoch = async () => (await stack.cluster('relay')).session?.epoch ?? 0;
    const takeover = async (signal: NodeJS.Signals, from: string) => {
      const before = await epoch();
      const killedAtMs = Date.now();
      await stack.kill(from, signal);
      await waitFor(epoch, (seen) => seen > before, { describe: 'the next epoch' });
      return Date.now() - killedAtMs;
    };
    expect(await takeover('SIGKILL', 'worker-1')).toBeLessThan(15_000);
    await stack.startWorker();
    expect(await takeover('SIGTERM', 'worker-2')).toBeLessThan(8_000);
    expect((await nodesInMesos(stack, 'relay')).running).toEqual(['broker-0.1', 'controller-0.1']);
  });
});

describe('a running cluster', () => {
  it('is recovered when a broker dies, and when all its nodes die at once, and keeps its records', async () => {
    const small = smallSpec('later');
    await stack.complete(await stack.install({ ...small, controllers: { ...small.controllers, count: 3 } }));
    const { bootstrapServers } = await stack.cluster('later');
    await produceRecords(bootstrapServers, 300);
    const nodes = [...NODES, 'controller-1', 'controller-2'];
    const killAndRecover = async (victims: string[], launches: (node: string) => number) => {
      const { tasks } = await stack.mesos();
      for (const node of victims) {
        const task = tasks.find(({ id, state }) => state === 'TASK_RUNNING' && id.startsWith(`${node}.`));
        process.kill(task?.pid ?? 0, 'SIGKILL');
      }
      const allRunAgain = (seen: Awaited<ReturnType<typeof stack.cluster>>) =>
        seen.status === 'RUNNING' &&
        seen.recoveries.length === 0 &&
        seen.nodes.every(
          ({ name, status, task }) => status === 'READY' && task === `${name}.${launches(name)}`,
        );
      const recovered = await waitFor(() => stack.cluster('later'), allRunAgain, {
        describe: `the recovery of ${victims.join(', ')}`,
        timeoutMs: 120_000,
      });
      expect(
        recovered.history.slice(1).every(({ kind, state }) => `${kind} ${state}` === 'recover COMPLETE'),
      ).toBe(true);
      await expectExactly('later', nodes, launches);
    };
    await killAndRecover(['broker-0'], (node) => (node === 'broker-0' ? 2 : 1));
    await killAndRecover(nodes, (node) => (node === 'broker-0' ? 3 : 2));
    await consumeRecords(bootstrapServers, 300);
  });
});

describe('a launch', () => {
  it('whose worker dies between ACCEPT and its record is found again and not repeated', async () => {
    const proxy = await startFaultyProxy(stack.urls.mesos);
    await stack.kill('worker-1', 'SIGKILL');
    // Workers that reach Mesos through the proxy: it kills them right after an ACCEPT with a launch went through.
    let killed = 0;
    let worker = await stack.startWorker({ MILLRACE_MESOS_MASTERS: proxy.url });
    proxy.afterRequest = async (body) => {
      if (killed > 0 || !body.includes('"LAUNCH_GROUP"')) return;
      killed += 1;
      await stack.kill(worker, 'SIGKILL');
    };
    const operationId = await stack.install(smallSpec('between'));
    await waitFor(
      () => killed,
      (count) => count > 0,
      { describe: 'the worker to be killed after a launch' },
    );
    worker = await stack.startWorker();
    await stack.complete(operationId);
    await expectExactly('between', NODES);
    await proxy.close();
  });

  it('of a worker that was frozen meanwhile is not repeated when it wakes up', async () => {
    await stack.startWorker();
    const operationId = await stack.install(smallSpec('frozen'));
    await stack.progressUntil(operationId, (seen) => seen.phases[0]?.status === 'COMPLETE');
    await stack.kill('worker-1', 'SIGSTOP');
    await stack.progressUntil(operationId, stepIs('verify', 'COMPLETE'));
    await stack.kill('worker-1', 'SIGCONT');
    await stack.complete(operationId);
    await expectExactly('frozen', NODES);
    await stack.complete(await stack.uninstall('frozen'));
    expect((await stack.mesos()).reservations).toEqual([]);
  });
});
