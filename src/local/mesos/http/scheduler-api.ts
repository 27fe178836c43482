// POST /api/v1/scheduler.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { executorKey, taskKey } from '../master/state.ts';
import type { Framework } from '../master/state.ts';
import { shutDownExecutor } from '../agent/containers.ts';
import { killGraceMs, killTask } from '../agent/kill.ts';
import { takeFault } from '../faults/waiting.ts';
import { accept } from '../master/accept.ts';
import { killWhenBack } from '../master/agents.ts';
import { isOnRecord, isReachable } from '../master/away.ts';
import { finishDrains } from '../master/drain.ts';
import { disconnect, removeFramework, subscribe, updateFramework } from '../master/frameworks.ts';
import type { Subscription } from '../master/frameworks.ts';
import { answerInverseOffers } from '../master/inverse-offers.ts';
import type { Master } from '../master/master.ts';
import { allocateNow, offersOf, returnOffers } from '../master/offers.ts';
import { acknowledgeOperation, reconcileOperations } from '../master/operation-updates.ts';
import { reconcile, reconcileTask } from '../master/reconcile.ts';
import { acknowledgeUpdate } from '../master/task-updates.ts';
import type { Call, SubscribeDescription } from '../wire/call-types.ts';
import { callProblem, deadlyProblem } from '../wire/validate-call.ts';
import { authenticate } from './authentication.ts';
import { readCall } from './body.ts';
import { openEventStream } from './event-stream.ts';
import { acceptsJson, headerOf, text, writeAnswer } from './response.ts';
import type { Answer } from './response.ts';

const ACCEPTED: Answer = { status: 202 };

/** Serves one request. */
export async function serveScheduler(
  master: Master,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const caller = authenticate(master, request, 'mesos-master-scheduler');
  if ('refusal' in caller) {
    writeAnswer(request, response, caller.refusal);
    return;
  }
  const { principal } = caller;
  const read = await readCall<Call>(request, 'Call');
  if ('refusal' in read) {
    writeAnswer(request, response, read.refusal);
    return;
  }
  const { call } = read;
  const refusal = refusalOf(call, request, principal);
  if (refusal) writeAnswer(request, response, refusal);
  else if (call.type === 'SUBSCRIBE') openStream(master, withPrincipal(call, principal), request, response);
  else
    master.turn(() => {
      const answer = answerCall(master, call, headerOf(request, 'mesos-stream-id'), principal);
      master.afterCommit(() => {
        writeAnswer(request, response, answer);
      });
    });
}

/** A framework that names no principal has the one who subscribes it. */
function withPrincipal(call: Call, principal: string | undefined): Call {
  const info = call.subscribe?.framework_info;
  if (!call.subscribe || !info || principal === undefined || info.principal !== undefined) return call;
  return { ...call, subscribe: { ...call.subscribe, framework_info: { ...info, principal } } };
}

function refusalOf(call: Call, request: IncomingMessage, principal: string | undefined): Answer | undefined {
  const deadly = deadlyProblem(call);
  if (deadly !== undefined) return text(400, deadly);
  const problem = callProblem(call);
  if (problem !== undefined) return text(400, `Failed to validate scheduler::Call: ${problem}`);
  const named = call.subscribe?.framework_info.principal;
  if (call.type === 'SUBSCRIBE' && principal !== undefined && named !== undefined && named !== principal)
    return text(
      400,
      `Failed to validate scheduler::Call: Authenticated principal '${principal}' does not match principal '${named}' set in \`FrameworkInfo\``,
    );
  return call.type === 'SUBSCRIBE' ? subscribeRefusal(request) : undefined;
}

function subscribeRefusal(request: IncomingMessage): Answer | undefined {
  if (headerOf(request, 'mesos-stream-id') !== undefined)
    return text(400, "Subscribe calls should not include the 'Mesos-Stream-Id' header");
  return acceptsJson(request)
    ? undefined
    : text(406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
}

function openStream(master: Master, call: Call, request: IncomingMessage, response: ServerResponse): void {
  const stream = openEventStream(request, response);
  response.once('close', () => {
    master.turn(() => {
      disconnect(master, stream);
    });
  });
  master.turn(() => {
    if (!call.subscribe) return;
    subscribe(master, subscriptionOf(call.subscribe), stream);
  });
}

function subscriptionOf(given: SubscribeDescription): Subscription {
  const { framework_info: info, suppressed_roles: suppressedRoles = [], offer_constraints: offers } = given;
  return { info, suppressedRoles, offerConstraints: offers };
}

function answerCall(
  master: Master,
  call: Call,
  streamId: string | undefined,
  principal: string | undefined,
): Answer {
  const framework = master.state.frameworks[call.framework_id?.value ?? ''];
  if (!framework) return text(400, 'Framework cannot be found');
  if (principal !== undefined && principal !== framework.info.principal)
    return text(
      400,
      `Authenticated principal '${principal}' does not match principal '${framework.info.principal ?? ''}' set in \`FrameworkInfo\``,
    );
  const stream = master.streams.get(framework.id);
  if (!stream) return text(403, 'Framework is not subscribed');
  if (streamId === undefined)
    return text(400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  if (streamId !== stream.id)
    return text(
      400,
      `The stream ID '${streamId}' included in this request didn't match the stream ID currently associated with framework ID ${framework.id}`,
    );
  return takeFault(master, 'dropCall', ({ type }) => type === call.type)
    ? ACCEPTED
    : carryOutCall(master, framework, call);
}

function carryOutCall(master: Master, framework: Framework, call: Call): Answer {
  switch (call.type) {
    case 'TEARDOWN':
      removeFramework(master, framework);
      return ACCEPTED;
    case 'ACCEPT':
      if (call.accept) accept(master, framework, call.accept);
      return ACCEPTED;
    case 'DECLINE': {
      const ids = call.decline?.offer_ids?.map(({ value }) => value) ?? [];
      const offers = offersOf(master, { frameworkId: framework.id }).filter(({ id }) => ids.includes(id));
      returnOffers(master, offers, call.decline?.filters?.refuse_seconds);
      return ACCEPTED;
    }
    case 'REVIVE':
      revive(master, framework, call.revive?.roles);
      return ACCEPTED;
    case 'SUPPRESS': {
      const roles = rolesNamed(framework, call.suppress?.roles);
      framework.suppressedRoles = [...new Set([...framework.suppressedRoles, ...roles])];
      master.changed();
      return ACCEPTED;
    }
    case 'KILL':
      kill(master, framework, call);
      return ACCEPTED;
    case 'SHUTDOWN': {
      const { agent_id: agent, executor_id: id } = call.shutdown ?? {};
      const executor = master.state.executors[executorKey(agent?.value ?? '', framework.id, id?.value ?? '')];
      if (executor && isReachable(master, executor.agentId))
        shutDownExecutor(master, executor, { orphan: false });
      return ACCEPTED;
    }
    case 'ACKNOWLEDGE':
      if (call.acknowledge)
        acknowledgeUpdate(master, framework.id, call.acknowledge.task_id.value, call.acknowledge.uuid);
      finishDrains(master);
      return ACCEPTED;
    case 'ACKNOWLEDGE_OPERATION_STATUS': {
      const { operation_id: id, uuid = '' } = call.acknowledge_operation_status ?? {};
      acknowledgeOperation(master, framework.id, id?.value ?? '', uuid);
      return ACCEPTED;
    }
    case 'RECONCILE':
      reconcile(master, framework, call.reconcile?.tasks ?? []);
      return ACCEPTED;
    case 'RECONCILE_OPERATIONS':
      reconcileOperations(master, framework.id, call.reconcile_operations?.operations ?? []);
      return ACCEPTED;
    case 'UPDATE_FRAMEWORK': {
      if (!call.update_framework) return ACCEPTED;
      const problem = updateFramework(master, framework, subscriptionOf(call.update_framework));
      return problem === undefined
        ? { status: 200 }
        : text(400, `FrameworkInfo update is not valid: ${problem}`);
    }
    case 'ACCEPT_INVERSE_OFFERS':
      answerInverseOffers(master, framework, 'ACCEPT', call.accept_inverse_offers);
      return ACCEPTED;
    case 'DECLINE_INVERSE_OFFERS':
      answerInverseOffers(master, framework, 'DECLINE', call.decline_inverse_offers);
      return ACCEPTED;
    case undefined:
    default:
      // MESSAGE and REQUEST: accepted, and nothing comes of them here.
      return ACCEPTED;
  }
}

function revive(master: Master, framework: Framework, named: readonly string[] | undefined): void {
  const roles = rolesNamed(framework, named);
  framework.suppressedRoles = framework.suppressedRoles.filter((role) => !roles.includes(role));
  master.filters = master.filters.filter(
    ({ frameworkId, role }) => frameworkId !== framework.id || !roles.includes(role),
  );
  master.changed();
  allocateNow(master);
}

/** No role named means all; roles that the framework does not have are ignored. */
function rolesNamed(framework: Framework, named: readonly string[] = []): string[] {
  return named.length === 0 ? framework.roles : framework.roles.filter((role) => named.includes(role));
}

function kill(master: Master, framework: Framework, { kill: wanted }: Call): void {
  if (!wanted) return;
  const { task_id: id, agent_id: agentId } = wanted;
  const task = master.state.tasks[taskKey(framework.id, id.value)];
  if (!task || !isOnRecord(master, task.agentId)) {
    reconcileTask(master, framework, id.value, agentId?.value);
    return;
  }
  // A wrong agent: accepted, and silence, as recorded.
  if (agentId && agentId.value !== task.agentId) return;
  const graceMs = killGraceMs(master, task, wanted.kill_policy?.grace_period);
  if (isReachable(master, task.agentId)) killTask(master, task, graceMs);
  else killWhenBack(master, task, graceMs);
}
