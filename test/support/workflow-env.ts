// A Temporal server with workers that run the real workflows on a fake world.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { withFailures } from '../../src/activities/failure.ts';
import { clusterSpecSchema, type ClusterSpec, type ClusterSpecInput } from '../../src/model/spec/schema.ts';
import type { PlanProgress } from '../../src/model/plan/plan.ts';
import type { ClusterState } from '../../src/model/cluster.ts';
import {
  clusterQuery,
  clusterWorkflowId,
  installUpdate,
  operationWorkflowId,
  progressQuery,
  TASK_QUEUE,
  uninstallUpdate,
  type OperationAccepted,
} from '../../src/workflows/contract.ts';
import { temporalCliPath } from './components.ts';
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
  close(): Promise<void>;
}

let installed = false;

/** Once a process, before anything native is made. */
function installRuntime(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR') });
  installed = true;
}

let bundle: Promise<{ code: string }> | undefined;

/** A complete spec from what a test cares about. */
export function specOf(input: ClusterSpecInput & { name: string }): ClusterSpec {
  return clusterSpecSchema.parse({ role: `${input.name}-role`, ...input });
}

export interface WorkflowEnvOptions {
  /** Histories of this many events are to continue as new. @default the server's, thousands */
  continueAsNewAt?: number;
}

export async function startWorkflowEnv(options: WorkflowEnvOptions = {}): Promise<WorkflowEnv> {
  installRuntime();
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: await temporalCliPath() },
      searchAttributes: ['KafkaCluster', 'KafkaOperation', 'KafkaOperationState'].map((name) =>
        defineSearchAttributeKey(name, 'KEYWORD'),
      ),
      log: { level: 'error', format: 'pretty' },
      ...(options.continueAsNewAt === undefined
        ? {}
        : {
            extraArgs: [
              '--dynamic-config-value',
              `limit.historyCount.suggestContinueAsNew=${options.continueAsNewAt}`,
            ],
          }),
    },
  });
  const { client } = env;
  const sessionTaskQueue = `session-${randomUUID()}`;
  const fake = createFakeWorld(() => client, sessionTaskQueue);
  const common = { connection: env.nativeConnection, maxHeartbeatThrottleInterval: '100ms' } as const;
  let workers: Worker[] = [];
  const isStopping = () => workers.some((worker) => worker.getState() !== 'RUNNING');
  workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: TASK_QUEUE,
      workflowBundle: await bundle,
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
    close: async () => {
      workers.forEach((worker) => {
        worker.shutdown();
      });
      await Promise.all(runs);
      await env.teardown();
    },
  };
}
