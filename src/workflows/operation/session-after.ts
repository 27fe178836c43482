// The Mesos session as a step needs it: the newest, waited for when there is none.
import { condition } from '@temporalio/workflow';
import type { SessionInfo } from '../../model/cluster.ts';
import * as contract from '../contract.ts';
import { refuse } from '../failure.ts';
import { markWaiting, type Operation } from './operation.ts';

/** A worker that is just subscribing takes less than this; a longer wait is shown. */
const SESSION_QUIET = '3 seconds';
/**
 * How long a newer session is waited for before the one there is is tried again: at first, and at last, doubling each time, so
 * that an outage of days costs little history. A newer session ends the wait at once.
 */
export const FIRST_BOUND_SECONDS = 45;
export const LAST_BOUND_SECONDS = 3_600;
const NO_SESSION_YET = 'no worker has opened one yet; is a worker running?';
const SESSION_SILENT = 'the worker that held it does not answer; another one takes it over by itself';

/**
 * The session whose epoch is greater than `usedEpoch`, waiting for it when there is none. After `boundSeconds` the one there is
 * will do: the failure that made us ask may have been the messenger's (a lost heartbeat) and not the session's.
 */
export async function sessionAfter(
  operation: Operation,
  stepId: string,
  { usedEpoch, boundSeconds }: { usedEpoch: number; boundSeconds: number },
): Promise<SessionInfo> {
  const newer = () =>
    operation.session !== null && operation.session.epoch > usedEpoch ? operation.session : null;
  const removed = () => operation.sessionProblem?.code === 'FRAMEWORK_REMOVED';
  while (newer() === null) {
    if (removed())
      throw refuse('FRAMEWORK_REMOVED', operation.sessionProblem?.reason ?? 'Mesos removed the framework');
    const problem = operation.sessionProblem;
    if (problem === null && (await newsSoon(operation))) continue;
    const why = problem?.reason ?? (operation.session === null ? NO_SESSION_YET : SESSION_SILENT);
    const where = contract.sessionWorkflowId(operation.input.cluster.name);
    markWaiting(operation, stepId, `for a session with Mesos: ${why} (see workflow ${where})`);
    const changed = () => newer() !== null || operation.sessionProblem !== problem;
    if (operation.session === null) await condition(changed);
    else if (!(await condition(changed, boundSeconds * 1000))) break;
  }
  markWaiting(operation, stepId, null);
  return newer() ?? operation.session!;
}

/** Whether something new is heard of the session within `SESSION_QUIET`. */
function newsSoon(operation: Operation): Promise<boolean> {
  const heard = operation.sessionNews;
  operation.newsSoon ??= condition(() => operation.sessionNews > heard, SESSION_QUIET).finally(() => {
    operation.newsSoon = null;
  });
  return operation.newsSoon;
}
