// What the entity has to do with its Mesos session: starts it, grants epochs, passes on who holds it.
import { setHandler, startChild } from '@temporalio/workflow';
import { knownTasks, runningOperations } from '../../model/entity.ts';
import * as contract from '../contract.ts';
import { refuse } from '../failure.ts';
import { EPOCHS_PER_RUN } from '../session.ts';
import { requireState, tellOperation, type Entity } from './entity.ts';

export function startSession(entity: Entity): void {
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

export function setSessionHandlers(entity: Entity): void {
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

async function tellSession(entity: Entity): Promise<void> {
  const state = requireState(entity);
  const { session, sessionProblem: problem } = state;
  for (const { id } of runningOperations(state))
    await tellOperation(id, (workflow) =>
      workflow.signal(contract.sessionChangedSignal, { session, problem }),
    );
}
