// The one place where errors become Temporal failures.
import { ApplicationFailure } from '@temporalio/activity';
import { CancelledFailure, TemporalFailure } from '@temporalio/common';
import { ERRORS, MillraceError, toErrorBody } from '../model/errors.ts';

/**
 * The failure by which a workflow knows an error: `type` is its code, the body its details. What a person has to look at
 * is not retried, nor is a call by an outdated session: the workflow issues it again with the newer one.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof TemporalFailure || error instanceof CancelledFailure) return error;
  if (!(error instanceof MillraceError)) return error instanceof Error ? error : new Error(String(error));
  const final = ERRORS[error.code].reaction === 'person' || error.code === 'SESSION_MOVED';
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: final,
    details: [toErrorBody(error)],
    cause: error,
  });
}

/**
 * Wraps every activity of a set: each throws failures only, and none begins on a worker that is shutting down. Its last
 * poll may still be handed a task then (even the retry of one that it has just given up), and nobody would cancel it.
 */
export function withFailures<T extends object>(activities: T, isStopping: () => boolean): T {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (...args: unknown[]) => {
        if (isStopping())
          throw ApplicationFailure.create({
            type: 'WorkerShutdown',
            message: 'This worker is shutting down; another one takes it.',
          });
        try {
          return await (activity as (...args: unknown[]) => Promise<unknown>)(...args);
        } catch (error) {
          throw toFailure(error);
        }
      },
    ]),
  ) as T;
}
