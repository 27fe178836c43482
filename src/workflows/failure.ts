// Errors on their way through workflows.
import { ApplicationFailure, rootCause } from '@temporalio/workflow';
import { isErrorCode, type ErrorBody, type ErrorCode } from '../model/errors.ts';

/** A failure with a code of the error table, as API and CLI expect it. Never retried: workflows fail on purpose only. */
export function refuse(
  code: ErrorCode,
  message: string,
  details?: Record<string, unknown>,
): ApplicationFailure {
  const body: ErrorBody = { code, message, ...(details ? { details } : {}) };
  return ApplicationFailure.create({ type: code, message, nonRetryable: true, details: [body] });
}

/** The innermost application failure's code; null when there is none from our table. */
export function codeOf(error: unknown): ErrorCode | null {
  let current: unknown = error;
  let code: ErrorCode | null = null;
  while (current instanceof Error) {
    if (current instanceof ApplicationFailure && isErrorCode(current.type)) code = current.type;
    current = current.cause;
  }
  return code;
}

/** What to tell a person about an error: the innermost message. */
export function messageOf(error: unknown): string {
  return rootCause(error) ?? String(error);
}
