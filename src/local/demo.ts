// The demo: a whole stack, a cluster installed by a workflow, records through it, and with `--exit` everything undone.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient, type ApiClient } from '../cli/api-client.ts';
import { findApi } from '../cli/find-api.ts';
import type { Io } from '../cli/io.ts';
import { columns } from '../cli/output.ts';
import { createPlanScreen } from '../cli/plan-screen.ts';
import { watchOperation } from '../cli/watch.ts';
import type { OperationView } from '../api/schemas/operation.ts';
import { OPERATION_STATE } from '../model/cluster.ts';
import { MillraceError } from '../model/errors.ts';
import { progressDisplay } from './components/index.ts';
import { leftOver } from './demo/left-over.ts';
import { localState } from './demo/local-state.ts';
import { produceAndConsume } from './demo/records.ts';
import { DEMO_CLUSTER, demoSpec } from './demo/spec.ts';
import { processesIn, startStack, type Stack } from './stack/index.ts';

export interface DemoOptions {
  /** Uninstall at the end, check that nothing is left, and return. */
  exit: boolean;
  io: Io;
  /** Ctrl-C. */
  signal: AbortSignal;
}

/** The last line of `demo --exit`. */
interface DemoResult {
  installed: boolean;
  brokers: number;
  produced: number;
  consumed: number;
  /** Tasks, reservations, volumes and processes that outlived the uninstall. */
  left: number;
  installSeconds: number;
}

/** With `--exit` nobody watches: an operation that takes longer than this has failed. */
const OPERATION_LIMIT_MS = 5 * 60_000;

/**
 * Runs the demo on a stack of its own in a temporary directory, so that a stack that is up is not touched. Everything that
 * it started is stopped at the end, also after Ctrl-C or a failure; after a failure the logs are kept.
 *
 * @throws MillraceError saying what failed
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { io, signal } = options;
  const home = await mkdtemp(join(tmpdir(), 'millrace-demo-'));
  let stack: Stack | undefined;
  let result: DemoResult | null = null;
  try {
    stack = await startDemoStack(home, options);
    // What is under way when Ctrl-C comes is left behind: the stack that it talks to is stopped below.
    result = await Promise.race([tour(stack, options), aborted(signal)]);
  } catch (error) {
    if (stack) await stop(stack, io);
    if (!signal.aborted) {
      if (stack) io.err(`The logs are kept in ${join(stack.directory, 'logs')}\n`);
      throw error;
    }
  }
  if (stack && result) await stop(stack, io);
  const survivors = processesIn(home).length;
  if (!result) {
    await rm(home, { recursive: true, force: true });
    return;
  }
  result.left += survivors;
  if (result.left > 0)
    throw new MillraceError('INTERNAL', `The demo left ${survivors} of its processes behind in ${home}.`);
  await rm(home, { recursive: true, force: true });
  io.out(`${JSON.stringify(result)}\n`);
}

async function startDemoStack(home: string, { exit, io, signal }: DemoOptions): Promise<Stack> {
  const display = progressDisplay(process.stdout);
  io.out(
    'Starting Temporal, local Mesos with 4 agents, a worker and the API (the first time, components are set up)\n',
  );
  const stack = await startStack({
    name: 'demo',
    home,
    ...(exit ? { ports: { temporal: 0, ui: 0, mesos: 0, api: 0 } } : {}),
    onProgress: display.onProgress,
    onNote: (note) => {
      io.out(`note: ${note}\n`);
    },
    signal,
  });
  io.out(
    `Temporal UI    ${stack.urls.temporalUi}\nAPI            ${stack.urls.api}/reference\nLocal Mesos    ${stack.urls.mesos}\n\n`,
  );
  return stack;
}

/** Everything that is shown; returns only with `--exit`. */
async function tour(stack: Stack, options: DemoOptions): Promise<DemoResult> {
  const { io, exit, signal } = options;
  const api = createApiClient({ url: stack.urls.api, source: 'the demo' });
  const accepted = await api.install(JSON.stringify(demoSpec()), 'json');
  io.out(`Installing cluster ${DEMO_CLUSTER}: ${accepted.links.temporalUi ?? ''}\n`);
  const installed = await follow(api, accepted.operationId, options);
  const cluster = await api.cluster(DEMO_CLUSTER);
  const counted = await produceAndConsume(cluster.bootstrapServers);
  io.out(
    `\nProduced ${counted.produced} records with acks=all and consumed ${counted.consumed} of them.\n\n`,
  );
  if (counted.consumed !== counted.produced)
    throw new MillraceError(
      'VERIFY_FAILED',
      `Only ${counted.consumed} of ${counted.produced} records came back from ${cluster.bootstrapServers}.`,
    );
  const nodes = cluster.nodes.map(({ name, status, host, port, task }) => [name, status, host, port, task]);
  io.out(
    `${columns(['NODE', 'STATUS', 'HOST', 'PORT', 'TASK'], nodes)}\n\nBootstrap servers  ${cluster.bootstrapServers}\n`,
  );
  if (!exit) {
    io.out(await whatNext(stack, accepted.links.temporalUi, io));
    return aborted(signal);
  }
  io.out('\n');
  const { operationId } = await api.uninstall(DEMO_CLUSTER);
  await follow(api, operationId, options);
  const left = await leftOver(stack);
  if (left.length > 0)
    throw new MillraceError('INTERNAL', `The uninstall left something behind:\n  ${left.join('\n  ')}`);
  return {
    installed: true,
    brokers: cluster.nodes.filter(({ kind, status }) => kind === 'broker' && status === 'READY').length,
    ...counted,
    left: left.length,
    installSeconds: Math.round(((installed.endedAtMs ?? 0) - installed.startedAtMs) / 100) / 10,
  };
}

/** Shows an operation until it is complete; with `--exit`, anything else is a failure. */
async function follow(
  api: ApiClient,
  operationId: string,
  { exit, io, signal }: DemoOptions,
): Promise<OperationView> {
  const screen = createPlanScreen(io);
  // So that Ctrl-C ends the watch too, which otherwise outlasts an API that is gone.
  const sleep = (ms: number) => Promise.race([io.sleep(ms), aborted(signal)]);
  const operation = await watchOperation(
    api,
    operationId,
    { ...io, sleep },
    {
      onProgress: screen.update,
      onTrouble: screen.remark,
      follow: !exit,
      ...(exit ? { timeoutMs: OPERATION_LIMIT_MS } : {}),
    },
  );
  if (operation.state === OPERATION_STATE.COMPLETE) return operation;
  const steps = operation.phases
    .flatMap((phase) => phase.steps)
    .filter(({ status }) => status === 'FAILED' || status === 'ABORTED');
  throw new MillraceError(
    'VERIFY_FAILED',
    `${operationId} is ${operation.state}: ${steps.map(({ id, reason }) => `${id}: ${reason ?? 'no reason given'}`).join('; ')}`,
  );
}

async function whatNext(stack: Stack, operationUrl: string | undefined, io: Io): Promise<string> {
  const broker = (await localState(stack.urls.mesos)).tasks.find(({ id }) => id.startsWith('broker-'));
  const own = findApi(undefined, io.env).url === stack.urls.api ? '' : `MILLRACE_API=${stack.urls.api} `;
  const millrace = (command: string) => `  ${own}npx millrace ${command}\n`;
  return (
    `The operation      ${operationUrl ?? ''}\nThe API            ${stack.urls.api}/reference\n` +
    `\nIn another terminal, try:\n` +
    millrace(`cluster get ${DEMO_CLUSTER}`) +
    millrace(`op get '${DEMO_CLUSTER}/install#1'`) +
    (broker?.pid === undefined
      ? ''
      : `  kill -9 ${broker.pid}   (${broker.id}: it is recovered by itself; then look at "op list" and the Temporal UI)\n`) +
    millrace(`cluster uninstall ${DEMO_CLUSTER}`) +
    `\nA stack that stays: npx millrace up. Ctrl-C stops this one.\n`
  );
}

async function stop(stack: Stack, io: Io): Promise<void> {
  io.out('Stopping everything that was started\n');
  await stack.stop({ tasks: true });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(new Error('stopped'));
    signal.addEventListener(
      'abort',
      () => {
        reject(new Error('stopped'));
      },
      { once: true },
    );
  });
}
