// A Temporal server that skips time while a result is awaited: hours of timers pass in milliseconds.
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { testServerPath } from './components.ts';

/**
 * Starts one; end it with `teardown()`. It has no lists, schedules or resets, and time is skipped only while a result
 * is awaited or in `env.sleep`: awaiting an update that sleeps hangs. One for each test file, since skipping is global.
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: await testServerPath() } },
  });
}
