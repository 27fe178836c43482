// The gates of stops and replacements, and lost disks of a controller and of a broker, against real JVMs.
import { MockActivityEnvironment } from '@temporalio/testing';
import type { EachMessagePayload, ITopicConfig } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, onTestFailed, vi } from 'vitest';
import {
  awaitBrokerReplaceable,
  awaitControllerReplaceable,
  replaceVoter as replaceVoterActivity,
  stopGate,
} from '../../../src/activities/gates.ts';
import { awaitBrokerReady } from '../../../src/activities/kafka.ts';
import type { Waiting } from '../../../src/activities/waiting.ts';
import {
  brokerReadiness,
  controllerReadiness,
  createKafka,
  describeQuorum,
  describeReplication,
  describeVoters,
  electPreferredLeaders,
  replaceVoter,
  unregisterBroker,
} from '../../../src/kafka/index.ts';
import { brokerReplaceGate } from '../../../src/model/safety/broker-replace-gate.ts';
import { brokerStopGate } from '../../../src/model/safety/broker-stop-gate.ts';
import { controllerReplaceGate } from '../../../src/model/safety/controller-gates.ts';
import type { SparelessPolicy } from '../../../src/model/safety/gate.ts';
import { waitFor } from '../../support/wait-for.ts';
import { kafkaLibs, layOutCluster, type TestCluster } from './kraft.ts';

const START_TIMEOUT_MS = 60_000;
const TOPIC = 'orders';
const PARTITIONS = 6;
const RECORDS = 300;

// JVMs start slowly on a machine that does other things too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('a cluster of three controllers and three brokers', () => {
  let cluster: TestCluster;
  const brokers = () => cluster.brokers.map((node) => node.address);
  const controllers = () => cluster.controllers.map((node) => node.address);
  const replication = async () => {
    const look = await describeReplication(brokers());
    if (!look.known) throw new Error(look.why);
    return look.snapshot;
  };
  const voters = async () => {
    const look = await describeVoters(controllers());
    if (!look.known) throw new Error(look.why);
    return look.snapshot;
  };
  const never = new AbortController().signal;
  const about = (nodeId: number, policy: SparelessPolicy) => ({
    nodeId,
    policy,
    brokers: brokers(),
    controllers: controllers(),
  });
  const stopBroker = (id: number, policy: SparelessPolicy = 'wait') =>
    stopGate({ kind: 'broker', ...about(id, policy) }, never);
  const stopController = (id: number, policy: SparelessPolicy = 'wait') =>
    stopGate({ kind: 'controller', ...about(id, policy) }, never);
  /** Runs what an activity does; `seen` is what it waited for. */
  const act = <T>(work: (waiting: Waiting) => Promise<T>, seen: string[] = []): Promise<T> => {
    const set = (reason: string | null) => {
      if (reason !== null && seen.at(-1) !== reason) seen.push(reason);
    };
    return new MockActivityEnvironment().run(() => work({ set, signal: never }));
  };
  const caller = { operationWorkflowId: 'kafka/orders/replace#2', step: 'replace' };
  const brokersReady = (ids: number[]) =>
    Promise.all(
      ids.map((id) =>
        waitFor(
          () => brokerReadiness(id, brokers()),
          (seen) => seen.ready,
          { describe: `broker ${id} is ready`, timeoutMs: START_TIMEOUT_MS },
        ),
      ),
    );
  const printLogs = () => {
    onTestFailed(async () => {
      for (const node of [...cluster.controllers, ...cluster.brokers])
        console.error(`--- node ${node.address.nodeId}\n${(await node.log()).slice(-2_000)}`);
    });
  };

  beforeAll(async () => {
    cluster = await layOutCluster(kafkaLibs(), { controllers: 3, brokers: 3, dynamic: true });
    for (const node of [...cluster.controllers, ...cluster.brokers]) node.start();
    await brokersReady([0, 1, 2]);
    await fill(cluster);
    await brokersReady([0, 1, 2]);
  });
  afterAll(async () => {
    await cluster.destroy();
  });

  it('can spare each of its nodes, but a replica without a spare only where that is allowed', async () => {
    printLogs();
    const snapshot = await replication();
    expect(snapshot.brokers).toEqual([0, 1, 2].map((nodeId) => ({ nodeId, fenced: false })));
    expect(snapshot.topics.map(({ name, minInsync }) => [name, minInsync])).toEqual([
      [TOPIC, 2],
      ['single', 1],
    ]);
    expect(snapshot.topics[0]!.partitions).toHaveLength(PARTITIONS);
    expect(await stopBroker(0)).toEqual({ open: true });
    expect(await stopBroker(1)).toMatchObject({ open: false, reason: expect.stringContaining('single-0') });
    expect(await stopBroker(1, 'allow')).toEqual({ open: true });
    const quorum = await waitFor(voters, (seen) => seen.voters.every(({ lacks }) => lacks === null), {
      describe: 'all voters are caught up',
    });
    for (const { nodeId } of quorum.voters) expect(await stopController(nodeId)).toEqual({ open: true });
  });

  it('keeps the other brokers from being stopped as soon as one is killed, and copies it to an empty disk', async () => {
    printLogs();
    const lost = cluster.brokers[2]!;
    await lost.kill('SIGKILL');
    // Within its session Kafka itself still counts it as in sync.
    const early = await replication();
    expect(early.brokers).toContainEqual({ nodeId: 2, fenced: false });
    expect(brokerReplaceGate(early, 2)).toMatchObject({
      open: false,
      reason: expect.stringContaining('still counts as serving'),
    });
    expect(brokerStopGate(early, 0, 'wait')).toMatchObject({
      open: false,
      reason: expect.stringMatching(/\(1 left, 2 needed\).*broker 2 does not answer \(connection refused\)/s),
    });
    const seen: string[] = [];
    const replaceable = await act(
      (waiting) => awaitBrokerReplaceable({ caller, nodeId: 2, brokers: brokers() }, waiting),
      seen,
    );
    expect(seen[0]).toContain('still counts as serving');
    expect(replaceable.partitions).toBe(PARTITIONS);
    expect(replaceable.bytes).toBeGreaterThan(RECORDS * 1_000);
    expect(await stopBroker(0)).toMatchObject({ open: false });
    await cluster.brokers[1]!.kill('SIGSTOP');
    try {
      expect(brokerReplaceGate(await replication(), 2)).toMatchObject({
        open: false,
        reason: expect.stringMatching(
          /of 6 may have the only full copy there: orders-.*broker 1 does not answer/s,
        ),
      });
    } finally {
      await cluster.brokers[1]!.kill('SIGCONT');
    }

    const fresh = await cluster.replace(lost);
    fresh.start();
    await brokersReady([0, 1, 2]);
    expect(await stopBroker(0)).toEqual({ open: true });
    const { topics } = await replication();
    expect(topics[0]!.partitions.every(({ isr }) => isr.length === 3)).toBe(true);
  });

  it('gives leaders back to the preferred replicas', async () => {
    printLogs();
    const led = async () => {
      const { topics } = await replication();
      return topics[0]!.partitions.filter(({ leader, replicas }) => leader === replicas[0]).length;
    };
    const before = await led();
    expect(before).toBeLessThan(PARTITIONS);
    expect(await electPreferredLeaders(brokers())).toEqual({
      elected: expect.objectContaining({ length: PARTITIONS - before }) as string[],
      left: [],
    });
    await waitFor(led, (count) => count === PARTITIONS, { describe: 'every preferred replica leads' });
    expect(await electPreferredLeaders(brokers())).toEqual({ elected: [], left: [] });
  });

  it('takes a new disk of its lost leading controller for the old one', async () => {
    printLogs();
    const { leaderId } = await describeQuorum(controllers());
    const lost = cluster.controllers.find(({ address }) => address.nodeId === leaderId)!;
    expect(controllerReplaceGate(await voters(), leaderId)).toMatchObject({
      open: false,
      reason: expect.stringContaining('caught-up voter'),
    });
    await lost.kill('SIGKILL');
    await act((waiting) =>
      awaitControllerReplaceable({ caller, nodeId: leaderId, controllers: controllers() }, waiting),
    );
    const survivors = controllers().filter(({ nodeId }) => nodeId !== leaderId);
    for (const { nodeId } of survivors)
      expect(await stopController(nodeId, 'allow')).toMatchObject({
        open: false,
        reason: expect.stringMatching(
          new RegExp(
            `would be caught up, 2 of 3 voters are needed \\(controller ${leaderId} does not answer`,
          ),
        ),
      });

    const fresh = await cluster.replace(lost);
    const { host, port } = fresh.address;
    const ids = { nodeId: leaderId, oldDirectoryIds: [lost.directoryId], newDirectoryId: fresh.directoryId };
    const input = { caller, ...ids, host, port, controllers: controllers() };
    const seen: string[] = [];
    const replaced = act((waiting) => replaceVoterActivity(input, waiting), seen);
    await waitFor(
      () => seen,
      (reasons) => reasons.some((reason) => reason.includes('has not fetched')),
      { describe: 'the old directory is removed before the new controller runs' },
    );
    expect((await describeQuorum(controllers())).voters).toHaveLength(2);
    fresh.start();
    await replaced;
    // Once more, as when the record of the first time was lost.
    await act((waiting) => replaceVoterActivity(input, waiting));
    const { voters: after } = await describeQuorum(controllers());
    expect(new Map(after.map(({ nodeId, directoryId }) => [nodeId, directoryId]))).toEqual(
      new Map(cluster.controllers.map(({ address, directoryId }) => [address.nodeId, directoryId])),
    );
    await waitFor(
      () => Promise.all(controllers().map(({ nodeId }) => controllerReadiness(nodeId, controllers()))),
      (all) => all.every(({ ready }) => ready),
      { describe: 'three caught-up voters' },
    );
    // What is a voter with yet another directory is nobody's to remove.
    await expect(
      replaceVoter(
        { ...ids, newDirectoryId: lost.directoryId, listener: { name: 'CONTROLLER', host, port } },
        controllers(),
      ),
    ).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
  });

  it('gives up by force what only a lost broker has, and nothing that another one still has', async () => {
    printLogs();
    const onlyHere = Array.from({ length: 20 }, (_, partition) => ({ partition, replicas: [2] }));
    await createTopics(cluster, [
      { topic: 'alone', replicaAssignment: onlyHere },
      { topic: 'behind', replicaAssignment: [{ partition: 0, replicas: [2, 1] }] },
    ]);
    const behind = async () =>
      (await replication()).topics.find(({ name }) => name === 'behind')!.partitions[0]!;
    await send(cluster, 'behind', ['what both have']);
    await cluster.brokers[1]!.kill('SIGSTOP');
    await waitFor(behind, ({ isr }) => isr.join() === '2', { describe: 'broker 1 to be out of sync' });
    await send(cluster, 'behind', ['what only the lost one has']);
    await cluster.brokers[2]!.kill('SIGKILL');
    await cluster.brokers[1]!.kill('SIGCONT');
    await waitFor(
      replication,
      (seen) =>
        [1, 2].every((id) =>
          seen.brokers.some(({ nodeId, fenced }) => nodeId === id && fenced === (id === 2)),
        ),
      { describe: 'broker 1 to be back, and broker 2 to be counted as down' },
    );
    const gate = { caller, nodeId: 2, brokers: brokers(), force: true };
    const given = await act((waiting) => awaitBrokerReplaceable(gate, waiting));
    expect(given.onlyHere).toHaveLength(21);
    expect(given.elected).toBeUndefined();
    const last = await act((waiting) => awaitBrokerReplaceable({ ...gate, final: true }, waiting));
    expect(last.elected).toEqual(['behind-0']);
    const fresh = await cluster.replace(cluster.brokers[2]!);
    fresh.start();
    // Kafka itself elects nobody for partitions of which it hears after the broker was unfenced, for five minutes.
    await act((waiting) => awaitBrokerReady({ caller, nodeId: 2, brokers: brokers() }, waiting));
    await waitFor(behind, ({ leader, isr }) => leader === 1 && isr.length === 2, {
      describe: 'both to have what one had',
    });
    expect(await read(cluster, 'behind')).toEqual(['what both have']);
  });

  it('forgets a broker that is stopped for good, once it does not serve any more', async () => {
    printLogs();
    expect(await unregisterBroker(2, brokers())).toEqual({
      ready: false,
      waitingFor: expect.stringContaining('still counts as serving'),
    });
    await cluster.brokers[2]!.kill('SIGKILL');
    await waitFor(
      () => unregisterBroker(2, brokers()),
      ({ ready }) => ready,
      { describe: 'it is unregistered' },
    );
    await waitFor(replication, (seen) => seen.brokers.every(({ nodeId }) => nodeId !== 2), {
      describe: 'nobody lists it any more',
    });
    expect(await unregisterBroker(2, brokers())).toEqual({ ready: true });
  });

  it('says that nothing can be told when no broker is in touch with the controllers', async () => {
    printLogs();
    await Promise.all(cluster.controllers.map((node) => node.kill('SIGKILL')));
    const look = await waitFor(
      () => describeReplication(brokers()),
      (seen) => !seen.known,
      { describe: 'no broker can tell', timeoutMs: START_TIMEOUT_MS },
    );
    expect(look).toMatchObject({ why: expect.stringMatching(/^no broker can tell where the replicas are/) });
    expect(await describeVoters(controllers())).toMatchObject({ known: false });
  });
});

/** `orders`, three replicas of which two have to be in sync; `single`, one replica on broker 1. With records. */
async function fill(cluster: TestCluster): Promise<void> {
  await createTopics(cluster, [
    {
      topic: TOPIC,
      numPartitions: PARTITIONS,
      replicationFactor: 3,
      configEntries: [{ name: 'min.insync.replicas', value: '2' }],
    },
    { topic: 'single', replicaAssignment: [{ partition: 0, replicas: [1] }] },
  ]);
  await send(
    cluster,
    TOPIC,
    Array.from({ length: RECORDS }, (_, i) => `${i}`.padEnd(1_024, '.')),
  );
}

async function createTopics(cluster: TestCluster, topics: ITopicConfig[]): Promise<void> {
  const admin = createKafka(cluster.brokers.map((node) => node.address)).admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics });
  } finally {
    await admin.disconnect();
  }
}

async function read(cluster: TestCluster, topic: string): Promise<(string | undefined)[]> {
  const kafka = createKafka(cluster.brokers.map((node) => node.address));
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `readers-of-${topic}` });
  await Promise.all([admin.connect(), consumer.connect()]);
  try {
    const [end] = await admin.fetchTopicOffsets(topic);
    const values: (string | undefined)[] = [];
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: EachMessagePayload) => {
        values.push(message.value?.toString());
        if (String(Number(message.offset) + 1) === end?.high) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return values;
  } finally {
    await Promise.all([admin.disconnect(), consumer.disconnect()]);
  }
}

async function send(cluster: TestCluster, topic: string, values: string[]): Promise<void> {
  const producer = createKafka(cluster.brokers.map((node) => node.address)).producer();
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
  } finally {
    await producer.disconnect();
  }
}
