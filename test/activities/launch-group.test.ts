import { describe, expect, it } from 'vitest';
import type { LaunchNodeInput } from '../../src/activities/contract.ts';
import { launchGroup, sharesOf } from '../../src/activities/launch-group.ts';
import { portRange, scalar } from '../../src/mesos/index.ts';
import type { Reservation, Resource } from '../../src/mesos/types.ts';
import { renderNode } from '../../src/model/node/render.ts';
import { nodeResources } from '../../src/model/node/resources.ts';
import { parseSpec } from '../../src/model/spec/parse.ts';
import { placementOf, runningCluster } from '../model/clusters.ts';

const OWN: Reservation = { type: 'DYNAMIC', role: 'dept/orders', principal: 'millrace' };
const DEPT: Reservation = { type: 'STATIC', role: 'dept' };
const mine = (resource: Resource): Resource => ({ ...resource, reservations: [OWN] });
const refined = (resource: Resource): Resource => ({ ...resource, reservations: [DEPT, OWN] });

function inputOf(spec: object, placement = placementOf('broker-0')): LaunchNodeInput {
  const parsed = parseSpec({ name: 'orders', ...spec });
  const cluster = runningCluster(parsed);
  return {
    caller: { operationWorkflowId: 'w', step: 's' },
    session: { epoch: 1, frameworkId: 'f', streamId: 's', master: 'm', taskQueue: 'q' },
    cluster: 'orders',
    incarnation: cluster.incarnation,
    spec: parsed,
    kafkaClusterId: cluster.kafkaClusterId,
    node: { ...cluster.nodes['broker-0']!, placement },
    taskId: 'broker-0.1',
    controllers: Object.values(cluster.nodes).filter(({ kind }) => kind === 'controller'),
    look: false,
  };
}
const volume = (id: string, path: string): Resource =>
  mine({
    ...scalar('disk', 500),
    disk: { persistence: { id }, volume: { container_path: path, mode: 'RW' } },
  });

function launch(spec: object, more: Resource[] = []) {
  const input = inputOf(spec);
  const placement = input.node.placement!;
  const { total } = nodeResources(input.spec, 'broker');
  const reserved = [
    mine(scalar('cpus', total.cpus)),
    mine(scalar('mem', total.memMb)),
    mine(scalar('disk', total.sandboxMb)),
    mine(portRange(placement.port)),
    volume(placement.volumeId, 'data'),
    ...more,
  ];
  const shares = sharesOf(reserved, input, placement);
  if ('missing' in shares) throw new Error(shares.missing.join());
  const rendered = renderNode({ ...input });
  const group = launchGroup(input, { agentId: 'a', frameworkId: 'f', shares, rendered });
  if (group.type !== 'LAUNCH_GROUP') throw new Error(group.type);
  const { executor, task_group } = group.launch_group;
  return { executor, task: task_group.tasks[0]! };
}

describe('what is launched', () => {
  it('runs in the image, with limits, and with secrets by their names only', () => {
    const { executor, task } = launch({
      kafka: { artifact: { image: 'apache/kafka:4.1.1' } },
      rlimits: { nofile: 100_000, core: 'unlimited' },
      secrets: [
        { secret: 'orders/password', env: 'PASSWORD' },
        { secret: 'orders/key', file: 'secrets/key.pem' },
      ],
    });
    const reference = (name: string) => ({ type: 'REFERENCE', reference: { name } });
    expect(task.container).toEqual({
      type: 'MESOS',
      volumes: [
        {
          mode: 'RW',
          container_path: 'data',
          source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'data' } },
        },
        {
          mode: 'RO',
          container_path: 'secrets/key.pem',
          source: { type: 'SECRET', secret: reference('orders/key') },
        },
      ],
      mesos: { image: { type: 'DOCKER', docker: { name: 'apache/kafka:4.1.1' }, cached: true } },
      rlimit_info: {
        rlimits: [{ type: 'RLMT_NOFILE', soft: 100_000, hard: 100_000 }, { type: 'RLMT_CORE' }],
      },
    });
    expect(task.command?.environment?.variables).toContainEqual({
      name: 'PASSWORD',
      type: 'SECRET',
      secret: reference('orders/password'),
    });
    expect(task.command?.uris).toEqual([]);
    expect(executor).not.toHaveProperty('container');
  });

  it('has its network on the executor, where Mesos wants it, and takes no port of the agent', () => {
    const network = { name: 'overlay', labels: { zone: 'a' }, domain: 'orders.mesos' };
    const { executor, task } = launch({ network });
    expect(executor.container).toEqual({
      type: 'MESOS',
      network_infos: [{ name: 'overlay', labels: { labels: [{ key: 'zone', value: 'a' }] } }],
    });
    expect(task.container).not.toHaveProperty('network_infos');
    expect(task.resources.map(({ name }) => name)).toEqual(['cpus', 'mem']);
  });

  it('keeps an archive that is to be verified under the name by which the command knows it', () => {
    const artifact = { uri: 'https://example.test/k.tgz', sha256: 'a'.repeat(64) };
    expect(launch({ kafka: { artifact } }).task.command?.uris).toEqual([
      { value: artifact.uri, extract: false, cache: true, output_file: 'kafka.archive' },
    ]);
  });
});

describe('what is reserved', () => {
  const disks = [
    { type: 'ROOT', sizeMb: 500 },
    { type: 'ROOT', sizeMb: 500 },
  ];
  const placement = placementOf('broker-0', { volumeId: 'v0', moreVolumes: [{ id: 'v1', sizeMb: 500 }] });
  const input = inputOf({ brokers: { disks } }, placement);
  const { total } = nodeResources(input.spec, 'broker');
  const pieces = [
    refined(scalar('cpus', 0.3)),
    mine(scalar('cpus', total.cpus - 0.3)),
    mine(scalar('mem', total.memMb)),
    refined(scalar('disk', total.sandboxMb)),
    mine(portRange(placement.port)),
    volume('v0', 'data'),
    volume('v1', 'data-1'),
  ];

  it('goes to executor and task piece by piece, with all volumes to the executor', () => {
    const shares = sharesOf(pieces, input, placement);
    if ('missing' in shares) throw new Error(shares.missing.join());
    expect(shares.executor.map(({ name, disk }) => disk?.persistence?.id ?? name)).toEqual([
      'cpus',
      'mem',
      'disk',
      'v0',
      'v1',
    ]);
    const cpus = [...shares.executor, ...shares.task].filter(({ name }) => name === 'cpus');
    expect(cpus.map(({ reservations, scalar: value }) => [reservations?.length, value?.value])).toEqual([
      [2, 0.1],
      [2, 0.2],
      [1, 0.8],
    ]);
  });

  it.each([
    ['a volume', 'v1', 'volume v1'],
    ['memory', 'mem', 'mem for the task: 0 < 2048'],
    ['the port', 'ports', 'port 31000'],
  ])('is not launched on while %s is missing, which is named', (_what, without, missing) => {
    const rest = pieces.filter(({ name, disk }) => (disk?.persistence?.id ?? name) !== without);
    expect(sharesOf(rest, input, placement)).toEqual({
      missing: expect.arrayContaining([expect.stringContaining(missing)]) as string[],
    });
  });
});
