// The steps of the operations: each a few activities, and what the entity is told before the step goes on.
import { condition, isCancellation, sleep } from '@temporalio/workflow';
import { NODE_KIND, NODE_STATUS, type NodeState } from '../../model/cluster.ts';
import { STATUS, type StepProgress } from '../../model/plan/plan.ts';
import { anywhere, onMaster } from '../activity-proxies.ts';
import { codeOf, messageOf } from '../failure.ts';
import { markWaiting, type Operation } from '../operation/operation.ts';
import { FIRST_BOUND_SECONDS, sessionAfter } from '../operation/session-after.ts';
import { configure, grow, removeVoter, unregister } from './change-nodes.ts';
import { approveMoves, cordon, move, propose, proveEmpty } from './move-replicas.ts';
import { relocate, releaseFormer, replaceable } from './replace-node.ts';
import { start } from './start-node.ts';
import { stop } from './stop-node.ts';
import {
  addressesOf,
  callerOf,
  giveBack,
  nodeOf,
  report,
  reserve,
  settled,
  withSession,
} from './step-context.ts';

/** How often the verification is tried in one run of its step. */
const VERIFICATIONS_PER_RUN = 3;

/** Runs one step of a plan; the `execute` of every operation. */
export async function executeStep(operation: Operation, step: StepProgress): Promise<string | undefined> {
  const { action } = step;
  switch (action.kind) {
    case 'place':
      return place(operation, step, nodeOf(operation, action.node));
    case 'start':
      return start(operation, step, action.node, action);
    case 'verify':
      return verify(operation, step);
    case 'stop':
      return stop(operation, step, action);
    case 'replaceable':
      return replaceable(operation, step, nodeOf(operation, action.node));
    case 'relocate':
      return relocate(operation, step, nodeOf(operation, action.node));
    case 'releaseFormer':
      return releaseFormer(operation, step, nodeOf(operation, action.node));
    case 'register':
      return register(operation, step);
    case 'release':
      return release(operation, step, nodeOf(operation, action.node));
    case 'deregister':
      return deregister(operation, step);
    case 'approve':
      return operation.proposal ? approveMoves(operation, step) : approve(operation, step);
    case 'grow':
      return grow(operation, step, action.node);
    case 'configure':
      return configure(operation, step, action);
    case 'cordon':
      return cordon(operation, step, action.nodes);
    case 'propose':
      return propose(operation, step, action.without);
    case 'move':
      return move(operation, step);
    case 'empty':
      return proveEmpty(operation, step, action.nodes);
    case 'unregister':
      return unregister(operation, step, action.node);
    case 'removeVoter':
      return removeVoter(operation, step, action.node);
  }
}

async function place(operation: Operation, step: StepProgress, node: NodeState): Promise<undefined> {
  if (node.placement !== null) return;
  const placement = await reserve(operation, step, node, { placementNumber: 1 });
  // The first task is named together with the placement: one report instead of two.
  await report(operation, {
    ...node,
    placement,
    status: NODE_STATUS.PLACED,
    launches: 1,
    ...(operation.input.cluster.generation > 1 ? { generation: operation.input.cluster.generation } : {}),
  });
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

/** Waits until a person approves; what exactly is named by the plan's hash. */
async function approve(operation: Operation, step: StepProgress): Promise<undefined> {
  const { operationId, planHash } = operation.input;
  operation.approvals.set(step.id, planHash);
  markWaiting(
    operation,
    step.id,
    `for approval: "millrace op approve '${operationId}'", or the signal approve with {"planHash":"${planHash.slice(0, 12)}"}`,
  );
  try {
    await condition(() => operation.approved.has(step.id));
  } finally {
    operation.approvals.delete(step.id);
  }
}

/** Waits until a worker has subscribed as the new framework. */
async function register(operation: Operation, step: StepProgress): Promise<undefined> {
  await sessionAfter(operation, step.id, { usedEpoch: 0, boundSeconds: FIRST_BOUND_SECONDS });
}

async function deregister(operation: Operation, step: StepProgress): Promise<undefined> {
  try {
    await withSession(operation, step, (session) =>
      onMaster.teardownFramework.executeWithOptions({ summary: `remove framework ${session.frameworkId}` }, [
        { session },
      ]),
    );
  } catch (error) {
    // Removed by an earlier try whose answer was lost, or by Mesos itself: that is what was wanted.
    if (codeOf(error) !== 'FRAMEWORK_REMOVED') throw error;
  }
}

/** What a skipped step leaves behind, told to the entity: a node that was not started is not recovered by itself. */
export async function reportSkipped(operation: Operation, { action, reason }: StepProgress): Promise<void> {
  if (action.kind === 'stop') await giveBack(operation, action.node);
  if (action.kind !== 'start') return;
  const node = nodeOf(operation, action.node);
  await report(operation, {
    ...node,
    status: NODE_STATUS.FAILED,
    recoveryAborted: true,
    reason: `its start was skipped: ${reason ?? 'no reason given'}`,
  });
}
