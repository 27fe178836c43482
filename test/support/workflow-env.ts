// A Temporal server with workers that run the real workflows on a fake world.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { withFailures } from '../../src/activities/failure.ts';
import { clusterSpecSchema, type ClusterSpec, type ClusterSpecInput } from '../../src/model/spec/schema.ts';
import type { PlanProgress } from '../../src/model/plan/plan.ts';
import type { ClusterState } from '../../src/model/cluster.ts';
import {
  clusterQuery,
  clusterWorkflowId,
  installUpdate,
  KAFKA_ROLE,
  operationWorkflowId,
  progressQuery,
  TASK_QUEUE,
  uninstallUpdate,
  type OperationAccepted,
} from '../../src/workflows/contract.ts';
import { temporalCliPath, testServerPath } from './components.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { waitFor } from './wait-for.ts';

export interface WorkflowEnv {
  client: Client;
  world: FakeWorld;
  install(spec: ClusterSpecInput & { name: string }): Promise<OperationAccepted>;
  progress(operationId: string): Promise<PlanProgress>;
  state(cluster: string): Promise<ClusterState>;
  /** Waits until the operation's progress satisfies `until`. */
  progressUntil(operationId: string, until: (progress: PlanProgress) => boolean): Promise<PlanProgress>;
  stateUntil(cluster: string, until: (state: ClusterState) => boolean): Promise<ClusterState>;
  uninstall(cluster: string): Promise<OperationAccepted>;
  /** Lets time pass: at once on a server that skips time. */
  sleep(duration: string): Promise<void>;
  /** The server's time, in milliseconds since 1970. */
  now(): Promise<number>;
  close(): Promise<void>;
}

/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;

let installed = false;

/** Once a process, before anything native is made. */
function installRuntime(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR') });
  installed = true;
}

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The present workflows, bundled once a process. */
export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  installRuntime();
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  return bundle;
}

/** A complete spec from what a test cares about. */
export function specOf(input: ClusterSpecInput & { name: string }): ClusterSpec {
  return clusterSpecSchema.parse({ role: `${input.name}-role`, ...input });
}

export interface WorkflowEnvOptions {
  /** Histories of this many events are to continue as new. @default the server's, thousands */
  continueAsNewAt?: number;
  /** On a server that skips time; it has no lists, and skips only in `sleep` and while a result is awaited. @default false */
  timeSkipping?: boolean;
}

const SEARCH_ATTRIBUTES = ['KafkaCluster', 'KafkaRole', 'KafkaOperation', 'KafkaOperationState'].map((name) =>
  defineSearchAttributeKey(name, 'KEYWORD'),
);

/** Starts a server with workers; end both with `close()`. */
export async function startWorkflowEnv(options: WorkflowEnvOptions = {}): Promise<WorkflowEnv> {
  const workflowBundle = await bundleWorkflows();
  const env = await (options.timeSkipping === true ? startTimeSkipping() : startDevServer(options));
  const { client } = env;
  const sessionTaskQueue = `session-${randomUUID()}`;
  const fake = createFakeWorld(() => client, sessionTaskQueue);
  // Time stands still while an activity runs.
  fake.world.holdsSubscription = options.timeSkipping !== true;
  const common = { connection: env.nativeConnection, maxHeartbeatThrottleInterval: '100ms' } as const;
  let workers: Worker[] = [];
  const isStopping = () => workers.some((worker) => worker.getState() !== 'RUNNING');
  workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: TASK_QUEUE,
      workflowBundle,
      activities: withFailures(fake.common, isStopping),
    }),
    Worker.create({ ...common, taskQueue: sessionTaskQueue, activities: fake.session }),
  ]);
  const runs = workers.map((worker) => worker.run());

  const progress = (operationId: string) =>
    client.workflow.getHandle(operationWorkflowId(operationId)).query(progressQuery);
  const state = async (cluster: string) => {
    const found = await client.workflow.getHandle(clusterWorkflowId(cluster)).query(clusterQuery);
    if (!found) throw new Error(`cluster ${cluster} has no state`);
    return found;
  };
  return {
    client,
    world: fake.world,
    install: (input) =>
      client.workflow.executeUpdateWithStart(installUpdate, {
        args: [{ spec: specOf(input), requestedBy: 'test' }],
        startWorkflowOperation: new WithStartWorkflowOperation('cluster', {
          workflowId: clusterWorkflowId(input.name),
          taskQueue: TASK_QUEUE,
          args: [{ name: input.name }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          typedSearchAttributes: [{ key: KAFKA_ROLE, value: `${input.name}-role` }],
        }),
      }),
    uninstall: (cluster) =>
      client.workflow
        .getHandle(clusterWorkflowId(cluster))
        .executeUpdate(uninstallUpdate, { args: [{ requestedBy: 'test' }] }),
    progress,
    state,
    progressUntil: (operationId, until) =>
      waitFor(() => progress(operationId), until, { describe: `progress of ${operationId}` }),
    stateUntil: (cluster, until) => waitFor(() => state(cluster), until, { describe: `state of ${cluster}` }),
    sleep: (duration) => env.sleep(duration),
    now: () => env.currentTimeMs(),
    close: async () => {
      workers.forEach((worker) => {
        worker.shutdown();
      });
      await Promise.all(runs);
      await env.teardown();
    },
  };
}

async function startDevServer({ continueAsNewAt }: WorkflowEnvOptions): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: await temporalCliPath() },
      searchAttributes: SEARCH_ATTRIBUTES,
      log: { level: 'error', format: 'pretty' },
      ...(continueAsNewAt === undefined
        ? {}
        : {
            extraArgs: [
              '--dynamic-config-value',
              `limit.historyCount.suggestContinueAsNew=${continueAsNewAt}`,
            ],
          }),
    },
  });
}

async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: await testServerPath() } },
  });
  await env.connection.operatorService.addSearchAttributes({
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name }) => [name, KEYWORD])),
    namespace: env.namespace ?? 'default',
  });
  return env;
}
