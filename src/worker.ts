// Composition root of a worker process: connects to Temporal, holds Mesos sessions, runs workflows and activities.
// Runs against any Temporal (TEMPORAL_*) and any Mesos (MILLRACE_MESOS_MASTERS); keeps trying while either is away.
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { Runtime, Worker } from '@temporalio/worker';
import type { Logger as Pino } from 'pino';
import { createActivities, createSessionActivities, type ActivityDeps } from './activities/index.ts';
import { MillraceError } from './model/errors.ts';
import { connectClient, connectNative, diffFootprint, loadFootprint } from './temporal/index.ts';
import { readWorkerConfig, type WorkerConfig } from './worker-config.ts';
import { createLog, logStep, temporalLogger } from './worker-log.ts';
import { workflowBundle } from './workflow-bundle.ts';
import { TASK_QUEUE } from './workflows/contract.ts';

/** Between two tries to reach Temporal, or to find there what temporal.yaml declares. */
const RETRY_MS = 2_000;
/** In-flight activities are told to stop at once: each hands over by itself, and Mesos' stream has no time to lose. */
const SHUTDOWN_GRACE = '0 seconds';
/** Cancellation reaches an activity with its heartbeats' answers, so they are not held back for long. */
const HEARTBEAT_THROTTLE = '2 seconds';
/**
 * The server keeps a workflow's next task for the worker that has it in memory. When that worker died, this is how long
 * the task waits for nothing, and a takeover of its sessions with it; another worker replays the history, which is short.
 */
const STICKY_TIMEOUT = '2 seconds';

interface Health {
  state: 'starting' | 'running' | 'stopping';
  waitingFor?: string;
}

async function main(): Promise<void> {
  const config = readWorkerConfig(process.env);
  const log = createLog(config.logLevel);
  Runtime.install({ logger: temporalLogger(log) });
  const health: Health = { state: 'starting', waitingFor: 'Temporal' };
  const server = await serveHealth(config, health, log);
  try {
    const workers = await createWorkers(config, health, log);
    health.state = 'running';
    delete health.waitingFor;
    log.info({ taskQueue: TASK_QUEUE, masters: config.mesos.masters }, 'worker is ready');
    await Promise.all(workers.map((worker) => worker.run()));
    health.state = 'stopping';
    log.info('worker has stopped');
  } finally {
    server.close();
  }
}

async function createWorkers(config: WorkerConfig, health: Health, log: Pino): Promise<Worker[]> {
  const [{ client, namespace }, bundle] = await Promise.all([reachTemporal(health, log), workflowBundle()]);
  const { connection } = await connectNative();
  const footprint = loadFootprint();
  const { main: limits, session: sessionQueue } = footprint.taskQueues;
  const identity = `${hostname()}/${process.pid}`;
  let workers: Worker[] = [];
  const deps: ActivityDeps = {
    client,
    mesos: config.mesos,
    sessions: new Map(),
    sessionTaskQueue: sessionQueue.namePattern.replace('{process}', randomUUID()),
    isStopping: () =>
      workers.some((worker) => worker.getState() !== 'RUNNING' && worker.getState() !== 'INITIALIZED'),
  };
  const common = {
    connection,
    namespace,
    identity,
    shutdownGraceTime: SHUTDOWN_GRACE,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    interceptors: { activity: [logStep] },
  };
  workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: TASK_QUEUE,
      workflowBundle: bundle,
      activities: createActivities(deps),
      maxConcurrentActivityTaskExecutions: limits.maxConcurrentActivities,
      maxConcurrentWorkflowTaskExecutions: limits.maxConcurrentWorkflowTasks,
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    }),
    Worker.create({
      ...common,
      taskQueue: deps.sessionTaskQueue,
      activities: createSessionActivities(deps),
      maxConcurrentActivityTaskExecutions: sessionQueue.maxConcurrentActivities,
    }),
  ]);
  return workers;
}

/** Waits until Temporal answers and has all that temporal.yaml declares; says what is missing meanwhile. */
async function reachTemporal(health: Health, log: Pino): Promise<Awaited<ReturnType<typeof connectClient>>> {
  const footprint = loadFootprint();
  let told = '';
  for (;;) {
    try {
      const connected = await connectClient();
      const differences = await diffFootprint(connected.connection, footprint);
      const lacking = differences.filter(({ blocking }) => blocking);
      if (lacking.length === 0) return connected;
      await connected.connection.close();
      throw new MillraceError(
        'TEMPORAL_MISCONFIGURED',
        `Temporal at ${connected.address} lacks what temporal.yaml declares: ${lacking.map(({ message }) => message).join('; ')}. ` +
          'Run "millrace temporal apply"; this worker goes on by itself then.',
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      health.waitingFor = reason;
      if (reason !== told) log.warn({ reason }, 'waiting for Temporal');
      told = reason;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** `GET /healthz`: 200 while the process lives; `GET /readyz`: 200 when it works, else 503 with what it waits for. */
async function serveHealth(config: WorkerConfig, health: Health, log: Pino): Promise<Server> {
  const server = createServer((request, response) => {
    const ready = request.url === '/readyz';
    response.writeHead(ready && health.state !== 'running' ? 503 : 200, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(health));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.health.port, config.health.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  log.info({ health: `http://${config.health.host}:${port}` }, 'health endpoint listens');
  return server;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof MillraceError ? `millrace worker: ${error.message}` : error);
  process.exitCode = 1;
}
