// The steps of the operations: each a few activities, and what the entity is told before the step goes on.
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { KafkaAddress, LaunchResult } from '../activities/contract.ts';
import { NODE_KIND, NODE_STATUS, taskIdOf, type NodeState, type SessionInfo } from '../model/cluster.ts';
import { explainExit } from '../model/node/command.ts';
import { STATUS, type StepProgress } from '../model/plan/plan.ts';
import { isTerminal } from '../model/task-state.ts';
import { anywhere, onSession } from './activity-proxies.ts';
import { clusterWorkflowId, nodeChangedSignal } from './contract.ts';
import { codeOf, messageOf, refuse } from './failure.ts';
import { markWaiting, sessionAfter, type Operation } from './operation.ts';

/** How often a task is launched in one run of a step before a person has to look. */
const LAUNCHES_PER_RUN = 4;
/** How often the verification is tried in one run of its step. */
const VERIFICATIONS_PER_RUN = 3;

/** Runs one step of a plan; the `execute` of every operation. */
export async function executeStep(operation: Operation, step: StepProgress): Promise<string | undefined> {
  const { action } = step;
  switch (action.kind) {
    case 'place':
      return place(operation, step, nodeOf(operation, action.node));
    case 'start':
      return start(operation, step, nodeOf(operation, action.node));
    case 'verify':
      return verify(operation, step);
    case 'stop':
      return stop(operation, step, nodeOf(operation, action.node));
    case 'release':
      return release(operation, step, nodeOf(operation, action.node));
    case 'deregister':
      return deregister(operation, step);
  }
}

async function place(operation: Operation, step: StepProgress, node: NodeState): Promise<undefined> {
  if (node.placement !== null) return;
  const { name, incarnation, spec } = operation.input.cluster;
  const placement = await withSession(operation, step, (session, activities) =>
    activities.placeNode.executeWithOptions({ summary: `reserve resources and a volume for ${node.name}` }, [
      {
        caller: callerOf(step),
        session,
        cluster: name,
        incarnation,
        spec,
        node: { name: node.name, kind: node.kind },
        placementNumber: 1,
        others: Object.values(operation.nodes).flatMap((other) =>
          other.placement && other.name !== node.name
            ? [{ name: other.name, kind: other.kind, placement: other.placement }]
            : [],
        ),
      },
    ]),
  );
  // The first task is named together with the placement: one report instead of two.
  await report(operation, { ...node, placement, status: NODE_STATUS.PLACED, launches: 1 });
}

async function start(operation: Operation, step: StepProgress, before: NodeState): Promise<undefined> {
  if (before.placement === null)
    throw refuse(
      'INTERNAL',
      `${before.name} has no resources: its reserve step was skipped or failed. Nothing was started. Abort and uninstall, or retry after the reservation.`,
    );
  let node = before;
  // A task that is named but was never seen ended may exist: it is looked for, not launched twice.
  let fresh = node.taskState === null && step.runs === 1;
  for (let launches = 1; ; launches += 1) {
    if (hasEnded(operation, node)) {
      node = await report(operation, {
        ...node,
        launches: node.launches + 1,
        taskState: null,
        status: NODE_STATUS.STARTING,
      });
      fresh = true;
    }
    const ended = await runTask(operation, step, node, fresh);
    if (ended === null) {
      const ready = operation.nodes[node.name] ?? node;
      await report(operation, settled({ ...ready, status: NODE_STATUS.READY, taskState: 'TASK_RUNNING' }));
      return;
    }
    fresh = false;
    node = operation.nodes[node.name] ?? node;
    if (launches >= LAUNCHES_PER_RUN) {
      await report(operation, { ...node, status: NODE_STATUS.FAILED, reason: ended });
      throw refuse(
        'TASK_ENDED',
        `${ended} This was launch ${launches} of ${LAUNCHES_PER_RUN} in this run of the step; its reservation and volume are kept. Look at the task's stderr and stdout in its Mesos sandbox, fix the cause, then retry the step.`,
      );
    }
    await beforeNextLaunch(operation, step, ended, launches);
  }
}

/** Launches the node's newest task and waits until Kafka counts it as ready; null then, else why it ended. */
async function runTask(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
  fresh: boolean,
): Promise<string | null> {
  const taskId = taskIdOf(node.name, node.launches);
  const launched = await launch(operation, step, node, fresh);
  if (!launched.running) {
    operation.endedTasks.set(taskId, {
      taskId,
      agentId: node.placement?.agentId ?? '',
      state: launched.state,
    });
    return describeEnd(node, taskId, launched.state, launched.reason);
  }
  operation.nodes[node.name] = { ...node, configHash: launched.configHash, taskState: 'TASK_RUNNING' };
  const ended = () => operation.endedTasks.get(taskId);
  const gate = new CancellationScope();
  const ready = gate.run(() => awaitReady(operation, step, node)).then(() => true);
  try {
    await Promise.race([ready, condition(() => ended() !== undefined)]);
  } finally {
    gate.cancel();
    await ready.catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }
  const end = ended();
  return end
    ? describeEnd(node, taskId, end.state, [end.reason, end.message].filter(Boolean).join(': '))
    : null;
}

async function launch(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
  fresh: boolean,
): Promise<LaunchResult> {
  const { name, incarnation, spec, kafkaClusterId } = operation.input.cluster;
  const taskId = taskIdOf(node.name, node.launches);
  let look = !fresh;
  return withSession(operation, step, (session, activities) => {
    const result = activities.launchNode.executeWithOptions(
      { summary: `launch ${taskId} on ${node.placement?.hostname ?? '?'}:${node.placement?.port ?? 0}` },
      [
        {
          caller: callerOf(step),
          session,
          cluster: name,
          incarnation,
          spec,
          kafkaClusterId,
          node,
          taskId,
          controllers: nodesOfKind(operation, NODE_KIND.CONTROLLER),
          look,
        },
      ],
    );
    look = true;
    return result;
  });
}

async function awaitReady(operation: Operation, step: StepProgress, node: NodeState): Promise<void> {
  const caller = callerOf(step);
  if (node.kind === NODE_KIND.CONTROLLER)
    await anywhere.awaitControllerReady.executeWithOptions(
      { summary: `wait until ${node.name} is in the quorum` },
      [{ caller, nodeId: node.nodeId, controllers: addressesOf(operation, NODE_KIND.CONTROLLER) }],
    );
  else
    await anywhere.awaitBrokerReady.executeWithOptions(
      { summary: `wait until ${node.name} is registered and in sync` },
      [{ caller, nodeId: node.nodeId, brokers: addressesOf(operation, NODE_KIND.BROKER) }],
    );
}

/** A broker is not relaunched into a cluster whose controllers are not there yet: it would only end again. */
async function beforeNextLaunch(
  operation: Operation,
  step: StepProgress,
  ended: string,
  launches: number,
): Promise<void> {
  const controllers = operation.progress.phases.find(({ name }) => name === 'controllers');
  const controllersReady = () =>
    controllers === undefined ||
    controllers.steps.includes(step) ||
    controllers.steps.every(({ status }) => status === STATUS.COMPLETE || status === STATUS.SKIPPED);
  const seconds = 2 ** (launches - 1);
  markWaiting(
    operation,
    step.id,
    `${ended} Launch ${launches + 1} of ${LAUNCHES_PER_RUN} follows in ${seconds} s.`,
  );
  await sleep(seconds * 1000, { summary: `before launch ${launches + 1} of ${step.id}` });
  if (!controllersReady()) {
    markWaiting(operation, step.id, `${ended} It is launched again when the controllers are ready.`);
    await condition(controllersReady);
  }
  markWaiting(operation, step.id, null);
}

async function verify(operation: Operation, step: StepProgress): Promise<undefined> {
  const starts = operation.progress.phases
    .flatMap((phase) => phase.steps)
    .filter(({ action }) => action.kind === 'start');
  const allStarted = () =>
    starts.every(({ status }) => status === STATUS.COMPLETE || status === STATUS.SKIPPED);
  for (let failures = 0; ;) {
    await condition(allStarted);
    try {
      await anywhere.verifyCluster.executeWithOptions(
        { summary: 'produce to and consume from a canary topic' },
        [
          {
            caller: callerOf(step),
            kafkaClusterId: operation.input.cluster.kafkaClusterId,
            brokers: addressesOf(operation, NODE_KIND.BROKER),
            controllers: addressesOf(operation, NODE_KIND.CONTROLLER),
          },
        ],
      );
      return;
    } catch (error) {
      if (isCancellation(error)) throw error;
      // A node that fell back meanwhile explains the failure: it is started again first.
      if (allStarted()) failures += 1;
      if (failures >= VERIFICATIONS_PER_RUN) throw error;
      await sleep('2 seconds', { summary: `verify again: ${messageOf(error).slice(0, 150)}` });
    }
  }
}

async function stop(operation: Operation, step: StepProgress, node: NodeState): Promise<string | undefined> {
  const { placement } = node;
  const taskId = taskIdOf(node.name, node.launches);
  if (placement === null || node.launches === 0 || hasEnded(operation, node)) return undefined;
  const result = await withSession(operation, step, (session, activities) =>
    activities.stopNode.executeWithOptions({ summary: `stop ${taskId} on ${placement.hostname}` }, [
      {
        caller: callerOf(step),
        session,
        cluster: operation.input.cluster.name,
        taskId,
        agentId: placement.agentId,
        killGraceSeconds: operation.input.cluster.spec.killGraceSeconds,
      },
    ]),
  );
  if (!result.stopped) return `${node.name}: ${result.reason}`;
  await report(operation, settled({ ...node, status: NODE_STATUS.STOPPED, taskState: result.state }));
  return undefined;
}

async function release(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
): Promise<string | undefined> {
  const { name, incarnation, spec } = operation.input.cluster;
  const { released, left } = await withSession(operation, step, (session, activities) =>
    activities.releaseNode.executeWithOptions({ summary: `release resources and volume of ${node.name}` }, [
      {
        caller: callerOf(step),
        session,
        cluster: name,
        incarnation,
        spec,
        node: node.name,
        placement: node.placement,
      },
    ]),
  );
  const current = operation.nodes[node.name] ?? node;
  if (released)
    await report(operation, settled({ ...current, status: NODE_STATUS.RELEASED, placement: null }));
  return left;
}

async function deregister(operation: Operation, step: StepProgress): Promise<undefined> {
  for (let used = 0; ;) {
    try {
      const session = await sessionAfter(operation, step.id, used);
      used = session.epoch;
      await anywhere.teardownFramework.executeWithOptions(
        { summary: `remove framework ${session.frameworkId}` },
        [{ session }],
      );
      return;
    } catch (error) {
      // Removed by an earlier try whose answer was lost: that is what was wanted.
      if (codeOf(error) === 'FRAMEWORK_REMOVED') return;
      if (codeOf(error) !== 'SESSION_MOVED') throw error;
    }
  }
}

/** Calls an activity on the queue of the session's holder; when the session moved meanwhile, again on the next one's. */
async function withSession<T>(
  operation: Operation,
  step: StepProgress,
  call: (session: SessionInfo, activities: ReturnType<typeof onSession>) => Promise<T>,
): Promise<T> {
  for (let used = 0; ;) {
    const session = await sessionAfter(operation, step.id, used);
    used = session.epoch;
    try {
      return await call(session, onSession(session.taskQueue));
    } catch (error) {
      if (!sessionLost(error)) throw error;
      markWaiting(operation, step.id, null);
    }
  }
}

/** Whether an activity failed for its holder's sake (dead, shut down, fenced) and not for its own. */
function sessionLost(error: unknown): boolean {
  if (codeOf(error) === 'SESSION_MOVED') return true;
  if (!(error instanceof ActivityFailure)) return false;
  if (error.cause instanceof TimeoutFailure) return error.cause.timeoutType !== 'START_TO_CLOSE';
  if (error.cause instanceof ApplicationFailure) return error.cause.type === 'WorkerShutdown';
  return error.cause instanceof CancelledFailure && !CancellationScope.current().consideredCancelled;
}

/** Tells the entity before the operation goes on: its state is the truth about what exists. */
async function report(operation: Operation, node: NodeState): Promise<NodeState> {
  operation.nodes[node.name] = node;
  await getExternalWorkflowHandle(clusterWorkflowId(operation.input.cluster.name)).signal(nodeChangedSignal, {
    operationId: operation.input.operationId,
    nodes: [node],
  });
  return node;
}

/** Whether the newest task of a node is known to have ended, here or before this operation began. */
function hasEnded(operation: Operation, node: NodeState): boolean {
  if (node.taskState !== null && isTerminal(node.taskState)) return true;
  return operation.endedTasks.has(taskIdOf(node.name, node.launches));
}

/** Why a task ended, in Mesos' words, and in ours where the command said so by its exit code. */
function describeEnd(node: NodeState, taskId: string, state: string, reason: string): string {
  const code = /exited with status (\d+)/.exec(reason)?.[1];
  const explained = code === undefined ? null : explainExit(Number(code));
  const why = [reason, explained].filter(Boolean).join('; ');
  return `Task ${taskId} of ${node.name} on ${node.placement?.hostname ?? 'its agent'} ended ${state}${why === '' ? '' : ` (${why})`}.`;
}

function nodeOf(operation: Operation, name: string): NodeState {
  const node = operation.nodes[name];
  if (!node) throw refuse('INTERNAL', `The plan names ${name}, which the cluster does not have.`);
  return node;
}

function nodesOfKind(operation: Operation, kind: string): NodeState[] {
  return Object.values(operation.nodes)
    .filter((node) => node.kind === kind)
    .sort((a, b) => a.nodeId - b.nodeId);
}

function addressesOf(operation: Operation, kind: string): KafkaAddress[] {
  return nodesOfKind(operation, kind).flatMap(({ nodeId, placement }) =>
    placement ? [{ nodeId, host: placement.hostname, port: placement.port }] : [],
  );
}

function callerOf(step: StepProgress) {
  return { operationWorkflowId: workflowInfo().workflowId, step: step.id };
}

/** A node that does what it should has nothing to explain, and may be recovered when it falls back. */
function settled({ reason: _reason, recoveryAborted: _aborted, ...node }: NodeState): NodeState {
  return node;
}
