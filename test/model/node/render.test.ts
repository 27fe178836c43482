import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeState } from '../../../src/model/cluster.ts';
import { renderNode, type NodeInput } from '../../../src/model/node/render.ts';
import { nodeResources } from '../../../src/model/node/resources.ts';
import { parseSpec } from '../../../src/model/spec/parse.ts';
import { inputOf, nodeOf } from './nodes.ts';

const local = { kafka: { artifact: { path: '/opt/kafka' } }, java: { path: '/opt/java' } };

describe('renderNode', () => {
  it('renders a broker', async () => {
    const { serverProperties, metaProperties, command, environment, uris, log4j2 } = renderNode(
      inputOf('broker', local),
    );
    await expect(serverProperties).toMatchFileSnapshot('golden/broker.server.properties');
    await expect(metaProperties).toMatchFileSnapshot('golden/broker.meta.properties');
    await expect(command).toMatchFileSnapshot('golden/broker.sh');
    await expect(log4j2).toMatchFileSnapshot('golden/log4j2.properties');
    expect(environment).toEqual({
      SERVER_PROPERTIES: serverProperties,
      LOG4J2_PROPERTIES: log4j2,
      META_PROPERTIES: metaProperties,
    });
    expect(uris).toEqual([]);
  });

  it('renders a controller of a quorum of three', async () => {
    const { serverProperties, command, environment } = renderNode(inputOf('controller', local));
    await expect(serverProperties).toMatchFileSnapshot('golden/controller.server.properties');
    await expect(command).toMatchFileSnapshot('golden/controller.sh');
    expect(Object.keys(environment)).toEqual(['SERVER_PROPERTIES', 'LOG4J2_PROPERTIES']);
  });

  it('renders a node that fetches Kafka and Java', async () => {
    const java = { uri: 'https://example.test/jre-21.tar.gz' };
    const { command, uris } = renderNode(inputOf('broker', { java }));
    await expect(command).toMatchFileSnapshot('golden/fetching-broker.sh');
    expect(uris).toEqual([
      {
        value: 'https://archive.apache.org/dist/kafka/4.4.0/kafka_2.13-4.4.0.tgz',
        extract: true,
        cache: true,
      },
      { value: java.uri, extract: true, cache: true },
    ]);
  });

  it("lets the user's properties win over the safe defaults", () => {
    const config = { 'min.insync.replicas': 1, 'auto.create.topics.enable': true, 'num.partitions': '6' };
    const lines = renderNode(inputOf('broker', { kafka: { config } })).serverProperties.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining(['min.insync.replicas=1', 'auto.create.topics.enable=true', 'num.partitions=6']),
    );
    expect(lines.filter((line) => line.startsWith('min.insync.replicas='))).toHaveLength(1);
  });

  it.each<[string | undefined, string | undefined]>([
    ['@zone', 'z1'],
    ['@region', 'eu'],
    ['hostname', '10.0.0.1'],
    ['rack', 'r1'],
    ['row', undefined],
    [undefined, undefined],
  ])('takes as rack of a broker what the spec says of its agent: %s', (rack, value) => {
    const { placement } = nodeOf('broker', 0);
    if (!placement) throw new Error('the node has no place');
    const place = { zone: 'z1', region: 'eu', attributes: { rack: 'r1' } };
    const node = nodeOf('broker', 0, { placement: { ...placement, ...place } });
    const { serverProperties } = renderNode(inputOf('broker', rack === undefined ? {} : { rack }, { node }));
    expect(/^broker\.rack=(.*)$/m.exec(serverProperties)?.[1]).toBe(value);
    expect(renderNode(inputOf('controller', { rack: 'rack' })).serverProperties).not.toContain('rack');
  });

  it('gives each disk of a broker a log directory with an id of its own, the metadata to the first', () => {
    const disks = [
      { type: 'MOUNT', sizeMb: 500, profile: 'fast' },
      { type: 'ROOT', sizeMb: 300 },
      { type: 'MOUNT', sizeMb: 500 },
    ];
    const rendered = renderNode(inputOf('broker', { ...local, brokers: { disks } }));
    const lines = rendered.serverProperties.split('\n');
    expect(lines).toContain('log.dirs=data/kafka,data-1/kafka,data-2/kafka');
    expect(lines).toContain('metadata.log.dir=data/kafka');
    const names = ['META_PROPERTIES', 'META_PROPERTIES_1', 'META_PROPERTIES_2'];
    const ids = names.map((name) => /^directory\.id=(.*)$/m.exec(rendered.environment[name] ?? '')?.[1]);
    expect(ids[0]).toBe('B0AAAAAAAAAAAAAAAAAAAA');
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
    expect(renderNode(inputOf('broker', { ...local, brokers: { disks } })).environment).toEqual(
      rendered.environment,
    );
  });

  it('advertises on a network of containers the name of the node there', () => {
    const named = (node: NodeState): NodeState => ({
      ...node,
      placement: node.placement && {
        ...node.placement,
        networkName: `${node.name}.orders.mesos`,
        port: 9092,
      },
    });
    const network = { name: 'overlay', domain: 'orders.mesos' };
    const { serverProperties, container } = renderNode(
      inputOf(
        'broker',
        { network, controllers: { count: 1 } },
        { node: named(nodeOf('broker', 0)), controllers: [named(nodeOf('controller', 0))] },
      ),
    );
    expect(serverProperties).toContain('advertised.listeners=CLIENT://broker-0.orders.mesos:9092\n');
    expect(serverProperties).toContain('bootstrap.servers=controller-0.orders.mesos:9092\n');
    expect(container).toEqual({ network: { name: 'overlay', labels: {} } });
  });

  it('fetches an archive that is to be verified without unpacking it', () => {
    const sha256 = 'a'.repeat(64);
    const artifact = { uri: 'https://example.test/kafka_2.13-4.4.0.tgz', sha256 };
    const { uris } = renderNode(inputOf('broker', { kafka: { artifact }, java: { path: '/opt/java' } }));
    expect(uris).toEqual([
      { value: artifact.uri, extract: false, cache: true, outputFile: 'kafka.archive', sha256 },
    ]);
  });

  it('says who has no place yet', () => {
    const node = nodeOf('broker', 0, { placement: null });
    expect(() => renderNode(inputOf('broker', {}, { node }))).toThrow(/broker-0 has no place yet/);
    const controllers = [nodeOf('controller', 0, { placement: null })];
    expect(() => renderNode(inputOf('broker', {}, { controllers }))).toThrow(/controller-0 has no place yet/);
  });

  it('does not wait for the place of a controller that is to join: nobody can ask it yet', () => {
    const first = nodeOf('controller', 0);
    const joining = nodeOf('controller', 1, { placement: null, joins: { replacing: [] } });
    expect(renderNode(inputOf('controller', {}, { controllers: [first, joining] }))).toEqual(
      renderNode(inputOf('controller', {}, { controllers: [first] })),
    );
  });

  it('keeps each variable and the command below what Linux allows, for the largest spec that is accepted', () => {
    const config = Object.fromEntries(Array.from({ length: 99 }, (_, n) => [`p${n}`, 'ü'.repeat(195)]));
    const jvmOptions = Array.from({ length: 99 }, () => `-D${"'".repeat(198)}`);
    const { command, environment } = renderNode(
      inputOf('broker', { kafka: { config }, brokers: { jvmOptions } }),
    );
    for (const text of [command, ...Object.values(environment)]) expect(text.length).toBeLessThan(131_000);
    expect(environment['SERVER_PROPERTIES']?.length).toBeGreaterThan(100_000);
  });
});

describe("a node's hash", () => {
  const arbInput = fc
    .record({
      kind: fc.constantFrom('broker' as const, 'controller' as const),
      count: fc.constantFrom(1, 3),
      config: fc.dictionary(fc.constantFrom('a', 'b', 'num.partitions'), fc.constantFrom(1, '1', true), {
        maxKeys: 2,
      }),
      jvmOptions: fc.subarray(['-XX:+UseZGC', '-Da=b', '-ea']),
      heapMb: fc.constantFrom(128, 256),
      path: fc.constantFrom('/opt/kafka', '/opt/kafka 2'),
      port: fc.constantFrom(31_000, 31_002),
      label: fc.constantFrom('x', 'y'),
    })
    .map(({ kind, count, config, jvmOptions, heapMb, path, port, label }): NodeInput => {
      const group = { heapMb, jvmOptions };
      const more = { kafka: { config, artifact: { path } }, labels: { label } };
      const input = inputOf(kind, { ...more, brokers: group, controllers: { ...group, count } });
      const { placement } = input.node;
      return placement ? { ...input, node: { ...input.node, placement: { ...placement, port } } } : input;
    });

  it('differs exactly when what it runs differs', () => {
    fc.assert(
      fc.property(arbInput, arbInput, (a, b) => {
        const { hash: hashA, ...restA } = renderNode(a);
        const { hash: hashB, ...restB } = renderNode(b);
        expect(hashA).toMatch(/^[0-9a-f]{64}$/);
        expect(hashA === hashB).toBe(JSON.stringify(restA) === JSON.stringify(restB));
      }),
      { numRuns: 500 },
    );
  });

  it('depends neither on the order in which things were written nor on what does not reach the node', () => {
    const one = inputOf('broker', { kafka: { config: { a: 1, b: 2 } } });
    const other = inputOf('broker', {
      kafka: { config: { b: '2', a: '1' } },
      labels: { x: 'y' },
      killGraceSeconds: 5,
    });
    expect(renderNode({ ...other, controllers: [...other.controllers].reverse() }).hash).toBe(
      renderNode(one).hash,
    );
  });
});

describe('nodeResources', () => {
  it('adds the executor and the sandbox to what the spec says', () => {
    const spec = parseSpec({
      name: 'orders',
      ...local,
      brokers: { cpus: 0.2, memMb: 768, heapMb: 256, disk: { sizeMb: 1024 } },
    });
    expect(nodeResources(spec, 'broker')).toEqual({
      task: { cpus: 0.2, memMb: 768 },
      executor: { cpus: 0.1, memMb: 32, diskMb: 64 },
      volumes: [{ type: 'ROOT', sizeMb: 1024, containerPath: 'data' }],
      volumeMb: 1024,
      total: { cpus: 0.3, memMb: 800, diskMb: 1088, sandboxMb: 64 },
    });
    expect(nodeResources(spec, 'controller').total).toEqual({
      cpus: 0.6,
      memMb: 1056,
      diskMb: 2112,
      sandboxMb: 64,
    });
  });

  it('hands out parts that add up to the total, in the three decimals that Mesos keeps', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1024, noNaN: true }), (cpus) => {
        const { task, executor, total } = nodeResources(
          parseSpec({ name: 'orders', ...local, brokers: { cpus } }),
          'broker',
        );
        const thousandths = (value: number) => Math.round(value * 1000);
        expect(thousandths(task.cpus) + thousandths(executor.cpus)).toBe(thousandths(total.cpus));
        expect(task.cpus).toBe(thousandths(task.cpus) / 1000);
      }),
    );
  });

  it('leaves room in the sandbox for what is fetched', () => {
    const fetched = parseSpec({ name: 'orders', java: { uri: 'https://example.test/jre.tgz' } });
    expect(nodeResources(fetched, 'broker')).toMatchObject({
      executor: { diskMb: 960 },
      total: { diskMb: 11_200, sandboxMb: 960 },
    });
  });
});
