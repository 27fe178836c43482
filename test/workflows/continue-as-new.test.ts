// Histories are bounded: with a server that wants each run short, everything goes on over many runs.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Context } from '@temporalio/activity';
import * as contract from '../../src/workflows/contract.ts';
import { isComplete } from '../support/progress.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

const SPEC = { controllers: { count: 1 }, brokers: { count: 2 } };

let env: WorkflowEnv;
beforeAll(async () => {
  env = await startWorkflowEnv({ continueAsNewAt: 15 });
});
afterAll(async () => {
  await env.close();
});

const entity = (name: string) => env.client.workflow.getHandle(contract.clusterWorkflowId(name));

it('an entity carries its state and follows its operation over runs', async () => {
  const { operationId } = await env.install({ name: 'long', ...SPEC });
  const first = (await entity('long').describe()).runId;
  await env.progressUntil(operationId, isComplete);
  const installed = await env.stateUntil('long', ({ operation }) => operation === null);
  const later = await entity('long').describe();
  expect(later.runId).not.toBe(first);
  // By it the API finds which cluster has a role.
  expect(later.typedSearchAttributes.get(contract.KAFKA_ROLE)).toBe('long-role');
  expect(installed.status).toBe('RUNNING');
  expect(installed.history.map(({ id, state }) => `${id} ${state}`)).toEqual(['long/install#1 COMPLETE']);

  for (const launch of [1, 2, 3]) {
    await env.world.endTask('long', `broker-0.${launch}`);
    await env.stateUntil(
      'long',
      ({ history, recoveries }) => history.length === launch + 1 && recoveries.length === 0,
    );
  }
  expect(env.world.running.get('broker-0')).toBe('broker-0.4');
  const { operationId: uninstallId } = await env.uninstall('long');
  expect(uninstallId).toBe('long/uninstall#5');
  await entity('long').result();
  expect(env.world.placed.size).toBe(0);
});

it('an operation whose workflow was terminated ends for its cluster too', async () => {
  env.world.fault = (activity) => (activity === 'verifyCluster' ? Context.current().cancelled : undefined);
  const { operationId } = await env.install({ name: 'cut', ...SPEC });
  const first = (await entity('cut').describe()).runId;
  await env.progressUntil(operationId, ({ phases }) => phases.at(-1)?.status === 'RUNNING');
  // By now the entity has no handle of its child any more.
  await waitFor(
    async () => (await entity('cut').describe()).runId,
    (runId) => runId !== first,
    { describe: 'the next run of the entity' },
  );
  await env.client.workflow.getHandle(contract.operationWorkflowId(operationId)).terminate('by hand');
  const state = await env.stateUntil('cut', ({ operation }) => operation === null);
  expect(state.history).toMatchObject([{ id: operationId, state: 'ABORTED' }]);
  expect(state.history[0]?.outcome).toContain('by hand');
});
