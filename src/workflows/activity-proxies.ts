// The activities as workflows call them: types only, with the timeouts and retries that each kind of work needs.
import { proxyActivities, type ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities, SessionActivities } from '../activities/contract.ts';

/** Longest honest wait of an activity that waits for the world (an offer, a broker in sync): there is no deadline. */
const WAIT_TIMEOUT = '365 days';

/** Activities that any worker may run. Their attempts are unlimited: what is permanent says so by itself. */
export const anywhere: ActivityInterfaceFor<Activities> = proxyActivities<Activities>({
  startToCloseTimeout: WAIT_TIMEOUT,
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  cancellationType: 'TRY_CANCEL',
});

/**
 * Questions that somebody waits for. One try, and short: a worker that is dead or busy is told at once. They take seconds
 * at most, so that two of them fit in the deadline of the API.
 */
export const question: ActivityInterfaceFor<
  Pick<Activities, 'explainPlacement' | 'preflight' | 'previewMoves' | 'previewReplace'>
> = proxyActivities<Pick<Activities, 'explainPlacement' | 'preflight' | 'previewMoves' | 'previewReplace'>>({
  startToCloseTimeout: '4 seconds',
  scheduleToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});

/** The same, where the offers are. */
export function questionOnSession(
  taskQueue: string,
): ActivityInterfaceFor<Pick<SessionActivities, 'explainPlacement'>> {
  return proxyActivities<Pick<SessionActivities, 'explainPlacement'>>({
    taskQueue,
    startToCloseTimeout: '3500 ms',
    scheduleToStartTimeout: '2 seconds',
    retry: { maximumAttempts: 1 },
  });
}

/**
 * Calls to the master of a session that need none of its offers. Few tries: a master that does not answer may be gone for good,
 * and the next session knows the one that leads now.
 */
export const onMaster: ActivityInterfaceFor<Pick<Activities, 'killTask' | 'teardownFramework'>> =
  proxyActivities<Pick<Activities, 'killTask' | 'teardownFramework'>>({
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '30 seconds',
    retry: { initialInterval: '1 second', maximumAttempts: 3 },
    cancellationType: 'TRY_CANCEL',
  });

/**
 * The subscription: short constant retry interval, so that another worker takes over at once; unlimited attempts, so
 * that the session outlives any number of deployments. A new schedule once a month keeps attempts finite.
 */
export const subscription: ActivityInterfaceFor<Pick<Activities, 'holdSubscription'>> = proxyActivities<
  Pick<Activities, 'holdSubscription'>
>({
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/**
 * Activities that need the open stream of one worker process. One attempt: a retry on the queue of a dead process would
 * wait for nothing; the workflow issues them again on the queue of the next session.
 */
export function onSession(taskQueue: string): ActivityInterfaceFor<SessionActivities> {
  return proxyActivities<SessionActivities>({
    taskQueue,
    startToCloseTimeout: WAIT_TIMEOUT,
    heartbeatTimeout: '10 seconds',
    scheduleToStartTimeout: '10 seconds',
    retry: { maximumAttempts: 1 },
    // An abort waits until the activity has given up: what it still wanted of Mesos must not be done behind its back.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
}
