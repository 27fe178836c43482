// Real Kafka nodes for tests: JVMs with small heaps on loopback, hand-written properties, KRaft with fixed voters or with
// voters that can be replaced.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KafkaAddress } from '../../../src/kafka/index.ts';

const HEAP_MB = { broker: 192, controller: 128 };

/** One node of a test cluster; stopped and started again at will, always at the same address with the same data. */
export interface TestNode {
  address: KafkaAddress;
  /** Of its data directory. */
  directoryId: string;
  start(): void;
  /** Ends when the process has ended. */
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  log(): Promise<string>;
}

export interface TestCluster {
  clusterId: string;
  controllers: TestNode[];
  brokers: TestNode[];
  /** Lays out a node of the same id with an empty data directory and another port, and takes it into the lists. */
  replace(node: TestNode): Promise<TestNode>;
  /** Kills what still runs and removes all files. */
  destroy(): Promise<void>;
}

/**
 * The directory of Kafka's jars.
 *
 * @throws Error when MILLRACE_TEST_KAFKA_LIBS does not name it
 */
export function kafkaLibs(): string {
  const libs = process.env['MILLRACE_TEST_KAFKA_LIBS'];
  if (libs === undefined || !existsSync(libs))
    throw new Error(
      `MILLRACE_TEST_KAFKA_LIBS has to name a directory with Kafka's jars, it is: ${libs ?? 'not set'}`,
    );
  return libs;
}

/**
 * Lays out a cluster without starting anything. Controllers are 3000, 3001, …; brokers 0, 1, …
 *
 * @param libs directory of Kafka's jars
 */
export async function layOutCluster(
  libs: string,
  counts: {
    controllers: number;
    brokers: number;
    /** Voters by directory, which can be added and removed (KIP-853), instead of fixed ones. */
    dynamic?: boolean;
  },
): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-kafka-test-'));
  const clusterId = drawUuid();
  const ports = await freePorts(counts.controllers + counts.brokers);
  const addressOf = (nodeId: number, index: number): KafkaAddress => ({
    nodeId,
    host: '127.0.0.1',
    port: ports[index] ?? 0,
  });
  const controllers = Array.from({ length: counts.controllers }, (_, i) => addressOf(3000 + i, i));
  const brokers = Array.from({ length: counts.brokers }, (_, i) => addressOf(i, counts.controllers + i));
  const at = ({ host, port }: KafkaAddress) => `${host}:${port}`;
  const directoryIds = new Map([...controllers, ...brokers].map(({ nodeId }) => [nodeId, drawUuid()]));
  const directoryIdOf = ({ nodeId }: KafkaAddress) => directoryIds.get(nodeId) ?? '';
  const quorum = counts.dynamic
    ? { 'controller.quorum.bootstrap.servers': controllers.map(at).join(',') }
    : { 'controller.quorum.voters': controllers.map((node) => `${node.nodeId}@${at(node)}`).join(',') };
  const first = controllers.map((node) => `${node.nodeId}@${at(node)}:${directoryIdOf(node)}`).join(',');
  const make = (address: KafkaAddress, role: Role) => {
    const format =
      counts.dynamic && role === 'controller' ? { format: ['--initial-controllers', first] } : {};
    const directoryId = directoryIdOf(address);
    return layOutNode({ libs, directory, clusterId, quorum, address, role, directoryId, ...format });
  };
  const nodes = {
    controllers: await Promise.all(controllers.map((address) => make(address, 'controller'))),
    brokers: await Promise.all(brokers.map((address) => make(address, 'broker'))),
  };
  const all = [...nodes.brokers, ...nodes.controllers];
  return {
    clusterId,
    ...nodes,
    replace: async (node) => {
      const role = nodes.brokers.includes(node) ? 'broker' : 'controller';
      const [port = 0] = await freePorts(1);
      const format = role === 'controller' ? { format: ['--no-initial-controllers'] } : {};
      const address = { ...node.address, port };
      const directoryId = drawUuid();
      const fresh = await layOutNode({
        libs,
        directory,
        clusterId,
        quorum,
        address,
        role,
        directoryId,
        ...format,
      });
      const list = nodes[`${role}s`];
      list[list.indexOf(node)] = fresh;
      all.push(fresh);
      return fresh;
    },
    destroy: async () => {
      await Promise.all(all.map((node) => node.kill('SIGKILL')));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type Role = 'broker' | 'controller';

interface NodeLayout {
  libs: string;
  directory: string;
  clusterId: string;
  /** How a node finds the metadata quorum. */
  quorum: Record<string, string>;
  address: KafkaAddress;
  role: Role;
  directoryId: string;
  /** Arguments of `kafka-storage format`; a directory that needs none gets its `meta.properties` by hand. */
  format?: string[];
}

async function layOutNode(layout: NodeLayout): Promise<TestNode> {
  const { address, role } = layout;
  const home = join(layout.directory, `${role}-${address.nodeId}-${address.port}`);
  const data = join(home, 'data');
  await mkdir(data, { recursive: true });
  const properties = join(home, 'server.properties');
  await writeFile(properties, renderProperties(layout, data));
  await prepareData(layout, data, properties);
  const log = join(home, 'server.log');
  let child: ChildProcess | null = null;
  return {
    address,
    directoryId: layout.directoryId,
    start: () => {
      const out = openSync(log, 'a');
      const heap = [`-Xmx${HEAP_MB[role]}m`, `-Xms64m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
      child = spawn('java', [...heap, '-cp', `${layout.libs}/*`, 'kafka.Kafka', properties], {
        stdio: ['ignore', out, out],
        cwd: home,
      });
      closeSync(out);
    },
    kill: async (signal) => {
      const running = child;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill(signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await ended;
    },
    log: () => readFile(log, 'utf8').catch(() => 'no log yet'),
  };
}

/** A format draws the directory's id by itself when it is told no voters: ours is written in afterwards. */
async function prepareData(layout: NodeLayout, data: string, properties: string): Promise<void> {
  const { libs, clusterId, address, directoryId, format } = layout;
  if (format)
    await promisify(execFile)('java', [
      '-Xmx128m',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      `${libs}/*`,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      properties,
      ...format,
    ]);
  const meta = ['version=1', `cluster.id=${clusterId}`, `node.id=${address.nodeId}`];
  await writeFile(join(data, 'meta.properties'), [...meta, `directory.id=${directoryId}`, ''].join('\n'));
}

function drawUuid(): string {
  return randomBytes(16).fill(1, 0, 1).toString('base64url');
}

function renderProperties(layout: NodeLayout, data: string): string {
  const { address, role, quorum } = layout;
  const listener = role === 'broker' ? 'PLAINTEXT' : 'CONTROLLER';
  const common = {
    'process.roles': role,
    'node.id': address.nodeId,
    listeners: `${listener}://${address.host}:${address.port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    ...quorum,
    'log.dirs': data,
    // Half of the default of 9 s: a killed broker is noticed, and let in again, sooner.
    'broker.session.timeout.ms': 4500,
    'broker.heartbeat.interval.ms': 500,
    'replica.lag.time.max.ms': 4500,
    // Small, so that a throttled follower cannot catch up with its first fetch.
    'replica.fetch.max.bytes': 16_384,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    'num.network.threads': 2,
    'num.io.threads': 2,
  };
  return Object.entries(common)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** Ports that the system gave out a moment ago: several processes need to know each other's before they start. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            resolve(server);
          });
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
