// What the steps of all operations share: calls on the session's queue, reports to the entity, looks at the nodes.
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  getExternalWorkflowHandle,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Caller,
  KafkaAddress,
  PlaceNodeInput,
  StopGate,
  StopResult,
} from '../../activities/contract.ts';
import { ERRORS } from '../../model/errors.ts';
import {
  hostOf,
  NODE_STATUS,
  taskIdOf,
  type NodeState,
  type Placement,
  type SessionInfo,
} from '../../model/cluster.ts';
import { resourceChange } from '../../model/node/resource-change.ts';
import { STATUS, type StepProgress } from '../../model/plan/plan.ts';
import { isTerminal } from '../../model/task-state.ts';
import { onSession } from '../activity-proxies.ts';
import { clusterWorkflowId, nodeChangedSignal, nodeWantedSignal } from '../contract.ts';
import { codeOf, messageOf, refuse } from '../failure.ts';
import { isByGrant, markWaiting, sayWithheld, type Operation } from '../operation/operation.ts';
import { FIRST_BOUND_SECONDS, LAST_BOUND_SECONDS, sessionAfter } from '../operation/session-after.ts';

/** Pause before a call whose failure passes by itself is made again: at first, and at last, doubling each time. */
const FIRST_PAUSE_SECONDS = 2;
const LAST_PAUSE_SECONDS = 3_600;

/**
 * Calls an activity on the queue of the session's holder: again on the next one's when the session moved meanwhile, and again
 * after a pause when what it met passes by itself. Whatever is called must look for its effect first.
 */
export async function withSession<T>(
  operation: Operation,
  step: StepProgress,
  call: (session: SessionInfo, activities: ReturnType<typeof onSession>) => Promise<T>,
): Promise<T> {
  let boundSeconds = FIRST_BOUND_SECONDS;
  let pauseSeconds = FIRST_PAUSE_SECONDS;
  for (let usedEpoch = 0; ;) {
    const session = await sessionAfter(operation, step.id, { usedEpoch, boundSeconds });
    boundSeconds =
      session.epoch === usedEpoch ? Math.min(2 * boundSeconds, LAST_BOUND_SECONDS) : FIRST_BOUND_SECONDS;
    try {
      return await call(session, onSession(session.taskQueue));
    } catch (error) {
      if (sessionLost(error)) {
        usedEpoch = session.epoch;
        markWaiting(operation, step.id, null);
      } else {
        if (!passesByItself(error)) throw error;
        await pauseAndSay(operation, step, { error, pauseSeconds });
        pauseSeconds = Math.min(2 * pauseSeconds, LAST_PAUSE_SECONDS);
      }
    }
  }
}

/** Whether the table of errors says that another try may do: no master answered, say. */
function passesByItself(error: unknown): boolean {
  const code = codeOf(error);
  return code !== null && ERRORS[code].reaction === 'retry';
}

/** Shows why, and waits before the next try; news of the session end the wait. */
async function pauseAndSay(
  operation: Operation,
  step: StepProgress,
  { error, pauseSeconds }: { error: unknown; pauseSeconds: number },
): Promise<void> {
  markWaiting(operation, step.id, `${messageOf(error)} The next try follows in ${pauseSeconds} s.`);
  const heard = operation.sessionNews;
  await condition(() => operation.sessionNews > heard, pauseSeconds * 1000);
  markWaiting(operation, step.id, null);
}

/** Whether an activity failed for its holder's sake (dead, shut down, fenced) and not for its own. */
function sessionLost(error: unknown): boolean {
  if (codeOf(error) === 'SESSION_MOVED') return true;
  if (!(error instanceof ActivityFailure)) return false;
  if (error.cause instanceof TimeoutFailure) return error.cause.timeoutType !== 'START_TO_CLOSE';
  if (error.cause instanceof ApplicationFailure) return error.cause.type === 'WorkerShutdown';
  return error.cause instanceof CancelledFailure && !CancellationScope.current().consideredCancelled;
}

/** Stops a node's newest task gracefully; behind a gate, if there is one. */
export function stopTask(
  operation: Operation,
  step: StepProgress,
  { node, placement, gate }: { node: NodeState; placement: Placement; gate?: StopGate },
): Promise<StopResult> {
  const { name, spec } = operation.input.cluster;
  const taskId = taskIdOf(node.name, node.launches);
  return withSession(operation, step, (session, activities) =>
    activities.stopNode.executeWithOptions({ summary: `stop ${taskId} on ${placement.hostname}` }, [
      {
        caller: callerOf(step),
        session,
        cluster: name,
        taskId,
        agentId: placement.agentId,
        killGraceSeconds: spec.killGraceSeconds,
        ...(gate === undefined ? {} : { gate }),
      },
    ]),
  );
}

/** Reserves a node's resources and creates its volume. */
export function reserve(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
  where: Pick<PlaceNodeInput, 'placementNumber' | 'avoidAgents'>,
): Promise<Placement> {
  const { name, incarnation, spec } = operation.input.cluster;
  return withSession(operation, step, (session, activities) =>
    activities.placeNode.executeWithOptions({ summary: `reserve resources and a volume for ${node.name}` }, [
      {
        caller: callerOf(step),
        session,
        cluster: name,
        incarnation,
        spec,
        node: { name: node.name, kind: node.kind },
        ...where,
        others: Object.values(operation.nodes).flatMap((other) =>
          other.placement && other.name !== node.name
            ? [{ name: other.name, kind: other.kind, placement: other.placement }]
            : [],
        ),
      },
    ]),
  );
}

/**
 * Fits what is reserved for a placed node to the spec of this operation: more is reserved where it is missing, volumes grow, what is too
 * much is given back. The node does not run.
 */
export async function fit(operation: Operation, step: StepProgress, node: NodeState): Promise<NodeState> {
  const { placement } = node;
  const { name, incarnation, spec, generation } = operation.input.cluster;
  const change = resourceChange(node, spec);
  // Before the first other spec there is nothing that could differ.
  if (generation === 1 || placement === null || (!change.grows && !change.shrinks)) return node;
  const where = { placementNumber: placement.number };
  if (change.grows) await reserve(operation, step, node, where);
  const { cpus, memMb, diskMb, moreVolumes } = await withSession(operation, step, (session, activities) =>
    activities.fitNode.executeWithOptions(
      { summary: `resize what ${node.name} has on ${placement.hostname}` },
      [
        {
          caller: callerOf(step),
          session,
          cluster: name,
          incarnation,
          spec,
          node: { name: node.name, kind: node.kind },
          ...where,
          others: [],
        },
      ],
    ),
  );
  const sizes = { cpus, memMb, diskMb, ...(moreVolumes === undefined ? {} : { moreVolumes }) };
  return report(operation, { ...node, placement: { ...placement, ...sizes } });
}

/**
 * Tells the entity before the operation goes on: its state is the truth about what exists.
 *
 * @param wants node that the operation asks for with the same words
 */
export async function report(operation: Operation, node: NodeState, wants?: string): Promise<NodeState> {
  operation.nodes[node.name] = node;
  if (node.status === NODE_STATUS.READY || node.paused !== undefined) operation.granted.delete(node.name);
  if (wants !== undefined) operation.asked.add(wants);
  await getExternalWorkflowHandle(clusterWorkflowId(operation.input.cluster.name)).signal(nodeChangedSignal, {
    operationId: operation.input.operationId,
    nodes: [node],
    ...(wants === undefined ? {} : { wants }),
  });
  return node;
}

/**
 * Has the entity give a node to this operation, as it stands now. It is given back with the report that it is READY, or is kept stopped.
 * Until then nothing else touches it.
 */
export async function takeNode(operation: Operation, name: string): Promise<NodeState> {
  const isAsked = operation.asked.delete(name);
  if (isByGrant(operation) && !operation.granted.has(name)) {
    if (isAsked) sayWithheld(operation, name);
    else
      await getExternalWorkflowHandle(clusterWorkflowId(operation.input.cluster.name)).signal(
        nodeWantedSignal,
        {
          operationId: operation.input.operationId,
          node: name,
        },
      );
    await condition(() => operation.granted.has(name));
  }
  return nodeOf(operation, name);
}

/** The node that is stopped right after a step: it is asked for with the report of the step's own, unless hours are to be waited for. */
export function stoppedNext(operation: Operation, { id }: StepProgress): string | undefined {
  const { input, progress, yielded } = operation;
  if (!isByGrant(operation) || input.asksAhead !== true || input.options?.window !== undefined)
    return undefined;
  const phase = progress.phases.find(({ steps }) => steps.some((step) => step.id === id));
  if (phase?.strategy !== 'serial') return undefined;
  const next = phase.steps[phase.steps.findIndex((step) => step.id === id) + 1];
  if (next?.action.kind !== 'stop' || next.status !== STATUS.PENDING) return undefined;
  return yielded.has(next.action.node) ? undefined : next.action.node;
}

/** Gives a node back that runs as it was given. One that does not run is kept: a later step starts it, or the end of the operation. */
export async function giveBack(operation: Operation, name: string): Promise<void> {
  const node = nodeOf(operation, name);
  if (!isByGrant(operation) || !operation.granted.has(name)) return;
  if (node.status === NODE_STATUS.READY && !hasEnded(operation, node)) await report(operation, node);
}

/** A node whose next task is named and not launched yet; it is launched with the spec that this operation has. */
export function nextTask({ input }: Operation, node: NodeState): NodeState {
  return {
    ...node,
    launches: node.launches + 1,
    taskState: null,
    status: NODE_STATUS.STARTING,
    generation: input.cluster.generation,
  };
}

/** Whether the newest task of a node is known to have ended, here or before this operation began. */
export function hasEnded(operation: Operation, node: NodeState): boolean {
  if (node.taskState !== null && isTerminal(node.taskState)) return true;
  return operation.endedTasks.has(taskIdOf(node.name, node.launches));
}

/** The node that a step names. */
export function nodeOf(operation: Operation, name: string): NodeState {
  const node = operation.nodes[name];
  if (!node) throw refuse('INTERNAL', `The plan names ${name}, which the cluster does not have.`);
  return node;
}

/** The nodes of a kind, by their `node.id`. */
export function nodesOfKind(operation: Operation, kind: string): NodeState[] {
  return Object.values(operation.nodes)
    .filter((node) => node.kind === kind)
    .sort((a, b) => a.nodeId - b.nodeId);
}

/** The addresses of the placed nodes of a kind. */
export function addressesOf(operation: Operation, kind: string): KafkaAddress[] {
  return nodesOfKind(operation, kind).flatMap(({ nodeId, placement }) =>
    placement ? [{ nodeId, host: hostOf(placement), port: placement.port }] : [],
  );
}

/** Whom an activity tells what it waits for. */
export function callerOf(step: StepProgress): Caller {
  return { operationWorkflowId: workflowInfo().workflowId, step: step.id };
}

/** A node that does what it should has nothing to explain, and may be recovered when it falls back. */
export function settled({
  reason: _reason,
  recoveryAborted: _aborted,
  replacementAborted: _declined,
  unreachableSinceMs: _since,
  ...node
}: NodeState): NodeState {
  return node;
}
