// Install of 3 brokers and 1 controller by Millrace against a script that starts the same JVMs, interleaved in pairs.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ensureComponents, DEFAULT_KAFKA_VERSION, progressDisplay } from '../src/local/components/index.ts';
import { demoSpec } from '../src/local/demo/spec.ts';
import { startStack, type Stack } from '../src/local/stack/index.ts';
import { parseSpec } from '../src/model/spec/parse.ts';
import { clusterWorkflowId, operationWorkflowId } from '../src/workflows/contract.ts';
import { startByHand } from './by-hand.ts';
import { stepOverheadsMs } from './overhead.ts';
import { median, quantile, seconds } from './statistics.ts';

/** Below the ports that Linux hands out for outgoing connections, and apart from those of local Mesos. */
const FIRST_PORT = 29_000;
const NAME = 'bench';

interface Figures {
  installMs: number;
  operationEvents: number;
  entityEvents: number;
  overheadsMs: number[];
}

/** Prints the ratio of the medians, events of the histories, overhead of a step, and memory of the worker. */
export async function benchInstall(pairs: number): Promise<void> {
  const components = await ensureComponents({ onProgress: progressDisplay(process.stderr).onProgress });
  const home = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const stack = await startStack({
    name: NAME,
    home,
    ports: { temporal: 0, ui: 0, mesos: 0, api: 0 },
    components,
  });
  const connection = await Connection.connect({ address: stack.urls.temporalAddress });
  const client = new Client({ connection });
  const input = { ...demoSpec(), name: NAME };
  const spec = parseSpec(input, {
    artifacts: { [DEFAULT_KAFKA_VERSION]: { path: components.kafka[DEFAULT_KAFKA_VERSION] ?? '' } },
    java: { path: components.java },
  });
  const byHandMs: number[] = [];
  const figures: Figures[] = [];
  try {
    // One of each first, unmeasured: page cache and JIT of the worker are warm for both then.
    await startByHand(spec, FIRST_PORT);
    await installOnce(stack, client, input);
    for (let pair = 1; pair <= pairs; pair += 1) {
      const hand = async () => {
        byHandMs.push(await startByHand(spec, FIRST_PORT));
      };
      const millrace = async () => {
        figures.push(await installOnce(stack, client, input));
      };
      // Who goes first alternates, so that a drift of the machine hits both.
      for (const run of pair % 2 === 0 ? [hand, millrace] : [millrace, hand]) await run();
      console.log(
        `pair ${pair}: script ${byHandMs.at(-1)?.toFixed(0) ?? ''} ms, millrace ${figures.at(-1)?.installMs.toFixed(0) ?? ''} ms`,
      );
    }
    print(byHandMs, figures, residentMb(stack.pids()['worker-1'] ?? 0));
  } finally {
    await connection.close();
    await stack.stop({ tasks: true, wipe: true });
  }
}

async function installOnce(stack: Stack, client: Client, spec: object): Promise<Figures> {
  const startedAtMs = performance.now();
  const operationId = await send(stack, 'POST', '/v1/clusters', spec);
  const handle = client.workflow.getHandle(operationWorkflowId(operationId));
  await handle.result();
  const installMs = performance.now() - startedAtMs;
  const history = await handle.fetchHistory();
  const entity = await client.workflow.getHandle(clusterWorkflowId(NAME)).fetchHistory();
  const uninstallId = await retryConflict(() => send(stack, 'DELETE', `/v1/clusters/${NAME}`));
  await client.workflow.getHandle(operationWorkflowId(uninstallId)).result();
  await client.workflow.getHandle(clusterWorkflowId(NAME)).result();
  return {
    installMs,
    operationEvents: history.events?.length ?? 0,
    entityEvents: entity.events?.length ?? 0,
    overheadsMs: stepOverheadsMs(history),
  };
}

async function send(stack: Stack, method: string, path: string, body?: object): Promise<string> {
  const response = await fetch(`${stack.urls.api}${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
  const answer = (await response.json()) as { operationId?: string };
  if (response.status !== 202 || answer.operationId === undefined)
    throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.operationId;
}

/** The entity hears of the operation's end a moment after the operation's own result is there. */
async function retryConflict<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 1024);
}

function print(byHandMs: number[], figures: Figures[], workerMb: number): void {
  const installMs = figures.map((figure) => figure.installMs);
  const overheads = figures.flatMap((figure) => figure.overheadsMs);
  const ratio = median(installMs) / median(byHandMs);
  const rows: [string, string, string][] = [
    ['script, median (range)', seconds(byHandMs), ''],
    ['millrace, median (range)', seconds(installMs), ''],
    ['ratio of medians', ratio.toFixed(2), '≤ 1.10'],
    [
      'history events, operation',
      String(Math.max(...figures.map((figure) => figure.operationEvents))),
      '≤ 150',
    ],
    ['history events, entity', String(Math.max(...figures.map((figure) => figure.entityEvents))), '≤ 100'],
    ['overhead of a step, p50', `${quantile(overheads, 0.5).toFixed(0)} ms`, '≤ 50 ms'],
    ['overhead of a step, p99', `${quantile(overheads, 0.99).toFixed(0)} ms`, '≤ 200 ms'],
    ['memory of the worker', `${workerMb} MiB`, ''],
  ];
  console.log(`\n${figures.length} pairs, 3 brokers and 1 controller`);
  for (const [name, value, goal] of rows)
    console.log(`${name.padEnd(28)}${value.padEnd(24)}${goal === '' ? '' : `goal ${goal}`}`);
}
