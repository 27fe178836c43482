// The faults of the matrix: each happens while an operation runs, and is over when it returns.
import type { PlanProgress } from '../../src/model/plan/plan.ts';
import { hasEnded, operationState } from '../../src/model/plan/progress.ts';
import { controlOf } from '../support/local-mesos-control.ts';
import { stepsOf } from '../support/progress.ts';
import type { TestStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { CLUSTER, killTaskOf } from './operations.ts';

export interface Fault {
  name: string;
  /** Whether it takes down brokers by itself. */
  hitsNodes: boolean;
  happen(stack: TestStack, about: { operationId: string; subject: string }): Promise<void>;
}

const isOver = (progress: PlanProgress) => ['COMPLETE', 'ABORTED'].includes(operationState(progress));
/** Until something of the operation has been done, or all of it. */
const underWay = (stack: TestStack, operationId: string) =>
  waitFor(
    () => stack.progress(operationId),
    (seen) => isOver(seen) || stepsOf(seen).some(({ status }) => status !== 'PENDING'),
    { describe: `${operationId} to be under way`, timeoutMs: 60_000 },
  );
const workersOf = (stack: TestStack) => Object.keys(stack.pids()).filter((part) => part.startsWith('worker'));

export const FAULTS: Fault[] = [
  {
    name: 'worker killed after each step',
    hitsNodes: false,
    happen: async (stack, { operationId }) => {
      const known = new Set<string>();
      for (;;) {
        const seen = await waitFor(
          () => stack.progress(operationId),
          (progress) =>
            isOver(progress) ||
            stepsOf(progress).some(({ id, status }) => hasEnded(status) && !known.has(id)),
          { describe: `a next step of ${operationId}`, timeoutMs: 180_000 },
        );
        if (isOver(seen)) return;
        for (const { id, status } of stepsOf(seen)) if (hasEnded(status)) known.add(id);
        for (const worker of workersOf(stack)) await stack.kill(worker, 'SIGKILL');
        await stack.startWorker();
      }
    },
  },
  {
    name: 'all workers down',
    hitsNodes: false,
    happen: async (stack, { operationId }) => {
      await underWay(stack, operationId);
      for (const worker of workersOf(stack)) await stack.kill(worker, 'SIGKILL');
      const epoch = (await stack.mesos()).frameworks.find(({ name }) => name === `kafka-${CLUSTER}`);
      // Longer than heartbeats: Temporal and Mesos have noticed.
      await waitFor(
        async () => (await stack.mesos()).frameworks.find(({ id }) => id === epoch?.id)?.connected ?? false,
        (connected) => !connected,
        { describe: 'Mesos to notice that nobody holds the session', timeoutMs: 60_000 },
      );
      await stack.startWorker();
    },
  },
  {
    name: 'broker under operation killed',
    hitsNodes: true,
    happen: async (stack, { operationId, subject }) => {
      await underWay(stack, operationId);
      await killTaskOf(stack, subject);
    },
  },
  {
    name: 'another broker killed',
    hitsNodes: true,
    happen: async (stack, { operationId }) => {
      await underWay(stack, operationId);
      await killTaskOf(stack, 'broker-0');
    },
  },
  {
    name: 'Mesos master failover',
    hitsNodes: false,
    happen: async (stack, { operationId }) => {
      await underWay(stack, operationId);
      await controlOf(stack.urls.mesos).failOver();
    },
  },
  {
    name: 'agent lost for a while',
    hitsNodes: true,
    happen: async (stack, { operationId }) => {
      await underWay(stack, operationId);
      const { nodes } = await stack.cluster(CLUSTER);
      const agent = nodes.find(({ name }) => name === 'broker-0')?.agent ?? '';
      const mesos = controlOf(stack.urls.mesos);
      await mesos.loseAgent(agent, 'unreachable');
      await waitFor(
        () => stack.cluster(CLUSTER),
        ({ nodes: seen }) => seen.some(({ name, status }) => name === 'broker-0' && status !== 'READY'),
        { describe: 'the loss to be noticed', timeoutMs: 60_000 },
      );
      await mesos.returnAgent(agent);
    },
  },
  {
    name: 'Temporal restarted',
    hitsNodes: false,
    happen: async (stack, { operationId }) => {
      await underWay(stack, operationId);
      await stack.kill('temporal', 'SIGKILL');
      await stack.restart('temporal');
    },
  },
  {
    name: 'worker frozen and woken',
    hitsNodes: false,
    happen: async (stack, { operationId }) => {
      await underWay(stack, operationId);
      const epochOf = async () => (await stack.cluster(CLUSTER)).session?.epoch ?? 0;
      // Asked before: nobody answers while all are frozen.
      const before = await epochOf();
      const frozen = workersOf(stack);
      for (const worker of frozen) await stack.kill(worker, 'SIGSTOP');
      try {
        await stack.startWorker();
        await waitFor(epochOf, (epoch) => epoch > before, {
          describe: 'another worker to take the session',
          timeoutMs: 60_000,
        });
      } finally {
        for (const worker of frozen) await stack.kill(worker, 'SIGCONT');
      }
      // They do late what they were about to, while the operation goes on; then one worker is left, as there was.
      await waitFor(() => stack.progress(operationId), isOver, {
        describe: `the end of ${operationId}`,
        timeoutMs: 240_000,
      });
      for (const worker of frozen) await stack.kill(worker, 'SIGKILL');
    },
  },
];
