// What Millrace knows about one cluster at run time: its nodes, its Mesos session, its operations. Plain JSON only:
// all of it crosses Temporal boundaries.
import type { ChangeRequest } from './change-request.ts';
import type { ErrorCode } from './errors.ts';
import type { ClusterSpec } from './spec/schema.ts';

export const NODE_KIND = { BROKER: 'broker', CONTROLLER: 'controller' } as const;
export type NodeKind = (typeof NODE_KIND)[keyof typeof NODE_KIND];

/** Where a node lives: recorded before anything runs, kept for the node's life, changed only by `replace`. */
export interface Placement {
  /** Grows by one with each replacement of the node; part of the reservation's label and of the volume's id. */
  number: number;
  agentId: string;
  hostname: string;
  /** The one port of the node: a broker's client port, a controller's quorum port. */
  port: number;
  /** Id of the persistent volume; of the first when there are several. */
  volumeId: string;
  /** The further volumes of a node with several disks, in their order. */
  moreVolumes?: { id: string; sizeMb: number }[];
  /** Name by which the node is reached on a network of containers; without one it is the host's. */
  networkName?: string;
  cpus: number;
  memMb: number;
  /** Size of all volumes. */
  diskMb: number;
  attributes: Record<string, string>;
  region?: string;
  zone?: string;
}

/** Ids of all volumes of a placement, in the order of the spec's disks. */
export function volumeIdsOf({ volumeId, moreVolumes = [] }: Placement): string[] {
  return [volumeId, ...moreVolumes.map(({ id }) => id)];
}

/** Name or address under which a placed node is reached. */
export function hostOf({ networkName, hostname }: Placement): string {
  return networkName ?? hostname;
}

/** The states of a node that a person sees. */
export const NODE_STATUS = {
  PLANNED: 'PLANNED',
  PLACED: 'PLACED',
  STARTING: 'STARTING',
  READY: 'READY',
  /** Mesos cannot reach its agent: it may still serve, and nobody can say. */
  UNREACHABLE: 'UNREACHABLE',
  STOPPING: 'STOPPING',
  STOPPED: 'STOPPED',
  FAILED: 'FAILED',
  RELEASED: 'RELEASED',
} as const;
export type NodeStatus = (typeof NODE_STATUS)[keyof typeof NODE_STATUS];

export interface NodeState {
  /** `broker-0`, `controller-1`. */
  name: string;
  kind: NodeKind;
  /** Kafka's `node.id`; never changes. */
  nodeId: number;
  /** Kafka's `directory.id` of the node's data directory (22 characters, base64url of a uuid). */
  directoryId: string;
  status: NodeStatus;
  placement: Placement | null;
  /** How many tasks were ever named for this node; the newest is `taskIdOf(node.name, launches)`. */
  launches: number;
  /** State that Mesos last reported for the newest task, e.g. `TASK_RUNNING`; null before the first. */
  taskState: string | null;
  /** Why the node is in its status, when that is not obvious. */
  reason?: string;
  /** Hash of the rendered configuration that the newest task runs with. */
  configHash?: string;
  /** Set when a person aborted its recovery: it is left as it is until somebody asks for something else. */
  recoveryAborted?: true;
  /** Since when Mesos cannot reach its agent, in milliseconds since 1970; kept until the node is ready again. */
  unreachableSinceMs?: number;
  /** An operator removed its agent for good; kept until the node lives elsewhere. */
  agentGone?: true;
  /** When it was last reported ready, in milliseconds since 1970. */
  readyAtMs?: number;
  /** How often in a row its task ended soon after the node was ready. */
  quickEnds?: number;
  /** Set when a person aborted its replacement: it is not replaced by itself until it has been ready once more. */
  replacementAborted?: true;
  /** Greatest number of a placement that was ever reserved for it by a replacement; none is used twice. */
  lastPlace?: number;
  /** Where it goes next: reserved by a replacement, and taken when the node is started there. */
  next?: NextPlace;
  /** Generation of the spec that its newest task was launched with; absent = 1. */
  generation?: number;
  /** Set while a person keeps it stopped (`broker pause`): nothing starts it but `broker resume`. */
  paused?: { by: string; reason?: string };
  /** A controller that replaced one: its volume is prepared to join the quorum, not to found it; and whom it replaces there. */
  joins?: {
    /** Every `directory.id` that it had before: none of them may stay a voter. */
    replacing: string[];
  };
}

/** The place to which a replacement moves a node; a new volume has a new `directory.id`. */
export interface NextPlace {
  placement: Placement;
  directoryId: string;
}

/** A former place of a node, whose reservation and volume are still to be released. */
export interface Superseded {
  node: string;
  placement: Placement;
}

/** A maintenance window of a machine as Mesos announced it. Milliseconds since 1970; without an end it lasts until it is lifted. */
export interface MaintenanceWindow {
  startMs: number;
  endMs?: number;
}

/** Id of the n-th task of a node, decided before it is launched: `broker-0.3`. */
export function taskIdOf(node: string, launch: number): string {
  return `${node}.${launch}`;
}

/** Id of the node's newest task; null before the first was begun. A placed node's first task is named already. */
export function newestTask({ name, launches, status, taskState }: NodeState): string | null {
  const named = launches > 0 && (status !== NODE_STATUS.PLACED || taskState !== null);
  return named ? taskIdOf(name, launches) : null;
}

/** The node's name and launch number in a task id; null when it is not one of ours. */
export function parseTaskId(taskId: string): { node: string; launch: number } | null {
  const match = /^((?:broker|controller)-\d+)\.([1-9]\d*)$/.exec(taskId);
  return match ? { node: match[1]!, launch: Number(match[2]) } : null;
}

/** The open Mesos scheduler subscription of a cluster, as its holder announced it. */
export interface SessionInfo {
  epoch: number;
  frameworkId: string;
  /** `Mesos-Stream-Id`, the fencing token of every call. */
  streamId: string;
  /** Base URL of the leading master, e.g. `http://10.0.0.1:5050`. */
  master: string;
  /** Task queue of the one worker process that holds the stream. */
  taskQueue: string;
}

export const OPERATION_KIND = {
  INSTALL: 'install',
  UNINSTALL: 'uninstall',
  RECOVER: 'recover',
  REPLACE: 'replace',
  DRAIN: 'drain',
  ADOPT: 'adopt',
  UPDATE: 'update',
  SCALE: 'scale',
  RESTART: 'restart',
  REBALANCE: 'rebalance',
  PAUSE: 'pause',
  RESUME: 'resume',
} as const;
export type OperationKind = (typeof OPERATION_KIND)[keyof typeof OPERATION_KIND];

/** States of a whole operation as shown in lists and in the search attribute `KafkaOperationState`. */
export const OPERATION_STATE = {
  RUNNING: 'RUNNING',
  WAITING: 'WAITING',
  PAUSED: 'PAUSED',
  FAILED: 'FAILED',
  COMPLETE: 'COMPLETE',
  ABORTED: 'ABORTED',
} as const;
export type OperationState = (typeof OPERATION_STATE)[keyof typeof OPERATION_STATE];

/** An operation in the history of its cluster. */
export interface OperationRecord {
  /** `orders/install#1`. */
  id: string;
  kind: OperationKind;
  state: OperationState;
  requestedBy: string;
  reason?: string;
  /** The nodes that it is about, when not all. */
  nodes?: string[];
  /** Nodes that it holds at the moment, of an operation that asks for each (`BY_GRANT`); absent = none. */
  held?: string[];
  /** Nodes that it has asked for and not got yet. */
  wanted?: string[];
  /** Begin of the maintenance window for which it drains, in milliseconds since 1970. */
  windowStartMs?: number;
  /** Milliseconds since 1970. */
  startedAtMs: number;
  endedAtMs?: number;
  planHash: string;
  /** Why it ended as it did, when not COMPLETE, and what was left over. */
  outcome?: string;
}

export const CLUSTER_STATUS = {
  INSTALLING: 'INSTALLING',
  RUNNING: 'RUNNING',
  DEGRADED: 'DEGRADED',
  INSTALL_ABORTED: 'INSTALL_ABORTED',
  UNINSTALLING: 'UNINSTALLING',
  UNINSTALL_ABORTED: 'UNINSTALL_ABORTED',
  UNINSTALLED: 'UNINSTALLED',
} as const;
export type ClusterStatus = (typeof CLUSTER_STATUS)[keyof typeof CLUSTER_STATUS];

export interface DynamicState {
  /** By property; null = it was unset again: Kafka's default holds. */
  values: Record<string, string | null>;
  /** Properties of which a change was begun and not seen through. */
  unknown: string[];
}

/** A change that waits until the running operation has ended. */
export interface QueuedOperation {
  id: string;
  request: ChangeRequest;
  queuedAtMs: number;
}

/** The entity's whole truth about a cluster; carried over continue-as-new and answered by the query `cluster`. */
export interface ClusterState {
  name: string;
  spec: ClusterSpec;
  /** Grows by one with each accepted spec. */
  generation: number;
  status: ClusterStatus;
  /** 8 hex digits drawn at install; keeps names of a re-installed cluster apart from those of the former one. */
  incarnation: string;
  /** Kafka's cluster id (22 characters, base64url of a uuid). */
  kafkaClusterId: string;
  frameworkId: string;
  session: SessionInfo | null;
  /** Why there is no session at the moment, as its would-be holder reported it. */
  sessionProblem: { code: ErrorCode; reason: string } | null;
  nodes: Record<string, NodeState>;
  /** The one operation that changes the cluster, while it runs. */
  operation: OperationRecord | null;
  /** The recoveries (also replacements and drains) that run, each with nodes of its own. They wait neither for each other nor for a person. */
  recoveries: OperationRecord[];
  history: OperationRecord[];
  /** Specs that nodes still run with, by generation as text; the newest is `spec`. Absent = none. */
  formerSpecs?: Record<string, ClusterSpec>;
  /** Broker properties that Kafka has by our doing as dynamic values of the whole cluster. */
  dynamic?: DynamicState;
  /** What was asked for while another operation ran, in the order in which it is begun. */
  queue?: QueuedOperation[];
  /** Least `node.id` that was never given, by kind; absent = none was ever removed. An id is never given twice. */
  nextNodeId?: Partial<Record<NodeKind, number>>;
  /** Former places of nodes that are still to be released; absent = none. */
  superseded?: Superseded[];
  /** Announced maintenance of agents that hold nodes of this cluster, by agent id; absent = none. */
  maintenance?: Record<string, MaintenanceWindow>;
  createdAtMs: number;
}
