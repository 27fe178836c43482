// What is asked of a cluster: synchronous checks first, so that a bad request changes nothing.
import { CancellationScope, condition, setHandler, uuid4 } from '@temporalio/workflow';
import { CLUSTER_STATUS, OPERATION_KIND, type ClusterState } from '../../model/cluster.ts';
import { isServing, recoverableNodes, runningOperations } from '../../model/entity.ts';
import { holderOf } from '../../model/grants.ts';
import { initialState, newFrameworkId } from '../../model/initial-state.ts';
import { refuseChange } from '../../model/spec/refuse-change.ts';
import type { ClusterSpec } from '../../model/spec/schema.ts';
import { planAdopt, planInstall, planRecover, planReplace, planUninstall } from '../../model/plan/plans.ts';
import * as contract from '../contract.ts';
import { refuse } from '../failure.ts';
import { checkReplaceRequest, checkRequest, checkSpec, existing, refuseWhileRunning } from './checks.ts';
import { setChangeHandlers } from './changes.ts';
import { requireState, type Entity } from './entity.ts';
import { accept, letGo, started } from './operations.ts';
import { startSession } from './session.ts';

/** Sets the query and the updates that API and people send. */
export function setRequestHandlers(entity: Entity): void {
  setHandler(contract.clusterQuery, () => entity.state, {
    description: 'All that Millrace knows of the cluster.',
  });
  setInstallHandler(entity);
  setChangeHandlers(entity);
  setReplaceHandler(entity);
  setAdoptHandler(entity);
  setHandler(
    contract.recoverUpdate,
    async (request) => {
      const state = requireState(entity);
      const nodes = recoverableNodes(state);
      const plan = planRecover(state, nodes);
      return started(entity, accept(entity, OPERATION_KIND.RECOVER, { ...request, plan, nodes }));
    },
    {
      description: 'Start the nodes that are not READY again, where they are. {"requestedBy":"me"}',
      validator: (request: contract.OperationRequest) => {
        checkRequest(request);
        const state = existing(entity);
        refuseWhileRunning(state.name, state.operation);
        if (recoverableNodes(state).length === 0) throw nothingToRecover(state);
      },
    },
  );
  setHandler(
    contract.uninstallUpdate,
    async (request) => {
      const state = requireState(entity);
      state.status = CLUSTER_STATUS.UNINSTALLING;
      const plan = planUninstall(state);
      return started(entity, accept(entity, OPERATION_KIND.UNINSTALL, { ...request, plan }));
    },
    {
      description: 'Uninstall the cluster and destroy its data. {"requestedBy":"me"}',
      validator: (request: contract.OperationRequest) => {
        checkRequest(request);
        const state = existing(entity);
        for (const operation of runningOperations(state)) refuseWhileRunning(state.name, operation);
      },
    },
  );
}

/** A replacement takes the node over from a recovery that cares for it, and from nobody else. */
function setReplaceHandler(entity: Entity): void {
  setHandler(
    contract.replaceUpdate,
    async ({ node, ...request }) => {
      const state = requireState(entity);
      const reason = request.reason ?? `asked by ${request.requestedBy}`;
      if (!letGo(entity, node, { whom: 'person', reason })) {
        await CancellationScope.nonCancellable(() => condition(() => holderOf(state, node) === null));
        entity.yielding.delete(node);
        // Something else may have begun meanwhile.
        checkReplace(entity, { node, ...request });
      }
      const plan = planReplace(state, node, request);
      return started(entity, accept(entity, OPERATION_KIND.REPLACE, { ...request, plan, nodes: [node] }));
    },
    {
      description: 'Give a node another agent, port and volume. {"requestedBy":"me","node":"broker-1"}',
      validator: (request: contract.ReplaceRequest) => {
        checkReplace(entity, request);
      },
    },
  );
}

function checkReplace(entity: Entity, request: contract.ReplaceRequest): void {
  checkReplaceRequest(request);
  const state = existing(entity);
  refuseWhileRunning(state.name, state.operation);
  for (const recovery of state.recoveries)
    if (
      recovery.kind === OPERATION_KIND.REPLACE ||
      (recovery.kind === OPERATION_KIND.DRAIN && recovery.nodes?.includes(request.node))
    )
      refuseWhileRunning(state.name, recovery);
  checkReplaceable(state, request.node);
}

function checkReplaceable(state: ClusterState, name: string): void {
  const node = Object.hasOwn(state.nodes, name) ? state.nodes[name] : undefined;
  if (!node)
    throw refuse(
      'NODE_NOT_FOUND',
      `Cluster ${state.name} has no node ${JSON.stringify(name)}; nothing was changed. It has ${Object.keys(state.nodes).join(', ')}.`,
    );
  if (isServing(state) && node.placement !== null) return;
  throw refuse(
    'NOTHING_TO_DO',
    `${name} cannot be replaced: ${isServing(state) ? 'it has no place yet' : `cluster ${state.name} is ${state.status}`}; nothing was changed.`,
    { status: state.status },
  );
}

/** A framework that Mesos has removed can never be again: another one takes its place, with all that it left. */
function setAdoptHandler(entity: Entity): void {
  setHandler(
    contract.adoptUpdate,
    async (request) => {
      const state = requireState(entity);
      const former = state.frameworkId;
      state.frameworkId = newFrameworkId(state, uuid4);
      state.session = null;
      state.sessionProblem = null;
      startSession(entity);
      const plan = planAdopt(state);
      const reason = request.reason ?? `Mesos removed the framework ${former}`;
      return started(entity, accept(entity, OPERATION_KIND.ADOPT, { ...request, reason, plan }));
    },
    {
      description:
        'Go on as a new framework, after Mesos removed the one there was: takes over reservations and volumes. {"requestedBy":"me"}',
      validator: (request: contract.OperationRequest) => {
        checkRequest(request);
        const state = existing(entity);
        for (const operation of runningOperations(state)) refuseWhileRunning(state.name, operation);
        if (state.sessionProblem?.code !== 'FRAMEWORK_REMOVED')
          throw refuse(
            'NOTHING_TO_DO',
            `Mesos has not removed the framework ${state.frameworkId} of cluster ${state.name}; nothing was changed.`,
          );
      },
    },
  );
}

function setInstallHandler(entity: Entity): void {
  setHandler(
    contract.installUpdate,
    async ({ spec, ...request }) => {
      entity.state = { ...initialState(spec, { uuid4, nowMs: Date.now() }), operation: null };
      startSession(entity);
      const plan = planInstall(entity.state);
      return started(entity, accept(entity, OPERATION_KIND.INSTALL, { ...request, plan }));
    },
    {
      description: 'Install the cluster (sent by the API).',
      validator: (request: contract.InstallRequest) => {
        checkRequest(request);
        checkSpec(entity.name, request.spec);
        if (entity.state) throw nameTaken(entity.state, request.spec);
      },
    },
  );
}

/** Also says what of the new spec could not even be changed in place. */
function nameTaken(state: ClusterState, wanted: ClusterSpec): Error {
  const first =
    state.operation?.id ?? state.history[0]?.id ?? contract.operationIdOf(state.name, 'install', 1);
  return refuse(
    'CLUSTER_EXISTS',
    `Cluster ${state.name} exists already (${state.status}); nothing was changed. Its operation is ${first}: ` +
      `see "millrace op get '${first}'". Choose another name, or uninstall it first.` +
      refuseChange(state.spec, wanted)
        .map(({ message }) => ` ${message}.`)
        .join(''),
    { operationId: first, status: state.status },
  );
}

function nothingToRecover(state: ClusterState): Error {
  const why = isServing(state)
    ? state.recoveries.length > 0
      ? `the nodes that are not READY are cared for by ${state.recoveries.map(({ id }) => id).join(', ')}`
      : 'every node is READY'
    : `it is ${state.status}, and only an installed cluster can be recovered`;
  return refuse('NOTHING_TO_DO', `Nothing was begun on cluster ${state.name}: ${why}.`, {
    status: state.status,
  });
}
