// What the Mesos client offers to the rest of Millrace. Implemented in the files beside; see index.ts.
import type { LoginTokens } from './authentication.ts';
import type { MesosTls } from './connections.ts';
import type { OfferOutcome } from './offer-log.ts';
import type {
  Failure,
  FrameworkInfo,
  InverseOffer,
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
  /** Sent in its place where masters want the tokens of a login (DC/OS in strict mode). */
  tokens?: LoginTokens;
  /** For masters that speak https. */
  tls?: MesosTls;
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
  /** The region of the masters, where they have one: agents of other regions are remote. */
  readonly region?: string;
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
  /** Machines will be unavailable. Answer with ACCEPT_INVERSE_OFFERS or DECLINE_INVERSE_OFFERS; tasks are not touched by either. */
  onInverseOffers?(offers: InverseOffer[]): void;
  /** An inverse offer does not stand any more: the maintenance was called off or changed. */
  onRescindInverseOffer?(inverseOfferId: string): void;
  /** An executor ended, or an agent is gone. What becomes of tasks comes as their statuses, in any order with this. */
  onFailure?(failure: Failure): void;
  /** For observation only (liveness, logs). */
  onEvent?(event: SchedulerEvent): void;
  log?: {
    info(message: string, about?: Record<string, unknown>): void;
    warn(message: string, about?: Record<string, unknown>): void;
  };
}

/** What a demand makes of the offers: what it takes and does with it, or why it must wait. */
export type Decision<T> =
  | { use: Offer[]; operations: OfferOperation[]; result: T }
  | {
      wait: string;
      /** It waits for a time: it is asked again soon, also when no offers come or go. @default false */
      again?: boolean;
      /** What keeps it from an agent's offers, when that can be said shorter than `wait`; asked only when they go back. */
      whyNot?: (agentId: string) => string | undefined;
    };

/** Somebody who wants resources. */
export interface Demand<T> {
  /** For logs. */
  name: string;
  /** Of several that wait, the one with the greatest is asked first; equals in order of arrival. @default 0 */
  priority?: number;
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
  /** What became of the last offers, the newest last, and those that are held now. Lives and ends with the session. */
  offerOutcomes(): OfferOutcome[];
  /**
   * What became of an offer operation: its terminal status, or, when none came in time, what the master says when it is
   * asked: it is asked again and again until it knows. OPERATION_UNKNOWN then means that it was never carried out, or was and
   * has been acknowledged: look at what is reserved. OPERATION_UNREACHABLE means that its agent is away.
   */
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
