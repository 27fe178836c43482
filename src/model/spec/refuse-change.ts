// Which changes of an installed cluster's spec are refused, because what exists could not follow them.
import type { Issue } from '../errors.ts';
import { disksOf } from './disks.ts';
import type { ClusterSpec, DiskSpec, NodeGroup } from './schema.ts';

/** Fields that stay as they were installed, with the reason and what to do instead. */
const FIXED: readonly { path: string; of: (spec: ClusterSpec) => string | undefined; instead: string }[] = [
  {
    path: 'name',
    of: ({ name }) => name,
    instead:
      'it is part of every id and reservation of the cluster; install another cluster and move the records',
  },
  {
    path: 'role',
    of: ({ role }) => role,
    instead:
      'reservations and volumes belong to a role for life; install another cluster and move the records',
  },
  {
    path: 'kafka.version',
    of: ({ kafka }) => kafka.version,
    instead:
      'an upgrade of Kafka is more than a restart, and there is no operation for it yet; keep the version, or install another cluster and move the records',
  },
  {
    path: 'principal',
    of: ({ principal }) => principal,
    instead:
      'Mesos lets nobody change the principal of a framework and its reservations; install another cluster and move the records',
  },
  {
    path: 'user',
    of: ({ user }) => user,
    instead:
      'the files on the volumes belong to the user that wrote them; install another cluster and move the records',
  },
  {
    path: 'placement.region',
    of: ({ placement }) => placement.region,
    instead: "volumes can't leave their region; install another cluster there and move the records",
  },
  {
    path: 'network',
    of: ({ network }) => (network ? 'a network of containers' : undefined),
    instead:
      'nodes cannot reach each other across a change between the network of hosts and one of containers; install another cluster and move the records',
  },
];

/**
 * What is refused of a change from one checked spec to another; none when it may be made. Each issue says the field, what it
 * was, why it stays and what to do instead.
 */
export function refuseChange(before: ClusterSpec, after: ClusterSpec): Issue[] {
  const issues = FIXED.flatMap(({ path, of, instead }): Issue[] => {
    const [was, is] = [of(before), of(after)];
    return was === is
      ? []
      : [{ path, message: `${path} is ${show(is)}, but must stay ${show(was)}: ${instead}` }];
  });
  return [...issues, ...diskIssues('brokers', before, after), ...diskIssues('controllers', before, after)];
}

function diskIssues(kind: 'brokers' | 'controllers', before: ClusterSpec, after: ClusterSpec): Issue[] {
  const [was, is] = [disksOf(before[kind]), disksOf(after[kind])];
  const group: NodeGroup = after[kind];
  const path = `${kind}.${group.disks ? 'disks' : 'disk'}`;
  if (was.length !== is.length)
    return [
      {
        path,
        message: `${path} has ${is.length} disks, but must have the ${was.length} of before: volumes are neither added to a node nor taken from it; keep the disks, or install another cluster and move the records`,
      },
    ];
  return is.flatMap((disk, index): Issue[] => {
    const old = was[index];
    const problem = old ? diskProblem(old, disk) : null;
    const at = group.disks ? `${path}.${index}` : path;
    return problem === null ? [] : [{ path: at, message: `${at} ${problem}` }];
  });
}

function diskProblem(was: DiskSpec, is: DiskSpec): string | null {
  const instead = 'a volume stays what it is for the life of its node; keep it';
  if (was.type !== is.type) return `is of the type ${is.type}, but must stay ${was.type}: ${instead}`;
  if (was.profile !== is.profile)
    return `has the profile ${show(is.profile)}, but must stay with ${show(was.profile)}: ${instead}`;
  if (is.sizeMb < was.sizeMb)
    return `has ${is.sizeMb} MB, but must not be less than the ${was.sizeMb} MB of before: Mesos cannot shrink a volume that holds records; accepted: ${was.sizeMb} or more`;
  if (is.type === 'MOUNT' && is.sizeMb > was.sizeMb)
    return `wants ${is.sizeMb} MB, but must stay at ${was.sizeMb} MB: a MOUNT disk has the size that it has; ${instead}`;
  return null;
}

function show(value: string | undefined): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
