// Statuses of offer operations: acknowledged, kept for who asks a moment too late, told to who waits.
import type { SchedulerOptions } from './contract.ts';
import type { OfferOperation, OperationStatus, SchedulerCall } from './types.ts';
import { createWatchers } from './watchers.ts';

export interface OperationUpdates {
  handle(status: OperationStatus): void;
  /** Forgets what was said about the ids of operations that are about to be sent. */
  expect(operations: readonly OfferOperation[]): void;
  /** The terminal status of an operation: an unread one of the last ACCEPT with this id, or the next. */
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
      if (operationId !== undefined && TERMINAL.has(status.state)) {
        if ((waiting.get(operationId) ?? 0) > 0) watchers.tell(status);
        else keep(unread, operationId, status);
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
      try {
        return await watchers.next((status) => status.operation_id?.value === operationId, signal);
      } finally {
        const left = (waiting.get(operationId) ?? 1) - 1;
        if (left > 0) waiting.set(operationId, left);
        else waiting.delete(operationId);
      }
    },
    failAll: watchers.failAll,
  };
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
