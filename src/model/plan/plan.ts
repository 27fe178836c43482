// A plan: phases of steps, computed before anything is touched. What is shown is exactly what is run.
import type { OperationKind } from '../cluster.ts';
import type { ProposalView } from '../reassignment/proposal.ts';

export const STATUS = {
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  WAITING: 'WAITING',
  COMPLETE: 'COMPLETE',
  FAILED: 'FAILED',
  SKIPPED: 'SKIPPED',
  ABORTED: 'ABORTED',
} as const;
/** Status of a step, a phase and a plan (design.md, section 1). */
export type Status = (typeof STATUS)[keyof typeof STATUS];

/** What a step does; the operation maps each kind to activities. */
export type StepAction =
  | { kind: 'place'; node: string }
  /** `elsewhere`: on the place that `relocate` reserved. `leaders`: gives the leaders back to it when it is in sync. */
  | { kind: 'start'; node: string; elsewhere?: true; leaders?: true }
  | { kind: 'verify' }
  /** `gated`: only when Kafka can do without the node, and without those `together` with which it is stopped. */
  | { kind: 'stop'; node: string; gated?: true; together?: string[]; pause?: true }
  /** Reserves what the node needs more by the wanted spec, while it runs. */
  | { kind: 'grow'; node: string }
  /** Changes broker properties that Kafka can change while it runs, and reads them back. */
  | { kind: 'configure'; set: Record<string, string>; unset: string[] }
  /** Waits until a person approves. */
  | { kind: 'approve' }
  /** Keeps new partitions away from brokers that leave, where Kafka can. */
  | { kind: 'cordon'; nodes: string[] }
  /** Computes which replicas move; `without`: brokers that are to be empty afterwards. */
  | { kind: 'propose'; without: string[] }
  /** Moves the proposed replicas. */
  | { kind: 'move' }
  /** Proves that brokers hold no replica any more. */
  | { kind: 'empty'; nodes: string[] }
  /** Makes Kafka forget a broker that is stopped for good. */
  | { kind: 'unregister'; node: string }
  /** Takes a controller out of the quorum. */
  | { kind: 'removeVoter'; node: string }
  /** Waits until Kafka can do without the node's data. */
  | { kind: 'replaceable'; node: string; force?: true }
  | { kind: 'relocate'; node: string }
  | { kind: 'releaseFormer'; node: string }
  | { kind: 'register' }
  | { kind: 'release'; node: string }
  | { kind: 'deregister' };

export interface PlanStep {
  /** Unique in its plan and stable: `start:broker-0`. What `retry` and `skip` name. */
  id: string;
  /** One line for people: `start broker-0`. */
  title: string;
  action: StepAction;
}

export interface PlanPhase {
  name: string;
  /** Names of phases that must have ended before this one begins. */
  after: string[];
  /** `parallel`: all steps at once; `serial`: one after the other. */
  strategy: 'serial' | 'parallel';
  /** Its controllers go in the order of the plan, but the one that leads the quorum when it begins goes last. */
  activeLast?: true;
  steps: PlanStep[];
}

export interface Plan {
  operation: OperationKind;
  cluster: string;
  phases: PlanPhase[];
  /** What it changes, for people: per node and per key. Absent where the steps say it all. */
  changes?: string[];
}

/** A step as it stands at a moment. */
export interface StepProgress extends PlanStep {
  status: Status;
  /** How often it was begun. */
  runs: number;
  /** Why it waits, failed, was skipped or aborted, and what a person can do. */
  reason?: string;
  /** Milliseconds since 1970: when the present status began. */
  sinceMs: number;
  startedAtMs?: number;
  endedAtMs?: number;
}

export interface PhaseProgress extends Omit<PlanPhase, 'steps'> {
  status: Status;
  steps: StepProgress[];
}

/** The plan with everything that happened so far; the answer of the query `progress`. */
export interface PlanProgress {
  operationId: string;
  operation: OperationKind;
  cluster: string;
  planHash: string;
  status: Status;
  paused: boolean;
  requestedBy: string;
  /** Why, in the words of who asked. */
  reason?: string;
  /** What it changes, for people. */
  changes?: string[];
  startedAtMs: number;
  endedAtMs?: number;
  phases: PhaseProgress[];
  /** Which replicas are to move, once that is computed; what `approve` names by its hash. */
  proposal?: ProposalView;
  /** The newest messages that were refused, and other notes for people; bounded. */
  notes: string[];
}
