// The one place where what Temporal and the workflows say of a failure becomes an error of Millrace's table.
import {
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { isErrorCode, MillraceError, type ErrorBody } from '../model/errors.ts';
import {
  GRPC,
  grpcCodeOf,
  isUnreachable,
  reasonOf,
  unreachable,
  type TemporalTarget,
} from '../temporal/index.ts';

/** What was asked, to name it in the message. */
export type Subject = { cluster: string } | { operation: string } | { list: string };

/** gRPC FAILED_PRECONDITION: a query that found no worker polling for a while. */
const FAILED_PRECONDITION = 9;

/**
 * The error to report. `alive` tells whether the Temporal server answers: only then a request that ran into its deadline
 * was one that no worker took.
 */
export async function toMillraceError(
  error: unknown,
  about: { subject: Subject; target: TemporalTarget; alive: () => Promise<boolean> },
): Promise<MillraceError> {
  if (error instanceof MillraceError) return error;
  if (error instanceof WorkflowUpdateFailedError) return fromFailure(error.cause ?? error, about.subject);
  if (error instanceof WorkflowFailedError)
    return timedOut(error) ? noWorker(about.subject) : fromFailure(error.cause ?? error, about.subject);
  if (error instanceof ApplicationFailure) return fromFailure(error, about.subject);
  if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError)
    return notFound(about.subject);
  const code = grpcCodeOf(error);
  if (code === GRPC.NOT_FOUND) return notFound(about.subject);
  if (code === FAILED_PRECONDITION && /poller|worker/i.test(reasonOf(error))) return noWorker(about.subject);
  // Nobody cancels a call but its deadline.
  const late = code === GRPC.DEADLINE_EXCEEDED || code === GRPC.CANCELLED;
  if (late || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return (await about.alive()) ? noWorker(about.subject) : unreachable(about.target, error);
  if (isUnreachable(error) || code === GRPC.UNAUTHENTICATED || code === GRPC.PERMISSION_DENIED)
    return unreachable(about.target, error);
  return new MillraceError(
    'INTERNAL',
    `Temporal at ${about.target.address} refused a request about ${nameOf(about.subject)}: ${reasonOf(error)}. Nothing is known to have changed.`,
    { cause: error },
  );
}

/** CLUSTER_NOT_FOUND or OPERATION_NOT_FOUND. */
export function notFound(subject: Subject): MillraceError {
  if ('operation' in subject)
    return new MillraceError(
      'OPERATION_NOT_FOUND',
      `There is no operation ${subject.operation}; nothing was changed. "millrace op list" shows those there are. An operation that ` +
        "ended is forgotten after the namespace's retention.",
      { details: { operation: subject.operation } },
    );
  const name = 'cluster' in subject ? subject.cluster : subject.list;
  return new MillraceError(
    'CLUSTER_NOT_FOUND',
    `There is no cluster ${name}; nothing was changed. "millrace cluster list" shows those there are.`,
    { details: { cluster: name } },
  );
}

function noWorker(subject: Subject): MillraceError {
  return new MillraceError(
    'NO_WORKER',
    `No worker took the request about ${nameOf(subject)} in time. Temporal answers, so no worker runs or all are busy: start one ` +
      '(npm run start:worker; "millrace up" has one), then ask again. A request to change something may still be carried out when a ' +
      'worker comes; the same Idempotency-Key never starts it twice.',
  );
}

/** A workflow's own refusal carries a code of the table as its type and the body as its first detail. */
function fromFailure(failure: Error, subject: Subject): MillraceError {
  const refusal = refusalIn(failure);
  if (refusal) return refusal;
  const ended = failure instanceof ApplicationFailure && failure.type === 'AcceptedUpdateCompletedWorkflow';
  if (ended && 'operation' in subject)
    return new MillraceError(
      'OPERATION_NOT_ACTIVE',
      `${subject.operation} ended before it took the message; nothing was changed.`,
    );
  return new MillraceError('INTERNAL', `The request about ${nameOf(subject)} failed: ${reasonOf(failure)}.`, {
    cause: failure,
  });
}

function refusalIn(failure: Error): MillraceError | null {
  for (let current: unknown = failure; current instanceof Error; current = current.cause) {
    if (!(current instanceof ApplicationFailure) || !isErrorCode(current.type)) continue;
    const body = current.details?.[0] as Partial<ErrorBody> | undefined;
    return new MillraceError(current.type, body?.message ?? current.message, {
      ...(body?.issues ? { issues: body.issues } : {}),
      ...(body?.details ? { details: body.details } : {}),
      cause: failure,
    });
  }
  return null;
}

/** A question that no worker took, or that the one which took it did not answer. */
function timedOut(error: Error): boolean {
  for (let current: unknown = error; current instanceof Error; current = current.cause)
    if (current instanceof TimeoutFailure) return true;
  return false;
}

function nameOf(subject: Subject): string {
  if ('operation' in subject) return `operation ${subject.operation}`;
  return 'cluster' in subject ? `cluster ${subject.cluster}` : subject.list;
}
