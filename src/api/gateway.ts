// Everything that the API asks of the workflows, as plain functions. Each call has a deadline, and each failure is an error
// of Millrace's table.
import {
  WithStartWorkflowOperation,
  type Connection,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { ChangeRequest } from '../model/change-request.ts';
import type { ClusterState } from '../model/cluster.ts';
import { ERRORS, MillraceError } from '../model/errors.ts';
import { STATUS, type Plan, type PlanProgress } from '../model/plan/plan.ts';
import type { ClusterSpec } from '../model/spec/schema.ts';
import { GRPC, grpcCodeOf, unreachable, type ConnectedClient } from '../temporal/index.ts';
import { abortRest } from '../model/plan/progress.ts';
import * as contract from '../workflows/contract.ts';
import { createPreviews } from './change-preview.ts';
import type { ChangePlanView } from './schemas/change.ts';
import { listClusterNames, listOperations, type FoundOperation, type OperationFilter } from './listing.ts';
import { queuedProgress } from './queued.ts';
import { createQuestions, type PreflightFound, type WhyFound } from './questions.ts';
import { notFound, toMillraceError, type Subject } from './temporal-errors.ts';

/** What a person may tell an operation; the names of the contract. */
export type PersonMessage = keyof typeof contract.PERSON_UPDATES;

type AskForOperation<R = contract.OperationRequest> = (
  cluster: string,
  request: R,
  key?: string,
) => Promise<contract.OperationAccepted>;

export interface Gateway {
  /** @throws MillraceError CLUSTER_EXISTS, ROLE_TAKEN, NO_WORKER, TEMPORAL_UNREACHABLE */
  install(request: contract.InstallRequest, key?: string): Promise<contract.OperationAccepted>;
  /** @throws MillraceError CLUSTER_NOT_FOUND, OPERATION_RUNNING, … */
  uninstall: AskForOperation;
  /** @throws MillraceError CLUSTER_NOT_FOUND, OPERATION_RUNNING, NOTHING_TO_DO, … */
  recover: AskForOperation;
  /** @throws MillraceError CLUSTER_NOT_FOUND, NODE_NOT_FOUND, OPERATION_RUNNING, NOTHING_TO_DO, CHANGE_REFUSED, … */
  replace: AskForOperation<contract.ReplaceRequest>;
  /** @throws MillraceError CLUSTER_NOT_FOUND, OPERATION_RUNNING, NOTHING_TO_DO, … */
  adopt: AskForOperation;
  /** Asks for a change of a serving cluster. @throws MillraceError CLUSTER_NOT_FOUND, OPERATION_RUNNING, NOTHING_TO_DO, CHANGE_REFUSED, … */
  change: AskForOperation<ChangeRequest & { queue?: boolean }>;
  /** What a change would do; changes nothing. @throws MillraceError CHANGE_REFUSED, CLUSTER_NOT_FOUND, … */
  planChange(cluster: string, request: ChangeRequest): Promise<ChangePlanView>;
  /** The state of a cluster, or of one that was uninstalled and is not yet forgotten. @throws MillraceError CLUSTER_NOT_FOUND */
  cluster(name: string): Promise<ClusterState>;
  /** Why nodes of a cluster wait to be placed or launched. @throws MillraceError CLUSTER_NOT_FOUND, NO_WORKER */
  why(name: string): Promise<WhyFound>;
  /** Whether an install would be accepted and fit now; nothing is touched. @throws MillraceError NO_WORKER, MESOS_UNREACHABLE */
  preflight(spec: ClusterSpec): Promise<PreflightFound>;
  /** Every cluster that lives; an error in place of the state of one that does not answer. */
  clusters(): Promise<{ name: string; state: ClusterState | MillraceError }[]>;
  operations(filter: OperationFilter): Promise<FoundOperation[]>;
  /** @throws MillraceError OPERATION_NOT_FOUND */
  progress(operationId: string): Promise<PlanProgress>;
  /** @throws MillraceError OPERATION_NOT_FOUND */
  plan(operationId: string): Promise<Plan>;
  /** @throws MillraceError STEP_NOT_FOUND, STEP_NOT_FAILED, OPERATION_NOT_ACTIVE, OPERATION_NOT_FOUND */
  tell(operationId: string, message: PersonMessage, argument: object): Promise<PlanProgress>;
  /** Returns when Temporal answers. @throws MillraceError TEMPORAL_UNREACHABLE */
  ready(): Promise<void>;
}

/** A worker takes a request within milliseconds; one that starts may need some seconds. */
const CALL_DEADLINE_MS = 10_000;
const PROBE_DEADLINE_MS = 2_000;
/** Queries that a list of clusters has under way at once: enough to be quick, few enough to leave workers their work. */
const QUERIES_AT_ONCE = 16;

/** The gateway over a client; `callDeadlineMs` is for tests. */
export function createGateway(temporal: ConnectedClient, options: { callDeadlineMs?: number } = {}): Gateway {
  const { client, connection } = temporal;
  const deadlineMs = options.callDeadlineMs ?? CALL_DEADLINE_MS;
  const alive = async () => (await probe(connection)) === null;

  const ask = async <T>(subject: Subject, call: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + deadlineMs, call);
    } catch (error) {
      throw await toMillraceError(error, { subject, target: temporal, alive });
    }
  };
  const askFor =
    <R extends contract.OperationRequest>(
      update: UpdateDefinition<contract.OperationAccepted, [R]>,
    ): AskForOperation<R> =>
    (name, request, key) =>
      ask({ cluster: name }, () =>
        client.workflow.getHandle(contract.clusterWorkflowId(name)).executeUpdate(update, {
          args: [request],
          ...(key === undefined ? {} : { updateId: key }),
        }),
      );
  const operation = (id: string) => {
    if (!contract.parseOperationId(id)) throw notFound({ operation: id });
    return client.workflow.getHandle(contract.operationWorkflowId(id));
  };
  const cluster = (name: string) =>
    ask({ cluster: name }, async () => {
      const state = await client.workflow
        .getHandle(contract.clusterWorkflowId(name))
        .query(contract.clusterQuery);
      if (!state) throw notFound({ cluster: name });
      return state;
    });

  /** An operation that waits in the queue of its cluster; null when it does not. */
  const queued = async (id: string): Promise<PlanProgress | null> => {
    const name = contract.parseOperationId(id)?.cluster ?? '';
    const state = await cluster(name).catch(() => null);
    return state && queuedProgress(state, id);
  };
  const dequeue = async (id: string, waiting: PlanProgress, { by, reason }: contract.AbortMessage) => {
    const request = { operationId: id, requestedBy: by ?? 'somebody', reason };
    await client.workflow
      .getHandle(contract.clusterWorkflowId(waiting.cluster))
      .executeUpdate(contract.dequeueUpdate, { args: [request] });
    const endedAtMs = Date.now();
    abortRest(waiting, `taken out of the queue: ${reason}`, endedAtMs);
    return { ...waiting, status: STATUS.ABORTED, endedAtMs };
  };
  const progress = (id: string) =>
    ask({ operation: id }, async () => {
      const found = await operation(id)
        .query(contract.progressQuery)
        .catch(async (error: unknown) => {
          const waiting = isNothingThere(error) ? await queued(id) : null;
          if (waiting) return waiting;
          throw error;
        });
      if (found.endedAtMs !== undefined) return found;
      const description = await operation(id)
        .describe()
        .catch((error: unknown) => {
          if (isNothingThere(error)) return null;
          throw error;
        });
      return description ? asClosed(found, description) : found;
    });
  const { why, preflight, requireFreeRole } = createQuestions({ client, ask, cluster, progress });

  const { planChange, requireRoom, replaceImpact } = createPreviews({ client, ask, cluster });

  return {
    install: async (request, key) => {
      await requireFreeRole(request.spec);
      return ask({ cluster: request.spec.name }, () =>
        client.workflow.executeUpdateWithStart(contract.installUpdate, {
          args: [request],
          ...(key === undefined ? {} : { updateId: key }),
          startWorkflowOperation: startEntity(request.spec),
        }),
      );
    },
    uninstall: askFor(contract.uninstallUpdate),
    recover: askFor(contract.recoverUpdate),
    replace: async (name, request, key) => {
      const impact = await replaceImpact(name, request);
      return askFor(contract.replaceUpdate)(name, { ...request, ...(impact ? { impact } : {}) }, key);
    },
    adopt: askFor(contract.adoptUpdate),
    change: async (name, request, key) => {
      await requireRoom(name, request);
      const { kind, ...argument } = request;
      const update = CHANGES[kind] as UpdateDefinition<contract.OperationAccepted, [typeof argument]>;
      return askFor(update)(name, argument, key);
    },
    planChange,
    cluster,
    why,
    preflight,
    clusters: async () => {
      const names = await ask({ list: 'the list of clusters' }, () => listClusterNames(client));
      // What keeps one from answering (no worker, no server) keeps all: the others need not wait for it too.
      let common: MillraceError | null = null;
      return mapLimited(names, QUERIES_AT_ONCE, async (name) => {
        if (common) return { name, state: common };
        const state = await cluster(name).catch(asProblem);
        if (state instanceof MillraceError && ERRORS[state.code].status === 503) common = state;
        return { name, state };
      });
    },
    operations: (filter) => ask({ list: 'the list of operations' }, () => listOperations(client, filter)),
    progress,
    plan: (id) => ask({ operation: id }, () => operation(id).query(contract.planQuery)),
    tell: (id, message, argument) =>
      ask({ operation: id }, async () => {
        const handle = operation(id);
        try {
          return await handle.executeUpdate<PlanProgress, [object]>(contract.PERSON_UPDATES[message].name, {
            args: [argument],
          });
        } catch (error) {
          const waiting = isNothingThere(error) ? await queued(id) : null;
          if (waiting && message === 'abort') return dequeue(id, waiting, argument as contract.AbortMessage);
          await refuseWhenEnded(id, () => handle.describe(), error);
          throw error;
        }
      }),
    ready: async () => {
      const trouble = await probe(connection);
      if (trouble !== null) throw unreachable(temporal, trouble);
    },
  };
}

/** The update that asks for each change. */
const CHANGES = {
  apply: contract.applyUpdate,
  restart: contract.restartUpdate,
  rebalance: contract.rebalanceUpdate,
  pauseNode: contract.pauseNodeUpdate,
  resumeNode: contract.resumeNodeUpdate,
} as const satisfies Record<ChangeRequest['kind'], unknown>;

function startEntity({ name, role }: ClusterSpec) {
  return new WithStartWorkflowOperation(contract.WORKFLOW_TYPE.CLUSTER, {
    workflowId: contract.clusterWorkflowId(name),
    taskQueue: contract.TASK_QUEUE,
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ name } satisfies contract.ClusterInput],
    staticSummary: `Kafka cluster ${name}`,
    staticDetails:
      `All that Millrace knows of the Kafka cluster **${name}**; the nodes are under *Current Details*. ` +
      `Its operations are the workflows \`kafka/${name}/<operation>#<n>\`. Do not terminate it: uninstall the cluster.`,
    typedSearchAttributes: [
      { key: contract.KAFKA_CLUSTER, value: name },
      { key: contract.KAFKA_ROLE, value: role },
    ],
  });
}

function isNothingThere(error: unknown): boolean {
  return (
    grpcCodeOf(error) === GRPC.NOT_FOUND || (error instanceof Error && error.name === 'WorkflowNotFoundError')
  );
}

/** A message to a workflow that has ended fails as if there were none: the difference is worth a look. */
async function refuseWhenEnded(
  id: string,
  describe: () => Promise<WorkflowExecutionDescription>,
  error: unknown,
): Promise<void> {
  if (!isNothingThere(error)) return;
  const { status } = await describe();
  if (status.name !== 'RUNNING')
    throw new MillraceError(
      'OPERATION_NOT_ACTIVE',
      `${id} has ended; nothing was changed. "millrace op get '${id}'" shows how it ended.`,
      { details: { operation: id } },
    );
}

const ENDED_FROM_OUTSIDE: readonly string[] = ['TERMINATED', 'CANCELLED', 'FAILED', 'TIMED_OUT'];

/** A workflow that a person terminated can't say so itself: its progress stands as it was. */
function asClosed(
  progress: PlanProgress,
  { status, closeTime }: Pick<WorkflowExecutionDescription, 'status' | 'closeTime'>,
): PlanProgress {
  if (closeTime === undefined || !ENDED_FROM_OUTSIDE.includes(status.name)) return progress;
  const endedAtMs = closeTime.getTime();
  abortRest(progress, `its workflow ended ${status.name} from outside`, endedAtMs);
  return { ...progress, endedAtMs };
}

/** Null when the server answers, else why it does not. */
async function probe(connection: Connection): Promise<unknown> {
  try {
    await connection.withDeadline(Date.now() + PROBE_DEADLINE_MS, () =>
      connection.workflowService.getSystemInfo({}),
    );
    return null;
  } catch (error) {
    return error ?? new Error('unknown');
  }
}

function asProblem(error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  throw error;
}

/** Maps with at most `limit` calls under way; keeps the order. */
async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const entries = items.entries();
  const work = async () => {
    for (const [index, item] of entries) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}
