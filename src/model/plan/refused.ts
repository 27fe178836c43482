// Why a request is refused, as the model says it; workflows and the API make errors of it.
import type { ErrorCode } from '../errors.ts';

export interface Refused {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

export function refused(
  code: ErrorCode,
  message: string,
  details?: Record<string, unknown>,
): { refused: Refused } {
  return { refused: { code, message, ...(details ? { details } : {}) } };
}
