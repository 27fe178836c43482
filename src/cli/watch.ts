// Follows an operation until it ends or waits for a person.
import type { OperationView } from '../api/schemas/operation.ts';
import { OPERATION_STATE } from '../model/cluster.ts';
import { ERRORS, MillraceError } from '../model/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Io } from './io.ts';

export interface WatchOptions {
  onProgress: (operation: OperationView) => void;
  /** Told when the API can't tell at the moment; the watch goes on. */
  onTrouble: (reason: string) => void;
  /** Goes on watching an operation that is FAILED or PAUSED. */
  follow: boolean;
  /** Stops watching after this; the operation itself goes on. @default never */
  timeoutMs?: number;
}

/** Quick enough to look live; each look is one query of the workflow. */
const POLL_MS = 500;
const TROUBLE_POLL_MS = 2_000;

/**
 * The operation when it has ended or, unless `follow`, waits for a person, or as it is when the time is over.
 *
 * @throws MillraceError the API's, when even the first look fails or the operation is not there; after that whatever passes by
 *   itself is waited out
 */
export async function watchOperation(
  api: ApiClient,
  id: string,
  io: Io,
  options: WatchOptions,
): Promise<OperationView> {
  const endMs = io.nowMs() + (options.timeoutMs ?? Infinity);
  let seen: OperationView | null = null;
  for (;;) {
    let pauseMs = POLL_MS;
    try {
      const operation = await api.operation(id);
      seen = operation;
      options.onProgress(operation);
      if (settled(operation, options.follow)) return operation;
    } catch (error) {
      if (!seen || !(error instanceof MillraceError) || ERRORS[error.code].reaction !== 'retry') throw error;
      options.onTrouble(`${error.message} Trying again.`);
      pauseMs = TROUBLE_POLL_MS;
    }
    if (seen && io.nowMs() >= endMs) return seen;
    await io.sleep(pauseMs);
  }
}

/** Exit code for an operation that was watched: 0 complete, 1 aborted or not yet ended, 5 waits for a person. */
export function exitCodeOf(operation: OperationView): number {
  switch (operation.state) {
    case OPERATION_STATE.COMPLETE:
      return 0;
    case OPERATION_STATE.ABORTED:
      return 1;
    case OPERATION_STATE.FAILED:
    case OPERATION_STATE.PAUSED:
      return WAITS_FOR_PERSON;
    case OPERATION_STATE.RUNNING:
    case OPERATION_STATE.WAITING:
      return 1;
  }
}

const WAITS_FOR_PERSON = 5;

function settled({ state }: OperationView, follow: boolean): boolean {
  switch (state) {
    case OPERATION_STATE.COMPLETE:
    case OPERATION_STATE.ABORTED:
      return true;
    case OPERATION_STATE.FAILED:
    case OPERATION_STATE.PAUSED:
      return !follow;
    case OPERATION_STATE.RUNNING:
    case OPERATION_STATE.WAITING:
      return false;
  }
}
