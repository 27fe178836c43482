// Starts a node: its task is launched, and launched again when it ends, until Kafka counts the node as ready.
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { BrokerAwaited, LaunchResult } from '../../activities/contract.ts';
import {
  hostOf,
  NODE_KIND,
  NODE_STATUS,
  OPERATION_KIND,
  taskIdOf,
  type NodeState,
} from '../../model/cluster.ts';
import { explainExit } from '../../model/node/command.ts';
import { fetchedUris } from '../../model/node/container.ts';
import { nameSome } from '../../model/names.ts';
import { STATUS, type StepProgress } from '../../model/plan/plan.ts';
import { addNote, findStep } from '../../model/plan/progress.ts';
import { backoffSeconds, recoveryPolicy } from '../../model/recovery-policy.ts';
import { anywhere } from '../activity-proxies.ts';
import type { TaskStatusSignal } from '../contract.ts';
import { refuse } from '../failure.ts';
import { awaitReplaceable, isForced } from './replace-node.ts';
import { isByGrant, markWaiting, type Operation } from '../operation/operation.ts';
import {
  addressesOf,
  callerOf,
  fit,
  hasEnded,
  nextTask,
  nodesOfKind,
  report,
  settled,
  stoppedNext,
  stopTask,
  takeNode,
  withSession,
} from './step-context.ts';

/**
 * How often a task is launched in one run of a step before a person has to look. Somebody watches an install; whatever brings
 * back a node of a cluster that serves goes on by itself, slower and slower, for most of a working day.
 */
const LAUNCHES_OF_INSTALL = 4;
const LAUNCHES_OF_OTHERS = 100;

/** Starts a node and returns when it is ready. Throws TASK_ENDED when its task ends too many times in a row. */
export async function start(
  operation: Operation,
  step: StepProgress,
  name: string,
  { elsewhere = false, leaders = false }: { elsewhere?: boolean; leaders?: boolean } = {},
): Promise<undefined> {
  // Its stop was left undone: it runs on as it was.
  if (isGivenBack(operation, name)) return;
  const { paused: _paused, ...found } = await takeNode(operation, name);
  const before = elsewhere ? await moveIn(operation, step, found) : found;
  if (before.placement === null)
    throw refuse(
      'INTERNAL',
      `${before.name} has no resources: its reserve step was skipped or failed. Nothing was started. Abort and uninstall, or retry after the reservation.`,
    );
  let node = before;
  // Only a node that was placed by this very operation and not begun has no task yet; any other may have one, of which nobody
  // has heard: it is looked for, not launched twice.
  const isNamedHere =
    node.status === NODE_STATUS.PLACED ||
    findStep(operation.progress, `stop:${name}`)?.status === STATUS.COMPLETE;
  let fresh = isNamedHere && node.taskState === null && step.runs === 1;
  const isWatched = operation.progress.operation === OPERATION_KIND.INSTALL || isByGrant(operation);
  const limit = isWatched ? LAUNCHES_OF_INSTALL : LAUNCHES_OF_OTHERS;
  const policy = recoveryPolicy(operation.input.cluster.spec);
  const quickEnds = operation.progress.operation === OPERATION_KIND.RECOVER ? (node.quickEnds ?? 0) : 0;
  if (quickEnds > 1 && step.runs === 1)
    await pauseBefore(operation, step, {
      why: `${node.reason ?? `the task of ${node.name} ended`}. It has ended soon after it was ready ${quickEnds} times in a row.`,
      what: 'Its next launch',
      seconds: backoffSeconds(policy, quickEnds - 1),
    });
  for (let launches = 1; ; launches += 1) {
    if (hasEnded(operation, node)) {
      node = await report(operation, nextTask(operation, node));
      fresh = true;
    }
    if (fresh) node = await fit(operation, step, node);
    const ended = await runTask(operation, step, node, { fresh, leaders });
    if (ended === null) {
      const ready = operation.nodes[node.name] ?? node;
      node = await report(
        operation,
        settled({ ...ready, status: NODE_STATUS.READY, taskState: 'TASK_RUNNING', readyAtMs: Date.now() }),
        stoppedNext(operation, step),
      );
      // It may have ended while that was told; what was given back is not this operation's any more.
      if (isByGrant(operation) || !hasEnded(operation, node)) return;
      fresh = false;
      continue;
    }
    fresh = false;
    node = operation.nodes[node.name] ?? node;
    if (launches >= limit) {
      await report(operation, { ...node, status: NODE_STATUS.FAILED, reason: ended });
      throw refuse(
        'TASK_ENDED',
        `${ended} This was launch ${launches} of ${limit} in this run of the step; its reservation and volume are kept. Look at kafka.log, stdout and stderr in the task's Mesos sandbox, fix the cause, then retry the step.`,
      );
    }
    const again = await beforeNextLaunch(operation, step, { ended, launches, limit });
    if (again === 'reset') launches = 0;
  }
}

/** Whether the plan stops the node first, and that step ended with the node given back. */
function isGivenBack(operation: Operation, name: string): boolean {
  const stop = findStep(operation.progress, `stop:${name}`);
  return isByGrant(operation) && stop !== undefined && !operation.granted.has(name);
}

/** The node's new place becomes the one that it has; the entity remembers the former one until it is released. */
async function moveIn(operation: Operation, step: StepProgress, node: NodeState): Promise<NodeState> {
  if (node.next === undefined) return node;
  // The gate was open before the place was found, which may be long ago. A person may have taken the risk and skipped it.
  const gate = findStep(operation.progress, `replaceable:${node.name}`);
  if (gate?.status !== STATUS.SKIPPED) {
    const seen = await awaitReplaceable(operation, step, node, { force: isForced(gate), final: true });
    const { elected = [] } = seen ?? {};
    if (elected.length > 0)
      addNote(operation.progress, `led from now on by what others have of them: ${nameSome(elected)}`);
  }
  const { next = node.next, reason: _reason, ...kept } = operation.nodes[node.name] ?? node;
  const joins = { replacing: [...(node.joins?.replacing ?? []), node.directoryId] };
  return report(operation, {
    ...kept,
    placement: next.placement,
    directoryId: next.directoryId,
    ...(node.kind === NODE_KIND.CONTROLLER ? { joins } : {}),
    launches: node.launches + 1,
    taskState: null,
    status: NODE_STATUS.PLACED,
    generation: operation.input.cluster.generation,
  });
}

/** Launches the node's newest task and waits until Kafka counts it as ready; null then, else why it ended. */
async function runTask(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
  { fresh, leaders }: { fresh: boolean; leaders: boolean },
): Promise<string | null> {
  const taskId = taskIdOf(node.name, node.launches);
  const launched = await launch(operation, step, node, fresh);
  if (!launched.running) {
    operation.endedTasks.set(taskId, {
      taskId,
      agentId: node.placement?.agentId ?? '',
      state: launched.state,
    });
    return describeEnd(operation, node, { taskId, state: launched.state, reason: launched.reason });
  }
  const { configHash, agentId = node.placement?.agentId } = launched;
  operation.nodes[node.name] = {
    ...node,
    configHash,
    taskState: 'TASK_RUNNING',
    placement: node.placement && agentId !== undefined ? { ...node.placement, agentId } : node.placement,
  };
  const ended = () => operation.endedTasks.get(taskId);
  const gate = new CancellationScope();
  let hung: string | undefined;
  const ready = gate
    .run(() => awaitReady(operation, step, node, leaders))
    .then((why) => {
      hung = why;
    });
  try {
    await Promise.race([ready, condition(() => ended() !== undefined)]);
  } finally {
    gate.cancel();
    await ready.catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }
  if (hung !== undefined && ended() === undefined) return stopHung(operation, step, node, hung);
  const end = ended();
  return end
    ? describeEnd(operation, node, {
        taskId,
        state: end.state,
        reason: reasonOf(end),
      })
    : null;
}

/** Stops a process that hangs, so that it can be launched again. Kafka has not heard of it: nobody misses it. */
async function stopHung(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
  hung: string,
): Promise<string> {
  const taskId = taskIdOf(node.name, node.launches);
  const { placement } = node;
  if (placement === null)
    throw refuse('INTERNAL', `${node.name} runs without a place; it was left as it is.`);
  addNote(operation.progress, `${taskId} hangs and is started anew: ${hung}`);
  const result = await stopTask(operation, step, { node, placement });
  if (!result.stopped) return `Task ${taskId} of ${node.name} hangs (${hung}), and ${result.reason}.`;
  operation.endedTasks.set(taskId, { taskId, agentId: placement.agentId, state: result.state });
  return `Task ${taskId} of ${node.name} was stopped since it hung: ${hung}.`;
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
  return withSession(operation, step, async (session, activities): Promise<LaunchResult> => {
    // It ran and ended while the session moved: the same task is not launched a second time.
    const end = operation.endedTasks.get(taskId);
    if (end) return { running: false, state: end.state, reason: reasonOf(end) };
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

async function awaitReady(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
  leaders: boolean,
): Promise<string | undefined> {
  const caller = callerOf(step);
  if (node.kind === NODE_KIND.CONTROLLER && node.joins && node.placement)
    await anywhere.replaceVoter.executeWithOptions({ summary: `make ${node.name} a voter of the quorum` }, [
      {
        caller,
        nodeId: node.nodeId,
        oldDirectoryIds: node.joins.replacing,
        newDirectoryId: node.directoryId,
        host: hostOf(node.placement),
        port: node.placement.port,
        controllers: addressesOf(operation, NODE_KIND.CONTROLLER),
      },
    ]);
  const controllers = addressesOf(operation, NODE_KIND.CONTROLLER);
  if (node.kind === NODE_KIND.CONTROLLER) {
    await anywhere.awaitControllerReady.executeWithOptions(
      { summary: `wait until ${node.name} is in the quorum` },
      [{ caller, nodeId: node.nodeId, controllers }],
    );
    return undefined;
  }
  const isNew = operation.progress.operation === OPERATION_KIND.INSTALL && node.readyAtMs === undefined;
  // Recorded ones have nothing as their result.
  const awaited: BrokerAwaited | null = await anywhere.awaitBrokerReady.executeWithOptions(
    { summary: `wait until ${node.name} is registered and in sync` },
    [
      {
        caller,
        nodeId: node.nodeId,
        brokers: addressesOf(operation, NODE_KIND.BROKER),
        controllers,
        ...(isNew ? { isNew: true as const } : {}),
        ...(leaders ? { restoreLeaders: true as const } : {}),
      },
    ],
  );
  return awaited?.hung;
}

/**
 * Pauses before the next launch, longer each time. A retry that a person asks for ends the pause and begins to count anew. A
 * broker is not relaunched into a cluster whose controllers are not there yet: it would only end again.
 */
async function beforeNextLaunch(
  operation: Operation,
  step: StepProgress,
  { ended, launches, limit }: { ended: string; launches: number; limit: number },
): Promise<'reset' | 'next'> {
  const controllers = operation.progress.phases.find(({ name }) => name === 'controllers');
  const controllersReady = () =>
    controllers === undefined ||
    controllers.steps.includes(step) ||
    controllers.steps.every(({ status }) => status === STATUS.COMPLETE || status === STATUS.SKIPPED);
  const seconds =
    limit === LAUNCHES_OF_INSTALL
      ? 2 ** (launches - 1)
      : backoffSeconds(recoveryPolicy(operation.input.cluster.spec), launches);
  const retried = await pauseBefore(operation, step, {
    why: ended,
    what: `Launch ${launches + 1} of ${limit}`,
    seconds,
  });
  if (!controllersReady()) {
    markWaiting(operation, step.id, `${ended} It is launched again when the controllers are ready.`);
    await condition(controllersReady);
  }
  markWaiting(operation, step.id, null);
  return retried ? 'reset' : 'next';
}

/** Pauses before a launch and says so; whether a person asked for it at once. */
async function pauseBefore(
  operation: Operation,
  step: StepProgress,
  { why, what, seconds }: { why: string; what: string; seconds: number },
): Promise<boolean> {
  const at = new Date(Date.now() + seconds * 1000).toISOString();
  markWaiting(
    operation,
    step.id,
    `${why} ${what} follows in ${seconds} s, at ${at}; a retry of the step launches it at once.`,
  );
  operation.verdicts.delete(step.id);
  operation.backingOff.add(step.id);
  const retried = await condition(() => operation.verdicts.has(step.id), seconds * 1000);
  operation.backingOff.delete(step.id);
  operation.verdicts.delete(step.id);
  markWaiting(operation, step.id, null);
  return retried;
}

function reasonOf({ reason, message }: TaskStatusSignal): string {
  return [reason, message].filter(Boolean).join(': ');
}

/** Why a task ended, in Mesos' words, and in ours where these leave out what a person needs. */
function describeEnd(
  operation: Operation,
  node: NodeState,
  { taskId, state, reason }: { taskId: string; state: string; reason: string },
): string {
  const why = [reason, explain(operation, reason)].filter(Boolean).join('; ');
  return `Task ${taskId} of ${node.name} on ${node.placement?.hostname ?? 'its agent'} ended ${state}${why === '' ? '' : ` (${why})`}.`;
}

function explain(operation: Operation, reason: string): string | null {
  if (reason.includes('Failed to fetch'))
    return `to be fetched: ${fetchedUris(operation.input.cluster.spec)
      .map(({ value }) => value)
      .join(', ')}`;
  const code = /exited with status (\d+)/.exec(reason)?.[1];
  return code === undefined ? null : explainExit(Number(code));
}
