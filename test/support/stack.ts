// A whole stack for a test: real Temporal, local Mesos, workers, API; Kafka nodes are real JVMs. Gone after the test.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Agent, request as ask } from 'undici';
import { startStack, type Stack, type StackOptions } from '../../src/local/stack/index.ts';
import type { LocalState } from '../../src/local/mesos/index.ts';
import type { ErrorBody } from '../../src/model/errors.ts';
import type { PlanProgress } from '../../src/model/plan/plan.ts';
import type { ClusterSpecInput } from '../../src/model/spec/schema.ts';
import type { ClusterView } from '../../src/api/schemas/cluster.ts';
import { clusterWorkflowId, operationWorkflowId } from '../../src/workflows/contract.ts';
import { isComplete } from './progress.ts';
import { waitFor } from './wait-for.ts';

export interface TestStack extends Stack {
  readonly client: Client;
  /** Sends a request; the body of the answer with its status. */
  request<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  /** Requests an install and returns the operation's id. */
  install(spec: ClusterSpecInput): Promise<string>;
  uninstall(name: string): Promise<string>;
  cluster(name: string): Promise<ClusterView>;
  progress(operationId: string): Promise<PlanProgress>;
  progressUntil(operationId: string, until: (progress: PlanProgress) => boolean): Promise<PlanProgress>;
  complete(operationId: string): Promise<PlanProgress>;
  mesos(): Promise<LocalState>;
  historyLength(workflowId: string): Promise<number>;
  close(): Promise<void>;
}

/** Small JVMs that start fast; the sizes are for tests, not for data. */
const SMALL_JVM = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** A cluster that starts fast on two cores. */
export function smallSpec(
  name: string,
  overrides: ClusterSpecInput extends infer T ? Partial<T> : never = {},
): ClusterSpecInput {
  return {
    name,
    kafka: { config: { 'group.initial.rebalance.delay.ms': 0, 'offsets.topic.num.partitions': 5 } },
    brokers: { count: 3, cpus: 0.5, memMb: 512, heapMb: 256, jvmOptions: SMALL_JVM, disk: { sizeMb: 1024 } },
    controllers: {
      count: 1,
      cpus: 0.2,
      memMb: 384,
      heapMb: 192,
      jvmOptions: SMALL_JVM,
      disk: { sizeMb: 512 },
    },
    killGraceSeconds: 20,
    ...overrides,
  };
}

/** One broker and one controller: for what does not depend on the number. */
export function tinySpec(name: string): ClusterSpecInput {
  const small = smallSpec(name);
  return { ...small, brokers: { ...small.brokers, count: 1 } };
}

export async function startTestStack(options: StackOptions = {}): Promise<TestStack> {
  const home = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const stack = await startStack({
    name: 'test',
    home,
    ports: { temporal: 0, ui: 0, mesos: 0, api: 0 },
    agents: { count: 4, cpus: 2, memMb: 2048, diskMb: 8192 },
    ...options,
  });
  const caFile = options.mesos?.tls?.caFile;
  const masters = new Agent(caFile === undefined ? {} : { connect: { ca: readFileSync(caFile, 'utf8') } });
  const connection = await Connection.connect({ address: stack.urls.temporalAddress });
  const client = new Client({ connection });
  const request = async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(`${stack.urls.api}${path}`, {
      method,
      headers: {
        'x-requested-by': 'test',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  };
  const get = async <T>(path: string) => {
    const { status, body } = await request<T>('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const accepted = async (
    answer: Promise<{ status: number; body: { operationId: string; error?: ErrorBody } }>,
  ) => {
    const { status, body } = await answer;
    if (status !== 202) throw new Error(`not accepted: ${status} ${JSON.stringify(body)}`);
    return body.operationId;
  };
  const progress = (id: string) => get<PlanProgress>(`/v1/operations/${encodeURIComponent(id)}`);
  const progressUntil = (id: string, until: (progress: PlanProgress) => boolean) =>
    waitFor(() => progress(id), until, { describe: `progress of ${id}`, timeoutMs: 150_000 });
  return {
    ...stack,
    client,
    request,
    install: (spec) => accepted(request('POST', '/v1/clusters', spec)),
    uninstall: (name) => accepted(request('DELETE', `/v1/clusters/${encodeURIComponent(name)}`)),
    cluster: (name) => get<ClusterView>(`/v1/clusters/${encodeURIComponent(name)}`),
    progress,
    progressUntil,
    complete: (id) => progressUntil(id, isComplete),
    mesos: async () =>
      (await (
        await ask(`${stack.urls.mesos}/local/state`, { dispatcher: masters })
      ).body.json()) as LocalState,
    historyLength: async (workflowId) =>
      (await client.workflow.getHandle(workflowId).fetchHistory()).events?.length ?? 0,
    close: async () => {
      await connection.close();
      await masters.close();
      await stack.stop({ tasks: true, wipe: true });
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What of a cluster is in Mesos: one task and one reservation a node, or nothing. */
export async function nodesInMesos(stack: TestStack, cluster: string) {
  const { reservations, tasks, volumes, frameworks } = await stack.mesos();
  const labelled = reservations.flatMap(({ agentId, resource }) => {
    const labels = resource.reservations?.at(-1)?.labels?.labels ?? [];
    const value = (key: string) => labels.find((label) => label.key === key)?.value;
    return value('millrace_cluster') === cluster ? [`${value('millrace_node') ?? '?'}@${agentId}`] : [];
  });
  const framework = frameworks.find(({ name }) => name === `kafka-${cluster}`)?.id;
  return {
    reserved: [...new Set(labelled)].sort(),
    running: tasks
      .filter(({ frameworkId, state }) => frameworkId === framework && state === 'TASK_RUNNING')
      .map(({ id }) => id)
      .sort(),
    volumes: volumes.filter(({ id }) => labelled.some((node) => id.startsWith(`${node.split('@')[0]!}-`)))
      .length,
    frameworks: framework === undefined ? 0 : 1,
  };
}

export { clusterWorkflowId, operationWorkflowId };
