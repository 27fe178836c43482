// The phases that move replicas between brokers.
import { phase } from './build.ts';
import type { PlanPhase } from './plan.ts';

/** The last of these phases; what follows a move waits for it. */
export const MOVED = 'move';

/**
 * Proposes, has the proposal approved where that is asked for, and moves.
 *
 * @param without names of brokers that are to be empty afterwards
 */
export function movePhases({
  after,
  without,
  approve,
}: {
  after: readonly string[];
  without: readonly string[];
  approve: boolean;
}): PlanPhase[] {
  const approval = phase(
    'approve',
    ['propose'],
    'serial',
    approve
      ? [
          {
            id: 'approve:moves',
            title: 'wait until a person approves the proposal',
            action: { kind: 'approve' },
          },
        ]
      : [],
  );
  return [
    phase('propose', [...after], 'serial', [
      {
        id: 'propose',
        title:
          without.length === 0
            ? 'compute which replicas move, so that all brokers have their share'
            : `compute where the replicas of ${without.join(', ')} go`,
        action: { kind: 'propose', without: [...without] },
      },
    ]),
    approval,
    phase(MOVED, ['propose', 'approve'], 'serial', [
      {
        id: 'move',
        title: 'move the proposed replicas and give the leaders their places',
        action: { kind: 'move' },
      },
    ]),
  ];
}
