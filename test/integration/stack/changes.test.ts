// Changes of a cluster that serves, on the real stack, while records are written: nothing is lost, nothing is left over.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangePlanView } from '../../../src/api/schemas/change.ts';
import type { ErrorBody } from '../../../src/model/errors.ts';
import type { ClusterSpecInput } from '../../../src/model/spec/schema.ts';
import { startLedger, type Ledger } from '../../chaos/ledger.ts';
import { cliAt } from '../../cli/run-cli.ts';
import { stepIs, stepsOf } from '../../support/progress.ts';
import { createTopic } from '../../support/records.ts';
import { nodesInMesos, smallSpec, startTestStack, type TestStack } from '../../support/stack.ts';

const NAME = 'changing';
let stack: TestStack;
let ledger: Ledger;
const folder = mkdtempSync(join(tmpdir(), 'millrace-changes-'));
beforeAll(async () => {
  stack = await startTestStack({ agents: { count: 5, cpus: 3, memMb: 3072, diskMb: 8192 } });
  await stack.complete(await stack.install(SPEC));
  ledger = await startLedger((await stack.cluster(NAME)).bootstrapServers);
});
afterAll(async () => {
  await ledger?.close();
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

// One controller has no spare.
const SPEC = smallSpec(NAME, { update: { spareless: 'allow' } });
const path = (rest: string) => `/v1/clusters/${NAME}/${rest}`;
const accepted = async (rest: string, body: object = {}): Promise<string> => {
  const answer = await stack.request<{ operationId: string; error?: ErrorBody }>('POST', path(rest), body);
  if (answer.status !== 202) throw new Error(`${rest}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.operationId;
};
const refused = async (rest: string, body: object = {}): Promise<ErrorBody> => {
  const { body: answer } = await stack.request<{ error: ErrorBody }>('POST', path(rest), body);
  return answer.error;
};
const withConfig = (config: Record<string, string | number>, more: Partial<ClusterSpecInput> = {}) => ({
  ...SPEC,
  ...more,
  kafka: { config: { ...SPEC.kafka?.config, ...config } },
});
const nodes = async () =>
  Object.fromEntries((await stack.cluster(NAME)).nodes.map((node) => [node.name, node]));

const volumesMb = (reservations: Awaited<ReturnType<TestStack['mesos']>>['reservations']) =>
  reservations.flatMap(({ resource }) =>
    resource.disk?.persistence?.id.startsWith('broker-') === true ? [resource.scalar?.value] : [],
  );

describe('a cluster that is written to', () => {
  it('gets what Kafka can change while it runs, and no node is restarted', async () => {
    const spec = withConfig({ 'num.io.threads': 20, 'log.retention.ms': 86_400_000 });
    const file = join(folder, 'spec.json');
    writeFileSync(file, JSON.stringify(spec));
    const { code, out } = await cliAt(stack.urls.api, ['cluster', 'plan', '-f', file]);
    expect(code).toBe(0);
    expect(out).toContain('kafka.config.num.io.threads: not set → 20 (while Kafka runs)');
    const before = await nodes();
    const operationId = await accepted('apply', spec);
    const done = await stack.complete(operationId);
    expect(stepsOf(done).map(({ id }) => id)).toEqual(['configure']);
    expect(Object.values(await nodes()).map(({ task }) => task)).toEqual(
      Object.values(before).map(({ task }) => task),
    );
    const again = await stack.request<{ unchanged: boolean; generation: number }>(
      'POST',
      path('apply'),
      spec,
    );
    expect([again.status, again.body]).toEqual([200, { unchanged: true, generation: 2 }]);
  });

  it('is refused a value that Kafka does not take, and keeps the step for a newer spec', async () => {
    const operationId = await accepted('apply', withConfig({ 'log.cleanup.policy': 'shred' }));
    const failed = await stack.progressUntil(operationId, stepIs('configure', 'FAILED'));
    expect(stepsOf(failed)[0]?.reason).toMatch(/log\.cleanup\.policy/);
    const next = await accepted('apply', withConfig({ 'log.cleanup.policy': 'delete' }));
    await stack.complete(next);
    const { history } = await stack.cluster(NAME);
    expect(history.find(({ id }) => id === operationId)).toMatchObject({ state: 'ABORTED' });
  });

  it('is restarted for what Kafka cannot change, with more memory, one node after the other', async () => {
    const spec = withConfig(
      { 'log.cleanup.policy': 'delete', 'queued.max.requests': 600 },
      { brokers: { ...SPEC.brokers, memMb: 640, heapMb: 288, disk: { sizeMb: 1200 } } },
    );
    const { body } = await stack.request<ChangePlanView>('POST', path('plan'), spec);
    expect(body.plan?.changes).toContain(
      'kafka.config.queued.max.requests: not set → 600 (restart: controller-0, broker-0, broker-1, broker-2)',
    );
    const operationId = await accepted(`apply?plan=${body.planHash}`, spec);
    await stack.complete(operationId);
    for (const { generation, status } of Object.values(await nodes()))
      expect([generation, status]).toEqual([5, 'READY']);
    const { reservations } = await stack.mesos();
    expect(volumesMb(reservations)).toEqual([1200, 1200, 1200]);
    const stale = await refused(`apply?plan=${body.planHash}`, { ...spec, labels: { team: 'payments' } });
    expect(stale.code).toBe('PLAN_STALE');
  });

  it('grows to five brokers, which get their share, and shrinks to three again', async () => {
    const out = await accepted('scale', { brokers: 5, throttleBytesPerSecond: 50_000_000 });
    const grown = await stack.complete(out);
    expect(grown.proposal?.replicasMoved).toBeGreaterThan(0);
    const loads = grown.proposal!.brokers.map(({ after }) => after.replicas);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(2);
    expect((await stack.cluster(NAME)).nodes.filter(({ kind }) => kind === 'broker')).toHaveLength(5);
    const back = await accepted('scale', { remove: ['broker-1', 'broker-4'] });
    await stack.complete(back);
    const left = (await stack.cluster(NAME)).nodes.filter(({ kind }) => kind === 'broker');
    expect(left.map(({ name }) => name)).toEqual(['broker-0', 'broker-2', 'broker-3']);
    expect((await nodesInMesos(stack, NAME)).reserved.map((node) => node.split('@')[0])).toEqual([
      'broker-0',
      'broker-2',
      'broker-3',
      'controller-0',
    ]);
    const tooFew = await refused('scale', { brokers: 2 });
    expect(tooFew.code).toBe('CHANGE_REFUSED');
    expect(tooFew.message).toMatch(
      /^\d+ partitions have more replicas than the 2 brokers that there would be/,
    );
  });

  it('gets three controllers, and one again', async () => {
    await stack.complete(await accepted('scale', { controllers: 3 }));
    const three = (await stack.cluster(NAME)).nodes.filter(({ kind }) => kind === 'controller');
    expect(three.map(({ status }) => status)).toEqual(['READY', 'READY', 'READY']);
    await stack.complete(await accepted('restart', { nodes: three.map(({ name }) => name) }));
    await stack.complete(await accepted('scale', { controllers: 1 }));
    expect((await stack.cluster(NAME)).nodes.filter(({ kind }) => kind === 'controller')).toHaveLength(1);
  });

  it('does not give up the only copy of a partition, unless it is forced with a reason', async () => {
    const { bootstrapServers } = await stack.cluster(NAME);
    await createTopic(bootstrapServers, { topic: 'single', partitions: 3, replicas: 1 });
    const kept = await refused('nodes/broker-0/replace', { reason: 'disk fails' });
    expect(kept.code).toBe('CHANGE_REFUSED');
    expect(kept.message).toMatch(
      /broker-0 of changing has the only full copy of 1 partition: single-\d \(its only replica\)/,
    );
    expect((await refused('nodes/broker-0/replace', { force: true })).code).toBe('REQUEST_INVALID');
    const forced = await accepted('nodes/broker-0/replace', { force: true, reason: 'its disk is lost' });
    const done = await stack.complete(forced);
    expect(done.notes.join('; ')).toMatch(/given up by force with broker-0: 1 partition/);
  });

  it('pauses a broker, comes back, and has lost nothing by all that', async () => {
    await stack.complete(await accepted('nodes/broker-2/pause', { reason: 'heap dump' }));
    expect((await nodes())['broker-2']).toMatchObject({
      status: 'STOPPED',
      reason: 'kept stopped by test: heap dump',
    });
    await stack.complete(await accepted('nodes/broker-2/resume'));
    const rebalance = await accepted('rebalance');
    await stack.complete(rebalance);
    const audit = await ledger.audit();
    expect(audit).toMatchObject({ lost: [], repeated: [], disordered: [] });
    expect(audit.acknowledged).toBeGreaterThan(1_000);
  });
});
