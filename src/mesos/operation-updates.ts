// Statuses of offer operations: acknowledged, kept for who asks a moment too late, told to who waits; asked for when none
// comes (the message was lost, or the master that had the operation is gone).
import { MillraceError } from '../model/errors.ts';
import type { SchedulerOptions } from './contract.ts';
import type { OfferOperation, OperationStatus, SchedulerCall } from './types.ts';
import { createWatchers, sleep } from './watchers.ts';

export interface OperationUpdates {
  handle(status: OperationStatus): void;
  /** Forgets what was said about the ids of operations that are about to be sent. */
  expect(operations: readonly OfferOperation[]): void;
  /**
   * What became of an operation: an unread terminal status of the last ACCEPT with this id, or the next, or what the master
   * says when it is asked, which begins when none came in time.
   */
  outcome(operationId: string, signal: AbortSignal): Promise<OperationStatus>;
  failAll(error: Error): void;
}

/** States after which nothing follows. Source: OperationState in mesos/v1/mesos.proto. */
const TERMINAL: ReadonlySet<string> = new Set([
  'OPERATION_FINISHED',
  'OPERATION_FAILED',
  'OPERATION_ERROR',
  'OPERATION_DROPPED',
  'OPERATION_GONE_BY_OPERATOR',
]);

/**
 * What the master says about an operation that will not come to an end by itself: one that it does not know (never
 * carried out, or finished and acknowledged), or on an agent that is away. That one is pending, or that agents have yet to
 * register with a new master, is no answer: it is asked again.
 */
const ANSWER: ReadonlySet<string> = new Set(['OPERATION_UNKNOWN', 'OPERATION_UNREACHABLE']);

/** A feedback comes within milliseconds; Mesos repeats an unacknowledged one after 10 s. */
export const FEEDBACK_MS = 12_000;
/** Between two questions; it doubles, since an operation may be pending on an agent that is slow. */
const FIRST_ASK_MS = 2_000;
const LAST_ASK_MS = 30_000;

/** Outcomes that nobody has asked for; after a failover they come without anybody waiting. */
const MAX_UNREAD = 1_000;

interface OperationUpdatesOptions {
  call(call: SchedulerCall): Promise<void>;
  log: SchedulerOptions['log'];
}

export function createOperationUpdates(options: OperationUpdatesOptions): OperationUpdates {
  const watchers = createWatchers<OperationStatus>();
  /** How many wait for an operation. */
  const waiting = new Map<string, number>();
  const unread = new Map<string, OperationStatus>();
  return {
    handle(status) {
      const operationId = status.operation_id?.value;
      if (operationId !== undefined && (TERMINAL.has(status.state) || ANSWER.has(status.state))) {
        if ((waiting.get(operationId) ?? 0) > 0) watchers.tell(status);
        // An answer is to a question, and of no use to who asks later.
        else if (TERMINAL.has(status.state)) keep(unread, operationId, status);
      }
      void acknowledge(options, status);
    },
    expect(operations) {
      for (const operation of operations)
        if ('id' in operation && operation.id) unread.delete(operation.id.value);
    },
    async outcome(operationId, signal) {
      const known = unread.get(operationId);
      unread.delete(operationId);
      if (known !== undefined) return known;
      waiting.set(operationId, (waiting.get(operationId) ?? 0) + 1);
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const answer = watchers.next((status) => status.operation_id?.value === operationId, either);
      try {
        return await Promise.race([answer, keepAsking(options, operationId, either)]);
      } finally {
        over.abort();
        answer.catch(() => undefined);
        const left = (waiting.get(operationId) ?? 1) - 1;
        if (left > 0) waiting.set(operationId, left);
        else waiting.delete(operationId);
      }
    },
    failAll: watchers.failAll,
  };
}

async function keepAsking(
  { call, log }: OperationUpdatesOptions,
  operationId: string,
  over: AbortSignal,
): Promise<never> {
  await sleep(FEEDBACK_MS, over);
  for (let pauseMs = FIRST_ASK_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_ASK_MS)) {
    over.throwIfAborted();
    log?.warn('no feedback of an offer operation; the master is asked', { operationId });
    try {
      await call({
        type: 'RECONCILE_OPERATIONS',
        reconcile_operations: { operations: [{ operation_id: { value: operationId } }] },
      });
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code === 'SESSION_MOVED') throw error;
      log?.warn('the master could not be asked; it is tried again', { operationId, error: error.message });
    }
    await sleep(pauseMs, over);
  }
}

async function acknowledge(options: OperationUpdatesOptions, status: OperationStatus): Promise<void> {
  const { uuid, operation_id, agent_id, resource_provider_id } = status;
  if (uuid === undefined || operation_id === undefined) return;
  try {
    await options.call({
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      // The uuid is an object in the update, but bare in its acknowledgement.
      acknowledge_operation_status: {
        uuid: uuid.value,
        operation_id,
        ...(agent_id === undefined ? {} : { agent_id }),
        ...(resource_provider_id === undefined ? {} : { resource_provider_id }),
      },
    });
  } catch (error) {
    options.log?.warn('an operation status was not acknowledged; Mesos sends it again', {
      operationId: operation_id.value,
      state: status.state,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}

function keep(unread: Map<string, OperationStatus>, operationId: string, status: OperationStatus): void {
  unread.set(operationId, status);
  const [oldest] = unread.keys();
  if (unread.size > MAX_UNREAD && oldest !== undefined) unread.delete(oldest);
}
