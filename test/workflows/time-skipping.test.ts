// The time-skipping server that is set up for workflow tests.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTimeSkipping } from '../support/time-skipping.ts';

const MONTH_MS = 30 * 24 * 3_600_000;
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  env = await startTimeSkipping();
});
afterAll(async () => {
  await env.teardown();
});

it('lets a month pass in seconds', async () => {
  const beginMs = await env.currentTimeMs();
  const realBeginMs = Date.now();
  await env.sleep(MONTH_MS);
  expect((await env.currentTimeMs()) - beginMs).toBeGreaterThanOrEqual(MONTH_MS);
  expect(Date.now() - realBeginMs).toBeLessThan(20_000);
});
