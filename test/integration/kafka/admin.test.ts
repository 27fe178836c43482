// What changes a running cluster, against real JVMs: properties, replicas, throttles, cordons.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  applyDynamicConfig,
  beginMoves,
  brokerReadiness,
  cancelMoves,
  cordonBroker,
  createKafka,
  describeReplication,
  diskUse,
  readThrottle,
  restoreThrottle,
  setThrottle,
} from '../../../src/kafka/index.ts';
import { alterConfigs } from '../../../src/kafka/dynamic-config.ts';
import { withConnection } from '../../../src/kafka/wire/connection.ts';
import {
  CONFIG_RESOURCE,
  CONFIG_SOURCE,
  describeConfigs,
} from '../../../src/kafka/wire/messages/describe-configs.ts';
import { DYNAMIC } from '../../../src/model/change/dynamic-keys.ts';
import { waitFor } from '../../support/wait-for.ts';
import { kafkaLibs, layOutCluster, type TestCluster } from './kraft.ts';

const TOPIC = 'orders';
/** Dynamic since a release after 4.0, and changed by a restart all the same, which every release can. */
const NEWER =
  /^(errors\.deadletterqueue\.|follower\.fetch\.last\.tiered|max\.decompressed\.message|log\.remote\.copy\.lag)/;
/** Dynamic, but never of the whole cluster: of one broker, of listeners and their secrets, or of Millrace's own doing. */
const NOT_OFFERED =
  /^(ssl\.|sasl\.|listener|advertised\.listeners$|principal\.builder|connections\.max\.reauth|metric\.reporters$|.*\.replication\.throttled\.rate$|replica\.alter\.log\.dirs|cordoned\.log\.dirs$|remote\.|group\.|share\.|streams\.|max\.connections\.per\.listener|config\.providers|log\.message\.format|auto\.include)/;

// JVMs start slowly on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: TestCluster;
const brokers = () => cluster.brokers.map((node) => node.address);
const configsOf = (nodeId: number, keys: string[] | null = null) =>
  withConnection(brokers()[nodeId]!, {}, async (connection) => {
    const resources = [{ type: CONFIG_RESOURCE.BROKER, name: String(nodeId) }];
    const [described] = await connection.request(describeConfigs, { resources, keys });
    return described!.entries;
  });
const valuesOf = (key: string) =>
  Promise.all(brokers().map(async ({ nodeId }) => (await configsOf(nodeId, [key]))[0]?.value));
const settled = async (values: Record<string, string | null>) => {
  const sizes: string[] = [];
  await waitFor(
    async () => {
      const result = await applyDynamicConfig(values, brokers());
      for (const key of Object.keys(values)) sizes.push((await valuesOf(key)).join());
      return result;
    },
    ({ ready }) => ready,
    { describe: `every broker to have ${JSON.stringify(values)}` },
  );
  return sizes;
};
const replication = async () => {
  const look = await describeReplication(brokers());
  if (!look.known) throw new Error(look.why);
  return look.snapshot;
};

beforeAll(async () => {
  cluster = await layOutCluster(kafkaLibs(), { controllers: 1, brokers: 3 });
  for (const node of [...cluster.controllers, ...cluster.brokers]) node.start();
  await Promise.all(
    brokers().map(({ nodeId }) =>
      waitFor(
        () => brokerReadiness(nodeId, brokers()),
        ({ ready }) => ready,
        { describe: `broker ${nodeId} is ready`, timeoutMs: 50_000 },
      ),
    ),
  );
  const admin = createKafka(brokers()).admin();
  await admin.connect();
  await admin.createTopics({
    topics: [
      {
        topic: TOPIC,
        replicaAssignment: [0, 1, 2].map((partition) => ({ partition, replicas: [0, 1] })),
      },
    ],
  });
  await admin.disconnect();
});
afterAll(async () => {
  await cluster?.destroy();
});

describe('the table of dynamic properties', () => {
  it('has what this Kafka can change, and leaves out only what is not offered', async () => {
    const entries = await configsOf(0);
    const changeable = new Set(entries.filter(({ readOnly }) => !readOnly).map(({ key }) => key));
    expect([...DYNAMIC].filter((key) => !changeable.has(key))).toEqual([]);
    const missing = [...changeable].filter(
      (key) => !DYNAMIC.has(key) && ![NEWER, NOT_OFFERED].some((pattern) => pattern.test(key)),
    );
    expect(missing).toEqual([]);
  });

  it('has only what can be set for all brokers at once', async () => {
    const entries = await configsOf(0);
    const present = entries.filter(({ key, value }) => DYNAMIC.has(key) && value !== null && value !== '');
    expect(present.length).toBeGreaterThan(30);
    for (const { key, value } of present) {
      const change = { type: CONFIG_RESOURCE.BROKER, name: '', values: { [key]: value } };
      await expect(alterConfigs([change], brokers(), { validateOnly: true }), key).resolves.toBeUndefined();
    }
  });
});

describe('a property', () => {
  it('that is a pool of threads walks to its size, and back to the default', async () => {
    const walked = await settled({ 'background.threads': '50' });
    expect(walked.at(-1)).toBe('50,50,50');
    // Kafka takes at most double, and each broker learns of it at its own moment.
    expect(new Set(walked).size).toBeGreaterThan(2);
    await settled({ 'background.threads': null });
    const [entry] = await configsOf(0, ['background.threads']);
    expect(entry).toMatchObject({ value: '10', source: CONFIG_SOURCE.DEFAULT });
  });

  it('that brokers were started with, and is unset, gets the default of Kafka', async () => {
    await settled({ 'num.io.threads': null });
    expect(await valuesOf('num.io.threads')).toEqual(['8', '8', '8']);
    // What a broker was started with and what it is given may not be further apart, or it starts without any dynamic value.
    await settled({ 'num.io.threads': '4' });
  });

  it('that somebody gave to one broker by hand is the same everywhere afterwards', async () => {
    const byHand = { type: CONFIG_RESOURCE.BROKER, name: '1', values: { 'log.retention.ms': '5000000' } };
    await alterConfigs([byHand], [brokers()[1]!]);
    await settled({ 'log.retention.ms': '86400000' });
    expect(await valuesOf('log.retention.ms')).toEqual(['86400000', '86400000', '86400000']);
  });

  it('with a value that Kafka does not take is refused in its words, and nothing is changed', async () => {
    const refused = applyDynamicConfig({ 'log.cleanup.policy': 'shred', 'log.retention.ms': '1' }, brokers());
    await expect(refused).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('log.cleanup.policy') as string,
    });
    expect(await valuesOf('log.retention.ms')).toEqual(['86400000', '86400000', '86400000']);
    await expect(applyDynamicConfig({ 'no.such.key': '1' }, brokers())).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
    });
  });

  it('waits for a broker that does not answer', async () => {
    await cluster.brokers[2]!.kill('SIGSTOP');
    try {
      expect(
        await applyDynamicConfig({ 'log.retention.ms': '1000000' }, brokers(), { timeoutMs: 1_000 }),
      ).toEqual({
        ready: false,
        waitingFor: expect.stringMatching(/every broker to tell its configuration \(broker 2/) as string,
      });
    } finally {
      await cluster.brokers[2]!.kill('SIGCONT');
    }
  });
});

describe('replicas', () => {
  it('move, and moves that are called off leave what was there', async () => {
    await beginMoves([{ topic: TOPIC, partition: 0, replicas: [1, 2] }], brokers());
    const assigned = (seen: Awaited<ReturnType<typeof replication>>) =>
      seen.topics.find(({ name }) => name === TOPIC)!.partitions.map(({ replicas }) => replicas.join());
    // The list of moves and the assignment are told by two answers, each of its own moment.
    const moved = await waitFor(
      replication,
      (seen) => seen.reassigning.length === 0 && assigned(seen)[0] === '1,2',
      { describe: 'the move to end' },
    );
    expect(assigned(moved)).toEqual(['1,2', '0,1', '0,1']);
    // Nothing is under way: that is no error, and a topic that is gone is none.
    await cancelMoves([{ topic: TOPIC, partition: 1 }], brokers());
    await beginMoves([{ topic: 'gone', partition: 0, replicas: [0] }], brokers());
    await expect(
      beginMoves([{ topic: TOPIC, partition: 1, replicas: [0, 9] }], brokers()),
    ).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('orders-1') as string,
    });
  });

  it('to a broker that is down are called off, and the partition keeps its replicas', async () => {
    await cluster.brokers[2]!.kill('SIGKILL');
    await waitFor(
      replication,
      ({ brokers: seen }) => seen.some(({ nodeId, fenced }) => nodeId === 2 && fenced),
      {
        describe: 'broker 2 to be counted as down',
      },
    );
    await beginMoves([{ topic: TOPIC, partition: 1, replicas: [0, 2] }], brokers());
    const under = await waitFor(replication, ({ reassigning }) => reassigning.length > 0, {
      describe: 'the move to be under way',
    });
    expect(under.moving).toEqual([{ topic: TOPIC, partition: 1, adding: [2], removing: [1] }]);
    await cancelMoves([{ topic: TOPIC, partition: 1 }], brokers());
    const after = await waitFor(replication, ({ reassigning }) => reassigning.length === 0, {
      describe: 'the move to be called off',
    });
    const [, second] = after.topics.find(({ name }) => name === TOPIC)!.partitions;
    expect([...second!.replicas].sort()).toEqual([0, 1]);
    cluster.brokers[2]!.start();
    await waitFor(
      () => brokerReadiness(2, brokers()),
      ({ ready }) => ready,
      { describe: 'broker 2 is ready again', timeoutMs: 50_000 },
    );
  });

  it('are counted on the disks that hold them', async () => {
    const use = await diskUse(brokers());
    expect([...use.keys()].sort()).toEqual([0, 1, 2]);
    expect([...use.get(2)!.bytes.keys()]).toContain(`${TOPIC}-0`);
    expect(use.get(0)!.disk!.totalBytes).toBeGreaterThan(use.get(0)!.disk!.usableBytes);
  });
});

describe('a throttle', () => {
  it('is put back as it was, with what somebody had set before', async () => {
    const earlier = { 'leader.replication.throttled.replicas': '0:0' };
    await alterConfigs([{ type: CONFIG_RESOURCE.TOPIC, name: TOPIC, values: earlier }], brokers());
    const before = await waitFor(
      () => readThrottle([TOPIC], brokers()),
      ({ topics }) => topics[TOPIC]?.['leader.replication.throttled.replicas'] === '0:0',
      { describe: 'what somebody set to be there' },
    );
    expect(before.topics[TOPIC]).toEqual({
      'leader.replication.throttled.replicas': '0:0',
      'follower.replication.throttled.replicas': null,
    });
    await setThrottle([TOPIC], 1_000_000, brokers());
    const set = await waitFor(
      () => readThrottle([TOPIC], brokers()),
      ({ rates }) => rates['leader.replication.throttled.rate'] === '1000000',
      { describe: 'the throttle to be there' },
    );
    expect(set.topics[TOPIC]!['follower.replication.throttled.replicas']).toBe('*');
    await restoreThrottle(before, brokers());
    await waitFor(
      () => readThrottle([TOPIC], brokers()),
      (seen) => JSON.stringify(seen) === JSON.stringify(before),
      { describe: 'the throttle to be as before' },
    );
  });
});

describe('a cordon', () => {
  it('keeps new partitions away until it is taken back', async () => {
    await cordonBroker(2, true, [brokers()[2]!]);
    const admin = createKafka(brokers()).admin();
    await admin.connect();
    try {
      await waitFor(
        async () => (await configsOf(2, ['cordoned.log.dirs']))[0]?.value,
        (value) => value === '*',
        { describe: 'broker 2 to be cordoned' },
      );
      await admin.createTopics({ topics: [{ topic: 'late', numPartitions: 8, replicationFactor: 2 }] });
      const late = await waitFor(
        async () => (await replication()).topics.find(({ name }) => name === 'late'),
        (topic) => topic?.partitions.length === 8,
        { describe: 'the topic to be there' },
      );
      expect(late!.partitions.flatMap(({ replicas }) => replicas)).not.toContain(2);
    } finally {
      await admin.disconnect();
      await cordonBroker(2, false, [brokers()[2]!]);
    }
  });
});
