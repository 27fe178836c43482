// What can be asked of a cluster that serves. Plain JSON; kept in the entity's state while it is queued.
import type { MaintenanceHours } from './maintenance-hours.ts';
import type { ClusterSpec } from './spec/schema.ts';

interface Asked {
  requestedBy: string;
  reason?: string;
  /** Nodes are stopped within these hours only. */
  window?: MaintenanceHours;
  /** Refused when the plan that it comes to is another one. */
  planHash?: string;
}

/** Brings the cluster to another spec. */
export interface ApplyRequest extends Asked {
  kind: 'apply';
  /** Complete: parsed by the schema, site defaults filled in. */
  spec: ClusterSpec;
  /** Brokers that go when there are to be fewer (`broker-3`); those with the greatest ids when left out. */
  remove?: string[];
  /** False: new brokers stay empty until a rebalance. Default: true. */
  rebalance?: boolean;
  /** Bytes per second and broker that moving replicas may take; absent = no limit. */
  throttleBytesPerSecond?: number;
}

/** Restarts nodes one after the other, each when Kafka can do without it. */
export interface RestartRequest extends Asked {
  kind: 'restart';
  /** Names of nodes; all when left out. */
  nodes?: string[];
  /** Only brokers of this rack. */
  rack?: string;
}

/** Moves replicas until all brokers have their share. */
export interface RebalanceRequest extends Asked {
  kind: 'rebalance';
  /** Run without waiting for a person's approval of the proposal. */
  approved?: boolean;
  throttleBytesPerSecond?: number;
}

/** Stops a broker and keeps it stopped. */
export interface PauseNodeRequest extends Asked {
  kind: 'pauseNode';
  node: string;
}

/** Starts a broker that is kept stopped. */
export interface ResumeNodeRequest extends Asked {
  kind: 'resumeNode';
  node: string;
}

export type ChangeRequest =
  ApplyRequest | RestartRequest | RebalanceRequest | PauseNodeRequest | ResumeNodeRequest;
