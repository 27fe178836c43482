// Names and argument types of everything that can be said to a workflow. API, CLI, activities and tests import this
// file, never a workflow. Each message takes exactly one JSON object, so that the Temporal UI's dialogs can send it.
import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  ApplyRequest,
  PauseNodeRequest,
  RebalanceRequest,
  RestartRequest,
  ResumeNodeRequest,
} from '../model/change-request.ts';
import type {
  ClusterState,
  MaintenanceWindow,
  NodeState,
  OperationKind,
  SessionInfo,
} from '../model/cluster.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { MaintenanceHours } from '../model/maintenance-hours.ts';
import type { WaitingNode } from '../model/placement/explain.ts';
import type { Simulated } from '../model/placement/simulate.ts';
import type { PlacedNode } from '../model/placement/types.ts';
import type { Plan, PlanProgress } from '../model/plan/plan.ts';
import type { ProposalView } from '../model/reassignment/proposal.ts';
import type { ReplaceImpact } from '../model/safety/broker-replace-gate.ts';
import type { ClusterSpec } from '../model/spec/schema.ts';

/** Task queue of workflows and of every activity that needs no open session. */
export const TASK_QUEUE = 'millrace';

// ---- ids -------------------------------------------------------------------------------------------------------

/** Workflow id of a cluster's entity; it is the lock on the cluster's name. */
export const clusterWorkflowId = (cluster: string) => `kafka/${cluster}`;
export const sessionWorkflowId = (cluster: string) => `kafka/${cluster}/session`;
/** `orders/install#1`: what people call an operation. */
export const operationIdOf = (cluster: string, kind: OperationKind, n: number) => `${cluster}/${kind}#${n}`;
/** Workflow id of the operation with this operation id. */
export const operationWorkflowId = (operationId: string) => `kafka/${operationId}`;
/** Questions have ids that no cluster can have: names hold no `#`. The same question at the same time is asked once. */
export const whyWorkflowId = (cluster: string) => `kafka/${cluster}#why`;
export const preflightWorkflowId = (cluster: string, specHash: string) =>
  `kafka/${cluster}#preflight-${specHash.slice(0, 16)}`;

export const previewWorkflowId = (cluster: string, inputHash: string) =>
  `kafka/${cluster}#preview-${inputHash.slice(0, 16)}`;
export const replacePreviewWorkflowId = (cluster: string, nodeId: number) =>
  `kafka/${cluster}#replace-preview-${nodeId}`;

/** Splits `team/orders/install#1`; null when it is not an operation id. */
export function parseOperationId(operationId: string): { cluster: string; kind: string; n: number } | null {
  const match = /^(.+)\/([a-z]+)#(\d+)$/.exec(operationId);
  return match ? { cluster: match[1]!, kind: match[2]!, n: Number(match[3]) } : null;
}

// ---- workflow types (names in the Temporal UI) -----------------------------------------------------------------

export const WORKFLOW_TYPE = {
  CLUSTER: 'cluster',
  SESSION: 'session',
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
  WHY: 'why',
  PREFLIGHT: 'preflight',
  PREVIEW: 'preview',
  REPLACE_PREVIEW: 'replacePreview',
} as const;

/** Argument of the `cluster` workflow. `carried` is its own, for continue-as-new. */
export interface ClusterInput {
  name: string;
  carried?: CarriedCluster;
}
/** Everything that the entity keeps over continue-as-new. */
export interface CarriedCluster {
  state: ClusterState;
  claimedEpoch: number;
  /** Number of the next operation. */
  nextOperation: number;
  /** Uuids of the newest task statuses, to drop what Mesos sends twice. */
  seenUuids: string[];
}
/** Argument of the `session` workflow. `run` grows with each schedule of `holdSubscription` and never shrinks. */
export interface SessionInput {
  cluster: string;
  framework: FrameworkIdentity;
  run: number;
}
export interface FrameworkIdentity {
  id: string;
  name: string;
  role: string;
  principal: string;
  /** Operating-system user of the tasks; absent = the agent's default for the framework. */
  user?: string;
}

// ---- search attributes -----------------------------------------------------------------------------------------

/** Cluster name on each workflow of a cluster. */
export const KAFKA_CLUSTER = defineSearchAttributeKey('KafkaCluster', 'KEYWORD');
/** Mesos role on the entity of a cluster, set when it is started: two clusters must not have one role. */
export const KAFKA_ROLE = defineSearchAttributeKey('KafkaRole', 'KEYWORD');
/** Kind of operation: `install`, … */
export const KAFKA_OPERATION = defineSearchAttributeKey('KafkaOperation', 'KEYWORD');
/** `OperationState` of an operation; `FAILED` and `WAITING` find what waits for a person. */
export const KAFKA_OPERATION_STATE = defineSearchAttributeKey('KafkaOperationState', 'KEYWORD');

// ---- entity ----------------------------------------------------------------------------------------------------

export interface InstallRequest {
  /** Complete: parsed by the schema, site defaults filled in. */
  spec: ClusterSpec;
  requestedBy: string;
  reason?: string;
}
export interface OperationRequest {
  requestedBy: string;
  reason?: string;
}
/** The synchronous answer to each request that starts an operation. */
export interface OperationAccepted {
  operationId: string;
  workflowId: string;
  plan: Plan;
  planHash: string;
  /** The operation that has to end first; then this one is planned anew. Its workflow does not exist before. */
  queuedBehind?: string;
}
/** Starts the installation; sent with update-with-start. Refused with CLUSTER_EXISTS when the name is taken. */
export const installUpdate = defineUpdate<OperationAccepted, [InstallRequest]>('install');
/** Refused with CLUSTER_NOT_FOUND, OPERATION_RUNNING, or NOTHING_TO_DO when every node is READY. */
export const recoverUpdate = defineUpdate<OperationAccepted, [OperationRequest]>('recover');
export interface ReplaceRequest extends OperationRequest {
  /** `broker-1`, `controller-0`. */
  node: string;
  /** Do not ask Kafka whether it can do without the node's data; takes a reason. */
  force?: boolean;
  /** What the API saw when it was asked; shown with the plan. */
  impact?: ReplaceImpact;
}
/**
 * Gives a node another agent, port and volume. Refused with CLUSTER_NOT_FOUND, NODE_NOT_FOUND, OPERATION_RUNNING, REQUEST_INVALID when it
 * is forced without a reason, or NOTHING_TO_DO when the node has no place yet.
 */
export const replaceUpdate = defineUpdate<OperationAccepted, [ReplaceRequest]>('replace');
/** Refused with CLUSTER_NOT_FOUND, OPERATION_RUNNING, or NOTHING_TO_DO when Mesos has not removed the framework. */
export const adoptUpdate = defineUpdate<OperationAccepted, [OperationRequest]>('adopt');
/** A change of a serving cluster; `queue`: wait for the operation that runs, instead of being refused. */
export type ChangeArgument<Request extends { kind: string }> = Omit<Request, 'kind'> & { queue?: boolean };
/**
 * The changes of a serving cluster. Each is refused with CLUSTER_NOT_FOUND, OPERATION_RUNNING (unless queued), NOTHING_TO_DO, PLAN_STALE,
 * NODE_NOT_FOUND or REQUEST_INVALID. A newer spec takes the place of an update that runs.
 */
export const applyUpdate = defineUpdate<OperationAccepted, [ChangeArgument<ApplyRequest>]>('apply');
export const restartUpdate = defineUpdate<OperationAccepted, [ChangeArgument<RestartRequest>]>('restart');
export const rebalanceUpdate = defineUpdate<OperationAccepted, [ChangeArgument<RebalanceRequest>]>(
  'rebalance',
);
export const pauseNodeUpdate = defineUpdate<OperationAccepted, [ChangeArgument<PauseNodeRequest>]>(
  'pauseNode',
);
export const resumeNodeUpdate = defineUpdate<OperationAccepted, [ChangeArgument<ResumeNodeRequest>]>(
  'resumeNode',
);
/** Takes a queued change out again. Refused with OPERATION_NOT_FOUND when it is not in the queue (any more). */
export const dequeueUpdate = defineUpdate<
  null,
  [{ operationId: string; requestedBy: string; reason?: string }]
>('dequeue');
/** Refused with CLUSTER_NOT_FOUND or OPERATION_RUNNING. */
export const uninstallUpdate = defineUpdate<OperationAccepted, [OperationRequest]>('uninstall');

export interface ClaimEpochRequest {
  epoch: number;
  /** Tells the cluster from a former one of the same name. */
  frameworkId: string;
}
export interface ClaimedEpoch {
  /** Tasks which the entity believes to exist, to be reconciled explicitly. */
  knownTasks: { taskId: string; agentId: string; state: string }[];
  /** Whether places of nodes may still be to be released: some node has moved, or was to. */
  leftovers: boolean;
  /** Announced maintenance, by agent id. */
  maintenance: Record<string, MaintenanceWindow>;
}
/** Sent by `holdSubscription` before it subscribes; the validator refuses an epoch that is not greater (EPOCH_STALE). */
export const claimEpochUpdate = defineUpdate<ClaimedEpoch, [ClaimEpochRequest]>('claimEpoch');

/** The holder has subscribed. Ignored unless its epoch is the claimed one. */
export const sessionOpenedSignal = defineSignal<[SessionInfo]>('sessionOpened');
/** Why there is no session: the would-be holder can't subscribe. */
export interface SessionProblem {
  /** FRAMEWORK_REMOVED ends all waiting for a session; anything else may pass by itself. */
  code: ErrorCode;
  reason: string;
}
/** Sent when the reason changes, not with each try. */
export const sessionProblemSignal = defineSignal<[SessionProblem]>('sessionProblem');

export interface TaskStatusSignal {
  /** base64; absent for what the master says by itself (reconciliation). Duplicates are dropped by it. */
  uuid?: string;
  taskId: string;
  agentId: string;
  /** Mesos' state: `TASK_RUNNING`, … */
  state: string;
  reason?: string;
  message?: string;
}
/** A task status that the entity must know (running or terminal); acknowledged to Mesos only after this is accepted. */
export const taskStatusSignal = defineSignal<[TaskStatusSignal]>('taskStatus');
/** What a node held on a former agent has been released. */
export const formerReleasedSignal =
  defineSignal<[{ node: string; placementNumber: number }]>('formerReleased');
/** Mesos announced maintenance of an agent that holds nodes of this cluster, or (null) called it off. */
export const maintenanceSignal =
  defineSignal<[{ agentId: string; window: MaintenanceWindow | null }]>('maintenance');
/** A recovery has let go of a node that is to be replaced. */
export const nodeYieldedSignal = defineSignal<[{ operationId: string; node: string }]>('nodeYielded');
/** The running operation wants a node of a cluster that serves; it gives it back with the report that it is READY. */
export const nodeWantedSignal = defineSignal<[{ operationId: string; node: string }]>('nodeWanted');
/**
 * The running operation changes broker properties while Kafka runs: `begun` before the first of them, `values` (null = unset)
 * when all are read back.
 */
export const dynamicChangedSignal =
  defineSignal<[{ operationId: string; begun?: string[]; values?: Record<string, string | null> }]>(
    'dynamicChanged',
  );
/** An operation reports a change of a node; the given fields replace those of the entity. `wants` as in `nodeWanted`, after that. */
export const nodeChangedSignal =
  defineSignal<[{ operationId: string; nodes: NodeState[]; wants?: string }]>('nodeChanged');

/**
 * An operation has run its plan to the end. It counts as ended for people only when this is accepted, so that whoever sees it
 * COMPLETE finds the cluster ready for the next one.
 */
export const operationEndedSignal =
  defineSignal<[{ operationId: string; result: OperationResult }]>('operationEnded');

/** The whole state; null before the install request was accepted. */
export const clusterQuery = defineQuery<ClusterState | null>('cluster');

// ---- questions: short-lived workflows that change nothing, so that an answer costs the entity no history ----------

/** Argument of the `why` workflow; all that the entity knows comes with the question. */
export interface WhyInput {
  cluster: string;
  incarnation: string;
  frameworkId: string;
  spec: ClusterSpec;
  session: SessionInfo | null;
  waiting: WaitingNode[];
  placed: PlacedNode[];
}
/** Argument of the `preflight` workflow. */
export interface PreflightInput {
  spec: ClusterSpec;
}
/** Argument of the `preview` workflow: which replicas would move if these brokers were all there are. */
export interface PreviewInput {
  cluster: string;
  brokers: { nodeId: number; host: string; port: number }[];
  targets: { id: number; rack?: string }[];
  throttleBytesPerSecond?: number;
}
/** What would move, or why nobody can tell at the moment. */
export type PreviewAnswer = { view: ProposalView } | { unknown: string };
/** Argument of the `replacePreview` workflow: what giving up a broker's disk would mean. */
export interface ReplacePreviewInput extends Pick<PreviewInput, 'cluster' | 'brokers'> {
  nodeId: number;
}
/** What would be lost, or why nobody can tell at the moment. */
export type ReplacePreviewAnswer = { impact: ReplaceImpact } | { unknown: string };
/** What Mesos says of a cluster that does not exist yet. */
export interface PreflightAnswer {
  atMs: number;
  /** Registered agents. */
  agents: number;
  /** Each node in the order of the install, with the place that it would get. */
  nodes: Simulated[];
  /** All of them fit in that order, and would not in another: offers come in any order. */
  tight: boolean;
  /** Of the masters, where they have one. */
  region?: string;
  /** Quotas that leave no room for all of them. */
  quota: string[];
  frameworksInRole: { id: string; name: string }[];
  /** What could not be asked, and why. */
  unknown: string[];
}

// ---- operations ------------------------------------------------------------------------------------------------

export interface OperationInput {
  operationId: string;
  cluster: ClusterState;
  plan: Plan;
  planHash: string;
  requestedBy: string;
  reason?: string;
  /** What the request says of how it is to be run. */
  options?: OperationOptions;
  /** It asks for its next node with the report of the one before. Operations that were begun earlier ask for each by itself. */
  asksAhead?: true;
}
export interface OperationOptions {
  /** Nodes are stopped within these hours only. */
  window?: MaintenanceHours;
  /** Bytes per second and broker that moving replicas may take. */
  throttleBytesPerSecond?: number;
}
/** What the entity learns when an operation has ended (its workflow result). */
export interface OperationResult {
  state: 'COMPLETE' | 'ABORTED';
  outcome?: string;
  /** It ended itself, since its cause was gone: what it was about may be recovered by others. */
  isOwnDoing?: true;
}

export interface StepMessage {
  /** Id of the step, e.g. `start:broker-0`. */
  step: string;
  /** Who sends it; shown in the notes. */
  by?: string;
}
export interface SkipMessage extends StepMessage {
  reason: string;
}
export interface PauseMessage {
  by?: string;
  reason?: string;
}
export interface ApproveMessage {
  by?: string;
  /** Hash of what is approved, or its beginning: the plan's, or the proposal's that the step shows. */
  planHash?: string;
}
export interface AbortMessage {
  by?: string;
  reason: string;
}
// Each exists as a signal (for the Temporal UI; a bad one is noted in the plan's notes) and, with the same name and
// argument, as an update (for API and CLI; a bad one is refused with STEP_NOT_FOUND, STEP_NOT_FAILED, …).
export const pauseSignal = defineSignal<[PauseMessage]>('pause');
export const resumeSignal = defineSignal<[PauseMessage]>('resume');
export const retryStepSignal = defineSignal<[StepMessage]>('retryStep');
export const skipStepSignal = defineSignal<[SkipMessage]>('skipStep');
export const approveSignal = defineSignal<[ApproveMessage]>('approve');
export const abortSignal = defineSignal<[AbortMessage]>('abort');
export const pauseUpdate = defineUpdate<PlanProgress, [PauseMessage]>('pause');
export const resumeUpdate = defineUpdate<PlanProgress, [PauseMessage]>('resume');
export const retryStepUpdate = defineUpdate<PlanProgress, [StepMessage]>('retryStep');
export const skipStepUpdate = defineUpdate<PlanProgress, [SkipMessage]>('skipStep');
export const approveUpdate = defineUpdate<PlanProgress, [ApproveMessage]>('approve');
export const abortUpdate = defineUpdate<PlanProgress, [AbortMessage]>('abort');

export const PERSON_SIGNALS = {
  pause: pauseSignal,
  resume: resumeSignal,
  retryStep: retryStepSignal,
  skipStep: skipStepSignal,
  approve: approveSignal,
  abort: abortSignal,
} as const;
export const PERSON_UPDATES = {
  pause: pauseUpdate,
  resume: resumeUpdate,
  retryStep: retryStepUpdate,
  skipStep: skipStepUpdate,
  approve: approveUpdate,
  abort: abortUpdate,
} as const;

/** From the entity: there is a (newer) session, or the reason why there is none. */
export const sessionChangedSignal =
  defineSignal<[{ session: SessionInfo | null; problem: SessionProblem | null }]>('sessionChanged');
/** From the entity: the newest task of a node has ended. */
export const taskEndedSignal = defineSignal<[TaskStatusSignal & { node: string }]>('taskEnded');
/** From the entity: the operation has a node that it wanted, as it stands now. */
export const nodeGrantedSignal = defineSignal<[{ node: NodeState }]>('nodeGranted');
/** From the entity: why the operation does not get a node yet. */
export const nodeWithheldSignal = defineSignal<[{ node: string; reason: string }]>('nodeWithheld');
/** From the entity: a newer request takes the operation's place. */
export const supersedeSignal = defineSignal<[{ reason: string }]>('supersede');
/** From the entity: let go of a node, another operation takes it over. */
export const yieldNodeSignal = defineSignal<[{ node: string; reason: string }]>('yieldNode');
/** From the entity: a node of this cluster that another operation holds lives elsewhere now. */
export const peerMovedSignal = defineSignal<[{ node: NodeState }]>('peerMoved');
/** From the entity: the maintenance for which these nodes are drained is called off. */
export const maintenanceOverSignal = defineSignal<[{ nodes: string[] }]>('maintenanceOver');
/** From the entity: the agent of a node is in reach again, and its task runs. */
export const nodeReturnedSignal = defineSignal<[{ node: string; reason: string }]>('nodeReturned');
/** From an activity: what a running step waits for; null when it goes on. */
export const stepWaitingSignal = defineSignal<[{ step: string; reason: string | null }]>('stepWaiting');

export const planQuery = defineQuery<Plan>('plan');
export const progressQuery = defineQuery<PlanProgress>('progress');
