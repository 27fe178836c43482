// What activities take and give. Workflows import these types only; the implementations are in the files beside.
import type { NodeKind, NodeState, Placement, SessionInfo } from '../model/cluster.ts';
import type { ClusterSpec } from '../model/spec/schema.ts';
import type { FrameworkIdentity, OperationResult } from '../workflows/contract.ts';

/** Reported to the operation's workflow (signal `stepWaiting`) by activities that may wait long. */
export interface Caller {
  operationWorkflowId: string;
  step: string;
}

export interface HoldSubscriptionInput {
  cluster: string;
  framework: FrameworkIdentity;
  /** epoch = epochBase + attempt of the activity; the base grows by EPOCHS_PER_RUN with each new schedule. */
  epochBase: number;
}

export interface PlaceNodeInput {
  caller: Caller;
  session: SessionInfo;
  cluster: string;
  incarnation: string;
  spec: ClusterSpec;
  node: { name: string; kind: NodeKind };
  placementNumber: number;
  /** Placed nodes of the same cluster, for the constraints. */
  others: { name: string; kind: NodeKind; placement: Placement }[];
}

export interface LaunchNodeInput {
  caller: Caller;
  session: SessionInfo;
  cluster: string;
  incarnation: string;
  spec: ClusterSpec;
  kafkaClusterId: string;
  node: NodeState;
  taskId: string;
  /** Every controller with its address, for the configuration. */
  controllers: NodeState[];
  /** False on the very first try of this task id: nothing can exist yet, so nothing is looked for. */
  look: boolean;
}
/**
 * How the task of a launch stands: running, or ended before it ran (with Mesos' words). `agentId` is where it runs: an agent that
 * lost its own records comes back with what is reserved on it and another id.
 */
export type LaunchResult =
  { running: true; configHash: string; agentId?: string } | { running: false; state: string; reason: string };

export interface StopNodeInput {
  caller: Caller;
  session: SessionInfo;
  cluster: string;
  taskId: string;
  agentId: string;
  killGraceSeconds: number;
}
export type StopResult = { stopped: true; state: string } | { stopped: false; reason: string };

export interface ReleaseNodeInput {
  caller: Caller;
  session: SessionInfo;
  cluster: string;
  incarnation: string;
  spec: ClusterSpec;
  node: string;
  placement: Placement | null;
}
/** What could not be released is said, not hidden: `left` names it. */
export interface ReleaseResult {
  released: boolean;
  left?: string;
}

export interface KafkaAddress {
  nodeId: number;
  host: string;
  port: number;
}
export interface AwaitControllersInput {
  caller: Caller;
  /** The controller that was started. */
  nodeId: number;
  controllers: KafkaAddress[];
}
export interface AwaitBrokerInput {
  caller: Caller;
  nodeId: number;
  brokers: KafkaAddress[];
}
export interface VerifyInput {
  caller: Caller;
  kafkaClusterId: string;
  brokers: KafkaAddress[];
  controllers: KafkaAddress[];
}
export interface VerifyResult {
  produced: number;
  consumed: number;
  brokers: number;
}

export interface KillTaskInput {
  session: SessionInfo;
  taskId: string;
  agentId: string;
}
export interface TeardownInput {
  session: SessionInfo;
}

/** Activities that any worker may run. */
export interface Activities {
  /** Holds the scheduler subscription until it is cancelled; never returns by itself. */
  holdSubscription(input: HoldSubscriptionInput): Promise<void>;
  /** Kills a task that must not be: unknown to the entity, or superseded. */
  killTask(input: KillTaskInput): Promise<void>;
  /** Removes the framework from Mesos. */
  teardownFramework(input: TeardownInput): Promise<void>;
  /** Returns when the controller is a caught-up voter of a quorum with a leader. */
  awaitControllerReady(input: AwaitControllersInput): Promise<void>;
  /** Returns when the broker is registered and every replica that it hosts is in sync. */
  awaitBrokerReady(input: AwaitBrokerInput): Promise<void>;
  verifyCluster(input: VerifyInput): Promise<VerifyResult>;
  /** The result of an operation that was started before the entity continued as new. */
  awaitOperation(input: { operationWorkflowId: string }): Promise<OperationResult>;
}

/** Activities that need the open session of one worker process; scheduled on that process's own queue. */
export interface SessionActivities {
  /** Reserves a node's resources and creates its volume, or finds what an earlier try reserved. */
  placeNode(input: PlaceNodeInput): Promise<Placement>;
  /** Launches a node's task on what was reserved, or finds what an earlier try launched; returns when it runs. */
  launchNode(input: LaunchNodeInput): Promise<LaunchResult>;
  /** Stops a node's task gracefully; returns when it is terminal, or when its agent cannot be asked. */
  stopNode(input: StopNodeInput): Promise<StopResult>;
  /** Destroys a node's volume and gives its resources back. */
  releaseNode(input: ReleaseNodeInput): Promise<ReleaseResult>;
}
