// Statuses of RESERVE, CREATE, DESTROY and UNRESERVE for schedulers that gave the operation an id. Without an id there is
// no word at all, as on a real master.
import { randomBytes } from 'node:crypto';
import type { OperationStatus } from '../../../mesos/types.ts';
import { isReachable } from './away.ts';
import { sendEvent } from './master.ts';
import type { Master } from './master.ts';
import type { PendingOperation } from './state.ts';

/** Reports a refused operation: no uuid, no acknowledgement. */
export function reportOperationError(
  master: Master,
  frameworkId: string,
  operationId: string | undefined,
  message: string,
  state: 'OPERATION_ERROR' | 'OPERATION_DROPPED' = 'OPERATION_ERROR',
): void {
  if (operationId === undefined) return;
  send(master, frameworkId, { operation_id: { value: operationId }, state, message });
}

/** Reports an operation that was carried out; sent again until acknowledged. */
export function reportOperationFinished(
  master: Master,
  frameworkId: string,
  agentId: string,
  operationId: string | undefined,
): void {
  if (operationId === undefined) return;
  const pending: PendingOperation = {
    frameworkId,
    agentId,
    status: {
      operation_id: { value: operationId },
      state: 'OPERATION_FINISHED',
      uuid: { value: randomBytes(16).toString('base64') },
      agent_id: { value: agentId },
    },
  };
  master.state.operations.push(pending);
  master.changed();
  // The agent answers a moment after the master has accepted, as on a real Mesos.
  master.later(0, () => {
    forwardOperation(master, pending);
  });
}

/** Sends the status of an operation, now and again until it is acknowledged. */
export function forwardOperation(
  master: Master,
  pending: PendingOperation,
  intervalMs: number = master.settings.updateRetryIntervalMs,
): void {
  if (!master.state.operations.includes(pending) || !isReachable(master, pending.agentId)) return;
  send(master, pending.frameworkId, pending.status);
  const key = pending.status.uuid?.value ?? '';
  const earlier = master.retries.get(key);
  if (earlier) clearTimeout(earlier);
  master.retries.set(
    key,
    master.later(intervalMs, () => {
      forwardOperation(master, pending, intervalMs * 2);
    }),
  );
}

/** Takes the acknowledgement of an operation's status. */
export function acknowledgeOperation(
  master: Master,
  frameworkId: string,
  operationId: string,
  uuid: string,
): void {
  const { operations } = master.state;
  const at = operations.findIndex(
    ({ frameworkId: owner, status }) =>
      owner === frameworkId && status.operation_id?.value === operationId && status.uuid?.value === uuid,
  );
  if (at === -1) return;
  operations.splice(at, 1);
  clearTimeout(master.retries.get(uuid));
  master.retries.delete(uuid);
  master.changed();
}

/** Answers RECONCILE_OPERATIONS: what is still pending, or that it is unknown. */
export function reconcileOperations(
  master: Master,
  frameworkId: string,
  asked: readonly { operation_id: { value: string }; agent_id?: { value: string } }[],
): void {
  const mine = master.state.operations.filter((pending) => pending.frameworkId === frameworkId);
  if (asked.length === 0) for (const { status } of mine) send(master, frameworkId, withoutUuid(status));
  for (const { operation_id: id, agent_id: agent } of asked) {
    const pending = mine.find(({ status }) => status.operation_id?.value === id.value);
    send(
      master,
      frameworkId,
      pending
        ? withoutUuid(pending.status)
        : {
            operation_id: id,
            state: 'OPERATION_UNKNOWN',
            message: `Reconciliation: Operation is unknown${agent ? '' : " and no 'agent_id' was provided"}`,
            ...(agent ? { agent_id: agent } : {}),
          },
    );
  }
}

function withoutUuid(status: OperationStatus): OperationStatus {
  const { uuid: _uuid, ...rest } = status;
  return rest;
}

function send(master: Master, frameworkId: string, status: OperationStatus): void {
  sendEvent(master, frameworkId, { type: 'UPDATE_OPERATION_STATUS', update_operation_status: { status } });
}
