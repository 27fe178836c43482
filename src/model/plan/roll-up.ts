// The one function that derives a parent's status from its children's.
import { STATUS, type Status } from './plan.ts';

/**
 * Status of a phase or plan with children of these statuses. What needs a person shows first (FAILED), then what
 * moves (RUNNING), then what waits; a parent has ended when all its children have.
 */
export function rollUp(children: readonly Status[]): Status {
  const has = (status: Status) => children.includes(status);
  if (has(STATUS.FAILED)) return STATUS.FAILED;
  if (has(STATUS.RUNNING)) return STATUS.RUNNING;
  if (has(STATUS.WAITING)) return STATUS.WAITING;
  const ended = (status: Status) =>
    status === STATUS.COMPLETE || status === STATUS.SKIPPED || status === STATUS.ABORTED;
  if (children.every((status) => status === STATUS.PENDING) && children.length > 0) return STATUS.PENDING;
  if (!children.every(ended)) return STATUS.RUNNING;
  if (has(STATUS.ABORTED)) return STATUS.ABORTED;
  if (children.length > 0 && children.every((status) => status === STATUS.SKIPPED)) return STATUS.SKIPPED;
  return STATUS.COMPLETE;
}
