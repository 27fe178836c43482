// The time that durability adds to each activity, read from a workflow's history.
import type { History } from '@temporalio/common/lib/proto-utils.js';

/**
 * For each activity: scheduled → started (the queue's part) and ended → recorded by the workflow task that follows it.
 *
 * @returns milliseconds, one for each activity that ended
 */
export function stepOverheadsMs(history: History): number[] {
  const events = history.events ?? [];
  const timeOf = (event: (typeof events)[number] | undefined) =>
    Number(event?.eventTime?.seconds ?? 0) * 1000 + (event?.eventTime?.nanos ?? 0) / 1e6;
  const byId = new Map(events.map((event) => [Number(event.eventId), event]));
  return events.flatMap((event, index) => {
    const ended = event.activityTaskCompletedEventAttributes;
    if (!ended) return [];
    const scheduled = byId.get(Number(ended.scheduledEventId));
    const started = byId.get(Number(ended.startedEventId));
    const recorded = events.slice(index).find((later) => later.workflowTaskCompletedEventAttributes);
    return recorded ? [timeOf(started) - timeOf(scheduled) + timeOf(recorded) - timeOf(event)] : [];
  });
}
