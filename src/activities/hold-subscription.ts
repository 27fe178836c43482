// Holds the Mesos scheduler subscription of a cluster: design.md, section 4.
import { activityInfo, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import {
  createScheduler,
  findLeader,
  subscribe,
  type MesosEndpoint,
  type Subscription,
} from '../mesos/index.ts';
import { MillraceError } from '../model/errors.ts';
import type { SessionInfo } from '../model/cluster.ts';
import {
  claimEpochUpdate,
  clusterWorkflowId,
  sessionOpenedSignal,
  sessionProblemSignal,
  type ClaimedEpoch,
} from '../workflows/contract.ts';
import type { HoldSubscriptionInput } from './contract.ts';
import { releaseLeftovers } from './leftovers.ts';
import { answerInverseOffers, watchMaintenance, type MaintenanceDeps } from './maintenance.ts';
import { pause } from './pause.ts';
import { reconcile, recordStatus, type SessionTasks } from './session-tasks.ts';
import type { HeldSession, Sessions } from './sessions.ts';
import { beatWhileOpening, watchStream } from './stream-watch.ts';

export interface HoldSubscriptionDeps {
  client: Client;
  mesos: MesosEndpoint;
  sessions: Sessions;
  /** Task queue that is unique to this process. */
  sessionTaskQueue: string;
  /** Where people find Millrace; shown in Mesos' own UI. */
  webuiUrl?: string;
}

/** Mesos keeps the tasks of a framework that has no scheduler for this long: two weeks. */
const FAILOVER_TIMEOUT_SECONDS = 14 * 24 * 3600;
/** A master that takes longer to answer is looked for anew. */
const SUBSCRIBE_TIMEOUT_MS = 5_000;
/** Between tries to find a leading master. */
const LEADER_RETRY_MS = 1_000;

/** Runs until it is cancelled or the stream ends; a retry by Temporal (here or on another worker) takes it up again. */
export async function holdSubscription(
  deps: HoldSubscriptionDeps,
  input: HoldSubscriptionInput,
): Promise<void> {
  const signal = cancellationSignal();
  await untilLeader(deps, input, signal);
  const stopBeating = beatWhileOpening(() => {
    heartbeat('claims its epoch and subscribes');
  });
  try {
    await hold(deps, input, { signal, onOpened: stopBeating });
  } finally {
    stopBeating();
  }
}

/** Claims, subscribes, and holds; `onOpened` hears when the entity knows the session, and the stream is watched. */
async function hold(
  deps: HoldSubscriptionDeps,
  input: HoldSubscriptionInput,
  { signal, onOpened }: { signal: AbortSignal; onOpened: () => void },
): Promise<void> {
  const epoch = input.epochBase + activityInfo().attempt;
  const claimed = await claimEpoch(deps, input, epoch, signal);
  const subscription = await open(deps, input, signal);
  const info: SessionInfo = {
    epoch,
    frameworkId: input.framework.id,
    streamId: subscription.streamId,
    master: subscription.master,
    taskQueue: deps.sessionTaskQueue,
  };
  const tasks: SessionTasks = {
    client: deps.client,
    cluster: input.cluster,
    known: new Map(claimed.knownTasks.map(({ taskId, state, agentId }) => [taskId, { state, agentId }])),
  };
  const scheduler = createScheduler({
    subscription,
    role: input.framework.role,
    onTaskStatus: (status) => recordStatus(tasks, status),
    onInverseOffers: (offers) => {
      answerInverseOffers(maintenance, offers).catch((error: unknown) => {
        log.warn('inverse offers were not answered; they come again', { cluster: input.cluster, error });
      });
    },
    log: {
      info: (message, about) => {
        log.info(message, about);
      },
      warn: (message, about) => {
        log.warn(message, about);
      },
    },
  });
  const maintenance: MaintenanceDeps = {
    client: deps.client,
    mesos: deps.mesos,
    cluster: input.cluster,
    scheduler,
    announced: new Map(Object.entries(claimed.maintenance)),
  };
  const { region } = subscription;
  const held: HeldSession = {
    info,
    scheduler,
    placed: new Map(),
    leftovers: claimed.leftovers,
    ...(region === undefined ? {} : { region }),
  };
  deps.sessions.set(input.cluster, held);
  const close = () => {
    scheduler.close();
  };
  signal.addEventListener('abort', close);
  try {
    const run = scheduler.run();
    await entityOf(deps, input.cluster).signal(sessionOpenedSignal, info);
    onOpened();
    log.info('session opened', { cluster: input.cluster, epoch, master: info.master });
    await Promise.race([
      run,
      watch(subscription, signal),
      reconcile(tasks, scheduler, signal),
      releaseLeftovers(deps, input.cluster, held, signal),
      watchMaintenance(maintenance, signal),
    ]);
    throw new MillraceError(
      'SESSION_MOVED',
      `The event stream of ${input.cluster} with ${info.master} ended.`,
    );
  } catch (error) {
    throw await explain(deps, input.cluster, error, signal);
  } finally {
    signal.removeEventListener('abort', close);
    scheduler.close();
    if (deps.sessions.get(input.cluster) === held) deps.sessions.delete(input.cluster);
  }
}

/** Waits for a leading master inside one attempt: an outage of Mesos costs no history, however long it lasts. */
async function untilLeader(
  deps: HoldSubscriptionDeps,
  input: HoldSubscriptionInput,
  signal: AbortSignal,
): Promise<void> {
  let told: string | null = null;
  for (;;) {
    try {
      await findLeader(deps.mesos, { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      heartbeat(reason);
      if (reason !== told) {
        told = reason;
        log.warn('no leading Mesos master can be asked; trying on', { cluster: input.cluster, reason });
        await entityOf(deps, input.cluster).signal(sessionProblemSignal, {
          code: error instanceof MillraceError ? error.code : 'MESOS_UNREACHABLE',
          reason,
        });
      }
      await pause(LEADER_RETRY_MS);
    }
  }
}

/**
 * Claims the epoch before subscribing. A frozen worker that wakes up with an old attempt is refused here, before it could
 * throw the good holder out. The update id makes a repeated claim of the same attempt the same claim. A claim waits for a
 * worker that runs the entity; one that is made by a worker which stops is given up with the activity.
 */
async function claimEpoch(
  deps: HoldSubscriptionDeps,
  { cluster, framework }: HoldSubscriptionInput,
  epoch: number,
  signal: AbortSignal,
): Promise<ClaimedEpoch> {
  try {
    return await deps.client.withAbortSignal(signal, () =>
      entityOf(deps, cluster).executeUpdate(claimEpochUpdate, {
        args: [{ epoch, frameworkId: framework.id }],
        updateId: `claim-${framework.id}-${epoch}`,
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      throw ApplicationFailure.create({
        type: 'EPOCH_STALE',
        message: error.cause?.message ?? error.message,
        cause: error,
      });
    throw error;
  }
}

async function open(
  deps: HoldSubscriptionDeps,
  input: HoldSubscriptionInput,
  signal: AbortSignal,
): Promise<Subscription> {
  const { id, name, role, principal, user } = input.framework;
  try {
    return await subscribe({
      ...deps.mesos,
      frameworkInfo: {
        id: { value: id },
        name: `kafka-${name}`,
        user: user ?? 'root',
        roles: [role],
        principal,
        failover_timeout: FAILOVER_TIMEOUT_SECONDS,
        checkpoint: true,
        ...(deps.webuiUrl === undefined ? {} : { webui_url: deps.webuiUrl }),
        capabilities: [
          { type: 'PARTITION_AWARE' },
          { type: 'MULTI_ROLE' },
          { type: 'RESERVATION_REFINEMENT' },
          { type: 'REGION_AWARE' },
          { type: 'TASK_KILLING_STATE' },
        ],
      },
      suppressedRoles: [role],
      onPassedOver: (event) => {
        log.warn('an event of Mesos was passed over', { cluster: input.cluster, ...event });
      },
      signal,
      timeoutMs: SUBSCRIBE_TIMEOUT_MS,
    });
  } catch (error) {
    throw await explain(deps, input.cluster, error, signal);
  }
}

function watch(subscription: Subscription, signal: AbortSignal): Promise<never> {
  return watchStream({
    subscription,
    signal,
    nowMs: Date.now,
    pause,
    beat: () => {
      heartbeat(`subscribed with ${subscription.master}`);
    },
  });
}

/** What Temporal shall make of the end of an attempt: retried at once, but for a framework that Mesos removed. */
async function explain(
  deps: HoldSubscriptionDeps,
  cluster: string,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted || !(error instanceof MillraceError)) return error;
  const final = error.code === 'FRAMEWORK_REMOVED';
  if (final || error.code === 'MESOS_REFUSED')
    await entityOf(deps, cluster).signal(sessionProblemSignal, { code: error.code, reason: error.message });
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: final,
    // A refusal (credentials, role) changes only when somebody acts; each try costs the entity's history a claim.
    ...(error.code === 'MESOS_REFUSED' ? { nextRetryDelay: '30 seconds' } : {}),
    cause: error,
  });
}

function entityOf(deps: HoldSubscriptionDeps, cluster: string) {
  return deps.client.workflow.getHandle(clusterWorkflowId(cluster));
}
