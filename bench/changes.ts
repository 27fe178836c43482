// Changes of a running cluster: a rolling restart against a careful script, a rebalance against its throttle, a dynamic change.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DEFAULT_KAFKA_VERSION, ensureComponents, progressDisplay } from '../src/local/components/index.ts';
import { demoSpec } from '../src/local/demo/spec.ts';
import { startStack, type Stack } from '../src/local/stack/index.ts';
import type { PlanProgress } from '../src/model/plan/plan.ts';
import { planReassignment } from '../src/model/reassignment/planner.ts';
import { parseSpec } from '../src/model/spec/parse.ts';
import { operationWorkflowId } from '../src/workflows/contract.ts';
import { balanced, SCENARIOS } from '../test/model/reassignment/cases.ts';
import { startLedger } from '../test/chaos/ledger.ts';
import { clientOf, removeTopics } from '../test/support/records.ts';
import { runByHand } from './by-hand.ts';
import { median, quantile } from './statistics.ts';

const FIRST_PORT = 29_000;
const NAME = 'bench';
const BROKERS = 3;
/** For the rebalance: enough that the throttle decides. */
const RECORDS_MB = 400;
const THROTTLE_BYTES = 10_000_000;
const INPUT = { ...demoSpec(), name: NAME, update: { spareless: 'allow' as const } };

interface Running {
  stack: Stack;
  client: Client;
  /** Asks for a change and returns its operation's id. */
  ask(rest: string, body: object): Promise<string>;
  /** The progress of an operation at its end. */
  ended(id: string): Promise<PlanProgress>;
  bootstrapServers(): Promise<string>;
}

/** Pairs of rolling restarts of three brokers with records flowing. */
export async function benchRoll(pairs: number): Promise<void> {
  const hand: { ms: number; p99Ms: number }[] = [];
  const ours: { ms: number; p99Ms: number; events: number }[] = [];
  await withCluster(async ({ client, ask, ended, bootstrapServers }, spec) => {
    for (let pair = 1; pair <= pairs; pair += 1) {
      const cluster = await runByHand(spec, FIRST_PORT);
      try {
        const ledger = await startLedger(cluster.bootstrapServers, `pair-${pair}`);
        const ms = await cluster.rollBrokers();
        hand.push({ ms, p99Ms: (await ledger.audit()).p99Ms });
      } finally {
        await cluster.end();
      }
      const ledger = await startLedger(await bootstrapServers(), `pair-${pair}`);
      const beganMs = performance.now();
      const id = await ask('restart', { nodes: ['broker-0', 'broker-1', 'broker-2'] });
      await ended(id);
      const ms = performance.now() - beganMs;
      const { lost, p99Ms } = await ledger.audit();
      // The script has a cluster without earlier records each time.
      await removeTopics(await bootstrapServers());
      if (lost.length > 0) throw new Error(`records were lost: ${lost.slice(0, 5).join(', ')}`);
      const history = await client.workflow.getHandle(operationWorkflowId(id)).fetchHistory();
      ours.push({ ms, p99Ms, events: history.events?.length ?? 0 });
      console.log(
        `pair ${pair}: script ${(hand.at(-1)!.ms / 1000).toFixed(1)} s, millrace ${(ms / 1000).toFixed(1)} s`,
      );
    }
  });
  const [script, millrace] = [median(hand.map(({ ms }) => ms)), median(ours.map(({ ms }) => ms))];
  const p99 = [median(hand.map(({ p99Ms }) => p99Ms)), median(ours.map(({ p99Ms }) => p99Ms))] as const;
  print(`${pairs} pairs of rolling restarts, ${BROKERS} brokers, records flowing`, [
    ['script, median', `${(script / 1000).toFixed(2)} s`, ''],
    ['millrace, median', `${(millrace / 1000).toFixed(2)} s`, ''],
    ['ratio of medians', (millrace / script).toFixed(2), '≤ 1.10'],
    ['more per broker', `${((millrace - script) / 1000 / BROKERS).toFixed(2)} s`, '≤ 2 s'],
    [
      'history events per broker',
      (Math.max(...ours.map(({ events }) => events)) / BROKERS).toFixed(1),
      '≤ 40',
    ],
    [
      'producer p99, script / millrace',
      `${p99[0]} / ${p99[1]} ms`,
      `${(p99[1] / p99[0]).toFixed(2)} (≤ 1.10)`,
    ],
  ]);
}

/** Replicas moved against the optimum, planning time, and a throttled scale out against what its throttle allows. */
export async function benchReassign(): Promise<void> {
  const rows: [string, string, string][] = SCENARIOS.map(
    ({ name, before, after, topics, partitions, optimum }) => {
      const now = balanced({ topics, partitions, factor: 3 }, before);
      planReassignment(now, after);
      const beganMs = performance.now();
      const { replicasMoved } = planReassignment(now, after);
      const ms = performance.now() - beganMs;
      const ratio =
        optimum === 0 ? (replicasMoved === 0 ? '1.00' : '∞') : (replicasMoved / optimum).toFixed(2);
      return [name, `${replicasMoved} replicas in ${ms.toFixed(0)} ms`, `${ratio} of the optimum (1.00)`];
    },
  );
  await withCluster(async ({ ask, ended, bootstrapServers }) => {
    await fill(await bootstrapServers());
    await ended(await ask('scale', { brokers: BROKERS + 1, rebalance: false }));
    const beganMs = performance.now();
    const done = await ended(
      await ask('rebalance', { approved: true, throttleBytesPerSecond: THROTTLE_BYTES }),
    );
    const seconds = (performance.now() - beganMs) / 1000;
    const proposal = done.proposal!;
    const busiest = Math.max(...proposal.brokers.flatMap(({ bytesIn, bytesOut }) => [bytesIn, bytesOut]));
    const least = busiest / THROTTLE_BYTES;
    rows.push(
      ['bytes moved', `${(proposal.bytesMoved / 1_000_000).toFixed(0)} MB at 10 MB/s a broker`, ''],
      [
        'rebalance, wall time',
        `${seconds.toFixed(1)} s, at least ${least.toFixed(1)} s`,
        `${(seconds / least).toFixed(2)} (≤ 1.15)`,
      ],
    );
  });
  print('reassignment', rows);
}

/** A dynamic change on all brokers, from the request to the end of the operation, which has read it back. */
export async function benchDynamic(pairs: number): Promise<void> {
  const tookMs: number[] = [];
  await withCluster(async ({ ask, ended }, spec) => {
    for (let round = 1; round <= pairs; round += 1) {
      const config = { ...spec.kafka.config, 'log.retention.ms': 86_400_000 + round };
      const beganMs = performance.now();
      await ended(await ask('apply', { ...INPUT, kafka: { ...INPUT.kafka, config } }));
      tookMs.push(performance.now() - beganMs);
    }
  });
  print(`${pairs} dynamic changes, ${BROKERS} brokers`, [
    ['request to read-back, median', `${median(tookMs).toFixed(0)} ms`, '≤ 2000 ms'],
    ['request to read-back, slowest', `${quantile(tookMs, 1).toFixed(0)} ms`, '≤ 2000 ms'],
  ]);
}

async function withCluster(
  measure: (running: Running, spec: ReturnType<typeof parseSpec>) => Promise<void>,
): Promise<void> {
  const components = await ensureComponents({ onProgress: progressDisplay(process.stderr).onProgress });
  const stack = await startStack({
    name: NAME,
    home: mkdtempSync(join(tmpdir(), 'millrace-bench-')),
    ports: { temporal: 0, ui: 0, mesos: 0, api: 0 },
    components,
  });
  const connection = await Connection.connect({ address: stack.urls.temporalAddress });
  const client = new Client({ connection });
  const spec = parseSpec(INPUT, {
    artifacts: { [DEFAULT_KAFKA_VERSION]: { path: components.kafka[DEFAULT_KAFKA_VERSION] ?? '' } },
    java: { path: components.java },
  });
  const send = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`${stack.urls.api}${path}`, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    const answer = (await response.json()) as T;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const ended = async (id: string) => {
    await client.workflow.getHandle(operationWorkflowId(id)).result();
    return send<PlanProgress>('GET', `/v1/operations/${encodeURIComponent(id)}`);
  };
  const accepted = async (method: string, path: string, body: object) =>
    (await send<{ operationId: string }>(method, path, body)).operationId;
  try {
    await ended(await accepted('POST', '/v1/clusters', INPUT));
    await measure(
      {
        stack,
        client,
        ended,
        ask: (rest, body) => accepted('POST', `/v1/clusters/${NAME}/${rest}`, body),
        bootstrapServers: async () =>
          (await send<{ bootstrapServers: string }>('GET', `/v1/clusters/${NAME}`)).bootstrapServers,
      },
      spec,
    );
  } finally {
    await connection.close();
    await stack.stop({ tasks: true, wipe: true });
  }
}

/** Fills a topic, so that there is something to move. */
async function fill(bootstrapServers: string): Promise<void> {
  const kafka = clientOf(bootstrapServers);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'filled', numPartitions: 12, replicationFactor: 3 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const value = Buffer.alloc(100_000, 'x');
  for (let sent = 0; sent < RECORDS_MB * 10; sent += 10)
    await producer.send({
      topic: 'filled',
      acks: -1,
      messages: Array.from({ length: 10 }, () => ({ value })),
    });
  await producer.disconnect();
}

function print(title: string, rows: readonly [string, string, string][]): void {
  console.log(`\n${title}`);
  for (const [name, value, goal] of rows)
    console.log(`${name.padEnd(34)}${value.padEnd(34)}${goal === '' ? '' : `goal ${goal}`}`);
}
