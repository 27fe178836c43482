// Readiness of brokers and verification of a cluster, against real JVMs: one controller, three brokers.
import { afterAll, beforeAll, describe, expect, it, onTestFailed, vi } from 'vitest';
import {
  brokerReadiness,
  clusterOverview,
  controllerReadiness,
  createKafka,
  describeQuorum,
  verifyCluster,
  type BrokerReadiness,
} from '../../../src/kafka/index.ts';
import { CANARY_TOPIC } from '../../../src/kafka/canary-topic.ts';
import { waitFor } from '../../support/wait-for.ts';
import { kafkaLibs, layOutCluster, type TestCluster } from './kraft.ts';

const START_TIMEOUT_MS = 40_000;
const TOPIC = 'orders';
const PARTITIONS = 6;
/** ConfigResourceTypes of kafkajs. */
const BROKER_CONFIG = 4;

// JVMs start slowly on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a cluster of one controller and three brokers', () => {
  let cluster: TestCluster;
  const brokers = () => cluster.brokers.map((node) => node.address);
  const controllers = () => cluster.controllers.map((node) => node.address);
  const expected = () => ({
    kafkaClusterId: cluster.clusterId,
    brokers: brokers(),
    controllers: controllers(),
  });
  const broker = (id: number) => {
    const node = cluster.brokers[id];
    if (!node) throw new Error(`there is no broker ${id}`);
    return node;
  };
  const untilReady = (id: number, seen: string[] = []) =>
    waitFor(
      async () => {
        const readiness = await brokerReadiness(id, brokers());
        if (!readiness.ready) seen.push(readiness.waitingFor);
        return readiness;
      },
      (readiness: BrokerReadiness) => readiness.ready,
      { describe: `broker ${id} is ready`, timeoutMs: START_TIMEOUT_MS },
    );
  const printLogs = () => {
    onTestFailed(async () => {
      for (const node of [...cluster.controllers, ...cluster.brokers])
        console.error(`--- node ${node.address.nodeId}\n${(await node.log()).slice(-2_000)}`);
    });
  };

  beforeAll(async () => {
    cluster = await layOutCluster(kafkaLibs(), { controllers: 1, brokers: 3 });
  });
  afterAll(async () => {
    await cluster.destroy();
  });

  it('says which addresses were tried and why while nothing runs', async () => {
    const { host, port } = broker(1).address;
    const readiness = await brokerReadiness(1, brokers());
    expect(readiness).toMatchObject({ ready: false, progress: null });
    expect(readiness).toHaveProperty(
      'waitingFor',
      expect.stringContaining(`broker 1 at ${host}:${port}: connection refused`),
    );
    expect(await controllerReadiness(3000, controllers())).toMatchObject({
      ready: false,
      waitingFor: expect.stringMatching(
        /no controller answers \(controller 3000 at .*: connection refused\)/,
      ),
    });
    await expect(describeQuorum(controllers())).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
    await expect(clusterOverview(brokers())).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
  });

  it('has its controller, then each broker ready as it starts, and names who is registered', async () => {
    printLogs();
    cluster.controllers[0]?.start();
    broker(0).start();
    broker(1).start();
    await waitFor(
      () => controllerReadiness(3000, controllers()),
      (seen) => seen.ready,
      {
        describe: 'the controller is ready',
      },
    );
    await Promise.all([untilReady(0), untilReady(1)]);
    const { host, port } = broker(2).address;
    expect(await brokerReadiness(2, brokers())).toEqual({
      ready: false,
      waitingFor: `broker 2 is not registered yet (brokers 0, 1 are); it does not answer at ${host}:${port}: connection refused`,
      progress: null,
      isUnheardOf: true,
    });
    broker(2).start();
    expect(await untilReady(2)).toEqual({ ready: true, progress: { replicas: 0, inSync: 0 } });
    expect(await describeQuorum(controllers())).toMatchObject({ leaderId: 3000, voters: [{ nodeId: 3000 }] });
  });

  it('is verified twice, and no topic is left by it, neither the canary nor consumer offsets', async () => {
    printLogs();
    expect(await verifyCluster({ ...expected(), records: 100 })).toEqual({
      produced: 100,
      consumed: 100,
      brokers: 3,
    });
    expect(await verifyCluster(expected())).toEqual({ produced: 300, consumed: 300, brokers: 3 });
    expect(await clusterOverview(brokers())).toMatchObject({ topics: 0, quorumLeader: 3000 });
  });

  it('is verified although an earlier run left its canary, and in another layout', async () => {
    printLogs();
    const admin = createKafka(brokers()).admin();
    await admin.connect();
    try {
      await admin.createTopics({ topics: [{ topic: CANARY_TOPIC, numPartitions: 1, replicationFactor: 1 }] });
    } finally {
      await admin.disconnect();
    }
    expect(await verifyCluster(expected())).toMatchObject({ produced: 300, consumed: 300 });
    expect(await clusterOverview(brokers())).toMatchObject({ topics: 0 });
  });

  it('fails its verification with every fact when it is not the cluster that was expected', async () => {
    const other = { kafkaClusterId: 'another', brokers: brokers().slice(0, 2), controllers: controllers() };
    const verification = verifyCluster(other, { settleMs: 0 });
    await expect(verification).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    await expect(verification).rejects.toThrow(
      `broker 0 belongs to cluster ${cluster.clusterId}, not another`,
    );
    await expect(verification).rejects.toThrow('broker 2 registered although not part of the cluster');
  });

  it('lets a killed broker count as ready only when all its replicas have caught up', async () => {
    printLogs();
    await createThrottledTopic(cluster);
    await produce(cluster, 1);
    await broker(2).kill('SIGKILL');
    await waitFor(
      () => clusterOverview(brokers().slice(0, 2)),
      (seen) => seen.underReplicated === PARTITIONS && seen.offline === 0,
      { describe: 'the killed broker has left every ISR' },
    );
    await produce(cluster, 300);
    await expect(verifyCluster(expected(), { settleMs: 0 })).rejects.toMatchObject({
      code: 'KAFKA_UNREACHABLE',
    });

    broker(2).start();
    const behind = await waitFor(
      () => brokerReadiness(2, brokers()),
      (seen) => seen.ready || seen.waitingFor.includes('in sync'),
      { describe: 'broker 2 is back and behind', timeoutMs: START_TIMEOUT_MS },
    );
    expect(behind).toEqual({
      ready: false,
      waitingFor: expect.stringMatching(/^[1-6] of 6 replicas on broker 2 (is|are) not in sync: orders-\d/),
      progress: { replicas: PARTITIONS, inSync: expect.any(Number) },
    });
    expect(behind.progress?.inSync).toBeLessThan(PARTITIONS);
    expect((await clusterOverview(brokers())).brokers[2]).toMatchObject({
      registered: true,
      replicas: PARTITIONS,
    });
    await setFollowerRate(cluster, 1_000_000_000);
    expect(await untilReady(2)).toEqual({
      ready: true,
      progress: { replicas: PARTITIONS, inSync: PARTITIONS },
    });
    expect(await verifyCluster(expected())).toMatchObject({ produced: 300, consumed: 300 });
  });

  it('tells of a frozen broker within the time it was given', async () => {
    await broker(1).kill('SIGSTOP');
    try {
      expect(await brokerReadiness(1, brokers(), { timeoutMs: 300 })).toMatchObject({
        ready: false,
        waitingFor: expect.stringMatching(
          /^broker 1 was registered; it does not answer at .*: no answer within 0.3 s$/,
        ),
      });
    } finally {
      await broker(1).kill('SIGCONT');
    }
    await untilReady(1);
  });
});

/** Every broker has each partition; broker 2 may not catch up at more than a byte per second. */
async function createThrottledTopic(cluster: TestCluster): Promise<void> {
  const admin = createKafka(cluster.brokers.map((node) => node.address)).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: TOPIC,
          numPartitions: PARTITIONS,
          replicationFactor: 3,
          configEntries: [{ name: 'follower.replication.throttled.replicas', value: '*' }],
        },
      ],
    });
  } finally {
    await admin.disconnect();
  }
  await setFollowerRate(cluster, 1);
}

async function setFollowerRate(cluster: TestCluster, bytesPerSecond: number): Promise<void> {
  const admin = createKafka(cluster.brokers.map((node) => node.address)).admin();
  await admin.connect();
  try {
    const configEntries = [{ name: 'follower.replication.throttled.rate', value: String(bytesPerSecond) }];
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: BROKER_CONFIG, name: '2', configEntries }],
    });
  } finally {
    await admin.disconnect();
  }
}

/** `perPartition` records of one KiB to each partition. */
async function produce(cluster: TestCluster, perPartition: number): Promise<void> {
  const producer = createKafka(cluster.brokers.map((node) => node.address)).producer();
  await producer.connect();
  try {
    const messages = Array.from({ length: perPartition * PARTITIONS }, (_, i) => ({
      partition: i % PARTITIONS,
      value: `${i}`.padEnd(1_024, '.'),
    }));
    await producer.send({ topic: TOPIC, acks: -1, messages });
  } finally {
    await producer.disconnect();
  }
}
