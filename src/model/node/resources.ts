// What a node takes of its agent: for its task, for the executor around it, and for its volume.
import { NODE_KIND, type NodeKind } from '../cluster.ts';
import { disksOf } from '../spec/disks.ts';
import type { ClusterSpec, DiskSpec, NodeGroup } from '../spec/schema.ts';
import { LOG_MB } from './log4j2.ts';
import { volumePath } from './paths.ts';

/** One persistent volume that a node wants. */
export interface VolumeDemand extends DiskSpec {
  /** Where it is in the sandbox. */
  containerPath: string;
}

/** Resources of one node. `total` is what is reserved; the parts are what the launch hands out of it. */
export interface NodeResources {
  task: { cpus: number; memMb: number };
  executor: { cpus: number; memMb: number; diskMb: number };
  /** The persistent volumes, in the order of the spec's disks. */
  volumes: VolumeDemand[];
  /** Size of all of them. */
  volumeMb: number;
  /** `sandboxMb`: the part of `diskMb` that is on the root disk even when the volumes are disks of their own. */
  total: { cpus: number; memMb: number; diskMb: number; sandboxMb: number };
}

/** The default executor refuses less than 0.01 cpus, 32 MB of memory or no disk at all (transcript 02). */
const EXECUTOR = { cpus: 0.1, memMb: 32 };
/** The sandbox of a node that fetches nothing: its log, with room for its configuration and what goes to stdout. */
const SANDBOX_MB = LOG_MB + 24;
/** Unpacked distributions lie in the sandbox; an agent that enforces disk quotas kills who takes more than it has. */
const FETCHED_KAFKA_MB = 384;
const FETCHED_JAVA_MB = 512;

/** What each node of a kind takes. */
export function nodeResources(spec: ClusterSpec, kind: NodeKind): NodeResources {
  const group = nodeGroup(spec, kind);
  const { memMb } = group;
  // Mesos keeps three decimals: the parts must add up to the total in them.
  const cpus = thousandths(group.cpus);
  const { artifact } = spec.kafka;
  const sandboxMb =
    SANDBOX_MB +
    (artifact === undefined || 'uri' in artifact ? FETCHED_KAFKA_MB : 0) +
    (spec.java !== undefined && 'uri' in spec.java ? FETCHED_JAVA_MB : 0);
  const volumes = disksOf(group).map((disk, index) => ({ ...disk, containerPath: volumePath(index) }));
  const volumeMb = volumes.reduce((sum, { sizeMb }) => sum + sizeMb, 0);
  return {
    task: { cpus, memMb },
    executor: { ...EXECUTOR, diskMb: sandboxMb },
    volumes,
    volumeMb,
    total: {
      cpus: thousandths(cpus + EXECUTOR.cpus),
      memMb: memMb + EXECUTOR.memMb,
      diskMb: volumeMb + sandboxMb,
      sandboxMb,
    },
  };
}

/** The part of the spec that describes the nodes of a kind. */
export function nodeGroup(spec: ClusterSpec, kind: NodeKind): NodeGroup {
  return kind === NODE_KIND.BROKER ? spec.brokers : spec.controllers;
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
