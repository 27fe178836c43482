// Launches a node's task on what was reserved for it, exactly once: a repeated call looks for the task first.
import { log } from '@temporalio/activity';
import type { Offer, OfferOperation, Reservation, TaskStatus } from '../mesos/types.ts';
import type { Placement } from '../model/cluster.ts';
import { MillraceError } from '../model/errors.ts';
import { renderNode, type RenderedNode } from '../model/node/render.ts';
import { isAbsent, isTerminal, RECONCILIATION } from '../model/task-state.ts';
import type { LaunchNodeInput, LaunchResult } from './contract.ts';
import { launchGroup, sharesOf } from './launch-group.ts';
import { reservationOf, reservedIn } from './offers.ts';
import { heldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

interface Deps {
  sessions: Sessions;
  /** The end of a task as the entity has recorded it; null when it was never heard to end. */
  recordedEnd: (cluster: string, taskId: string) => Promise<{ state: string; reason: string } | null>;
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
  const { scheduler, info } = heldSession(deps.sessions, input.cluster, input.session);
  const placement = requirePlacement(input);
  const rendered = renderNode({
    spec: input.spec,
    kafkaClusterId: input.kafkaClusterId,
    node: input.node,
    controllers: input.controllers,
  });
  if (input.look) {
    waiting.set(`an answer of Mesos whether task ${input.taskId} exists`);
    const status = await scheduler.reconcile(input.taskId, placement.agentId, waiting.signal);
    log.info('looked for the task of an earlier try', { taskId: input.taskId, state: status.state });
    if (isTerminal(status.state) && status.state !== 'TASK_GONE') return outcome(status, rendered);
    if (!isAbsent(status.state))
      return outcome(
        isSettled(status) ? status : await scheduler.taskStatus(input.taskId, isOutcome, waiting.signal),
        rendered,
      );
    const recorded = await deps.recordedEnd(input.cluster, input.taskId);
    if (recorded) return { running: false, ...recorded };
  }
  const end = scheduler.taskStatus(input.taskId, isOutcome, waiting.signal);
  end.catch(() => undefined);
  const agentId = await scheduler.withOffers({
    name: `launch ${input.taskId}`,
    signal: waiting.signal,
    onWait: waiting.set,
    decide: (offers) => decide(offers, input, placement, rendered, info.frameworkId),
  });
  // Another wait: what was told of the first is over.
  waiting.set(null);
  waiting.set(`Mesos to start ${input.taskId} on ${placement.hostname}`);
  return outcome(await end, rendered, agentId);
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

/** Gathers what is reserved for the node, which may come split over several offers of its agent; results in the agent's id. */
function decide(
  offers: readonly Offer[],
  input: LaunchNodeInput,
  placement: Placement,
  rendered: RenderedNode,
  frameworkId: string,
): { use: Offer[]; operations: OfferOperation[]; result: string } | { wait: string } {
  const reservation = reservationFor(input, placement);
  // By what is reserved and not by the agent's id, which may have changed.
  const use = offers.filter((offer) => reservedIn([offer], reservation).length > 0);
  const agentId = use[0]?.agent_id.value ?? placement.agentId;
  const shares = sharesOf(reservedIn(use, reservation), input, placement);
  if ('missing' in shares)
    return {
      wait: `an offer of what is reserved for ${input.node.name} on ${placement.hostname} (missing: ${shares.missing.join(', ')})`,
    };
  const group = launchGroup(input, { agentId, frameworkId, shares, rendered });
  return { use, operations: [group], result: agentId };
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
