// The LAUNCH_GROUP of a node: its task under a default executor that holds the volumes, made of what is reserved for it.
import type { CommandUri, ContainerInfo, OfferOperation, Resource, Variable } from '../mesos/types.ts';
import { volumeIdsOf, type Placement } from '../model/cluster.ts';
import type { FetchedUri, NodeContainer } from '../model/node/container.ts';
import type { RenderedNode } from '../model/node/render.ts';
import { nodeResources, type VolumeDemand } from '../model/node/resources.ts';
import type { LaunchNodeInput } from './contract.ts';
import { createPool, type ResourcePool } from './resource-pool.ts';

const NANOSECONDS_PER_SECOND = 1_000_000_000;

/** What is reserved, as it is handed to the executor and the task. */
export interface Shares {
  executor: Resource[];
  task: Resource[];
}

/** Divides what is reserved between executor and task, each piece under the reservations that it has; or names what is missing. */
export function sharesOf(
  reserved: readonly Resource[],
  input: LaunchNodeInput,
  placement: Placement,
): Shares | { missing: string[] } {
  const { task, executor } = nodeResources(input.spec, input.node.kind);
  const pool = createPool(reserved);
  const missing: string[] = [];
  const take = (name: string, amount: number, what: string): Resource[] => {
    const taken = pool.take(name, amount);
    if (!taken) missing.push(`${name} for the ${what}: ${sumOf(pool, name)} < ${amount}`);
    return taken ?? [];
  };
  const volumes = volumeIdsOf(placement).flatMap((id) => {
    const volume = pool.pieces.find(({ disk }) => disk?.persistence?.id === id);
    if (!volume) missing.push(`volume ${id}`);
    return volume ?? [];
  });
  const shares: Shares = {
    executor: [
      ...take('cpus', executor.cpus, 'executor'),
      ...take('mem', executor.memMb, 'executor'),
      ...take('disk', executor.diskMb, 'executor'),
      ...volumes,
    ],
    task: [...take('cpus', task.cpus, 'task'), ...take('mem', task.memMb, 'task')],
  };
  // A node with an address of its own takes none of the agent's ports.
  if (!input.spec.network) {
    const port = pool.takePort(placement.port);
    if (port) shares.task.push(port);
    else missing.push(`port ${placement.port}`);
  }
  return missing.length > 0 ? { missing } : shares;
}

/** The operation. Network and volumes belong to the executor, in whose container the task runs (Mesos refuses a network of the task). */
export function launchGroup(
  input: LaunchNodeInput,
  about: { agentId: string; frameworkId: string; shares: Shares; rendered: RenderedNode },
): OfferOperation {
  const { agentId, frameworkId, shares, rendered } = about;
  const { spec, taskId } = input;
  const { network } = rendered.container;
  return {
    type: 'LAUNCH_GROUP',
    launch_group: {
      executor: {
        type: 'DEFAULT',
        executor_id: { value: `${taskId}-executor` },
        framework_id: { value: frameworkId },
        resources: shares.executor,
        ...(network ? { container: networkContainer(network) } : {}),
      },
      task_group: {
        tasks: [
          {
            name: input.node.name,
            task_id: { value: taskId },
            agent_id: { value: agentId },
            resources: shares.task,
            command: {
              shell: true,
              value: rendered.command,
              ...(spec.user === undefined ? {} : { user: spec.user }),
              uris: rendered.uris.map(commandUri),
              environment: { variables: variablesOf(rendered) },
            },
            kill_policy: {
              grace_period: { nanoseconds: spec.killGraceSeconds * NANOSECONDS_PER_SECOND },
            },
            container: taskContainer(rendered.container, nodeResources(spec, input.node.kind).volumes),
            labels: { labels: Object.entries(spec.labels).map(([key, value]) => ({ key, value })) },
          },
        ],
      },
    },
  };
}

function sumOf({ pieces }: ResourcePool, name: string): number {
  return pieces
    .filter((piece) => piece.name === name && piece.disk === undefined)
    .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
}

function commandUri({ value, extract, cache, outputFile }: FetchedUri): CommandUri {
  return { value, extract, cache, ...(outputFile === undefined ? {} : { output_file: outputFile }) };
}

/** A secret goes by its name only: the agent looks its value up. */
function variablesOf({ environment, container: { secrets = [] } }: RenderedNode): Variable[] {
  return [
    ...Object.entries(environment).map(([name, value]) => ({ name, value })),
    ...secrets.flatMap((secret): Variable[] =>
      'env' in secret ? [{ name: secret.env, type: 'SECRET', secret: reference(secret.secret) }] : [],
    ),
  ];
}

function taskContainer(
  { image, rlimits = [], secrets = [] }: NodeContainer,
  volumes: readonly VolumeDemand[],
): ContainerInfo {
  return {
    type: 'MESOS',
    volumes: [
      ...volumes.map(({ containerPath: path }) => ({
        mode: 'RW' as const,
        container_path: path,
        source: { type: 'SANDBOX_PATH' as const, sandbox_path: { type: 'PARENT' as const, path } },
      })),
      ...secrets.flatMap((secret) =>
        'file' in secret
          ? [
              {
                mode: 'RO' as const,
                container_path: secret.file,
                source: { type: 'SECRET' as const, secret: reference(secret.secret) },
              },
            ]
          : [],
      ),
    ],
    ...(image === undefined
      ? {}
      : { mesos: { image: { type: 'DOCKER', docker: { name: image }, cached: true } } }),
    ...(rlimits.length > 0
      ? {
          rlimit_info: {
            rlimits: rlimits.map(({ name, value }) => ({
              type: `RLMT_${name.toUpperCase()}`,
              ...(value === undefined ? {} : { soft: value, hard: value }),
            })),
          },
        }
      : {}),
  };
}

function networkContainer({ name, labels }: NonNullable<NodeContainer['network']>): ContainerInfo {
  const list = Object.entries(labels).map(([key, value]) => ({ key, value }));
  return {
    type: 'MESOS',
    network_infos: [{ name, ...(list.length > 0 ? { labels: { labels: list } } : {}) }],
  };
}

function reference(name: string) {
  return { type: 'REFERENCE' as const, reference: { name } };
}
