// The closed table of every error that Millrace reports to a person or a program.
//
// `status` is the HTTP status, `exit` the exit code of the CLI, `reaction` what whoever sees it does next:
// `retry` (transient, try again by itself), `wait` (a condition outside has to change), `person` (somebody has to act).

export const ERRORS = {
  SPEC_INVALID: { status: 400, exit: 6, reaction: 'person', title: 'The spec was refused' },
  REQUEST_INVALID: { status: 400, exit: 2, reaction: 'person', title: 'The request was refused' },
  UNAUTHENTICATED: { status: 401, exit: 6, reaction: 'person', title: 'The request carries no valid token' },
  CLUSTER_NOT_FOUND: { status: 404, exit: 3, reaction: 'person', title: 'There is no such cluster' },
  OPERATION_NOT_FOUND: { status: 404, exit: 3, reaction: 'person', title: 'There is no such operation' },
  NODE_NOT_FOUND: { status: 404, exit: 3, reaction: 'person', title: 'The cluster has no such node' },
  STEP_NOT_FOUND: { status: 404, exit: 3, reaction: 'person', title: 'The plan has no such step' },
  NOT_FOUND: { status: 404, exit: 3, reaction: 'person', title: 'There is no such resource' },
  CLUSTER_EXISTS: { status: 409, exit: 4, reaction: 'person', title: 'The cluster exists already' },
  ROLE_TAKEN: { status: 409, exit: 4, reaction: 'person', title: 'Another cluster has the Mesos role' },
  OPERATION_RUNNING: {
    status: 409,
    exit: 4,
    reaction: 'person',
    title: 'Another operation runs on the cluster',
  },
  STEP_NOT_FAILED: { status: 409, exit: 4, reaction: 'person', title: 'The step is not failed' },
  NOTHING_TO_DO: { status: 409, exit: 4, reaction: 'person', title: 'There is nothing to do' },
  PLAN_STALE: { status: 409, exit: 4, reaction: 'person', title: 'The plan is not what would be done now' },
  CHANGE_REFUSED: {
    status: 422,
    exit: 6,
    reaction: 'person',
    title: 'The cluster cannot be changed like that',
  },
  OPERATION_NOT_ACTIVE: { status: 409, exit: 4, reaction: 'person', title: 'The operation has ended' },
  EPOCH_STALE: { status: 409, exit: 4, reaction: 'retry', title: 'A newer session claimed the cluster' },
  SESSION_MOVED: {
    status: 503,
    exit: 1,
    reaction: 'retry',
    title: 'The Mesos session is held elsewhere now',
  },
  MESOS_UNREACHABLE: { status: 503, exit: 1, reaction: 'retry', title: 'No Mesos master answers' },
  MESOS_REFUSED: { status: 502, exit: 6, reaction: 'person', title: 'The Mesos master refused the call' },
  FRAMEWORK_REMOVED: { status: 502, exit: 1, reaction: 'person', title: 'Mesos removed the framework' },
  TASK_ENDED: { status: 502, exit: 1, reaction: 'person', title: 'The task ended' },
  TEMPORAL_UNREACHABLE: {
    status: 503,
    exit: 1,
    reaction: 'retry',
    title: 'The Temporal server does not answer',
  },
  TEMPORAL_MISCONFIGURED: {
    status: 503,
    exit: 1,
    reaction: 'person',
    title: 'The Temporal server lacks what temporal.yaml declares',
  },
  API_UNREACHABLE: { status: 503, exit: 1, reaction: 'retry', title: 'The API of Millrace does not answer' },
  NO_WORKER: { status: 503, exit: 1, reaction: 'retry', title: 'No worker took the request in time' },
  KAFKA_UNREACHABLE: { status: 502, exit: 1, reaction: 'retry', title: 'Kafka does not answer' },
  KAFKA_NOT_READY: { status: 502, exit: 1, reaction: 'wait', title: 'Kafka is not ready' },
  KAFKA_REFUSED: { status: 502, exit: 6, reaction: 'person', title: 'Kafka refused the request' },
  VERIFY_FAILED: { status: 502, exit: 1, reaction: 'person', title: 'The cluster failed its verification' },
  COMPONENT_MISSING: { status: 500, exit: 1, reaction: 'person', title: 'A component could not be set up' },
  INTERNAL: { status: 500, exit: 1, reaction: 'person', title: 'Millrace met an error of its own' },
} as const satisfies Record<
  string,
  { status: number; exit: number; reaction: 'retry' | 'wait' | 'person'; title: string }
>;

export type ErrorCode = keyof typeof ERRORS;

/** One thing that is wrong with an input: where, what it was, which rule it breaks, what would be accepted. */
export interface Issue {
  /** Dotted path of the field, e.g. `brokers.heapMb`; empty for the whole document. */
  path: string;
  message: string;
  /** 1-based, present when the input was YAML or JSON text. */
  line?: number;
  column?: number;
}

/** An error as it crosses a boundary (HTTP body, failure details): plain JSON. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  issues?: Issue[];
  /** Facts that help to act on it, e.g. the id of the conflicting operation. */
  details?: Record<string, unknown>;
}

/**
 * The one error class of Millrace. `message` says what was tried, on what, why it failed, what was left as it was
 * and what to do next.
 */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly issues: Issue[] | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { issues?: Issue[]; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.issues = options.issues;
    this.details = options.details;
  }
}

/** The plain-JSON form of an error, for HTTP bodies and failure details. */
export function toErrorBody(error: MillraceError): ErrorBody {
  return {
    code: error.code,
    message: error.message,
    ...(error.issues ? { issues: error.issues } : {}),
    ...(error.details ? { details: error.details } : {}),
  };
}

/** Whether a string names an error of the table; used on what comes back from other processes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}
