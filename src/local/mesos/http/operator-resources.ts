// Operator calls that change free resources of an agent.
import { changeAgent } from '../master/accept.ts';
import type { Master } from '../master/master.ts';
import { availableOn, offersOf, rescindOffers } from '../master/offers.ts';
import { mayChange } from '../master/operation-authorization.ts';
import { volumesIn } from '../master/operations.ts';
import { workOut } from '../master/resize-volume.ts';
import type { AgentOperation } from '../master/resize-volume.ts';
import type { Agent } from '../master/state.ts';
import { addPools } from '../resources/pool.ts';
import type { OperationDescription } from '../wire/call-types.ts';
import { FORBIDDEN } from './operator-change.ts';
import type { OperatorChange } from './operator-change.ts';
import { text } from './response.ts';
import type { Answer } from './response.ts';

export const RESOURCE_CHANGES: Readonly<Record<string, OperatorChange>> = {
  RESERVE_RESOURCES: (master, { reserve_resources: c }, principal) =>
    change(master, c?.agent_id.value, principal, {
      type: 'RESERVE',
      reserve: { resources: c?.resources ?? [], ...(c?.source ? { source: c.source } : {}) },
    }),
  UNRESERVE_RESOURCES: (master, { unreserve_resources: c }, principal) =>
    change(master, c?.agent_id.value, principal, {
      type: 'UNRESERVE',
      unreserve: { resources: c?.resources ?? [] },
    }),
  CREATE_VOLUMES: (master, { create_volumes: c }, principal) =>
    change(master, c?.agent_id.value, principal, { type: 'CREATE', create: { volumes: c?.volumes ?? [] } }),
  DESTROY_VOLUMES: (master, { destroy_volumes: c }, principal) =>
    change(master, c?.agent_id.value, principal, { type: 'DESTROY', destroy: { volumes: c?.volumes ?? [] } }),
  GROW_VOLUME: (master, { grow_volume: c }, principal) =>
    c?.agent_id
      ? change(master, c.agent_id.value, principal, { type: 'GROW_VOLUME', grow_volume: c })
      : MISSING_AGENT,
  SHRINK_VOLUME: (master, { shrink_volume: c }, principal) =>
    c?.agent_id
      ? change(master, c.agent_id.value, principal, { type: 'SHRINK_VOLUME', shrink_volume: c })
      : MISSING_AGENT,
};

const MISSING_AGENT = text(400, "Failed to validate master::Call: Expecting 'agent_id' to be present");

type Change = OperationDescription & { type: AgentOperation };

/** Changes free resources of an agent; offers that hold some of them are rescinded first, as a real master does. */
function change(
  master: Master,
  agentId: string | undefined,
  principal: string | undefined,
  operation: Change,
): Answer {
  const { type } = operation;
  const agent = master.state.agents[agentId ?? ''];
  if (!agent) return text(400, 'No agent found with specified ID');
  const offers = offersOf(master, { agentId: agent.id });
  const free = addPools(
    availableOn(master, agent),
    offers.flatMap((offer) => offer.resources),
  );
  const context = { available: free, ...(principal === undefined ? {} : { principal }) };
  const probe = workOut(type, operation, { ...context, volumeIds: volumesIn(agent.total) });
  if ('error' in probe && probe.kind === 'invalid')
    return text(400, `Invalid ${type} operation on agent ${nameOf(agent)}: ${probe.error}`);
  if (!mayChange(master, type, operation, principal)) return FORBIDDEN;
  if ('error' in probe) return text(409, probe.error);
  rescindOffers(master, offers);
  const result = changeAgent(master, agent, type, operation, context);
  return 'error' in result ? text(409, result.error) : { status: 202 };
}

function nameOf({ id, hostname, port }: Agent): string {
  return `${id} at slave(1)@${hostname}:${port} (${hostname})`;
}
