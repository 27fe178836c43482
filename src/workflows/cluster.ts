// The entity: one workflow a cluster, as long as the cluster lives. It holds the truth about what exists, validates
// requests, serialises operations and keeps the session going. Handlers only change state; the main loop works.
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  uuid4,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import {
  CLUSTER_STATUS,
  OPERATION_KIND,
  OPERATION_STATE,
  type ClusterState,
  type OperationKind,
} from '../model/cluster.ts';
import {
  applyNodes,
  endOperation,
  knownTasks,
  nodesToRecover,
  observeTask,
  UUIDS_KEPT,
} from '../model/entity.ts';
import { initialState } from '../model/initial-state.ts';
import type { Plan } from '../model/plan/plan.ts';
import { planHash, planInstall, planRecover, planUninstall } from '../model/plan/plans.ts';
import { renderCluster } from '../model/render-cluster.ts';
import { anywhere } from './activity-proxies.ts';
import * as contract from './contract.ts';
import { messageOf, refuse } from './failure.ts';
import { EPOCHS_PER_RUN } from './session.ts';

/** A started entity whose install request never arrives (its sender died) ends by itself after this. */
const WAIT_FOR_REQUEST = '2 minutes';

interface Entity {
  readonly name: string;
  state: ClusterState | null;
  claimedEpoch: number;
  nextOperation: number;
  seenUuids: string[];
  /** Id of the operation whose workflow is about to be started. */
  starting: string | null;
  /** Things to do, in order; each is one or few commands. */
  readonly work: (() => Promise<void>)[];
}

/** Runs until the cluster is uninstalled. */
export async function cluster(input: contract.ClusterInput): Promise<void> {
  const entity: Entity = {
    name: input.name,
    state: input.carried?.state ?? null,
    claimedEpoch: input.carried?.claimedEpoch ?? 0,
    nextOperation: input.carried?.nextOperation ?? 1,
    seenUuids: input.carried?.seenUuids ?? [],
    starting: null,
    work: [],
  };
  setRequestHandlers(entity);
  setSessionHandlers(entity);
  setNodeHandlers(entity);
  if (!(await condition(() => entity.state !== null, WAIT_FOR_REQUEST))) {
    log.warn('no install request arrived; nothing was done', { cluster: entity.name });
    return;
  }
  const earlier = input.carried?.state.operation;
  if (earlier) followOperation(entity, earlier.id, awaitEarlierOperation(earlier.id));
  for (;;) {
    await mainLoop(entity);
    // A handler that is under way may wait for work of the main loop, and may leave some.
    await condition(() => allHandlersFinished() || entity.work.length > 0);
    if (entity.work.length === 0) break;
  }
  if (entity.state?.status === CLUSTER_STATUS.UNINSTALLED) return;
  await continueAsNew<typeof cluster>({ name: entity.name, carried: carry(entity) });
}

/** Works until the cluster is uninstalled or the history wants a new run. */
async function mainLoop(entity: Entity): Promise<void> {
  const done = () => entity.state?.status === CLUSTER_STATUS.UNINSTALLED;
  const renew = () => workflowInfo().continueAsNewSuggested;
  for (;;) {
    setCurrentDetails(renderCluster(requireState(entity)));
    const next = entity.work.shift();
    if (next) {
      await next();
      continue;
    }
    if (done() || renew()) return;
    recoverFailedNodes(entity);
    await condition(() => entity.work.length > 0 || done() || renew());
  }
}

function carry(entity: Entity): contract.CarriedCluster {
  const { claimedEpoch, nextOperation, seenUuids } = entity;
  return { state: requireState(entity), claimedEpoch, nextOperation, seenUuids };
}

// ---- requests --------------------------------------------------------------------------------------------------

function setRequestHandlers(entity: Entity): void {
  setHandler(contract.clusterQuery, () => entity.state, {
    description: 'All that Millrace knows of the cluster.',
  });
  setHandler(
    contract.installUpdate,
    async ({ spec, requestedBy, reason }) => {
      entity.state = { ...initialState(spec, { uuid4, nowMs: Date.now() }), operation: null };
      startSession(entity);
      return started(
        entity,
        accept(entity, OPERATION_KIND.INSTALL, planInstall(entity.state), requestedBy, reason),
      );
    },
    {
      description: 'Install the cluster (sent by the API).',
      validator: (_request: contract.InstallRequest) => {
        const { state } = entity;
        if (!state) return;
        const first =
          state.operation?.id ?? state.history[0]?.id ?? contract.operationIdOf(state.name, 'install', 1);
        throw refuse(
          'CLUSTER_EXISTS',
          `Cluster ${state.name} exists already (${state.status}); nothing was changed. Its operation is ${first}: ` +
            `see "millrace op get '${first}'". Choose another name, or uninstall it first.`,
          { operationId: first, status: state.status },
        );
      },
    },
  );
  setHandler(
    contract.uninstallUpdate,
    async ({ requestedBy, reason }) => {
      const state = requireState(entity);
      state.status = CLUSTER_STATUS.UNINSTALLING;
      return started(
        entity,
        accept(entity, OPERATION_KIND.UNINSTALL, planUninstall(state), requestedBy, reason),
      );
    },
    {
      description: 'Uninstall the cluster and destroy its data. {"requestedBy":"me"}',
      validator: (_request: contract.OperationRequest) => {
        refuseWhileBusy(entity);
      },
    },
  );
}

function refuseWhileBusy(entity: Entity): void {
  const { state } = entity;
  if (!state || state.status === CLUSTER_STATUS.UNINSTALLED)
    throw refuse(
      'CLUSTER_NOT_FOUND',
      `There is no cluster ${entity.name}; nothing was changed. "millrace cluster list" shows those there are.`,
    );
  const { operation } = state;
  if (operation)
    throw refuse(
      'OPERATION_RUNNING',
      `${operation.id} is running on cluster ${state.name}; nothing was changed. Wait for it ` +
        `("millrace op watch '${operation.id}'"), or abort it first ("millrace op abort '${operation.id}' --reason ...").`,
      { operationId: operation.id },
    );
}

/** Records the operation and leaves its start to the main loop. */
function accept(
  entity: Entity,
  kind: OperationKind,
  plan: Plan,
  requestedBy: string,
  reason: string | undefined,
): contract.OperationAccepted {
  const state = requireState(entity);
  const operationId = contract.operationIdOf(entity.name, kind, entity.nextOperation);
  entity.nextOperation += 1;
  const hash = planHash(plan);
  entity.starting = operationId;
  state.operation = {
    id: operationId,
    kind,
    state: OPERATION_STATE.RUNNING,
    requestedBy,
    ...(reason === undefined ? {} : { reason }),
    startedAtMs: Date.now(),
    planHash: hash,
  };
  entity.work.push(() => startOperation(entity, plan));
  return { operationId, workflowId: contract.operationWorkflowId(operationId), plan, planHash: hash };
}

/** The answer, held back until the operation's workflow exists: who has it may ask that workflow at once. */
async function started(
  entity: Entity,
  accepted: contract.OperationAccepted,
): Promise<contract.OperationAccepted> {
  await condition(() => entity.starting !== accepted.operationId);
  return accepted;
}

// ---- operations ------------------------------------------------------------------------------------------------

async function startOperation(entity: Entity, plan: Plan): Promise<void> {
  try {
    const { id, child } = await startChildOf(entity, plan);
    followOperation(entity, id, child.result());
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Only when a workflow of that id runs already, started by somebody else: it is not ours to follow.
    const outcome = `its workflow could not be started: ${messageOf(error)}`;
    recordEnd(entity, requireState(entity).operation?.id, { state: 'ABORTED', outcome });
  } finally {
    entity.starting = null;
  }
}

type OperationWorkflow = (input: contract.OperationInput) => Promise<contract.OperationResult>;

async function startChildOf(
  entity: Entity,
  plan: Plan,
): Promise<{ id: string; child: ChildWorkflowHandle<OperationWorkflow> }> {
  const state = requireState(entity);
  if (!state.operation) throw refuse('INTERNAL', `${state.name} has no operation to start.`);
  const { id, kind, requestedBy, reason, planHash: hash } = state.operation;
  const input: contract.OperationInput = {
    operationId: id,
    cluster: { ...state, history: [] },
    plan,
    planHash: hash,
    requestedBy,
    ...(reason === undefined ? {} : { reason }),
  };
  const child = await startChild<OperationWorkflow>(kind, {
    workflowId: contract.operationWorkflowId(id),
    args: [input],
    parentClosePolicy: 'ABANDON',
    staticSummary: `${kind} ${state.name}, requested by ${requestedBy}`,
    staticDetails: operationDetails(kind, requestedBy, reason),
    typedSearchAttributes: [
      { key: contract.KAFKA_CLUSTER, value: state.name },
      { key: contract.KAFKA_OPERATION, value: kind },
      { key: contract.KAFKA_OPERATION_STATE, value: OPERATION_STATE.RUNNING },
    ],
  });
  return { id, child };
}

function operationDetails(kind: string, requestedBy: string, reason: string | undefined): string {
  return [
    `Operation **${kind}**, requested by ${requestedBy}${reason === undefined ? '' : `: ${reason}`}.`,
    '',
    'The plan with the state of each step is under *Current Details*. Signals: `pause`, `resume`, `retryStep`, `skipStep`,',
    '`abort`. Cancelling the workflow is the same as an abort: what is there stays as it is.',
  ].join('\n');
}

/** An operation reports its own end; what did not come to that (terminated by a person, say) shows in its result. */
function followOperation(
  entity: Entity,
  operationId: string,
  result: Promise<contract.OperationResult>,
): void {
  const record = (ended: contract.OperationResult) => {
    recordEnd(entity, operationId, ended);
  };
  void result.then(record, (error: unknown) => {
    record({ state: 'ABORTED', outcome: `its workflow ended: ${messageOf(error)}` });
  });
}

/** Records the end of an operation at once; a second report of it changes nothing. */
function recordEnd(entity: Entity, operationId: string | undefined, ended: contract.OperationResult): void {
  const { state } = entity;
  if (!state?.operation || state.operation.id !== operationId) return;
  endOperation(state, ended, Date.now());
  entity.work.push(() =>
    state.status === CLUSTER_STATUS.UNINSTALLED ? endSession(entity) : Promise.resolve(),
  );
}

async function endSession(entity: Entity): Promise<void> {
  try {
    await getExternalWorkflowHandle(contract.sessionWorkflowId(entity.name)).cancel();
  } catch (error) {
    log.warn('the session could not be cancelled; it has ended already', { reason: messageOf(error) });
  }
}

/** After continue-as-new there is no child handle any more: an activity asks Temporal. */
function awaitEarlierOperation(operationId: string): Promise<contract.OperationResult> {
  const operationWorkflowId = contract.operationWorkflowId(operationId);
  return anywhere.awaitOperation.executeWithOptions({ summary: `wait for ${operationId}` }, [
    { operationWorkflowId },
  ]);
}

function recoverFailedNodes(entity: Entity): void {
  const state = requireState(entity);
  const names = nodesToRecover(state);
  if (names.length === 0) return;
  const reasons = names.map((name) => `${name}: ${state.nodes[name]?.reason ?? 'its task ended'}`);
  accept(entity, OPERATION_KIND.RECOVER, planRecover(state, names), 'millrace', reasons.join('; '));
  if (state.operation) state.operation.nodes = names;
}

/** Signals the running operation; one that has just ended does not mind. */
async function tellOperation(entity: Entity, tell: (workflowId: string) => Promise<void>): Promise<void> {
  const operation = entity.state?.operation;
  if (!operation) return;
  try {
    await tell(contract.operationWorkflowId(operation.id));
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.info('the operation took no message', { operationId: operation.id, reason: messageOf(error) });
  }
}

// ---- session ---------------------------------------------------------------------------------------------------

function startSession(entity: Entity): void {
  const { spec, frameworkId } = requireState(entity);
  entity.work.push(async () => {
    const input: contract.SessionInput = {
      cluster: entity.name,
      framework: {
        id: frameworkId,
        name: entity.name,
        role: spec.role,
        principal: spec.principal,
        ...(spec.user === undefined ? {} : { user: spec.user }),
      },
      run: Math.floor(entity.claimedEpoch / EPOCHS_PER_RUN) + 1,
    };
    await startChild('session', {
      workflowId: contract.sessionWorkflowId(entity.name),
      args: [input],
      parentClosePolicy: 'ABANDON',
      // That of a former cluster of this name ends when its worker hears of it, which takes seconds.
      workflowIdReusePolicy: 'TERMINATE_IF_RUNNING',
      staticSummary: `Mesos session of ${entity.name}`,
      typedSearchAttributes: [{ key: contract.KAFKA_CLUSTER, value: entity.name }],
    });
  });
}

function setSessionHandlers(entity: Entity): void {
  setHandler(
    contract.claimEpochUpdate,
    ({ epoch }) => {
      const state = requireState(entity);
      entity.claimedEpoch = epoch;
      return { knownTasks: knownTasks(state) };
    },
    {
      description: 'From the worker that wants to hold the Mesos subscription.',
      validator: ({ epoch, frameworkId }) => {
        if (entity.state?.frameworkId !== frameworkId)
          throw refuse(
            'CLUSTER_NOT_FOUND',
            `There is no cluster ${entity.name} of framework ${frameworkId}.`,
          );
        if (epoch <= entity.claimedEpoch)
          throw refuse(
            'EPOCH_STALE',
            `Epoch ${epoch} is not greater than ${entity.claimedEpoch}: a newer holder has the session.`,
          );
      },
    },
  );
  setHandler(
    contract.sessionOpenedSignal,
    (session) => {
      const { state } = entity;
      if (!state || session.epoch !== entity.claimedEpoch) return;
      state.session = session;
      state.sessionProblem = null;
      entity.work.push(() => tellSession(entity));
    },
    { description: 'From the worker that holds the Mesos subscription.' },
  );
  setHandler(
    contract.sessionProblemSignal,
    (problem) => {
      if (!entity.state) return;
      entity.state.sessionProblem = problem;
      entity.work.push(() => tellSession(entity));
    },
    { description: 'From a worker that cannot subscribe with Mesos.' },
  );
}

function tellSession(entity: Entity): Promise<void> {
  const { session, sessionProblem: problem } = requireState(entity);
  return tellOperation(entity, (id) =>
    getExternalWorkflowHandle(id).signal(contract.sessionChangedSignal, { session, problem }),
  );
}

// ---- nodes -----------------------------------------------------------------------------------------------------

function setNodeHandlers(entity: Entity): void {
  setHandler(
    contract.nodeChangedSignal,
    ({ nodes }) => {
      if (entity.state) applyNodes(entity.state, nodes);
      entity.work.push(() => Promise.resolve());
    },
    { description: 'From an operation: a node changed.' },
  );
  setHandler(
    contract.operationEndedSignal,
    ({ operationId, result }) => {
      recordEnd(entity, operationId, result);
    },
    { description: 'From an operation: its plan has ended.' },
  );
  setHandler(
    contract.taskStatusSignal,
    (status) => {
      if (!entity.state || isDuplicate(entity, status.uuid)) return;
      const seen = observeTask(entity.state, status);
      if (seen.kind === 'stray') entity.work.push(() => killStray(entity, status));
      if (seen.kind === 'changed') entity.work.push(() => Promise.resolve());
      if (seen.kind === 'ended') {
        const message = { ...status, node: seen.node.name };
        entity.work.push(() =>
          tellOperation(entity, (id) =>
            getExternalWorkflowHandle(id).signal(contract.taskEndedSignal, message),
          ),
        );
      }
    },
    { description: 'From the session: Mesos reported the state of a task.' },
  );
}

function isDuplicate(entity: Entity, uuid: string | undefined): boolean {
  if (uuid === undefined) return false;
  if (entity.seenUuids.includes(uuid)) return true;
  entity.seenUuids.push(uuid);
  entity.seenUuids.splice(0, Math.max(0, entity.seenUuids.length - UUIDS_KEPT));
  return false;
}

/** A task of ours that no node knows (any more) must not run beside the node's own. */
async function killStray(entity: Entity, status: contract.TaskStatusSignal): Promise<void> {
  const session = entity.state?.session;
  if (!session) return;
  try {
    await anywhere.killTask.executeWithOptions({ summary: `kill stray task ${status.taskId}` }, [
      { session, taskId: status.taskId, agentId: status.agentId },
    ]);
  } catch (error) {
    // The session moved: its next holder reconciles, and the task shows again.
    log.warn('a stray task could not be killed yet', { taskId: status.taskId, reason: messageOf(error) });
    await sleep('1 second');
  }
}

function requireState(entity: Entity): ClusterState {
  if (!entity.state) throw refuse('INTERNAL', `Cluster ${entity.name} has no state yet.`);
  return entity.state;
}
