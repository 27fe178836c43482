// The order in which controllers are restarted: the one that leads the quorum goes last, so that it is elected anew once only.
import { NODE_KIND } from '../../model/cluster.ts';
import type { PhaseProgress, StepProgress } from '../../model/plan/plan.ts';
import { anywhere } from '../activity-proxies.ts';
import { show, type Operation } from '../operation/operation.ts';
import { addressesOf, callerOf } from './step-context.ts';

/** Moves the steps of the controller that leads now to the end of a phase. */
export async function putActiveLast(operation: Operation, phase: PhaseProgress): Promise<void> {
  const [first] = phase.steps;
  if (first === undefined || phase.steps.every((step) => nodeIn(step) === nodeIn(first))) return;
  const leader = await anywhere.activeController.executeWithOptions(
    { summary: 'ask which controller leads the quorum' },
    [{ caller: callerOf(first), controllers: addressesOf(operation, NODE_KIND.CONTROLLER) }],
  );
  const isLeaders = (step: StepProgress) =>
    leader !== null && operation.nodes[nodeIn(step) ?? '']?.nodeId === leader;
  const rest = phase.steps.filter((step) => !isLeaders(step));
  phase.steps = [...rest, ...phase.steps.filter(isLeaders)];
  show(operation);
}

function nodeIn({ action }: StepProgress): string | undefined {
  return 'node' in action ? action.node : undefined;
}
