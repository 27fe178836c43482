import { log } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { logStep, temporalLogger } from '../src/worker-log.ts';

/** A logger whose lines are kept. */
function kept() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  return { lines, logger: temporalLogger(pino({ level: 'trace', base: null }, { write })) };
}

describe("the worker's log", () => {
  it.each([
    ['kafka/team/orders/install#1', { cluster: 'team/orders', operation: 'team/orders/install#1' }],
    ['kafka/team/orders', { cluster: 'team/orders' }],
    ['kafka/team/orders/session', { cluster: 'team/orders' }],
    ['somebody-elses', {}],
  ])('names cluster and operation of workflow %s', (workflowId, names) => {
    const { lines, logger } = kept();
    logger.warn('careful', { workflowId, taskToken: 'noise' });
    expect(lines).toEqual([
      { level: 40, time: expect.any(Number) as number, workflowId, ...names, msg: 'careful' },
    ]);
  });

  it('names the step for which an activity runs', async () => {
    const { lines, logger } = kept();
    const environment = new MockActivityEnvironment({}, { logger, interceptors: [logStep] });
    const activity = async (_input: unknown) => {
      log.info('looked for the task of an earlier try');
      return Promise.resolve();
    };
    await environment.run(activity, { caller: { operationWorkflowId: 'x', step: 'start:broker-0' } });
    expect(lines.find(({ msg }) => msg === 'looked for the task of an earlier try')).toMatchObject({
      step: 'start:broker-0',
    });
  });
});
