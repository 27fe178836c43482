// One cell of the matrix: an operation, a fault while it runs, records all the while; and what must hold afterwards.
import { describeReplication, readThrottle } from '../../src/kafka/index.ts';
import { withConnection } from '../../src/kafka/wire/connection.ts';
import {
  CONFIG_RESOURCE,
  CONFIG_SOURCE,
  describeConfigs,
} from '../../src/kafka/wire/messages/describe-configs.ts';
import type { ClusterView } from '../../src/api/schemas/cluster.ts';
import { operationState } from '../../src/model/plan/progress.ts';
import { judgedPartitions } from '../../src/model/safety/snapshot.ts';
import { removeTopics } from '../support/records.ts';
import { nodesInMesos, type TestStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Fault } from './faults.ts';
import { startLedger } from './ledger.ts';
import { CLUSTER, readyBrokers, type ChaosOperation } from './operations.ts';

export interface CellResult {
  operation: string;
  fault: string;
  /** How the operation ended. */
  state: string;
  seconds: number;
  acknowledged: number;
  longestGapMs: number;
  /** What is wrong; empty when all is well. */
  wrong: string[];
}

let topics = 0;

/** Runs a cell on the cluster of the stack, which serves and has nothing to do before and after. */
export async function runCell(
  stack: TestStack,
  operation: ChaosOperation,
  fault: Fault,
): Promise<CellResult> {
  topics += 1;
  const ledger = await startLedger((await stack.cluster(CLUSTER)).bootstrapServers, `ledger-${topics}`);
  const beganMs = performance.now();
  const watch = startWatch(stack);
  try {
    await waitFor(
      async () => ledger.acknowledged(),
      (count) => count > 50,
      { describe: 'records to flow' },
    );
    const operationId = await operation.begin(stack);
    await fault.happen(stack, { operationId, subject: operation.subject });
    const ended = await waitFor(
      () => stack.progress(operationId),
      (progress) => ['COMPLETE', 'ABORTED', 'FAILED', 'PAUSED'].includes(operationState(progress)),
      { describe: `the end of ${operationId}`, timeoutMs: 240_000 },
    );
    const idle = await waitFor(() => stack.cluster(CLUSTER), isIdle, {
      describe: 'a cluster that has nothing to do',
      timeoutMs: 180_000,
    });
    const seen = await watch.stop();
    // A node that leaves is down for good when it is stopped.
    const stayed = new Set(idle.nodes.map(({ name }) => name));
    const mostDown = Math.max(
      0,
      ...seen.down.map((names) => names.filter((name) => stayed.has(name)).length),
    );
    const audit = await ledger.audit();
    const state = operationState(ended);
    const { outcome = '' } = idle.history.find(({ id }) => id === operationId) ?? {};
    const { lost, repeated, disordered } = audit;
    return {
      operation: operation.name,
      fault: fault.name,
      state,
      seconds: Math.round((performance.now() - beganMs) / 1000),
      acknowledged: audit.acknowledged,
      longestGapMs: audit.longestGapMs,
      wrong: [
        ...(state === 'COMPLETE' || operation.givesUp?.test(outcome)
          ? []
          : [`the operation is ${state}: ${outcome}`]),
        ...(lost.length > 0
          ? [`${lost.length} acknowledged records lost (${lost.slice(0, 3).join(', ')})`]
          : []),
        ...(repeated.length > 0 ? [`${repeated.length} records read twice`] : []),
        ...(disordered.length > 0 ? [`${disordered.length} records out of order`] : []),
        ...(mostDown > (fault.hitsNodes ? 2 : 1) ? [`${mostDown} nodes down at once`] : []),
        ...(seen.below > 0 && !fault.hitsNodes
          ? [`partitions below min.insync.replicas ${seen.below} times`]
          : []),
        ...(await leftOver(stack, idle)),
      ],
    };
  } finally {
    await watch.stop();
    await ledger.close();
    // The next cell begins with an empty cluster.
    await removeTopics((await stack.cluster(CLUSTER)).bootstrapServers);
  }
}

function isIdle({ operation, recoveries, nodes }: ClusterView): boolean {
  // What a person keeps stopped stays stopped.
  const isSettled = nodes.every(
    ({ status, reason }) =>
      status === 'READY' || (status === 'STOPPED' && reason?.startsWith('kept stopped') === true),
  );
  return operation === null && recoveries.length === 0 && isSettled;
}

/** Looks again and again how many nodes are down, and whether partitions take no writes. */
function startWatch(stack: TestStack) {
  let running = true;
  const seen = { down: [] as string[][], below: 0 };
  const look = async () => {
    const cluster = await stack.cluster(CLUSTER);
    // New nodes were never up; one that is kept stopped is meant to be down.
    const down = cluster.nodes.filter(
      ({ status, task, taskState }) =>
        task !== null &&
        ['STOPPED', 'STARTING', 'FAILED'].includes(status) &&
        !(status === 'STARTING' && taskState === null && task.endsWith('.1')),
    );
    if (down.length > 1) seen.down.push(down.map(({ name }) => name));
    const picture = await describeReplication(readyBrokers(cluster), { timeoutMs: 2_000 });
    if (!picture.known) return;
    const below = judgedPartitions(picture.snapshot).filter(
      ({ minInsync, state }) => state.isr.length < Math.min(minInsync, state.replicas.length),
    );
    if (below.length > 0) seen.below += 1;
  };
  const ended = (async () => {
    while (running) await look().catch(() => undefined);
  })();
  return {
    stop: async () => {
      running = false;
      await ended;
      return seen;
    },
  };
}

/** Tasks, reservations, volumes, throttles, cordons and moves that should not be there. */
async function leftOver(stack: TestStack, cluster: ClusterView): Promise<string[]> {
  const names = cluster.nodes.map(({ name }) => name).sort();
  const brokers = readyBrokers(cluster);
  const wrong: string[] = [];
  const reservedIs = (seen: string[]) => seen.map((node) => node.split('@')[0]).join() === names.join();
  const { reserved, running } = await waitFor(
    () => nodesInMesos(stack, CLUSTER),
    (seen) => reservedIs(seen.reserved),
    { describe: 'one reservation a node', timeoutMs: 60_000 },
  ).catch(() => nodesInMesos(stack, CLUSTER));
  if (!reservedIs(reserved)) wrong.push(`reserved: ${reserved.join(', ')}`);
  const expected = cluster.nodes
    .filter(({ status }) => status === 'READY')
    .map(({ task }) => task ?? '')
    .sort();
  if (running.join() !== expected.join()) wrong.push(`running: ${running.join(', ')}`);
  const picture = await describeReplication(brokers);
  if (picture.known && picture.snapshot.reassigning.length > 0)
    wrong.push(`moves: ${picture.snapshot.reassigning.join(', ')}`);
  const topicNames = picture.known ? picture.snapshot.topics.map(({ name }) => name) : [];
  const { rates, topics: throttled } = await readThrottle(topicNames, brokers);
  const throttles = [
    ...Object.values(rates),
    ...Object.values(throttled).flatMap((values) => Object.values(values)),
  ];
  if (throttles.some((value) => value !== null && value !== '')) wrong.push('a throttle is left');
  for (const broker of brokers) {
    const [described] = await withConnection(broker, {}, (connection) =>
      connection.request(describeConfigs, {
        resources: [{ type: CONFIG_RESOURCE.BROKER, name: String(broker.nodeId) }],
        keys: ['cordoned.log.dirs'],
      }),
    );
    if (described?.entries.some(({ source }) => source === CONFIG_SOURCE.DYNAMIC_BROKER))
      wrong.push(`broker ${broker.nodeId} is cordoned`);
  }
  return wrong;
}
