// POST /api/v1: the operator API.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Resource } from '../../../mesos/types.ts';
import { changeAgent } from '../master/accept.ts';
import { removeAgent } from '../master/agents.ts';
import { agentOf } from '../master/away.ts';
import { removeFramework } from '../master/frameworks.ts';
import type { Master } from '../master/master.ts';
import { availableOn, offersOf, rescindOffers } from '../master/offers.ts';
import { applyOperation, volumesIn } from '../master/operations.ts';
import type { ResourceOperation } from '../master/operations.ts';
import { addPools } from '../resources/pool.ts';
import type { OperationDescription, OperatorCall } from '../wire/call-types.ts';
import { readCall } from './body.ts';
import { VIEWS } from './operator-views.ts';
import { acceptsJson, text, writeAnswer } from './response.ts';
import type { Answer } from './response.ts';

/** Serves one request. */
export async function serveOperator(
  master: Master,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const read = await readCall<OperatorCall>(request, 'OperatorCall');
  if ('refusal' in read) {
    writeAnswer(request, response, read.refusal);
    return;
  }
  master.turn(() => {
    const answer = acceptsJson(request)
      ? answerCall(master, read.call)
      : text(406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
    master.afterCommit(() => {
      writeAnswer(request, response, answer);
    });
  });
}

function answerCall(master: Master, call: OperatorCall): Answer {
  const { type } = call;
  if (type === undefined) return text(400, "Failed to validate master::Call: Expecting 'type' to be present");
  const view = VIEWS[type];
  if (view) return { status: 200, body: { type, ...view(master) } };
  const body = (call as Record<string, unknown>)[type.toLowerCase()];
  const change = CHANGES[type];
  if (!change) return text(501, `Local Mesos does not implement the operator call ${type}`);
  if (body === undefined)
    return text(400, `Failed to validate master::Call: Expecting '${type.toLowerCase()}' to be present`);
  return change(master, call);
}

const CHANGES: Readonly<Record<string, (master: Master, call: OperatorCall) => Answer>> = {
  RESERVE_RESOURCES: (master, { reserve_resources: c }) =>
    change(master, 'RESERVE', c?.agent_id.value, c?.resources),
  UNRESERVE_RESOURCES: (master, { unreserve_resources: c }) =>
    change(master, 'UNRESERVE', c?.agent_id.value, c?.resources),
  CREATE_VOLUMES: (master, { create_volumes: c }) => change(master, 'CREATE', c?.agent_id.value, c?.volumes),
  DESTROY_VOLUMES: (master, { destroy_volumes: c }) =>
    change(master, 'DESTROY', c?.agent_id.value, c?.volumes),
  TEARDOWN: (master, { teardown }) => {
    const framework = master.state.frameworks[teardown?.framework_id.value ?? ''];
    if (!framework) return text(400, 'No framework found with specified ID');
    removeFramework(master, framework);
    return { status: 200 };
  },
  MARK_AGENT_GONE: (master, { mark_agent_gone: gone }) => {
    const id = gone?.agent_id.value ?? '';
    const agent = agentOf(master, id);
    if (!agent) return text(404, `Agent '${id}' not found`);
    removeAgent(master, agent, 'gone');
    return { status: 200 };
  },
};

/** Changes free resources of an agent; offers that hold some of them are rescinded first, as a real master does. */
function change(
  master: Master,
  type: ResourceOperation,
  agentId: string | undefined,
  resources: Resource[] = [],
): Answer {
  const agent = master.state.agents[agentId ?? ''];
  if (!agent) return text(400, 'No agent found with specified ID');
  const offers = offersOf(master, { agentId: agent.id });
  const free = addPools(
    availableOn(master, agent),
    offers.flatMap((offer) => offer.resources),
  );
  const context = { available: free, volumeIds: volumesIn(agent.total) };
  const probe = applyOperation(type, resources, context);
  if ('error' in probe && probe.kind === 'not-contained') return text(409, probe.error);
  if ('error' in probe)
    return text(
      400,
      `Invalid ${type} operation on agent ${agent.id} at slave(1)@${agent.hostname}:${agent.port} (${agent.hostname}): ${probe.error}`,
    );
  rescindOffers(master, offers);
  const result = changeAgent(master, agent, type, operationOf(type, resources), { available: free });
  return 'error' in result ? text(409, result.error) : { status: 202 };
}

function operationOf(type: ResourceOperation, resources: Resource[]): OperationDescription {
  switch (type) {
    case 'RESERVE':
      return { type, reserve: { resources } };
    case 'UNRESERVE':
      return { type, unreserve: { resources } };
    case 'CREATE':
      return { type, create: { volumes: resources } };
    case 'DESTROY':
      return { type, destroy: { volumes: resources } };
  }
}
