// Stops a node: at once where the whole cluster goes, behind Kafka's gate where the cluster serves on.
import { NODE_STATUS, OPERATION_KIND, type NodeState } from '../../model/cluster.ts';
import type { StepAction, StepProgress } from '../../model/plan/plan.ts';
import { addNote, findStep } from '../../model/plan/progress.ts';
import { isByGrant, type Operation } from '../operation/operation.ts';
import { keepWhatWasDone } from './move-replicas.ts';
import { stopGate } from './replace-node.ts';
import { giveBack, hasEnded, nextTask, report, settled, stopTask, takeNode } from './step-context.ts';

type Stop = Extract<StepAction, { kind: 'stop' }>;

/** Stops the node of a step; says why when its agent cannot be asked. */
export async function stop(
  operation: Operation,
  step: StepProgress,
  { node: name, gated, together, pause }: Stop,
): Promise<string | undefined> {
  const node = await takeNode(operation, name);
  if (isStartedNext(operation, name) && isUpToDate(operation, node)) {
    addNote(
      operation.progress,
      `${name} runs with generation ${node.generation ?? 1} already; it is left alone`,
    );
    await giveBack(operation, name);
    return undefined;
  }
  const { placement } = node;
  if (placement === null || node.launches === 0) return undefined;
  if (hasEnded(operation, node)) {
    if (pause === true) await report(operation, paused(operation, node));
    return undefined;
  }
  const result = await stopTask(operation, step, {
    node,
    placement,
    ...(gated === true ? { gate: stopGate(operation, node, together) } : {}),
  });
  keepWhatWasDone(operation);
  if (!result.stopped) return `${node.name}: ${result.reason}`;
  const stopped = settled({ ...node, status: NODE_STATUS.STOPPED, taskState: result.state });
  if (pause === true) await report(operation, paused(operation, stopped));
  else if (isStartedNext(operation, name)) await report(operation, nextTask(operation, stopped));
  else await report(operation, stopped);
  return undefined;
}

/** Its next task is named in the same report: one instead of two. */
function isStartedNext(operation: Operation, name: string): boolean {
  return isByGrant(operation) && findStep(operation.progress, `start:${name}`) !== undefined;
}

/** An update restarts what runs with an older spec; a recovery may have been faster. */
function isUpToDate({ input, progress }: Operation, { status, generation = 1 }: NodeState): boolean {
  const isUpdate =
    progress.operation === OPERATION_KIND.UPDATE || progress.operation === OPERATION_KIND.SCALE;
  return isUpdate && status === NODE_STATUS.READY && generation === input.cluster.generation;
}

function paused({ input }: Operation, node: NodeState): NodeState {
  const { requestedBy: by, reason } = input;
  return {
    ...node,
    status: NODE_STATUS.STOPPED,
    paused: { by, ...(reason === undefined ? {} : { reason }) },
    reason: `kept stopped by ${by}${reason === undefined ? '' : `: ${reason}`}`,
  };
}
