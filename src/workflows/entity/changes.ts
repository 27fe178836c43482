// Changes of a cluster that serves: taken at once, queued behind the one that runs, or in its place.
import { setHandler, uuid4 } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import type { ChangeRequest } from '../../model/change-request.ts';
import { applySpec, recordRefused } from '../../model/change-state.ts';
import { OPERATION_KIND, type ClusterState } from '../../model/cluster.ts';
import { isHours } from '../../model/maintenance-hours.ts';
import { planChange, type PlannedChange } from '../../model/plan/plan-change.ts';
import * as contract from '../contract.ts';
import { refuse } from '../failure.ts';
import { checkRequest, checkSpec, existing, refuseWhileRunning } from './checks.ts';
import { requireState, tellOperation, type Entity } from './entity.ts';
import { accept, started } from './operations.ts';

/** What may wait at most: nobody means to do more than that, one after the other. */
const QUEUE_MAX = 20;

type Argument = contract.ChangeArgument<ChangeRequest>;

/** Sets the updates that ask for a change of a serving cluster. */
export function setChangeHandlers(entity: Entity): void {
  setChange(entity, 'apply', contract.applyUpdate, 'Bring the cluster to another spec (sent by the API).');
  setChange(
    entity,
    'restart',
    contract.restartUpdate,
    'Restart nodes one after the other. {"requestedBy":"me","nodes":["broker-0"]}',
  );
  setChange(
    entity,
    'rebalance',
    contract.rebalanceUpdate,
    'Move replicas until all brokers have their share. {"requestedBy":"me"}',
  );
  setChange(
    entity,
    'pauseNode',
    contract.pauseNodeUpdate,
    'Stop a broker and keep it stopped. {"requestedBy":"me","node":"broker-0"}',
  );
  setChange(
    entity,
    'resumeNode',
    contract.resumeNodeUpdate,
    'Start a broker that is kept stopped. {"requestedBy":"me","node":"broker-0"}',
  );
  setHandler(
    contract.dequeueUpdate,
    ({ operationId, requestedBy, reason }) => {
      const state = requireState(entity);
      const outcome = `taken out of the queue by ${requestedBy}${reason === undefined ? '' : `: ${reason}`}`;
      dropQueued(state, operationId, outcome);
      return null;
    },
    {
      description: 'Take a queued change out again. {"requestedBy":"me","operationId":"orders/restart#3"}',
      validator: (request: { operationId: string }) => {
        checkRequest(request);
        const state = existing(entity);
        if (!state.queue?.some(({ id }) => id === request.operationId))
          throw refuse(
            'OPERATION_NOT_FOUND',
            `Cluster ${state.name} has no queued operation ${JSON.stringify(request.operationId)}; nothing was changed. Queued: ${(state.queue ?? []).map(({ id }) => id).join(', ') || 'none'}.`,
          );
      },
    },
  );
}

function setChange(
  entity: Entity,
  kind: ChangeRequest['kind'],
  definition: { name: string },
  description: string,
): void {
  setHandler(
    definition as UpdateDefinition<contract.OperationAccepted, [Argument]>,
    async ({ queue: _queue, ...asked }) => {
      const request = { ...asked, kind } as ChangeRequest;
      const state = requireState(entity);
      const planned = demandPlan(state, request);
      const { operation } = state;
      if (operation) return enqueue(entity, request, planned, operation.id);
      return started(entity, begin(entity, request, planned));
    },
    {
      description,
      validator: (argument: Argument) => {
        check(entity, argument, kind);
      },
    },
  );
}

function check(entity: Entity, argument: Argument, kind: ChangeRequest['kind']): void {
  checkRequest(argument);
  const state = existing(entity);
  const request = { ...argument, kind } as ChangeRequest;
  checkShape(entity, request);
  const mayWait = argument.queue === true || supersedes(state, request);
  if (!mayWait) refuseWhileRunning(state.name, state.operation);
  if ((state.queue?.length ?? 0) >= QUEUE_MAX)
    throw refuse(
      'OPERATION_RUNNING',
      `${QUEUE_MAX} operations wait on cluster ${state.name} already; nothing was changed. Wait for some of them, or take some out of the queue.`,
    );
  demandPlan(state, request);
}

/** The API sends nothing else; a person may, from the Temporal UI. */
function checkShape(entity: Entity, request: ChangeRequest): void {
  const wrong = (field: string, accepted: string) =>
    refuse(
      'REQUEST_INVALID',
      `${request.kind} got ${field} ${JSON.stringify((request as unknown as Record<string, unknown>)[field])}; nothing was changed. Accepted: ${accepted}`,
    );
  const isText = (value: unknown) => typeof value === 'string';
  const areTexts = (value: unknown) => value === undefined || (Array.isArray(value) && value.every(isText));
  if (request.window !== undefined && !isHours(request.window))
    throw wrong('window', 'for example {"fromMinute":1320,"toMinute":360} (22:00-06:00 UTC)');
  if (request.planHash !== undefined && !/^[0-9a-f]{8,64}$/.test(request.planHash))
    throw wrong('planHash', '8 to 64 hexadecimal digits, the hash of a plan or its beginning');
  if (request.kind === 'apply') checkSpec(entity.name, request.spec);
  if (request.kind === 'apply' && !areTexts(request.remove))
    throw wrong('remove', 'names of brokers, such as ["broker-3"]');
  if (request.kind === 'restart' && !areTexts(request.nodes))
    throw wrong('nodes', 'names of nodes, such as ["broker-0"]');
  if ((request.kind === 'pauseNode' || request.kind === 'resumeNode') && !isText(request.node))
    throw wrong('node', 'the name of a broker, such as "broker-0"');
}

/** A newer spec takes the place of the update that runs: what that one has done stays done. */
function supersedes({ operation }: ClusterState, request: ChangeRequest): boolean {
  return request.kind === 'apply' && operation !== null && isUpdate(operation.kind);
}

function isUpdate(kind: string): boolean {
  return kind === OPERATION_KIND.UPDATE || kind === OPERATION_KIND.SCALE;
}

function demandPlan(state: ClusterState, request: ChangeRequest): PlannedChange {
  const planned = planChange(state, request);
  if ('refused' in planned) {
    const { code, message, details } = planned.refused;
    throw refuse(code, message, details);
  }
  return planned;
}

function begin(
  entity: Entity,
  request: ChangeRequest,
  { kind, plan, nodes }: PlannedChange,
  id?: string,
): contract.OperationAccepted {
  const state = requireState(entity);
  const added = request.kind === 'apply' ? applySpec(state, request.spec, uuid4) : [];
  const { requestedBy, reason, window } = request;
  const throttle = 'throttleBytesPerSecond' in request ? request.throttleBytesPerSecond : undefined;
  return accept(entity, kind, {
    plan,
    requestedBy,
    ...(reason === undefined ? {} : { reason }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(id === undefined ? {} : { id }),
    held: added,
    options: {
      ...(window === undefined ? {} : { window }),
      ...(throttle === undefined ? {} : { throttleBytesPerSecond: throttle }),
    },
  });
}

/** Planned anew when its turn comes; what is answered is the plan as it would be now. */
function enqueue(
  entity: Entity,
  request: ChangeRequest,
  { kind, plan, planHash }: PlannedChange,
  running: string,
): contract.OperationAccepted {
  const state = requireState(entity);
  const id = contract.operationIdOf(entity.name, kind, entity.nextOperation);
  entity.nextOperation += 1;
  const queued = { id, request, queuedAtMs: Date.now() };
  if (supersedes(state, request)) {
    for (const older of (state.queue ?? []).filter((other) => other.request.kind === 'apply'))
      dropQueued(state, older.id, `${id} brings a newer spec`);
    state.queue = [queued, ...(state.queue ?? [])];
    entity.work.push(() =>
      tellOperation(running, (workflow) =>
        workflow.signal(contract.supersedeSignal, { reason: `${id} brings a newer spec` }),
      ),
    );
  } else state.queue = [...(state.queue ?? []), queued];
  return {
    operationId: id,
    workflowId: contract.operationWorkflowId(id),
    plan,
    planHash,
    queuedBehind: running,
  };
}

function dropQueued(state: ClusterState, operationId: string, outcome: string): void {
  const queued = state.queue?.find(({ id }) => id === operationId);
  if (!queued) return;
  state.queue = state.queue?.filter((other) => other !== queued) ?? [];
  recordRefused(state, queued, { outcome, nowMs: Date.now() });
}

/** Begins the next queued change when nothing runs; one that cannot be done any more is recorded with the reason. */
export function beginQueued(entity: Entity): void {
  const state = requireState(entity);
  while (!state.operation) {
    const next = state.queue?.[0];
    if (!next) return;
    const planned = planChange(state, next.request);
    if ('refused' in planned) dropQueued(state, next.id, planned.refused.message);
    else {
      state.queue = state.queue?.slice(1) ?? [];
      begin(entity, next.request, planned, next.id);
    }
  }
}
