// The local stack: Temporal with its UI, local Mesos, workers and the API as processes of this machine, on loopback.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadFootprint } from '../../temporal/index.ts';
import { ensureComponents, type Components, type OnProgress } from '../components/index.ts';
import type { AgentSpec } from '../mesos/index.ts';
import { awaitHealthy } from './health.ts';
import { partOf, urlsOf } from './parts.ts';
import { createPortPicker, pickAgentPorts } from './ports.ts';
import { awaitEnd, isRunning, processesIn, signalProcess, startProgram, stopProcess } from './processes.ts';
import { millraceHome, readStackFile, writeStackFile, type StackFile, type StackUrls } from './stack-file.ts';

export interface StackOptions {
  /** @default `default` */
  name?: string;
  /** Directory of all stacks. @default millraceHome() */
  home?: string;
  /** 0 is any; a port that is taken is replaced by another. @default 7233 and 8233 of temporal.yaml, 5050, 7070 */
  ports?: { temporal?: number; ui?: number; mesos?: number; api?: number };
  agents?: { count?: number; cpus?: number; memMb?: number; diskMb?: number };
  /** Agents one by one, instead of `agents`: with disks, reservations and domains of their own. */
  agentSpecs?: readonly AgentSpec[];
  /** Fault domain of the masters (`eu/a`), https, and who may call; PEM and JSON files as local Mesos' flags take them. */
  mesos?: NonNullable<StackFile['mesos']>;
  /** Masters of local Mesos: the first leads, the others stand by. Workers know them all. @default 1 */
  masters?: number;
  /** @default 1 */
  workers?: number;
  /** For workers and API, on top of what the stack sets. */
  env?: Record<string, string>;
  /** Between heartbeats of local Mesos. @default 15000 */
  heartbeatMs?: number;
  /** @default what ensureComponents finds or sets up */
  components?: Pick<Components, 'temporalCli' | 'kafka' | 'java'>;
  onProgress?: OnProgress;
  /** What a person should know, such as a port that was taken. */
  onNote?: (note: string) => void;
  /** Gives the start up; what was started is stopped. */
  signal?: AbortSignal;
}

export interface Stack {
  readonly name: string;
  readonly directory: string;
  readonly urls: StackUrls;
  /** Pids of the parts that are on record: `temporal`, `mesos`, `api`, `worker-1`, … */
  pids(): Record<string, number>;
  /** The parts that do not run. */
  missing(): string[];
  /** Starts every part that does not run, and waits until all work. */
  start(signal?: AbortSignal): Promise<void>;
  /** Sends a signal to a part; with SIGKILL and SIGTERM returns when it is gone. */
  kill(part: string, signal: NodeJS.Signals): Promise<void>;
  /** Stops a part when it runs, starts it at the same address with the same state, and waits until it works. */
  restart(part: string): Promise<void>;
  /** Starts one more worker, with more environment until its next restart; returns the part's name. */
  startWorker(env?: Record<string, string>): Promise<string>;
  /** Stops all parts; with `tasks` also the Kafka processes, with `wipe` the state goes too (and all tasks). */
  stop(options?: { tasks?: boolean; wipe?: boolean }): Promise<void>;
}

const DEFAULT_NAME = 'default';
/** Room for several clusters of the default size; it is accounted for, not taken. */
const AGENTS = { count: 4, cpus: 8, memMb: 16_384, diskMb: 100_000 };
const MESOS_PORT = 5050;
const API_PORT = 7070;
/** A worker hands its sessions over and ends its activities; that is quick, or it hangs. */
const STOP_GRACE_MS = 10_000;
/** Brokers that are stopped together have no quorum to say good-bye to: most would wait for their whole timeout. */
const TASK_GRACE_MS = 3_000;

/** The directory of a stack, absolute. */
function stackDirectory(options: Pick<StackOptions, 'name' | 'home'> = {}): string {
  return resolve(options.home ?? millraceHome(), options.name ?? DEFAULT_NAME);
}

/**
 * Starts a stack, or what does not run of one that is on record with this name (its ports and sizes are kept then).
 *
 * @throws MillraceError COMPONENT_MISSING when a part cannot be had or does not start; parts of a new stack are stopped then
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const directory = stackDirectory(options);
  const known = openStack(options);
  if (known) {
    await known.start(options.signal);
    return known;
  }
  const components =
    options.components ??
    (await ensureComponents({
      only: ['temporalCli', 'kafka', 'java'],
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    }));
  mkdirSync(join(directory, 'logs'), { recursive: true });
  mkdirSync(join(directory, 'mesos'), { recursive: true });
  // An empty profile, so that none of the user's own leads a part elsewhere.
  writeFileSync(join(directory, 'temporal.toml'), '[profile.default]\n');
  writeStackFile(directory, await newStackFile(options, components));
  const stack = stackOf(directory);
  try {
    await stack.start(options.signal);
  } catch (error) {
    await stack.stop({ tasks: true });
    throw error;
  }
  return stack;
}

/** The stack that is on record with a name, whether it runs or not; null when there is none. */
export function openStack(options: Pick<StackOptions, 'name' | 'home'> = {}): Stack | null {
  const directory = stackDirectory(options);
  return readStackFile(directory) ? stackOf(directory) : null;
}

async function newStackFile(
  options: StackOptions,
  components: NonNullable<StackOptions['components']>,
): Promise<StackFile> {
  const { devServer } = loadFootprint();
  const picker = createPortPicker(options.onNote ?? (() => undefined));
  const { ports = {} } = options;
  const chosen = {
    temporal: await picker.prefer(ports.temporal ?? devServer.port, 'Temporal'),
    ui: await picker.prefer(ports.ui ?? devServer.uiPort, 'the Temporal UI'),
    mesos: await picker.prefer(ports.mesos ?? MESOS_PORT, 'local Mesos'),
    standbyMasters: await Promise.all(Array.from({ length: (options.masters ?? 1) - 1 }, picker.any)),
    api: await picker.prefer(ports.api ?? API_PORT, 'the API'),
    agents: await pickAgentPorts(),
    workers: await Promise.all(Array.from({ length: options.workers ?? 1 }, picker.any)),
  };
  return {
    version: 1,
    name: options.name ?? DEFAULT_NAME,
    ports: chosen,
    urls: urlsOf(chosen, options.mesos),
    agents: { ...AGENTS, ...options.agents },
    ...(options.agentSpecs ? { agentSpecs: [...options.agentSpecs] } : {}),
    heartbeatMs: options.heartbeatMs ?? 15_000,
    ...(options.mesos ? { mesos: options.mesos } : {}),
    env: options.env ?? {},
    components: {
      temporalCli: components.temporalCli,
      java: components.java,
      kafka: components.kafka,
    },
    processes: {},
  };
}

function stackOf(directory: string): Stack {
  const read = () => readStackFile(directory)!;
  const refOf = (part: string) => read().processes[part];
  const runs = (part: string) => {
    const ref = refOf(part);
    return ref !== undefined && isRunning(ref);
  };
  const parts = () => ['temporal', 'mesos', ...read().ports.workers.map((_, i) => `worker-${i + 1}`), 'api'];
  const startPart = async (name: string, signal?: AbortSignal, env: Record<string, string> = {}) => {
    const part = partOf(directory, read(), name);
    const ref = await startProgram({ ...part.program, env: { ...part.program.env, ...env } });
    const file = read();
    writeStackFile(directory, { ...file, processes: { ...file.processes, [name]: ref } });
    await awaitHealthy(name, part, ref, signal);
  };
  const start = async (signal?: AbortSignal) => {
    const missing = parts().filter((name) => !runs(name));
    // Workers and API look for Temporal only now and then: they are quicker up when it is there already.
    const servers = missing.filter((name) => name === 'temporal' || name === 'mesos');
    await inParallel(servers, (name) => startPart(name, signal));
    await inParallel(
      missing.filter((name) => name !== 'temporal' && name !== 'mesos'),
      (name) => startPart(name, signal),
    );
  };
  const stopParts = async (names: string[]) => {
    await Promise.all(
      names.flatMap((name) => {
        const ref = refOf(name);
        return ref ? [stopProcess(ref, STOP_GRACE_MS)] : [];
      }),
    );
  };
  return {
    name: read().name,
    directory,
    urls: read().urls,
    pids: () => Object.fromEntries(Object.entries(read().processes).map(([name, { pid }]) => [name, pid])),
    missing: () => parts().filter((name) => !runs(name)),
    start,
    kill: async (part, signal) => {
      const ref = refOf(part);
      if (!ref) throw new Error(`the stack has no part ${part}; it has ${parts().join(', ')}`);
      signalProcess(ref, signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await awaitEnd(ref, STOP_GRACE_MS);
    },
    restart: async (part) => {
      await stopParts([part]);
      await startPart(part);
    },
    startWorker: async (env) => {
      const file = read();
      const port = await createPortPicker(() => undefined).any();
      writeStackFile(directory, {
        ...file,
        ports: { ...file.ports, workers: [...file.ports.workers, port] },
      });
      const name = `worker-${file.ports.workers.length + 1}`;
      await startPart(name, undefined, env);
      return name;
    },
    stop: async ({ tasks = false, wipe = false } = {}) => {
      const names = parts();
      // First who acts on the others; Mesos before its tasks, so that it reports no deaths; Temporal last.
      await stopParts(names.filter((name) => name !== 'temporal' && name !== 'mesos'));
      await stopParts(['mesos']);
      if (tasks || wipe) await stopTasks(directory);
      await stopParts(['temporal']);
      if (wipe) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Stops every process in a sandbox of the stack's local Mesos. */
async function stopTasks(directory: string): Promise<void> {
  const sandboxes = join(directory, 'mesos');
  await Promise.all(processesIn(sandboxes).map((ref) => stopProcess(ref, TASK_GRACE_MS)));
  // Who started another process between the look and its own end.
  await Promise.all(processesIn(sandboxes).map((ref) => stopProcess(ref, 0)));
}

/** Runs all, and fails with the first failure only after all have ended, so that nothing goes on unseen. */
async function inParallel(names: string[], act: (name: string) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(names.map(act));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
