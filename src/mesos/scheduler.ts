// The engine over one open subscription: hands offers to demands, records and acknowledges updates, and lets others
// wait for them. It knows nothing of what is launched, nor why.
import { MillraceError } from '../model/errors.ts';
import type { Scheduler, SchedulerOptions } from './contract.ts';
import { createOfferPool } from './offer-pool.ts';
import { createOperationUpdates } from './operation-updates.ts';
import { reconcileTask } from './reconcile.ts';
import { errorEventError } from './refusal.ts';
import { createTaskUpdates } from './task-updates.ts';
import type { SchedulerCall, SchedulerEvent, TaskStatus } from './types.ts';
import { createWatchers } from './watchers.ts';

/** Makes the engine; `run` starts it. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { subscription, log } = options;
  const ended = new AbortController();
  /** Why the run ends, when it is not by our own `close` or the end of the stream. */
  let cause: Error | null = null;

  async function call(scheduled: SchedulerCall): Promise<void> {
    if (ended.signal.aborted) throw ended.signal.reason as Error;
    try {
      await subscription.call(scheduled);
    } catch (error) {
      // The fence holds for everything else of this session, too.
      if (error instanceof MillraceError && error.code === 'SESSION_MOVED') end(error);
      throw error;
    }
  }

  const statuses = createWatchers<TaskStatus>();
  const tasks = createTaskUpdates({
    onTaskStatus: (status) => options.onTaskStatus(status),
    log,
    call,
    tell: statuses.tell,
    ended: ended.signal,
  });
  const operations = createOperationUpdates({ call, log });
  const pool = createOfferPool({ role: options.role, log, call, onAccept: operations.expect });

  function end(error: Error | null): void {
    if (ended.signal.aborted) return;
    cause = error;
    const moved = sessionEnded(subscription.master, error);
    ended.abort(moved);
    pool.fail(moved);
    operations.failAll(moved);
    statuses.failAll(moved);
    subscription.close();
  }

  function handle(event: SchedulerEvent): void {
    if (event.type === 'OFFERS') pool.add(event.offers.offers);
    else if (event.type === 'RESCIND') pool.rescind(event.rescind.offer_id.value);
    else if (event.type === 'UPDATE') tasks.handle(event.update.status);
    else if (event.type === 'UPDATE_OPERATION_STATUS')
      operations.handle(event.update_operation_status.status);
    else if (event.type === 'ERROR') throw errorEventError(event.error.message, subscription.master);
  }

  function observe(event: SchedulerEvent): void {
    try {
      options.onEvent?.(event);
    } catch (error) {
      log?.warn('an observer of events failed', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async function consume(): Promise<void> {
    try {
      for await (const event of subscription.events) {
        if (ended.signal.aborted) break;
        observe(event);
        handle(event);
      }
      end(null);
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)));
    }
    if (cause !== null) throw cause;
  }

  return {
    run() {
      const run = consume();
      // Whoever started it may be busy with something else when it breaks.
      run.catch(() => undefined);
      return run;
    },
    withOffers: (demand) => pool.demand(demand),
    operationOutcome: (operationId, signal) => operations.outcome(operationId, signal),
    taskStatus: (taskId, until, signal) =>
      statuses.next((status) => status.task_id.value === taskId && until(status), signal),
    reconcile: (taskId, agentId, signal) => reconcileTask({ taskId, agentId, signal, call, statuses, log }),
    call,
    close() {
      end(null);
    },
  };
}

function sessionEnded(master: string, error: Error | null): MillraceError {
  const reason = error === null ? 'it was closed.' : error.message;
  return new MillraceError(
    'SESSION_MOVED',
    `The session with ${master} ended: ${reason} What was asked for may or may not have been done; take the newer session, look, and try again.`,
    error === null ? {} : { cause: error },
  );
}
