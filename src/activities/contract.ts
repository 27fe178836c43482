// What activities take and give. Workflows import these types only; the implementations are in the files beside.
import type { NodeKind, NodeState, Placement, SessionInfo } from '../model/cluster.ts';
import type { PlacementAnswer } from '../model/placement/explain.ts';
import type { CompactMoves, Proposal } from '../model/reassignment/proposal.ts';
import type { SparelessPolicy } from '../model/safety/gate.ts';
import type { ClusterSpec } from '../model/spec/schema.ts';
import type {
  FrameworkIdentity,
  OperationResult,
  PreflightAnswer,
  PreflightInput,
  PreviewAnswer,
  PreviewInput,
  ReplacePreviewAnswer,
  ReplacePreviewInput,
  WhyInput,
} from '../workflows/contract.ts';

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
  /** Ids of agents that will not do: the one that the node leaves. */
  avoidAgents?: string[];
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

/** What has to hold directly before a node is stopped: the others can do without it. */
export interface StopGate {
  kind: NodeKind;
  nodeId: number;
  /** Ids of nodes that are stopped at the same time: they are not counted on either. */
  together?: number[];
  /** All of the cluster's, the node itself included. */
  brokers: KafkaAddress[];
  controllers: KafkaAddress[];
  policy: SparelessPolicy;
}
export interface StopNodeInput {
  caller: Caller;
  session: SessionInfo;
  cluster: string;
  taskId: string;
  agentId: string;
  killGraceSeconds: number;
  /** Waited for before each KILL; left out where the whole cluster goes, or a person took the risk. */
  gate?: StopGate;
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
  /** Only what was reserved for this place of the node, which has another one now; else all that it has. */
  onlyPlacement?: number;
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
/** How a broker's start went; of recorded ones there may be nothing. */
export interface BrokerAwaited {
  /** Why its process has to be started anew; absent when the broker is ready. */
  hung?: string;
}
export interface AwaitBrokerInput {
  caller: Caller;
  nodeId: number;
  brokers: KafkaAddress[];
  /** Without them it is never said to hang. */
  controllers?: KafkaAddress[];
  /** It never was ready, so it has no logs to recover. */
  isNew?: true;
  /** Gives each partition's leadership to its preferred replica afterwards. */
  restoreLeaders?: true;
}
export interface ActiveControllerInput {
  caller: Caller;
  controllers: KafkaAddress[];
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

export interface AwaitBrokerReplaceableInput {
  caller: Caller;
  /** The broker that is gone, or is stopped for good. */
  nodeId: number;
  /** All of the cluster's. */
  brokers: KafkaAddress[];
  /** A person has given its data up: only wait until Kafka counts it as down. */
  force?: boolean;
  /** Its new disk is taken next: with force, what others have of its partitions gets a leader. */
  final?: true;
}
export interface BrokerReplaceable {
  /** Replicas that the others have to copy to the empty disk. */
  partitions: number;
  /** Their size on the leaders' disks; null when not every leader could tell. */
  bytes: number | null;
  /** Partitions of which nobody else has a full copy, each with why; only of a forced one. */
  onlyHere?: string[];
  /** Partitions that are led from now on by what others have of them: `orders-4`; only of a final one. */
  elected?: string[];
}
export interface AwaitControllerReplaceableInput {
  caller: Caller;
  /** The controller that is gone, or is stopped for good. */
  nodeId: number;
  controllers: KafkaAddress[];
}
export interface ReplaceVoterInput {
  caller: Caller;
  nodeId: number;
  /** Of the disks that it had before; none is a voter any more when the activity returns. */
  oldDirectoryIds: string[];
  /** Of the started controller; formatted with `--no-initial-controllers`. */
  newDirectoryId: string;
  /** Where the started controller listens. */
  host: string;
  port: number;
  /** All of the cluster's; of the replaced one the new address. */
  controllers: KafkaAddress[];
}
export interface UnregisterBrokerInput {
  caller: Caller;
  /** The broker that was stopped for good. */
  nodeId: number;
  /** Those that remain. */
  brokers: KafkaAddress[];
}
export interface ElectPreferredLeadersInput {
  caller: Caller;
  brokers: KafkaAddress[];
}

export interface ConfigureBrokersInput {
  caller: Caller;
  /** By property; null = Kafka's default. */
  values: Record<string, string | null>;
  brokers: KafkaAddress[];
}
export interface ProposeMovesInput {
  caller: Caller;
  brokers: KafkaAddress[];
  /** Brokers that may hold replicas afterwards. */
  targets: { id: number; rack?: string }[];
  throttleBytesPerSecond?: number;
}
export interface MoveReplicasInput {
  caller: Caller;
  brokers: KafkaAddress[];
  moves: CompactMoves;
}
export type CancelMovesInput = MoveReplicasInput;
export interface ThrottleInput {
  caller: Caller;
  brokers: KafkaAddress[];
  topics: string[];
}
export interface SetThrottleInput extends ThrottleInput {
  bytesPerSecond: number;
}
/** What there was before an operation's own throttle; null = nothing. */
export interface EarlierThrottle {
  rates: Record<string, string | null>;
  topics: Record<string, Record<string, string | null>>;
}
export interface RestoreThrottleInput {
  caller: Caller;
  brokers: KafkaAddress[];
  earlier: EarlierThrottle;
}
export interface CordonInput {
  caller: Caller;
  nodeIds: number[];
  brokers: KafkaAddress[];
  cordoned: boolean;
}
export interface AwaitEmptyInput {
  caller: Caller;
  nodeIds: number[];
  brokers: KafkaAddress[];
}
export interface RemoveVoterInput {
  caller: Caller;
  nodeId: number;
  controllers: KafkaAddress[];
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
  /** Returns when the broker is registered and every replica that it hosts is in sync, or when its process hangs. */
  awaitBrokerReady(input: AwaitBrokerInput): Promise<BrokerAwaited>;
  /** The `node.id` of the controller that leads the quorum; null when none does at the moment. */
  activeController(input: ActiveControllerInput): Promise<number | null>;
  /** Returns when no partition needs the broker's disk: each has a live leader in sync elsewhere. */
  awaitBrokerReplaceable(input: AwaitBrokerReplaceableInput): Promise<BrokerReplaceable>;
  /** Returns when the quorum has a leader and a majority of caught-up voters without the controller. */
  awaitControllerReplaceable(input: AwaitControllerReplaceableInput): Promise<void>;
  /**
   * Removes the lost directory of a controller from the voters, and adds the new one once it has caught up as an observer.
   * May be repeated: it looks first.
   */
  replaceVoter(input: ReplaceVoterInput): Promise<void>;
  /** Makes Kafka forget a broker that was stopped for good. A broker that is not registered (any more) is a success. */
  unregisterBroker(input: UnregisterBrokerInput): Promise<void>;
  /** Gives each partition's leadership to its preferred replica where that is in sync. */
  electPreferredLeaders(input: ElectPreferredLeadersInput): Promise<void>;
  /** Changes broker properties while Kafka runs; returns when every broker has them. */
  configureBrokers(input: ConfigureBrokersInput): Promise<void>;
  /** Computes which replicas move. */
  proposeMoves(input: ProposeMovesInput): Promise<Proposal>;
  /** Moves replicas batch by batch; returns when all are where they should be, and leaders have their places. */
  moveReplicas(input: MoveReplicasInput): Promise<{ moved: number }>;
  /** Calls off what is under way of these moves. */
  cancelMoves(input: CancelMovesInput): Promise<void>;
  readThrottle(input: ThrottleInput): Promise<EarlierThrottle>;
  setThrottle(input: SetThrottleInput): Promise<void>;
  restoreThrottle(input: RestoreThrottleInput): Promise<void>;
  /** Keeps new partitions away from brokers, or lets them come again; says why when this Kafka cannot. */
  cordonBrokers(input: CordonInput): Promise<{ unsupported: string | null }>;
  /** Returns when none of the brokers holds a replica, seen twice. */
  awaitEmpty(input: AwaitEmptyInput): Promise<void>;
  /** Returns when the controller is no voter of the quorum. */
  removeVoter(input: RemoveVoterInput): Promise<void>;
  verifyCluster(input: VerifyInput): Promise<VerifyResult>;
  /** The result of an operation that was started before the entity continued as new. */
  awaitOperation(input: { operationWorkflowId: string }): Promise<OperationResult>;
  /** Why nodes wait; with the session's offers only where the session is held. Changes nothing. */
  explainPlacement(input: WhyInput): Promise<PlacementAnswer>;
  /** Which replicas would move; one look, and changes nothing. */
  previewMoves(input: PreviewInput): Promise<PreviewAnswer>;
  /** What giving up a broker's disk would mean; one look, and changes nothing. */
  previewReplace(input: ReplacePreviewInput): Promise<ReplacePreviewAnswer>;
  /** Whether a cluster would fit. Changes nothing. */
  preflight(input: PreflightInput): Promise<PreflightAnswer>;
}

/** Activities that need the open session of one worker process; scheduled on that process's own queue. */
export interface SessionActivities {
  /**
   * Reserves a node's resources and creates its volume, or finds what an earlier try reserved. Of a place that the node has, it
   * reserves what is missing by the spec, while the node runs.
   */
  placeNode(input: PlaceNodeInput): Promise<Placement>;
  /** Grows the volumes of a stopped node, and gives back what it needs no more of its reservation. */
  fitNode(input: PlaceNodeInput): Promise<Placement>;
  /** Launches a node's task on what was reserved, or finds what an earlier try launched; returns when it runs. */
  launchNode(input: LaunchNodeInput): Promise<LaunchResult>;
  /** Stops a node's task gracefully; returns when it is terminal, or when its agent cannot be asked. */
  stopNode(input: StopNodeInput): Promise<StopResult>;
  /** Destroys a node's volume and gives its resources back. */
  releaseNode(input: ReleaseNodeInput): Promise<ReleaseResult>;
  /** Has the session look soon for reservations of nodes that live elsewhere. */
  lookForLeftovers(input: { cluster: string; session: SessionInfo }): Promise<void>;
  /** As that of any worker, with the offers of the session. */
  explainPlacement(input: WhyInput): Promise<PlacementAnswer>;
}
