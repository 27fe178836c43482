// A small scheduler for tests: subscribes, acknowledges when told to, collects events, waits for them.
import { expect, vi } from 'vitest';
import { send } from '../../../conformance/server/client.ts';
import type { EventStream, PlainResponse } from '../../../conformance/server/client.ts';
import type { Offer, OperationStatus, Resource, TaskStatus } from '../../../../src/mesos/types.ts';
import { PRINCIPAL, scalar } from './resources.ts';

export interface Event {
  type: string;
  subscribed?: { framework_id: { value: string }; heartbeat_interval_seconds: number };
  offers?: { offers: Offer[] };
  update?: { status: TaskStatus };
  update_operation_status?: { status: OperationStatus };
  failure?: { agent_id: { value: string }; executor_id?: { value: string }; status?: number };
  rescind?: { offer_id: { value: string } };
  error?: { message: string };
}

export interface TestScheduler {
  readonly frameworkId: string;
  readonly events: Event[];
  readonly stream: EventStream;
  call(body: object): Promise<PlainResponse>;
  /** Waits for an event and gives it; fails with all events that came. */
  until(what: string, matches: (event: Event) => boolean, timeoutMs?: number): Promise<Event>;
  /** Waits for a state of a task and acknowledges all updates on the way. */
  untilTask(taskId: string, state: string): Promise<TaskStatus>;
  /** The first offer from an agent that holds at least one resource which `matches`. */
  untilOffer(matches?: (offer: Offer) => boolean): Promise<Offer>;
  close(): void;
}

export interface SubscribeOptions {
  frameworkId?: string;
  roles?: string[];
  name?: string;
  capabilities?: string[];
  suppressedRoles?: string[];
  failoverSeconds?: number;
}

const CAPABILITIES = ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE', 'TASK_KILLING_STATE'];
const HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };
const LIMIT_MS = 20_000;

/** Subscribes and waits for SUBSCRIBED. */
export async function subscribe(url: string, options: SubscribeOptions = {}): Promise<TestScheduler> {
  const { frameworkId: id, roles = ['kafka'], name = 'test', capabilities = CAPABILITIES } = options;
  const ref = id === undefined ? {} : { framework_id: { value: id } };
  const info = {
    user: 'root',
    name,
    roles,
    principal: PRINCIPAL,
    failover_timeout: options.failoverSeconds ?? 3600,
    checkpoint: true,
    capabilities: capabilities.map((type) => ({ type })),
    ...(id === undefined ? {} : { id: { value: id } }),
  };
  const subscribeBody = { framework_info: info, suppressed_roles: options.suppressedRoles ?? [] };
  const body = JSON.stringify({ type: 'SUBSCRIBE', ...ref, subscribe: subscribeBody });
  const { response, stream } = await send(url, '/api/v1/scheduler', HEADERS, body);
  if (!stream) throw new Error(`SUBSCRIBE was refused: ${JSON.stringify(response)}`);
  const events = stream.events as Event[];
  await vi.waitFor(() => {
    expect(events[0]?.type).toBe('SUBSCRIBED');
  }, LIMIT_MS);
  const frameworkId = events[0]?.subscribed?.framework_id.value ?? '';
  const streamId = response.headers['Mesos-Stream-Id'] ?? '';

  const call = async (given: object): Promise<PlainResponse> => {
    const text = JSON.stringify({ framework_id: { value: frameworkId }, ...given });
    return (await send(url, '/api/v1/scheduler', { ...HEADERS, 'Mesos-Stream-Id': streamId }, text)).response;
  };
  const until: TestScheduler['until'] = async (what, matches, timeoutMs = LIMIT_MS) => {
    const find = (): Event | undefined => events.find(matches);
    await vi.waitFor(
      () => {
        if (!find()) throw new Error(`no ${what} among ${JSON.stringify(events)}`);
      },
      { timeout: timeoutMs, interval: 10 },
    );
    const found = find();
    if (!found) throw new Error(what);
    return found;
  };
  const acknowledged = new Set<string>();
  const untilTask: TestScheduler['untilTask'] = async (taskId, state) => {
    let reached: TaskStatus | undefined;
    while (!reached) {
      const { update } = await until(
        `update of ${taskId} to ${state}`,
        ({ update: one }) =>
          one?.status.task_id.value === taskId &&
          one.status.uuid !== undefined &&
          !acknowledged.has(one.status.uuid),
      );
      const status = update?.status;
      if (status?.uuid === undefined) continue;
      acknowledged.add(status.uuid);
      await call({
        type: 'ACKNOWLEDGE',
        acknowledge: { agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid },
      });
      if (status.state === state) reached = status;
    }
    return reached;
  };
  const untilOffer: TestScheduler['untilOffer'] = async (matches = () => true) => {
    const find = (): Offer | undefined => events.flatMap(({ offers }) => offers?.offers ?? []).find(matches);
    await until('offer', () => find() !== undefined);
    const offer = find();
    if (!offer) throw new Error('offer');
    return offer;
  };
  return {
    frameworkId,
    events,
    stream,
    call,
    until,
    untilTask,
    untilOffer,
    close: () => {
      stream.close();
    },
  };
}

/** A LAUNCH_GROUP operation of one task. */
export function launchGroup(
  scheduler: TestScheduler,
  agentId: { value: string },
  task: {
    id: string;
    command: object | string;
    resources?: Resource[];
    executorResources?: Resource[];
    [extra: string]: unknown;
  },
): object {
  const { id, command, resources, executorResources, ...extra } = task;
  return {
    type: 'LAUNCH_GROUP',
    launch_group: {
      executor: {
        type: 'DEFAULT',
        executor_id: { value: `${id}-executor` },
        framework_id: { value: scheduler.frameworkId },
        resources: executorResources ?? [scalar('cpus', 0.1), scalar('mem', 32), scalar('disk', 10)],
      },
      task_group: {
        tasks: [
          {
            name: id,
            task_id: { value: id },
            agent_id: agentId,
            resources: resources ?? [scalar('cpus', 0.1), scalar('mem', 32)],
            command: typeof command === 'string' ? { value: command } : command,
            ...extra,
          },
        ],
      },
    },
  };
}

/** Accepts an offer with these operations. */
export function acceptOf(offers: Offer[], operations: object[], refuseSeconds = 0): object {
  return {
    type: 'ACCEPT',
    accept: { offer_ids: offers.map(({ id }) => id), operations, filters: { refuse_seconds: refuseSeconds } },
  };
}
