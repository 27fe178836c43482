// What the Mesos client offers to the rest of Millrace. Implemented in the files beside; see index.ts.
import type { FrameworkInfo, SchedulerCall, SchedulerEvent } from './types.ts';

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
  /** Every event after SUBSCRIBED, in order. Ends when the stream ends; throws MesosError when it breaks. */
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
