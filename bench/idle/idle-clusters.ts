// Many idle clusters on one worker, with a real Temporal server and local Mesos: what they cost, and how soon another worker
// has all of their sessions when the first is killed.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import {
  ensureComponents,
  DEFAULT_KAFKA_VERSION,
  progressDisplay,
} from '../../src/local/components/index.ts';
import { startStack, type Stack } from '../../src/local/stack/index.ts';
import type { SiteDefaults } from '../../src/model/spec/parse.ts';
import { workflowBundle } from '../../src/workflow-bundle.ts';
import type { Row } from '../table.ts';
import { limitCpu, type CpuLimit } from './cpu-limit.ts';
import {
  historiesOf,
  holderOf,
  namesOf,
  sessionsHeld,
  startClusters,
  untilAllHeld,
  untilKnown,
  type Idle,
} from './clusters.ts';
import { processFigures } from './process-figures.ts';
import { ratesOf, requestsByOperation } from './temporal-requests.ts';

/** The size that the design names for a worker. */
const CORES = 0.5;
const MEMORY_MB = 512;
/**
 * For each of the two threads that run JavaScript: twice what lives in the larger one, or it collects garbage all the time; and
 * a small new space, which is three times this figure.
 */
const HEAP_MB = 256;
const SEMI_SPACE_MB = 8;
/** A dev server on a disk waits for it with each write, which no server for a thousand clusters does. */
const IN_MEMORY = '/dev/shm';

export interface IdleOptions {
  clusters: number;
  minutes: number;
}

interface Bench extends IdleOptions, Idle {
  stack: Stack;
  cpu: CpuLimit;
  inMemory: boolean;
}

/** Tells on stderr how far it is; returns the figures. */
export async function benchIdleClusters(options: IdleOptions): Promise<Row[]> {
  // A first worker would build it, and keep the memory that this took.
  await workflowBundle();
  const components = await ensureComponents({ onProgress: progressDisplay(process.stderr).onProgress });
  const inMemory = existsSync(IN_MEMORY);
  const home = mkdtempSync(join(inMemory ? IN_MEMORY : tmpdir(), 'millrace-bench-'));
  const stack = await startStack({
    name: 'idle',
    home,
    ports: { temporal: 0, ui: 0, mesos: 0, api: 0 },
    workers: 0,
    components,
  });
  const connection = await Connection.connect({ address: stack.urls.temporalAddress });
  const client = new Client({ connection });
  const cpu = limitCpu(CORES);
  const names = namesOf(options.clusters);
  try {
    return await measure(
      { ...options, stack, client, cpu, inMemory, names, mesos: { masters: [stack.urls.mesos] } },
      {
        artifacts: { [DEFAULT_KAFKA_VERSION]: { path: components.kafka[DEFAULT_KAFKA_VERSION] ?? '' } },
        java: { path: components.java },
      },
    );
  } finally {
    await connection.close();
    await stack.stop({ tasks: true, wipe: true });
    cpu.remove();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(bench: Bench, site: SiteDefaults): Promise<Row[]> {
  const { clusters, minutes, stack, cpu } = bench;
  const worker = await startWorker(bench);
  const empty = processFigures(worker.pid);
  const startedAtMs = performance.now();
  await startClusters(bench, site);
  await untilAllHeld(bench);
  const opened = seconds(startedAtMs);
  tell(`${clusters} sessions are open after ${opened.toFixed(0)} s; they rest for ${minutes} min`);

  const historiesBefore = await historiesOf(bench);
  const before = await look(stack, worker.pid);
  await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
  const after = await look(stack, worker.pid);
  const [load = 0] = loadavg();
  const rested = (after.atMs - before.atMs) / 1000;
  const historiesAfter = await historiesOf(bench);
  const events = historiesAfter.events - historiesBefore.events;
  const held = await sessionsHeld(bench);
  tell(`${held} of ${clusters} sessions are open; the worker is killed`);

  const back = await takeOver(bench, worker.name);
  const historiesBack = await historiesOf(bench);
  const cores = (part: 'worker' | 'mesos' | 'temporal') =>
    `${((after.cpuSeconds[part] - before.cpuSeconds[part]) / rested).toFixed(3)} cores`;
  const rates =
    before.requests && after.requests ? ratesOf(before.requests, after.requests, rested) : undefined;
  const mb = (value: number) => `${value.toFixed(0)} MiB`;
  const { residentMb, peakMb, openFiles } = after.worker;
  const perCluster = (value: number) => (value / clusters).toFixed(1);
  const perDay = (events * 86_400) / rested / clusters;
  return [
    ['clusters, rest', `${clusters}, ${(rested / 60).toFixed(1)} min`],
    ['limits of the worker', `${cpu.description}; heap of a thread ${mb(HEAP_MB)}; other memory not limited`],
    ['state of Temporal and local Mesos', bench.inMemory ? 'in memory' : 'on disk'],
    ['load of the machine, last minute of the rest', load.toFixed(1)],
    ['all sessions open after', `${opened.toFixed(0)} s`],
    [
      'tries to hold a session: to open, while at rest',
      `${perCluster(historiesBefore.attempts)}, ${perCluster(historiesAfter.attempts - historiesBefore.attempts)} per cluster`,
    ],
    ['sessions open after the rest', `${held} of ${clusters}`],
    ['memory of the worker without clusters', mb(empty.residentMb)],
    ['memory of the worker at rest, peak', `${mb(residentMb)}, ${mb(peakMb)}`, `≤ ${mb(MEMORY_MB)}`],
    ['memory per cluster', `${((residentMb - empty.residentMb) / clusters).toFixed(2)} MiB`, '≤ 0.5 MiB'],
    ['open files of the worker', String(openFiles)],
    ['CPU of the worker at rest', cores('worker'), `≤ ${CORES} cores`],
    ['CPU of local Mesos, of Temporal', `${cores('mesos')}, ${cores('temporal')}`],
    ['requests to Temporal', rates ? `${rates.perSecond.toFixed(1)}/s (${rates.most})` : 'no metrics'],
    ['history events per cluster and day', `${perDay.toFixed(1)} (${events} seen)`, '≤ 50'],
    ['worker killed; another ready after', `${back.ready.toFixed(1)} s`],
    ['half of the sessions, all back after', `${back.half.toFixed(1)} s, ${back.all.toFixed(1)} s`],
    [
      'tries to take a session over, per cluster',
      perCluster(historiesBack.attempts - historiesAfter.attempts),
    ],
    ['history events of the takeover, per cluster', perCluster(historiesBack.events - historiesAfter.events)],
    ['all entities know their new session after', `${back.told.toFixed(1)} s`],
    ['peak memory of the second worker', mb(back.peakMb), `≤ ${mb(MEMORY_MB)}`],
  ];
}

async function startWorker({ stack, cpu }: Bench): Promise<{ name: string; pid: number }> {
  const name = await stack.startWorker({
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MB} --max-semi-space-size=${SEMI_SPACE_MB}`,
    MILLRACE_LOG_LEVEL: 'warn',
  });
  const pid = stack.pids()[name]!;
  // Only now: how soon a program starts on half a core is not what is measured.
  cpu.hold(pid);
  return { name, pid };
}

async function look(stack: Stack, pid: number) {
  const pids = stack.pids();
  const worker = processFigures(pid);
  return {
    atMs: performance.now(),
    worker,
    cpuSeconds: {
      worker: worker.cpuSeconds,
      mesos: processFigures(pids['mesos']!).cpuSeconds,
      temporal: processFigures(pids['temporal']!).cpuSeconds,
    },
    requests: await requestsByOperation(stack.directory),
  };
}

async function takeOver(bench: Bench, worker: string) {
  const former = await holderOf(bench);
  const killedAtMs = performance.now();
  await bench.stack.kill(worker, 'SIGKILL');
  const next = await startWorker(bench);
  const ready = seconds(killedAtMs);
  let half: number | undefined;
  await untilAllHeld(bench, (held) => {
    if (held >= bench.clusters / 2) half ??= seconds(killedAtMs);
  });
  const all = seconds(killedAtMs);
  tell(`all sessions are back after ${all.toFixed(1)} s`);
  await untilKnown(bench, former);
  const told = seconds(killedAtMs);
  return { ready, half: half ?? all, all, told, peakMb: processFigures(next.pid).peakMb };
}

function seconds(sinceMs: number): number {
  return (performance.now() - sinceMs) / 1000;
}

function tell(text: string): void {
  console.error(text);
}
