// What the entity has to do with its Mesos session: starts it, grants epochs, passes on who holds it.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { setHandler, startChild } from '@temporalio/workflow';
import { CLUSTER_STATUS, OPERATION_KIND } from '../../model/cluster.ts';
import { isServing, knownTasks, loseFramework, runningOperations } from '../../model/entity.ts';
import { nodesOn } from '../../model/recovery.ts';
import * as contract from '../contract.ts';
import { refuse } from '../failure.ts';
import { hasShape, onInternalSignal, PROBLEM_SHAPE, SESSION_SHAPE } from '../internal-signal.ts';
import { EPOCHS_PER_RUN } from '../session.ts';
import { requireState, tellOperation, type Entity } from './entity.ts';

/** Starts the session, and starts it again when somebody ends it while the cluster lives: without it nothing goes on. */
export function startSession(entity: Entity): void {
  // That of a former cluster of this name ends when its worker hears of it, which takes seconds.
  entity.work.push(() => startChildSession(entity, 'TERMINATE_IF_RUNNING'));
}

/** After continue-as-new: starts the session when it does not run. */
export function ensureSession(entity: Entity): void {
  entity.work.push(async () => {
    try {
      await startChildSession(entity, 'ALLOW_DUPLICATE');
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  });
}

async function startChildSession(
  entity: Entity,
  workflowIdReusePolicy: 'TERMINATE_IF_RUNNING' | 'ALLOW_DUPLICATE',
): Promise<void> {
  const { spec, frameworkId } = requireState(entity);
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
  const child = await startChild('session', {
    workflowId: contract.sessionWorkflowId(entity.name),
    args: [input],
    parentClosePolicy: 'ABANDON',
    workflowIdReusePolicy,
    staticSummary: `Mesos session of ${entity.name}`,
    typedSearchAttributes: [{ key: contract.KAFKA_CLUSTER, value: entity.name }],
  });
  const again = () => {
    const { state } = entity;
    if (!state || state.status === CLUSTER_STATUS.UNINSTALLED) return;
    // Another framework has taken its place, with a session of its own.
    if (state.frameworkId !== frameworkId) return;
    state.sessionProblem = {
      code: 'SESSION_MOVED',
      reason: 'the session was ended by somebody; it is started again',
    };
    entity.work.push(() => tellSession(entity));
    startSession(entity);
  };
  void child.result().then(again, again);
}

/** Sets the handlers of what workers tell that hold the subscription, or want to. */
export function setSessionHandlers(entity: Entity): void {
  setHandler(
    contract.claimEpochUpdate,
    ({ epoch }) => {
      const state = requireState(entity);
      entity.claimedEpoch = epoch;
      return {
        knownTasks: knownTasks(state),
        leftovers: Object.values(state.nodes).some(({ lastPlace }) => lastPlace !== undefined),
        maintenance: state.maintenance ?? {},
      };
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
  onInternalSignal(contract.sessionOpenedSignal, {
    description: 'From the worker that holds the Mesos subscription.',
    fits: (session) => hasShape(session, SESSION_SHAPE),
    apply: (session) => {
      const { state } = entity;
      if (!state || session.epoch !== entity.claimedEpoch) return;
      state.session = session;
      state.sessionProblem = null;
      entity.work.push(() => tellSession(entity));
    },
  });
  onInternalSignal(contract.sessionProblemSignal, {
    description: 'From a worker that cannot subscribe with Mesos.',
    fits: (problem) => hasShape(problem, PROBLEM_SHAPE),
    apply: (problem) => {
      const { state } = entity;
      if (!state) return;
      const before = state.sessionProblem;
      if (before?.code === problem.code && before.reason === problem.reason) return;
      state.sessionProblem = problem;
      if (problem.code === 'FRAMEWORK_REMOVED' && isServing(state)) loseFramework(state);
      entity.work.push(() => tellSession(entity));
    },
  });
  onInternalSignal(contract.maintenanceSignal, {
    description: 'From the session: maintenance of an agent was announced or called off.',
    fits: ({ agentId, window }) =>
      typeof agentId === 'string' && (window === null || hasShape(window, { startMs: 'number' })),
    apply: ({ agentId, window }) => {
      const { state } = entity;
      if (!state) return;
      const { [agentId]: _former, ...others } = state.maintenance ?? {};
      state.maintenance = window === null ? others : { ...others, [agentId]: window };
      const nodes = nodesOn(state, agentId).map(({ name }) => name);
      const drains = state.recoveries.filter(({ kind }) => kind === OPERATION_KIND.DRAIN);
      entity.work.push(async () => {
        for (const { id } of window === null ? drains : [])
          await tellOperation(id, (workflow) => workflow.signal(contract.maintenanceOverSignal, { nodes }));
      });
    },
  });
}

async function tellSession(entity: Entity): Promise<void> {
  const state = requireState(entity);
  const { session, sessionProblem: problem } = state;
  for (const { id } of runningOperations(state))
    await tellOperation(id, (workflow) =>
      workflow.signal(contract.sessionChangedSignal, { session, problem }),
    );
}
