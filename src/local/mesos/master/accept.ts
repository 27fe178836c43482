// ACCEPT: takes the offers, carries out the operations in turn on what they hold, gives back the rest.
import { createVolume, destroyVolume, volumeDirectory } from '../agent/sandbox.ts';
import { addPools, subtractPools, toPool } from '../resources/pool.ts';
import type { Pool } from '../resources/pool.ts';
import type { Call, OperationDescription, TaskDescription } from '../wire/call-types.ts';
import { takeFault } from '../faults/waiting.ts';
import { launch, launchGroup } from './launch.ts';
import { hasCapability, nowSeconds } from './master.ts';
import type { Master } from './master.ts';
import { refuse, returnOffers } from './offers.ts';
import type { HeldOffer } from './offers.ts';
import { operationResources, volumesIn } from './operations.ts';
import { reportOperationError, reportOperationFinished } from './operation-updates.ts';
import { unauthorizedProblem } from './operation-authorization.ts';
import { AGENT_OPERATIONS, workOut } from './resize-volume.ts';
import type { AgentOperation } from './resize-volume.ts';
import type { Agent, Framework } from './state.ts';
import { sendMasterStatus } from './task-updates.ts';

/** Carries out an ACCEPT. The response is 202 whatever comes of it; events tell. */
export function accept(master: Master, framework: Framework, call: NonNullable<Call['accept']>): void {
  const ids = (call.offer_ids ?? []).map(({ value }) => value);
  const offers = ids.map((id) => master.offers.get(id));
  const problem = offersProblem(ids, offers, framework);
  const held = [...new Set(offers)].filter((offer) => offer?.frameworkId === framework.id) as HeldOffer[];
  const [first] = held;
  const agent = first && master.state.agents[first.agentId];
  if (problem !== undefined || !agent) {
    returnOffers(master, held, 0);
    for (const operation of call.operations ?? [])
      dropOperation(master, framework, operation, problem ?? 'No offers specified');
    return;
  }
  returnOffers(master, held, 0);
  let left = toPool(held.flatMap(({ resources }) => resources));
  for (const operation of call.operations ?? [])
    left = carryOut(master, { framework, agent, role: first.role }, operation, left);
  refuse(master, first, left, call.filters?.refuse_seconds);
}

export interface Target {
  framework: Framework;
  agent: Agent;
  role: string;
}

/** Carries out RESERVE and its like on an agent whose resources are free; gives what is left of them, or the problem. */
export function changeAgent(
  master: Master,
  agent: Agent,
  type: AgentOperation,
  operation: OperationDescription,
  context: { available: Pool; role?: string; principal?: string },
): { left: Pool } | { error: string; kind: 'invalid' | 'not-contained' } {
  const result = workOut(type, operation, { ...context, volumeIds: volumesIn(agent.total) });
  if ('error' in result) return result;
  const left = subtractPools(context.available, result.consumed);
  const total = subtractPools(toPool(agent.total), result.consumed);
  if (!left || !total)
    return { error: `agent ${agent.id} does not hold the resources of the operation`, kind: 'not-contained' };
  agent.total = [...addPools(total, result.converted)];
  master.changed();
  if (type === 'CREATE' || type === 'DESTROY')
    for (const volume of volumesIn(operationResources({ ...operation, type }))) {
      const directory = volumeDirectory(master.settings.stateDir, agent.id, volume);
      if (type === 'CREATE') createVolume(directory);
      else
        master.afterCommit(() => {
          destroyVolume(directory, volume.source);
        });
    }
  return { left: addPools(left, result.converted) };
}

function carryOut(master: Master, target: Target, operation: OperationDescription, available: Pool): Pool {
  const { framework, agent, role } = target;
  const lost = takeFault(master, 'dropOperation', ({ type }) => type === operation.type);
  if (lost) {
    if (!lost.silent) reportLost(master, framework, operation, lost.state);
    return available;
  }
  if (operation.type === 'LAUNCH')
    return launch(master, target, operation.launch?.task_infos ?? [], available);
  if (operation.type === 'LAUNCH_GROUP')
    return operation.launch_group
      ? launchGroup(master, target, operation.launch_group, available)
      : available;
  const type = AGENT_OPERATIONS.find((known) => known === operation.type);
  const operationId = operation.id?.value;
  if (!type) {
    reportOperationError(
      master,
      framework.id,
      operationId,
      `Local Mesos does not carry out ${operation.type ?? 'an operation without type'}`,
    );
    return available;
  }
  const { principal } = framework.info;
  const unauthorized = unauthorizedProblem(master, type, operation, principal);
  if (unauthorized !== undefined) {
    reportOperationError(master, framework.id, operationId, unauthorized);
    return available;
  }
  const result = changeAgent(master, agent, type, operation, {
    available,
    role,
    ...(principal === undefined ? {} : { principal }),
  });
  if ('error' in result) {
    const where = `; on agent ${agent.id} at slave(1)@${agent.hostname}:${agent.port} (${agent.hostname})`;
    reportOperationError(
      master,
      framework.id,
      operationId,
      result.error + (result.kind === 'invalid' ? where : ''),
    );
    return available;
  }
  reportOperationFinished(master, framework.id, agent.id, operationId);
  return result.left;
}

function offersProblem(
  ids: readonly string[],
  offers: readonly (HeldOffer | undefined)[],
  framework: Framework,
): string | undefined {
  const [first] = offers;
  for (const [index, id] of ids.entries()) {
    const offer = offers[index];
    if (offer?.frameworkId !== framework.id) return `Offer ${id} is no longer valid`;
    if (ids.indexOf(id) !== index) return `Duplicate offer ${id} in offer list`;
    if (first && offer.agentId !== first.agentId)
      return `Aggregated offers must belong to one single agent. Offer ${id} uses agent ${offer.agentId} and agent ${first.agentId}`;
    if (first && offer.role !== first.role)
      return `Aggregated offers must be allocated to the same role. Offer ${id} uses role ${offer.role} but another is using role ${first.role}`;
  }
  return undefined;
}

function dropOperation(
  master: Master,
  framework: Framework,
  operation: OperationDescription,
  problem: string,
): void {
  const tasks = tasksIn(operation);
  if (!tasks)
    reportOperationError(
      master,
      framework.id,
      operation.id?.value,
      `Operation attempted with invalid offers: ${problem}`,
    );
  for (const task of tasks ?? [])
    dropTask(master, framework, task, {
      reason: 'REASON_INVALID_OFFERS',
      message: `Task launched with invalid offers: ${problem}`,
    });
}

/** Says that an operation did not reach its agent. */
function reportLost(
  master: Master,
  framework: Framework,
  operation: OperationDescription,
  state: 'OPERATION_DROPPED' | 'OPERATION_ERROR',
): void {
  const message = 'Agent disconnected';
  const tasks = tasksIn(operation);
  if (!tasks) reportOperationError(master, framework.id, operation.id?.value, message, state);
  for (const task of tasks ?? [])
    dropTask(master, framework, task, { reason: 'REASON_AGENT_DISCONNECTED', message });
}

function tasksIn(operation: OperationDescription): TaskDescription[] | undefined {
  if (operation.type === 'LAUNCH') return operation.launch?.task_infos;
  return operation.type === 'LAUNCH_GROUP' ? operation.launch_group?.task_group.tasks : undefined;
}

function dropTask(
  master: Master,
  framework: Framework,
  task: TaskDescription,
  why: { reason: string; message: string },
): void {
  sendMasterStatus(master, framework.id, {
    task_id: task.task_id,
    state: hasCapability(framework, 'PARTITION_AWARE') ? 'TASK_DROPPED' : 'TASK_LOST',
    message: why.message,
    source: 'SOURCE_MASTER',
    reason: why.reason,
    agent_id: task.agent_id,
    timestamp: nowSeconds(),
  });
}
