// The engine over one open subscription: hands offers to demands, records and acknowledges updates, and lets others
// wait for them. It knows nothing of what is launched, nor why.
import { MillraceError } from '../model/errors.ts';
import type { Scheduler, SchedulerOptions } from './contract.ts';
import { createOfferPool, type OfferPool } from './offer-pool.ts';
import { createOperationUpdates, type OperationUpdates } from './operation-updates.ts';
import { reconcileTask } from './reconcile.ts';
import { errorEventError } from './refusal.ts';
import { createTaskUpdates, type TaskUpdates } from './task-updates.ts';
import type { SchedulerCall, SchedulerEvent, TaskStatus } from './types.ts';
import { createWatchers, type Watchers } from './watchers.ts';

interface Engine {
  options: SchedulerOptions;
  ended: AbortController;
  /** Why the run ended, when it was not our own `close` or the end of the stream. */
  cause: Error | null;
  pool: OfferPool;
  tasks: TaskUpdates;
  operations: OperationUpdates;
  statuses: Watchers<TaskStatus>;
}

/** Makes the engine; `run` starts it. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { log, role } = options;
  const ended = new AbortController();
  const statuses = createWatchers<TaskStatus>();
  const call = (scheduled: SchedulerCall) => send(engine, scheduled);
  const operations = createOperationUpdates({ call, log });
  const tasks = createTaskUpdates({
    onTaskStatus: (status) => options.onTaskStatus(status),
    log,
    call,
    tell: statuses.tell,
    ended: ended.signal,
  });
  const pool = createOfferPool({ role, log, call, onAccept: operations.expect });
  const engine: Engine = { options, ended, cause: null, pool, tasks, operations, statuses };
  return {
    run() {
      const run = consume(engine);
      // Whoever started it may be busy with something else when it breaks.
      run.catch(() => undefined);
      return run;
    },
    withOffers: (demand) => pool.demand(demand),
    offerOutcomes: () => pool.outcomes(),
    operationOutcome: (operationId, signal) => operations.outcome(operationId, signal),
    taskStatus: (taskId, until, signal) =>
      statuses.next((status) => status.task_id.value === taskId && until(status), signal),
    reconcile: (taskId, agentId, signal) => reconcileTask({ taskId, agentId, signal, call, statuses, log }),
    call,
    close() {
      end(engine, null);
    },
  };
}

async function consume(engine: Engine): Promise<void> {
  const { subscription } = engine.options;
  try {
    for await (const event of subscription.events) {
      if (engine.ended.signal.aborted) break;
      observe(engine.options, event);
      handle(engine, event);
    }
    end(engine, null);
  } catch (error) {
    end(engine, error instanceof Error ? error : new Error(String(error)));
  }
  if (engine.cause !== null) throw engine.cause;
}

function handle({ pool, tasks, operations, options }: Engine, event: SchedulerEvent): void {
  if (event.type === 'OFFERS') pool.add(event.offers.offers);
  else if (event.type === 'RESCIND') pool.rescind(event.rescind.offer_id.value);
  else if (event.type === 'UPDATE') tasks.handle(event.update.status);
  else if (event.type === 'UPDATE_OPERATION_STATUS') operations.handle(event.update_operation_status.status);
  else if (
    event.type === 'INVERSE_OFFERS' ||
    event.type === 'RESCIND_INVERSE_OFFER' ||
    event.type === 'FAILURE'
  )
    tellOf(options, event);
  else if (event.type === 'ERROR') throw errorEventError(event.error.message, options.subscription.master);
}

function observe(options: SchedulerOptions, event: SchedulerEvent): void {
  shielded(options, () => options.onEvent?.(event));
}

function tellOf(
  options: SchedulerOptions,
  event: Extract<SchedulerEvent, { type: 'INVERSE_OFFERS' | 'RESCIND_INVERSE_OFFER' | 'FAILURE' }>,
): void {
  shielded(options, () => {
    if (event.type === 'INVERSE_OFFERS') options.onInverseOffers?.(event.inverse_offers.inverse_offers);
    else if (event.type === 'FAILURE') options.onFailure?.(event.failure);
    else options.onRescindInverseOffer?.(event.rescind_inverse_offer.inverse_offer_id.value);
  });
}

/** Who listens must not end the session by a mistake of its own. */
function shielded(options: SchedulerOptions, tell: () => void): void {
  try {
    tell();
  } catch (error) {
    options.log?.warn('an observer of events failed', {
      error: error instanceof Error ? error.message : String(error),
    });
  }
}

async function send(engine: Engine, call: SchedulerCall): Promise<void> {
  if (engine.ended.signal.aborted) throw engine.ended.signal.reason as Error;
  try {
    await engine.options.subscription.call(call);
  } catch (error) {
    // The fence holds for everything else of this session, too.
    if (error instanceof MillraceError && error.code === 'SESSION_MOVED') end(engine, error);
    throw error;
  }
}

/** Ends the session once; everything that waits is rejected. */
function end(engine: Engine, error: Error | null): void {
  if (engine.ended.signal.aborted) return;
  const { subscription } = engine.options;
  const moved = sessionEnded(subscription.master, error);
  engine.cause = error;
  engine.ended.abort(moved);
  engine.pool.fail(moved);
  engine.operations.failAll(moved);
  engine.statuses.failAll(moved);
  subscription.close();
}

function sessionEnded(master: string, error: Error | null): MillraceError {
  return new MillraceError(
    'SESSION_MOVED',
    `The session with ${master} ended: ${error === null ? 'it was closed.' : error.message} ` +
      'What was asked for may or may not have been done; take the newer session, look, and try again.',
    error === null ? {} : { cause: error },
  );
}
