// Everything of local Mesos that outlives its process, as plain JSON. Offers, filters, streams and timers do not: a real
// master forgets them too when it restarts.
import type { Attribute, DomainInfo, OperationStatus, Resource, TaskStatus } from '../../../mesos/types.ts';
import type {
  ExecutorDescription,
  FrameworkDescription,
  MachineId,
  MaintenanceWindow,
  OfferConstraints,
  TaskDescription,
} from '../wire/call-types.ts';

export interface State {
  version: 1;
  /** Times that a master started on this state. */
  starts: number;
  frameworks: Record<string, Framework>;
  /** Ids that may not subscribe again, oldest first. */
  removedFrameworks: string[];
  agents: Record<string, Agent>;
  /** Number of agents ever added: agents' hosts and ports are not used twice while the state lives. */
  agentsAdded: number;
  /** By `executorKey`. */
  executors: Record<string, Executor>;
  /** By `taskKey`. */
  tasks: Record<string, Task>;
  /** Operations whose status waits for an acknowledgement. */
  operations: PendingOperation[];
  /** By `taskKey`: tasks of agents that are lost. */
  lostTasks: Record<string, LostTask>;
  /** By agent id: agents that the master does not reach and that may come back. */
  awayAgents: Record<string, AwayAgent>;
  /** Ids that may not register again, oldest first. */
  goneAgents: string[];
  /** Frameworks that are gone, oldest first, for GET_FRAMEWORKS. */
  completedFrameworks?: CompletedFramework[];
  /** By role. */
  quotas?: Record<string, Quota>;
  /** By role; a role without has 1. */
  weights?: Record<string, number>;
  maintenance?: Maintenance;
}

export interface CompletedFramework {
  info: FrameworkDescription;
  registeredAtMs: number;
  reregisteredAtMs: number;
  unregisteredAtMs: number;
}

/** Name of a scalar to its amount. */
export type Quantities = Record<string, number>;

export interface Quota {
  guarantees: Quantities;
  limits: Quantities;
}

export interface Maintenance {
  windows: MaintenanceWindow[];
  /** Machines of the schedule that are down; the others are draining. */
  down: MachineId[];
  /** Agents of machines that are down: they register again when their machine is up. */
  parked: Agent[];
}

/** Why an agent is drained, and whether it is. */
export interface Drain {
  state: 'DRAINING' | 'DRAINED';
  markGone: boolean;
  startedAtMs: number;
}

export interface Framework {
  id: string;
  info: FrameworkDescription;
  roles: string[];
  suppressedRoles: string[];
  offerConstraints?: OfferConstraints | undefined;
  registeredAtMs: number;
  reregisteredAtMs: number;
}

export interface Agent {
  id: string;
  hostname: string;
  /** The port that offers name; nothing listens there. */
  port: number;
  attributes: Attribute[];
  domain?: DomainInfo;
  /** What it was added with. */
  resources: Resource[];
  /** What it has now: the same with reservations and volumes. */
  total: Resource[];
  registeredAtMs: number;
  /** Set while an operator keeps it from being offered. */
  deactivated?: boolean;
  drain?: Drain;
}

/**
 * Why an agent is away: its process is gone for the moment; the network or the agent is silent; the machine lost its power,
 * and with it its tasks; it said goodbye; a new master has not heard of it yet.
 */
export type Absence = 'disconnected' | 'unreachable' | 'powerCut' | 'unregistered' | 'recovering';

export interface AwayAgent {
  agent: Agent;
  absence: Absence;
  sinceMs: number;
  /** By `taskKey`: graces of kills that are passed on when it is back. */
  kills: Record<string, number>;
}

export interface Executor {
  id: string;
  frameworkId: string;
  agentId: string;
  containerId: string;
  role: string;
  /** Default executors run task groups and end with a FAILURE; a command executor is its one task. */
  isDefault: boolean;
  description: ExecutorDescription;
  /** Held until the executor has ended. */
  resources: Resource[];
  sandbox: string;
  /** Its process was killed, and its tasks with it. */
  killed?: boolean;
}

/** Where a task's process is: not begun; begun but held by its gate; let go; gone. */
export type TaskPhase = 'LAUNCHING' | 'GATED' | 'STARTED' | 'ENDED';

export interface ProcessRef {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: tells a process from a later one with the same pid. */
  startTime: string;
}

export interface Task {
  id: string;
  frameworkId: string;
  agentId: string;
  executorId: string;
  /** Tasks of one LAUNCH_GROUP: they end together. */
  groupId: string;
  containerId: string;
  role: string;
  description: TaskDescription;
  resources: Resource[];
  sandbox: string;
  phase: TaskPhase;
  process?: ProcessRef;
  /** The process that keeps the exit status of a task until it is read; see agent/task-process.ts. */
  keeper?: ProcessRef;
  /** Set when it was told to end; SIGKILL is due then. */
  killAtMs?: number;
  /** It was told to end because its agent is drained. */
  drained?: boolean;
  /** Its framework is gone: nobody wants updates. */
  orphaned?: boolean;
  /** Its resources are free again. */
  released: boolean;
  healthy?: boolean;
  checkStatus?: object;
  /** What the master knows: all updates that its agent has forwarded, acknowledged or not. */
  statuses: TaskStatus[];
  /** Updates to be acknowledged, in order; the first is the one that is being sent. */
  updates: TaskStatus[];
}

export interface PendingOperation {
  frameworkId: string;
  agentId: string;
  status: OperationStatus;
}

export interface LostTask {
  frameworkId: string;
  taskId: string;
  agentId: string;
  state: 'TASK_UNREACHABLE' | 'TASK_GONE_BY_OPERATOR';
  lostAtMs: number;
}

export function taskKey(frameworkId: string, taskId: string): string {
  return JSON.stringify([frameworkId, taskId]);
}

export function executorKey(agentId: string, frameworkId: string, executorId: string): string {
  return JSON.stringify([agentId, frameworkId, executorId]);
}

/** The state of a Mesos that never ran. */
export function emptyState(): State {
  return {
    version: 1,
    starts: 0,
    frameworks: {},
    removedFrameworks: [],
    agents: {},
    agentsAdded: 0,
    executors: {},
    tasks: {},
    operations: [],
    lostTasks: {},
    awayAgents: {},
    goneAgents: [],
  };
}
