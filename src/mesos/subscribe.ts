// Opens the one long-lived subscription of a framework: an endless HTTP response of RecordIO events.
import type { Agent, Dispatcher } from 'undici';
import { MillraceError } from '../model/errors.ts';
import { schedulerCall } from './call.ts';
import { redact } from './authentication.ts';
import { createConnections } from './connections.ts';
import type { SubscribeOptions, Subscription } from './contract.ts';
import { createEventQueue, pumpEvents, type EventQueue } from './event-stream.ts';
import { postToLeader, SCHEDULER_PATH, type LeaderAnswer } from './http.ts';
import { errorEventError, refusalError, textOf } from './refusal.ts';
import type { SchedulerEvent } from './types.ts';

type Subscribed = Extract<SchedulerEvent, { type: 'SUBSCRIBED' }>['subscribed'];

/** @default of SubscribeOptions.timeoutMs */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Mesos' own default, should a master not say. */
const DEFAULT_HEARTBEAT_SECONDS = 15;

/**
 * Finds the leader and subscribes. Resolves when SUBSCRIBED has come.
 * @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED (also a 200 with an ERROR event), FRAMEWORK_REMOVED
 */
export async function subscribe(options: SubscribeOptions): Promise<Subscription> {
  options.signal.throwIfAborted();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  // Own connections: destroying them is what ends the subscription at once.
  const streams = createConnections(options.tls);
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(tooSlow(options, timeoutMs));
  }, timeoutMs);
  try {
    const answer = await postToLeader(options, {
      dispatcher: streams,
      path: SCHEDULER_PATH,
      body: subscribeBody(options),
      what: 'SUBSCRIBE',
      timeoutMs,
      once: false,
      signal: options.signal,
    });
    return await open(options, streams, answer, limit.signal);
  } catch (error) {
    await streams.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A framework id has to be in both places; a first subscription has none. */
function subscribeBody({ frameworkInfo, suppressedRoles }: SubscribeOptions): string {
  return JSON.stringify({
    type: 'SUBSCRIBE',
    subscribe: {
      framework_info: frameworkInfo,
      ...(suppressedRoles === undefined ? {} : { suppressed_roles: suppressedRoles }),
    },
    ...(frameworkInfo.id === undefined ? {} : { framework_id: frameworkInfo.id }),
  });
}

async function open(
  options: SubscribeOptions,
  streams: Agent,
  { response, master }: LeaderAnswer,
  limit: AbortSignal,
): Promise<Subscription> {
  const streamId = streamIdOf(response);
  if (response.statusCode !== 200 || streamId === null) {
    const text = redact(await textOf(response), options);
    throw refusalError({ status: response.statusCode, text, what: 'SUBSCRIBE', master, fenced: false });
  }
  const queue = createEventQueue();
  let lastEventAtMs = Date.now();
  void pumpEvents(response.body, queue, {
    master,
    onRecord: () => {
      lastEventAtMs = Date.now();
    },
    ...(options.onPassedOver === undefined ? {} : { onPassedOver: options.onPassedOver.bind(options) }),
  });
  const { framework_id, heartbeat_interval_seconds, master_info } = await firstEvent(queue, master, limit);
  return subscription(options, {
    streams,
    queue,
    region: master_info?.domain?.fault_domain?.region.name,
    ref: { frameworkId: framework_id.value, streamId, master },
    heartbeatIntervalMs: (heartbeat_interval_seconds ?? DEFAULT_HEARTBEAT_SECONDS) * 1000,
    lastEventAtMs: () => lastEventAtMs,
  });
}

/** SUBSCRIBED comes first, or an ERROR: most refusals of Mesos are a 200 with an ERROR event. */
async function firstEvent(queue: EventQueue, master: string, limit: AbortSignal): Promise<Subscribed> {
  const abort = () => {
    queue.end(limit.reason);
  };
  limit.addEventListener('abort', abort, { once: true });
  try {
    const { value: first } = await queue.next();
    if (first?.type === 'SUBSCRIBED') return first.subscribed;
    if (first?.type === 'ERROR') throw errorEventError(first.error.message, master);
    throw new MillraceError(
      'MESOS_UNREACHABLE',
      `SUBSCRIBE: ${master} ${first === undefined ? 'ended the stream before' : `sent ${first.type} in place of`} SUBSCRIBED. It is tried again.`,
    );
  } finally {
    limit.removeEventListener('abort', abort);
  }
}

interface Opened {
  streams: Agent;
  queue: EventQueue;
  ref: { frameworkId: string; streamId: string; master: string };
  heartbeatIntervalMs: number;
  region: string | undefined;
  lastEventAtMs(): number;
}

function subscription(options: SubscribeOptions, opened: Opened): Subscription {
  const { streams, queue, ref } = opened;
  // One connection for all calls of the session keeps them in order: a REVIVE must not overtake a SUPPRESS.
  const calls = createConnections(options.tls, { connections: 1, pipelining: 1 });
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    options.signal.removeEventListener('abort', close);
    queue.end();
    void streams.destroy().catch(() => undefined);
    // What was sent before is still answered.
    void calls.close().catch(() => undefined);
  };
  options.signal.addEventListener('abort', close, { once: true });
  if (options.signal.aborted) close();
  return {
    ...ref,
    heartbeatIntervalMs: opened.heartbeatIntervalMs,
    ...(opened.region === undefined ? {} : { region: opened.region }),
    lastEventAtMs: () => opened.lastEventAtMs(),
    events: { [Symbol.asyncIterator]: () => queue },
    async call(call) {
      if (closed)
        throw new MillraceError(
          'SESSION_MOVED',
          `${call.type}: the subscription with ${ref.master} is closed here; nothing was sent.`,
        );
      await schedulerCall(ref, options, call, { dispatcher: calls });
    },
    close,
  };
}

function streamIdOf(response: Dispatcher.ResponseData): string | null {
  const value = response.headers['mesos-stream-id'];
  return typeof value === 'string' ? value : null;
}

function tooSlow(options: SubscribeOptions, timeoutMs: number): MillraceError {
  return new MillraceError(
    'MESOS_UNREACHABLE',
    `SUBSCRIBE: no master of ${options.masters.join(', ')} answered with SUBSCRIBED within ${timeoutMs / 1000} s. Nothing was changed. ` +
      'MILLRACE_MESOS_MASTERS sets the addresses.',
  );
}
