// What the Mesos client offers to the rest of Millrace. Implemented in the files beside; see index.ts.
import type {
  FrameworkInfo,
  Offer,
  OfferOperation,
  OperationStatus,
  SchedulerCall,
  SchedulerEvent,
  TaskStatus,
} from './types.ts';

/** How to reach the masters of one Mesos. */
export interface MesosEndpoint {
  /** Base URLs (`http://10.0.0.1:5050`), tried in turn until the leader is found; redirects are followed. */
  masters: string[];
  /** Sent as HTTP basic authentication when present. */
  credential?: { principal: string; secret: string };
}

export interface SubscribeOptions extends MesosEndpoint {
  frameworkInfo: FrameworkInfo;
  /** Roles for which no offers are wanted yet. */
  suppressedRoles?: string[];
  /** Ends the subscription. */
  signal: AbortSignal;
  /** Limit for finding the leader and receiving SUBSCRIBED. @default 10000 */
  timeoutMs?: number;
  /** Told of each event that is passed over: an unknown type, or one that lacks what it must have. */
  onPassedOver?(event: { type: string; reason: string }): void;
}

/** An open subscription: the stream of events and the calls that are fenced by its stream id. */
export interface Subscription {
  readonly frameworkId: string;
  readonly streamId: string;
  /** Base URL of the leading master. */
  readonly master: string;
  readonly heartbeatIntervalMs: number;
  /** Milliseconds (Date.now) of the last event. */
  lastEventAtMs(): number;
  /** Every event after SUBSCRIBED, in order. Ends when the stream ends; throws MillraceError MESOS_UNREACHABLE when it breaks. */
  readonly events: AsyncIterable<SchedulerEvent>;
  /** @throws MillraceError SESSION_MOVED, MESOS_REFUSED, MESOS_UNREACHABLE */
  call(call: SchedulerCall): Promise<void>;
  close(): void;
}

/** What a call from any process needs to know of the session. */
export interface SessionRef {
  frameworkId: string;
  streamId: string;
  master: string;
}

export interface SchedulerOptions {
  subscription: Subscription;
  /** The role whose offers are asked for. */
  role: string;
  /**
   * Must resolve only after the update is durably recorded; then it is acknowledged (only updates with a uuid want
   * that). When it rejects, no acknowledgement is sent, and Mesos sends the update again after about 10 s; an update
   * without a uuid would never come again and is tried again here.
   */
  onTaskStatus(status: TaskStatus): Promise<void>;
  /** For observation only (liveness, logs). */
  onEvent?(event: SchedulerEvent): void;
  log?: {
    info(message: string, about?: Record<string, unknown>): void;
    warn(message: string, about?: Record<string, unknown>): void;
  };
}

/** What a demand makes of the offers: what it takes and does with it, or why it must wait. */
export type Decision<T> = { use: Offer[]; operations: OfferOperation[]; result: T } | { wait: string };

/** Somebody who wants resources. */
export interface Demand<T> {
  /** For logs. */
  name: string;
  /**
   * Called whenever the held offers changed (and once with none when no offer came for a while). Synchronous. It picks
   * offers, all of one agent, and the operations to do on them; or it says why it must wait.
   */
  decide(offers: readonly Offer[]): Decision<T>;
  /** Called when the reason for waiting changed, once it has stood for a moment. */
  onWait?(reason: string): void;
  signal: AbortSignal;
}

/** The engine over one open subscription; it knows nothing of what is launched. */
export interface Scheduler {
  /**
   * Consumes events until the stream ends (resolves) or breaks; every pending promise rejects with SESSION_MOVED then.
   * @throws MillraceError SESSION_MOVED, FRAMEWORK_REMOVED, MESOS_REFUSED (the master's ERROR), MESOS_UNREACHABLE
   */
  run(): Promise<void>;
  /** Resolves with the decision's result when the ACCEPT was answered 202. */
  withOffers<T>(demand: Demand<T>): Promise<T>;
  /** The terminal status of an offer operation. Ask before the ACCEPT: what came earlier is not kept. */
  operationOutcome(operationId: string, signal: AbortSignal): Promise<OperationStatus>;
  /** The next task status that satisfies `until`; statuses are seen after `onTaskStatus` accepted them. */
  taskStatus(
    taskId: string,
    until: (status: TaskStatus) => boolean,
    signal: AbortSignal,
  ): Promise<TaskStatus>;
  /** Asks the master about one task, again and again (a fresh master is silent for a while) until it answers. */
  reconcile(taskId: string, agentId: string | undefined, signal: AbortSignal): Promise<TaskStatus>;
  call(call: SchedulerCall): Promise<void>;
  /** Ends the run and the subscription. */
  close(): void;
}
