import type { History } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import { stepOverheadsMs } from '../../bench/overhead.ts';

type Attributes = Record<string, object>;

/** A 64-bit number as a fetched history holds it: an object that is a number only when it is made one. */
const int64 = (value: number) => ({ toString: () => String(value) });

/** A history of events with the milliseconds at which each happened. */
function historyOf(...events: [atMs: number, attributes: Attributes][]): History {
  const beginS = 1_700_000_000;
  return {
    events: events.map(([atMs, attributes], index) => ({
      eventId: int64(index + 1),
      eventTime: { seconds: int64(beginS + Math.floor(atMs / 1000)), nanos: (atMs % 1000) * 1e6 },
      ...attributes,
    })),
  } as unknown as History;
}

const scheduled: Attributes = { activityTaskScheduledEventAttributes: {} };
const started: Attributes = { activityTaskStartedEventAttributes: {} };
const workflowTask: Attributes = { workflowTaskCompletedEventAttributes: {} };
const completed = (scheduledEventId: number, startedEventId: number): Attributes => ({
  activityTaskCompletedEventAttributes: {
    scheduledEventId: int64(scheduledEventId),
    startedEventId: int64(startedEventId),
  },
});

describe('the overhead of a step', () => {
  it('is the time from scheduled to started and from ended to recorded, without the work itself', () => {
    const history = historyOf(
      [0, scheduled],
      [7, started],
      [5_007, completed(1, 2)],
      [5_008, { workflowTaskStartedEventAttributes: {} }],
      [5_020, workflowTask],
    );
    expect(stepOverheadsMs(history)).toEqual([20]);
  });

  it('is one figure for each activity, in the order in which they ended, when they overlap', () => {
    const history = historyOf(
      [0, scheduled],
      [0, scheduled],
      [10, started],
      [30, started],
      [900, completed(2, 4)],
      [905, workflowTask],
      [1_998, completed(1, 3)],
      [2_001, workflowTask],
    );
    expect(stepOverheadsMs(history)).toEqual([35, 13]);
  });

  it('counts one workflow task for all activities that it records', () => {
    const history = historyOf(
      [0, scheduled],
      [0, scheduled],
      [1, started],
      [1, started],
      [100, completed(1, 3)],
      [104, completed(2, 4)],
      [110, workflowTask],
    );
    expect(stepOverheadsMs(history)).toEqual([11, 7]);
  });

  it('is not known of an activity that no workflow task has recorded, nor of one that runs', () => {
    const running = historyOf([0, scheduled], [5, workflowTask], [9, started]);
    const unrecorded = historyOf([0, scheduled], [5, workflowTask], [9, started], [20, completed(1, 3)]);
    expect(stepOverheadsMs(running)).toEqual([]);
    expect(stepOverheadsMs(unrecorded)).toEqual([]);
    expect(stepOverheadsMs({})).toEqual([]);
  });
});
