// Recorded histories replay with the present workflows: what an older worker began, this one can go on with.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { OPERATION_KIND } from '../../src/model/cluster.ts';
import { WORKFLOW_TYPE } from '../../src/workflows/contract.ts';
import { bundleWorkflows } from '../support/workflow-env.ts';

const HISTORIES = fileURLToPath(new URL('histories', import.meta.url));
const recorded = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json'))
  .sort();

let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  workflowBundle = await bundleWorkflows();
});

interface RecordedHistory {
  events: { eventType: string; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}
const read = (file: string) => JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as RecordedHistory;

const replay = (history: RecordedHistory) =>
  Worker.runReplayHistory({ workflowBundle, replayName: 'recorded' }, history);

describe('a recorded history', () => {
  it('is there of every kind of workflow that lasts', () => {
    const kinds = new Set(recorded.map((file) => file.replace(/^.*\.(\w+?)(-\d+)?\.json$/, '$1')));
    expect([...kinds].sort()).toEqual(
      [WORKFLOW_TYPE.CLUSTER, WORKFLOW_TYPE.SESSION, ...Object.values(OPERATION_KIND)].sort(),
    );
  });

  it.each(recorded)('replays: %s', async (file) => {
    await replay(read(file));
  });

  it('does not replay when it tells of something else', async () => {
    const history = read(recorded.find((file) => file.includes('plain.install'))!);
    const scheduled = history.events.find((event) => event.activityTaskScheduledEventAttributes);
    scheduled!.activityTaskScheduledEventAttributes!.activityType.name = 'somethingElse';
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });
});
