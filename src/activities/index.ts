// The activities of a worker, wired to its Temporal client and its Mesos.
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import * as kafka from '../kafka/index.ts';
import { schedulerCall, type MesosEndpoint } from '../mesos/index.ts';
import { operationResult } from './operation-result.ts';
import { recordedEnd } from './recorded-end.ts';
import type { Activities, Caller, SessionActivities } from './contract.ts';
import { explainPlacement } from './explain-placement.ts';
import { withFailures } from './failure.ts';
import {
  awaitBrokerReplaceable,
  awaitControllerReplaceable,
  electPreferredLeaders,
  previewReplace,
  replaceVoter,
  stopGate,
  unregisterBroker,
} from './gates.ts';
import { fitNode } from './fit-node.ts';
import { holdSubscription } from './hold-subscription.ts';
import { activeController, awaitBrokerReady, awaitControllerReady, untilReady, verify } from './kafka.ts';
import { launchNode } from './launch-node.ts';
import {
  awaitEmpty,
  cancelMoves,
  configureBrokers,
  cordonBrokers,
  moveReplicas,
  previewMoves,
  proposeMoves,
} from './moves.ts';
import { placeNode } from './place-node.ts';
import { preflight } from './preflight.ts';
import { releaseNode } from './release-node.ts';
import { heldSession, type Sessions } from './sessions.ts';
import { stopNode } from './stop-node.ts';
import { withWaiting, type Patience, type Waiting } from './waiting.ts';

export interface ActivityDeps {
  client: Client;
  mesos: MesosEndpoint;
  sessions: Sessions;
  /** Task queue that is unique to this worker process. */
  sessionTaskQueue: string;
  /** Whether this process is shutting down and takes no more work. */
  isStopping: () => boolean;
}

/** Activities for the common task queue. */
export function createActivities(deps: ActivityDeps): Activities {
  const waiting = waitingFor(deps, 'NODE');
  return withFailures<Activities>(
    {
      holdSubscription: (input) => holdSubscription(deps, input),
      killTask: ({ session, taskId, agentId }) =>
        schedulerCall(session, deps.mesos, {
          type: 'KILL',
          kill: { task_id: { value: taskId }, ...(agentId === '' ? {} : { agent_id: { value: agentId } }) },
        }),
      teardownFramework: ({ session }) => schedulerCall(session, deps.mesos, { type: 'TEARDOWN' }),
      awaitControllerReady: (input) => waiting(input.caller, (wait) => awaitControllerReady(input, wait)),
      awaitBrokerReady: (input) => waiting(input.caller, (wait) => awaitBrokerReady(input, wait)),
      activeController: (input) => waiting(input.caller, (wait) => activeController(input, wait)),
      awaitBrokerReplaceable: (input) => waiting(input.caller, (wait) => awaitBrokerReplaceable(input, wait)),
      awaitControllerReplaceable: (input) =>
        waiting(input.caller, (wait) => awaitControllerReplaceable(input, wait)),
      replaceVoter: (input) => waiting(input.caller, (wait) => replaceVoter(input, wait)),
      unregisterBroker: (input) => waiting(input.caller, (wait) => unregisterBroker(input, wait)),
      electPreferredLeaders: (input) => waiting(input.caller, (wait) => electPreferredLeaders(input, wait)),
      configureBrokers: (input) => waiting(input.caller, (wait) => configureBrokers(input, wait)),
      proposeMoves: (input) => waiting(input.caller, (wait) => proposeMoves(input, wait)),
      moveReplicas: (input) => waiting(input.caller, (wait) => moveReplicas(input, wait)),
      cancelMoves: (input) => waiting(input.caller, (wait) => cancelMoves(input, wait)),
      readThrottle: ({ caller, topics, brokers }) =>
        waiting(caller, ({ signal }) => kafka.readThrottle(topics, brokers, { signal })),
      setThrottle: ({ caller, topics, bytesPerSecond, brokers }) =>
        waiting(caller, ({ signal }) => kafka.setThrottle(topics, bytesPerSecond, brokers, { signal })),
      restoreThrottle: ({ caller, earlier, brokers }) =>
        waiting(caller, ({ signal }) => kafka.restoreThrottle(earlier, brokers, { signal })),
      cordonBrokers: (input) => waiting(input.caller, (wait) => cordonBrokers(input, wait)),
      awaitEmpty: (input) => waiting(input.caller, (wait) => awaitEmpty(input, wait)),
      removeVoter: ({ caller, nodeId, controllers }) =>
        waiting(caller, (wait) =>
          untilReady(() => kafka.removeVoter(nodeId, controllers, { signal: wait.signal }), wait),
        ),
      verifyCluster: (input) => waiting(input.caller, (wait) => verify(input, wait)),
      awaitOperation: ({ operationWorkflowId }) =>
        waiting({ operationWorkflowId, step: '' }, () =>
          Promise.race([operationResult(deps.client, operationWorkflowId), Context.current().cancelled]),
        ),
      explainPlacement: (input) => explainPlacement(deps, input),
      preflight: (input) => preflight(deps, input),
      previewMoves: (input) => previewMoves(input),
      previewReplace: (input) => previewReplace(input),
    },
    deps.isStopping,
  );
}

/** Activities for this process's own task queue: they use the sessions that it holds. */
export function createSessionActivities(deps: ActivityDeps): SessionActivities {
  const waiting = waitingFor(deps, 'OFFER');
  return withFailures<SessionActivities>(
    {
      placeNode: (input) => waiting(input.caller, (wait) => placeNode(deps, input, wait)),
      fitNode: (input) => waiting(input.caller, (wait) => fitNode(deps, input, wait)),
      launchNode: (input) =>
        waiting(input.caller, (wait) =>
          launchNode(
            {
              sessions: deps.sessions,
              recordedEnd: (cluster, taskId) => recordedEnd(deps.client, cluster, taskId),
            },
            input,
            wait,
          ),
        ),
      stopNode: (input) =>
        waiting(input.caller, (wait) => stopNode({ sessions: deps.sessions, stopGate }, input, wait)),
      releaseNode: (input) => waiting(input.caller, (wait) => releaseNode(deps, input, wait)),
      explainPlacement: (input) => explainPlacement(deps, input),
      lookForLeftovers: ({ cluster, session }) => {
        heldSession(deps.sessions, cluster, session).leftovers = 'now';
        return Promise.resolve();
      },
    },
    deps.isStopping,
  );
}

function waitingFor(deps: ActivityDeps, patience: Patience) {
  return <T>(caller: Caller, work: (waiting: Waiting) => Promise<T>): Promise<T> =>
    withWaiting(deps.client, { caller, patience }, work);
}
