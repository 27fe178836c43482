// Signals that Millrace's own programs send. The Temporal UI offers them to people too, with any argument or none.
import { log, setHandler } from '@temporalio/workflow';
import type { SignalDefinition } from '@temporalio/common';

/**
 * Sets the handler of such a signal. What does not fit is logged and dropped: an error in a handler would fail the workflow's
 * task again and again, and nothing of the workflow would ever go on.
 */
export function onInternalSignal<T>(
  definition: SignalDefinition<[T]>,
  {
    description,
    fits,
    apply,
  }: { description: string; fits: (argument: T) => boolean; apply: (argument: T) => void },
): void {
  setHandler(
    definition,
    (argument: T) => {
      if (hasShape(argument, {}) && fits(argument)) apply(argument);
      else
        log.warn(`a signal ${definition.name} was dropped: its argument is not what Millrace sends`, {
          argument,
        });
    },
    { description: `${description} Not for people.` },
  );
}

/** Whether a value is an object with fields of these types. */
export function hasShape(value: unknown, fields: Record<string, 'string' | 'number'>): boolean {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.entries(fields).every(
    ([field, type]) => typeof (value as Record<string, unknown>)[field] === type,
  );
}

/** Of `SessionInfo`. */
export const SESSION_SHAPE = {
  epoch: 'number',
  frameworkId: 'string',
  streamId: 'string',
  master: 'string',
  taskQueue: 'string',
} as const;
/** Of `SessionProblem`. */
export const PROBLEM_SHAPE = { code: 'string', reason: 'string' } as const;
/** Of `TaskStatusSignal`. */
export const TASK_SHAPE = { taskId: 'string', agentId: 'string', state: 'string' } as const;
/** Of `NodeState`. */
export const NODE_SHAPE = {
  name: 'string',
  kind: 'string',
  nodeId: 'number',
  status: 'string',
  launches: 'number',
} as const;
