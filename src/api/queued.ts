// Operations that wait in the queue of their cluster: they have no workflow yet, so the cluster's state is all there is of them.
import type { ClusterState } from '../model/cluster.ts';
import type { PlanProgress } from '../model/plan/plan.ts';
import { addNote, beginProgress } from '../model/plan/progress.ts';
import { planChange } from '../model/plan/plan-change.ts';

/** A queued operation as one that has not begun, with the plan that it would have now; null when it is not in the queue. */
export function queuedProgress(state: ClusterState, operationId: string): PlanProgress | null {
  const queued = state.queue?.find(({ id }) => id === operationId);
  if (!queued) return null;
  const planned = planChange(state, queued.request);
  const { plan, planHash } =
    'refused' in planned
      ? { plan: { operation: 'update' as const, cluster: state.name, phases: [] }, planHash: '' }
      : planned;
  const progress = beginProgress(plan, {
    operationId,
    planHash,
    requestedBy: queued.request.requestedBy,
    reason: queued.request.reason,
    nowMs: queued.queuedAtMs,
  });
  addNote(
    progress,
    `it waits in the queue${state.operation ? ` behind ${state.operation.id}` : ''}, and is planned anew when its turn comes`,
  );
  return progress;
}
