// The life of frameworks: subscribe, fail over, disconnect, time out, tear down.
import type { MasterInfo } from '../../../mesos/types.ts';
import { shutDownExecutor } from '../agent/containers.ts';
import type { FrameworkDescription, OfferConstraints } from '../wire/call-types.ts';
import { isAllowed } from './acls.ts';
import { isReachable } from './away.ts';
import { frameworkProblem, rolesOf } from './framework-info.ts';
import { dropInverseOffers } from './inverse-offers.ts';
import type { Master, Stream } from './master.ts';
import { offerConstraintsProblem } from './offer-constraints.ts';
import { tellOperators } from './operator-events.ts';
import { allocateNow, offersOf, rescindOffers } from './offers.ts';
import { forwardOperation } from './operation-updates.ts';
import type { Framework } from './state.ts';
import { forgetTask, forwardUpdate } from './task-updates.ts';

export interface Subscription {
  info: FrameworkDescription;
  suppressedRoles: readonly string[];
  offerConstraints: OfferConstraints | undefined;
}

/** Frameworks that GET_FRAMEWORKS remembers, as a real master does. */
const MAX_COMPLETED_FRAMEWORKS = 50;
/** Ids of removed frameworks that are remembered. */
const MAX_REMOVED_FRAMEWORKS = 1000;

/** Subscribes a stream, or ends it with the ERROR that a real master sends. */
export function subscribe(master: Master, subscription: Subscription, stream: Stream): void {
  const { info } = subscription;
  const id = info.id?.value;
  const earlier = id === undefined ? undefined : master.state.frameworks[id];
  const problem =
    id !== undefined && master.state.removedFrameworks.includes(id)
      ? 'Framework has been removed'
      : subscriptionProblem(master, subscription, earlier?.info);
  if (problem !== undefined) {
    master.afterCommit(() => {
      endStream(stream, problem);
    });
    return;
  }
  const framework = recordFramework(master, subscription, earlier);
  const old = master.streams.get(framework.id);
  if (old)
    master.afterCommit(() => {
      endStream(old, 'Framework failed over');
    });
  dropOffers(master, framework.id);
  master.streams.set(framework.id, stream);
  tellOperators(master, { type: earlier ? 'FRAMEWORK_UPDATED' : 'FRAMEWORK_ADDED', framework });
  master.afterCommit(() => {
    stream.send({
      type: 'SUBSCRIBED',
      subscribed: {
        framework_id: { value: framework.id },
        heartbeat_interval_seconds: master.settings.heartbeatIntervalMs / 1000,
        master_info: masterInfo(master),
      },
    });
    heartbeat(master, framework.id, stream);
  });
  // A framework that was connected until now waits for the next round, as recorded.
  if (!old) allocateNow(master);
  for (const task of Object.values(master.state.tasks))
    if (task.frameworkId === framework.id) forwardUpdate(master, task);
  for (const pending of master.state.operations)
    if (pending.frameworkId === framework.id) forwardOperation(master, pending);
}

/** Takes a new FrameworkInfo from UPDATE_FRAMEWORK; gives the problem when it is refused. */
export function updateFramework(
  master: Master,
  framework: Framework,
  subscription: Subscription,
): string | undefined {
  const problem = subscriptionProblem(master, subscription, framework.info);
  if (problem !== undefined) return problem;
  recordFramework(master, subscription, framework);
  rescindOffers(
    master,
    offersOf(master, { frameworkId: framework.id }).filter(({ role }) => !framework.roles.includes(role)),
  );
  return undefined;
}

function subscriptionProblem(
  master: Master,
  { info, suppressedRoles, offerConstraints }: Subscription,
  earlier: FrameworkDescription | undefined,
): string | undefined {
  const roles = rolesOf(info);
  return (
    frameworkProblem(info, suppressedRoles, earlier) ??
    offerConstraintsProblem(offerConstraints && { ...offerConstraints }, roles) ??
    (isAllowed(master, 'register_frameworks', info.principal, roles)
      ? undefined
      : `Not authorized to register framework ${info.id?.value ?? ''} with roles { ${roles.join(', ')} }`)
  );
}

/** Notes that the connection of a stream is gone: offers end, and the failover timeout runs. */
export function disconnect(master: Master, stream: Stream): void {
  for (const [frameworkId, current] of master.streams)
    if (current === stream) {
      master.streams.delete(frameworkId);
      dropOffers(master, frameworkId);
      awaitFailover(master, frameworkId);
    }
}

/** Removes a framework unless it subscribes within its failover timeout. */
export function awaitFailover(master: Master, frameworkId: string): void {
  const framework = master.state.frameworks[frameworkId];
  if (!framework) return;
  const endMs = Date.now() + Math.max(0, framework.info.failover_timeout ?? 0) * 1000;
  const since = framework.reregisteredAtMs;
  const check = (): void => {
    const now = master.state.frameworks[frameworkId];
    if (!now || master.streams.has(frameworkId) || now.reregisteredAtMs !== since) return;
    const leftMs = endMs - Date.now();
    if (leftMs <= 0) removeFramework(master, now);
    else master.later(Math.min(leftMs, MAX_TIMER_MS), check);
  };
  check();
}

/** Node's timers overflow at 2^31 ms. */
const MAX_TIMER_MS = 1_000_000_000;

/** Removes a framework and ends what it runs. Reservations and volumes stay, as on a real master. */
export function removeFramework(master: Master, framework: Framework): void {
  const { id } = framework;
  dropOffers(master, id);
  const stream = master.streams.get(id);
  if (stream)
    master.afterCommit(() => {
      stream.end();
    });
  master.streams.delete(id);
  delete master.state.frameworks[id];
  const { info, registeredAtMs, reregisteredAtMs } = framework;
  const completed = { info, registeredAtMs, reregisteredAtMs, unregisteredAtMs: Date.now() };
  master.state.completedFrameworks = [...(master.state.completedFrameworks ?? []), completed].slice(
    -MAX_COMPLETED_FRAMEWORKS,
  );
  tellOperators(master, { type: 'FRAMEWORK_REMOVED', framework });
  master.state.removedFrameworks = [...master.state.removedFrameworks, id].slice(-MAX_REMOVED_FRAMEWORKS);
  master.state.operations = master.state.operations.filter(({ frameworkId }) => frameworkId !== id);
  for (const [key, lost] of Object.entries(master.state.lostTasks))
    if (lost.frameworkId === id) delete master.state.lostTasks[key];
  for (const executor of Object.values(master.state.executors))
    // An agent out of reach hears of it when it is back.
    if (executor.frameworkId === id && isReachable(master, executor.agentId))
      shutDownExecutor(master, executor, { orphan: true });
  for (const task of Object.values(master.state.tasks))
    if (task.frameworkId === id && task.phase === 'ENDED') forgetTask(master, task);
  master.changed();
}

/** What the master says of itself. */
export function masterInfo(
  master: Master,
): MasterInfo & { ip: number; pid: string; capabilities: { type: string }[] } {
  const { port, settings } = master;
  return {
    id: master.id,
    // 127.0.0.1 as the little-endian number that Mesos makes of it.
    ip: 0x0100007f,
    port,
    pid: `master@127.0.0.1:${port}`,
    hostname: '127.0.0.1',
    version: '1.12.0',
    address: { hostname: '127.0.0.1', ip: '127.0.0.1', port },
    ...(settings.domain ? { domain: settings.domain } : {}),
    capabilities: [{ type: 'AGENT_UPDATE' }, { type: 'AGENT_DRAINING' }, { type: 'QUOTA_V2' }],
  };
}

function recordFramework(
  master: Master,
  { info, suppressedRoles, offerConstraints }: Subscription,
  earlier: Framework | undefined,
): Framework {
  const id = info.id?.value ?? `${master.id}-${String(master.nextFrameworkNumber++).padStart(4, '0')}`;
  const nowMs = Date.now();
  const framework = Object.assign(earlier ?? ({} as Framework), {
    id,
    info: { ...info, id: { value: id } },
    roles: rolesOf(info),
    suppressedRoles: [...suppressedRoles],
    offerConstraints,
    registeredAtMs: earlier?.registeredAtMs ?? nowMs,
    reregisteredAtMs: nowMs,
  });
  master.state.frameworks[id] = framework;
  master.changed();
  return framework;
}

function dropOffers(master: Master, frameworkId: string): void {
  dropInverseOffers(master, frameworkId);
  for (const { id } of offersOf(master, { frameworkId })) master.offers.delete(id);
  master.filters = master.filters.filter((filter) => filter.frameworkId !== frameworkId);
}

function heartbeat(master: Master, frameworkId: string, stream: Stream): void {
  if (master.streams.get(frameworkId) !== stream) return;
  stream.send({ type: 'HEARTBEAT' });
  master.later(master.settings.heartbeatIntervalMs, () => {
    heartbeat(master, frameworkId, stream);
  });
}

function endStream(stream: Stream, message: string): void {
  stream.send({ type: 'ERROR', error: { message } });
  stream.end();
}
