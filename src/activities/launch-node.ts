// Launches a node's task on what was reserved for it, exactly once: a repeated call looks for the task first.
import { log } from '@temporalio/activity';
import type { Offer, OfferOperation, Reservation, TaskStatus } from '../mesos/types.ts';
import type { Placement } from '../model/cluster.ts';
import { MillraceError } from '../model/errors.ts';
import { renderNode, type RenderedNode } from '../model/node/render.ts';
import { isAbsent, isTerminal, RECONCILIATION } from '../model/task-state.ts';
import type { LaunchNodeInput, LaunchResult } from './contract.ts';
import { launchGroup, sharesOf } from './launch-group.ts';
import { giveBack, reservationOf, reservedIn, unavailability } from './offers.ts';
import { pause } from './pause.ts';
import { heldSession, type HeldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

interface Deps {
  sessions: Sessions;
  /** The end of a task as the entity has recorded it; null when it was never heard to end. */
  recordedEnd: (cluster: string, taskId: string) => Promise<{ state: string; reason: string } | null>;
}

/** A launch that is not heard of is asked about: at first, and at last, doubling each time. What is fetched may take its minutes. */
export const FIRST_ASK_MS = 10_000;
const LAST_ASK_MS = 300_000;

interface Launching {
  input: LaunchNodeInput;
  placement: Placement;
  rendered: RenderedNode;
  held: HeldSession;
  waiting: Waiting;
}

/**
 * Launches the task, or finds it. A task that Mesos does not know any more was never launched, or has ended and was
 * acknowledged, which happens only when the entity has recorded its end: the entity tells which.
 */
export async function launchNode(
  deps: Deps,
  input: LaunchNodeInput,
  waiting: Waiting,
): Promise<LaunchResult> {
  const held = heldSession(deps.sessions, input.cluster, input.session);
  const rendered = renderNode({
    spec: input.spec,
    kafkaClusterId: input.kafkaClusterId,
    node: input.node,
    controllers: input.controllers,
  });
  const launching = { input, placement: requirePlacement(input), rendered, held, waiting };
  for (let look = input.look; ; look = true) {
    const result = (look ? await find(deps, launching) : null) ?? (await launchOnce(launching));
    if (result) return result;
    log.warn('Mesos does not know a task that was launched; it is looked for once more', {
      taskId: input.taskId,
    });
  }
}

/** The task of an earlier try, once it runs or has ended; null when there is none. */
async function find(deps: Deps, launching: Launching): Promise<LaunchResult | null> {
  const { input, placement, rendered, held, waiting } = launching;
  const { scheduler } = held;
  waiting.set(`an answer of Mesos whether task ${input.taskId} exists`);
  const status = await scheduler.reconcile(input.taskId, placement.agentId, waiting.signal);
  log.info('looked for the task of an earlier try', { taskId: input.taskId, state: status.state });
  if (isTerminal(status.state) && status.state !== 'TASK_GONE') return outcome(status, rendered);
  if (!isAbsent(status.state)) {
    const end = scheduler.taskStatus(input.taskId, isOutcome, waiting.signal);
    const settled = isSettled(status) ? status : await unlessLost(launching, end);
    if (settled) return outcome(settled, rendered);
  }
  const recorded = await deps.recordedEnd(input.cluster, input.taskId);
  return recorded && { running: false, ...recorded };
}

/** Null when the launch was lost: Mesos knows no such task. */
async function launchOnce(launching: Launching): Promise<LaunchResult | null> {
  const { input, placement, rendered, held, waiting } = launching;
  const { scheduler, info } = held;
  const end = scheduler.taskStatus(input.taskId, isOutcome, waiting.signal);
  end.catch(() => undefined);
  const { agentId, use } = await scheduler.withOffers({
    name: `launch ${input.taskId}`,
    signal: waiting.signal,
    onWait: waiting.set,
    decide: (offers) => decide(offers, input, placement, rendered, info.frameworkId),
  });
  // Another wait: what was told of the first is over.
  waiting.set(null);
  waiting.set(`Mesos to start ${input.taskId} on ${placement.hostname}`);
  const settled = await unlessLost(launching, end);
  if (settled) return outcome(settled, rendered, agentId);
  await giveBack(scheduler, use);
  return null;
}

/**
 * How the launch went, or null when the master says that it has no such task: it knows a task from the moment in which it takes
 * its launch.
 */
async function unlessLost(launching: Launching, end: Promise<TaskStatus>): Promise<TaskStatus | null> {
  const { input, placement, held, waiting } = launching;
  const over = new AbortController();
  const signal = AbortSignal.any([waiting.signal, over.signal]);
  const untilAbsent = async (): Promise<null> => {
    for (let pauseMs = FIRST_ASK_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_ASK_MS)) {
      await pause(pauseMs, signal);
      const { state } = await held.scheduler.reconcile(input.taskId, placement.agentId, signal);
      if (isAbsent(state)) return null;
    }
  };
  try {
    return await Promise.race([end, untilAbsent()]);
  } finally {
    over.abort(new Error('the launch is not waited for any more'));
  }
}

/**
 * Whether a status tells how a launch went. The master's "there is no such task" does not: it may be the answer to a question
 * that was asked before the launch, here or by the session.
 */
function isOutcome(status: TaskStatus): boolean {
  return isSettled(status) && !(isAbsent(status.state) && status.reason === RECONCILIATION);
}

function isSettled(status: TaskStatus): boolean {
  return status.state === 'TASK_RUNNING' || isTerminal(status.state);
}

function outcome(status: TaskStatus, rendered: RenderedNode, launchedOn?: string): LaunchResult {
  if (status.state === 'TASK_RUNNING') {
    const agentId = launchedOn ?? status.agent_id?.value;
    return { running: true, configHash: rendered.hash, ...(agentId === undefined ? {} : { agentId }) };
  }
  return {
    running: false,
    state: status.state,
    reason: [status.reason, status.message].filter(Boolean).join(': '),
  };
}

/** Gathers what is reserved for the node, which may come split over several offers of its agent; results in these and the agent's id. */
function decide(
  offers: readonly Offer[],
  input: LaunchNodeInput,
  placement: Placement,
  rendered: RenderedNode,
  frameworkId: string,
):
  | { use: Offer[]; operations: OfferOperation[]; result: { agentId: string; use: Offer[] } }
  | { wait: string } {
  const reservation = reservationFor(input, placement);
  // By what is reserved and not by the agent's id, which may have changed.
  const use = offers.filter((offer) => reservedIn([offer], reservation).length > 0);
  const unavailable = unavailability(use);
  if (unavailable !== null)
    return { wait: `the end of the maintenance of ${placement.hostname} (${unavailable})` };
  const agentId = use[0]?.agent_id.value ?? placement.agentId;
  const shares = sharesOf(reservedIn(use, reservation), input, placement);
  if ('missing' in shares)
    return {
      wait: `an offer of what is reserved for ${input.node.name} on ${placement.hostname} (missing: ${shares.missing.join(', ')})`,
    };
  const group = launchGroup(input, { agentId, frameworkId, shares, rendered });
  return { use, operations: [group], result: { agentId, use } };
}

function reservationFor(input: LaunchNodeInput, placement: Placement): Reservation {
  return reservationOf({
    role: input.spec.role,
    principal: input.spec.principal,
    cluster: input.cluster,
    incarnation: input.incarnation,
    node: input.node.name,
    placementNumber: placement.number,
  });
}

function requirePlacement(input: LaunchNodeInput): Placement {
  if (input.node.placement) return input.node.placement;
  throw new MillraceError(
    'INTERNAL',
    `${input.node.name} has no placement, so task ${input.taskId} was not launched.`,
  );
}
