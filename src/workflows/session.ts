// The session: keeps one worker holding the Mesos subscription of one cluster, for as long as the cluster lives.
import {
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { subscription } from './activity-proxies.ts';
import type { SessionInput } from './contract.ts';
import { codeOf, messageOf } from './failure.ts';

/**
 * Epochs of one schedule of `holdSubscription`: epoch = run × this + attempt. Attempts begin anew with each schedule;
 * the run does not, so that a later holder always has the greater epoch. A million attempts take weeks.
 */
export const EPOCHS_PER_RUN = 1_000_000;

/** Ends only when it is cancelled (by the entity, at uninstall). */
export async function session(input: SessionInput): Promise<void> {
  setCurrentDetails(
    `Holds the Mesos subscription of **${input.cluster}**. The pending activity shows which worker holds it; its ` +
      'heartbeat details say what it waits for. Pausing the activity disconnects the framework from Mesos.',
  );
  for (let run = input.run; ; run += 1) {
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof session>({ ...input, run });
    try {
      await subscription.holdSubscription.executeWithOptions(
        { summary: `hold the Mesos subscription of ${input.cluster}` },
        [{ cluster: input.cluster, framework: input.framework, epochBase: run * EPOCHS_PER_RUN }],
      );
    } catch (error) {
      if (isCancellation(error)) return;
      if (codeOf(error) === 'FRAMEWORK_REMOVED') {
        // Never subscribe anew under the same id: a person (or the uninstall) decides. The entity has been told.
        setCurrentDetails(`Mesos removed the framework of **${input.cluster}**: ${messageOf(error)}`);
        await condition(() => false);
      }
      log.warn('the subscription ended and is taken up again', { reason: messageOf(error) });
      await sleep('1 second', { summary: 'subscribe again' });
    }
  }
}
