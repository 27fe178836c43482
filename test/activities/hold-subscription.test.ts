// What becomes of a worker that may not ask the masters.
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { holdSubscription } from '../../src/activities/hold-subscription.ts';
import { sessionProblemSignal, type SessionProblem } from '../../src/workflows/contract.ts';
import { masterServer, refuse } from '../mesos/master-server.ts';

it('says once what a master refuses, claims nothing, and subscribes not before it is let in', async () => {
  const master = await masterServer((_request, response) => {
    refuse(response, 401, '401 Unauthorized.');
  });
  const problems: SessionProblem[] = [];
  const told = Promise.withResolvers<undefined>();
  const client = {
    workflow: {
      getHandle: () => ({
        signal: (signal: unknown, problem: SessionProblem) => {
          expect(signal).toBe(sessionProblemSignal);
          problems.push(problem);
          told.resolve(undefined);
          return Promise.resolve();
        },
      }),
    },
  } as unknown as Client;
  const environment = new MockActivityEnvironment();
  const credential = { principal: 'millrace', secret: 'not-this-one' };
  const run: Promise<void> = environment.run(() =>
    holdSubscription(
      { client, mesos: { masters: [master.url], credential }, sessions: new Map(), sessionTaskQueue: 'q' },
      {
        cluster: 'orders',
        framework: { id: 'f', name: 'orders', role: 'orders-role', principal: 'millrace' },
        epochBase: 0,
      },
    ),
  );
  try {
    await told.promise;
    // Asked again a second later, with the same answer.
    await expect.poll(() => master.requests.length, { timeout: 10_000 }).toBeGreaterThan(1);
  } finally {
    environment.cancel('CANCELLED');
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
    await master.close();
  }
  expect(problems).toEqual([
    { code: 'MESOS_REFUSED', reason: expect.stringMatching(/401.*MILLRACE_MESOS_SECRET_FILE/) as string },
  ]);
  expect(JSON.stringify(problems)).not.toContain(credential.secret);
});
