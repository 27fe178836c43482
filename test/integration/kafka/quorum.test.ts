// The metadata quorum of three real controllers, without and with its leader.
import { afterAll, beforeAll, describe, expect, it, onTestFailed, vi } from 'vitest';
import { controllerReadiness, describeQuorum } from '../../../src/kafka/index.ts';
import { waitFor } from '../../support/wait-for.ts';
import { kafkaLibs, layOutCluster, type TestCluster, type TestNode } from './kraft.ts';

const IDS = [3000, 3001, 3002];

// JVMs start slowly on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a metadata quorum of three controllers', () => {
  let cluster: TestCluster;
  const controllers = () => cluster.controllers.map((node) => node.address);
  const node = (id: number): TestNode => {
    const found = cluster.controllers.find((controller) => controller.address.nodeId === id);
    if (!found) throw new Error(`there is no controller ${id}`);
    return found;
  };
  const untilReady = (id: number) =>
    waitFor(
      () => controllerReadiness(id, controllers()),
      (seen) => seen.ready,
      {
        describe: `controller ${id} is ready`,
      },
    );

  beforeAll(async () => {
    cluster = await layOutCluster(kafkaLibs(), { controllers: 3, brokers: 0 });
    node(3000).start();
    await waitFor(
      () => controllerReadiness(3000, controllers()),
      (seen) => !seen.ready && seen.waitingFor.startsWith('no controller leads the metadata quorum'),
      { describe: 'one controller of three answers and cannot lead' },
    );
    node(3001).start();
    node(3002).start();
  });
  afterAll(async () => {
    await cluster.destroy();
  });

  it('makes every controller ready once it has a leader, and a newer one when that is killed', async () => {
    onTestFailed(async () => {
      for (const { address, log } of cluster.controllers)
        console.error(`--- controller ${address.nodeId}\n${(await log()).slice(-2_000)}`);
    });
    await Promise.all(IDS.map(untilReady));
    const first = await describeQuorum(controllers());
    expect(first.voters.map((voter) => voter.nodeId).sort()).toEqual(IDS);
    expect(IDS).toContain(first.leaderId);
    expect(first.highWatermark).toBeGreaterThan(0);

    await node(first.leaderId).kill('SIGKILL');
    const second = await waitFor(
      () => describeQuorum(controllers()),
      (seen) => seen.leaderId !== first.leaderId,
      { describe: 'another controller leads' },
    );
    expect(second.leaderEpoch).toBeGreaterThan(first.leaderEpoch);
    expect(second.voters).toHaveLength(3);
    expect(await controllerReadiness(first.leaderId, controllers())).toMatchObject({
      ready: false,
      waitingFor: expect.stringMatching(/^controller \d+ does not answer at .*: connection refused$/),
    });

    await node(second.leaderId).kill('SIGKILL');
    // The last one can neither lead nor be elected; its old leader is no answer.
    await expect(describeQuorum(controllers())).rejects.toMatchObject({ code: 'KAFKA_NOT_READY' });
    node(first.leaderId).start();
    node(second.leaderId).start();
    await Promise.all(IDS.map(untilReady));
  });
});
