// temporal.yaml against a real Temporal server: what is missing is named, made, and never made twice.
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyFootprint, diffFootprint, loadFootprint } from '../../../src/temporal/index.ts';
import { temporalCliPath } from '../../support/components.ts';

describe('a Temporal server and temporal.yaml', () => {
  let env: TestWorkflowEnvironment;
  const footprint = loadFootprint();
  beforeAll(async () => {
    env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: await temporalCliPath() } },
    });
  }, 600_000);
  afterAll(async () => {
    await env.teardown();
  });

  it('names a missing namespace and every missing attribute, makes them, and then finds nothing to do', async () => {
    const before = await diffFootprint(env.connection, footprint, 'fresh');
    expect(before.map(({ message }) => message)).toEqual([
      'namespace fresh is missing',
      'search attribute KafkaCluster (Keyword) is missing',
      'search attribute KafkaRole (Keyword) is missing',
      'search attribute KafkaOperation (Keyword) is missing',
      'search attribute KafkaOperationState (Keyword) is missing',
    ]);
    expect(await applyFootprint(env.connection, footprint, 'fresh')).toEqual(before);
    expect(await diffFootprint(env.connection, footprint, 'fresh')).toEqual([]);
    expect(await applyFootprint(env.connection, footprint, 'fresh')).toEqual([]);
  });

  it('raises a retention that is too short and leaves a longer one alone', async () => {
    const longer = { ...footprint, namespace: { ...footprint.namespace, retentionSeconds: 40 * 86_400 } };
    const [short] = await diffFootprint(env.connection, footprint, 'default');
    expect(short).toMatchObject({ kind: 'RETENTION_SHORT', blocking: false });
    await applyFootprint(env.connection, longer, 'default');
    expect(await diffFootprint(env.connection, footprint, 'default')).toEqual([]);
  });

  it('refuses an attribute of another type, and changes nothing else', async () => {
    await env.connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: { Drifted: 3 },
    });
    const expected = { ...footprint, searchAttributes: { Drifted: 'Keyword', Other: 'Bool' } } as const;
    await expect
      .poll(() => diffFootprint(env.connection, expected, 'default'), { timeout: 20_000 })
      .toContainEqual(
        expect.objectContaining({ message: 'search attribute Drifted is of type Int, expected Keyword' }),
      );
    await expect(applyFootprint(env.connection, expected, 'default')).rejects.toMatchObject({
      code: 'TEMPORAL_MISCONFIGURED',
      message: expect.stringContaining('Drifted is of type Int, expected Keyword'),
    });
    const { customAttributes } = await env.connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    expect(customAttributes).not.toHaveProperty('Other');
  });
});
