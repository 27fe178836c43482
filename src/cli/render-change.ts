// What a change would do, and which replicas would move, as text.
import type { ChangePlanView } from '../api/schemas/change.ts';
import { showBytes } from '../model/bytes.ts';
import { showChange } from '../model/names.ts';
import type { ProposalView } from '../model/reassignment/proposal.ts';
import { columns } from './output.ts';

/** The page of `millrace cluster plan`. */
export function changePlanPage(view: ChangePlanView, file: string): string {
  const { plan, planHash, moves, movesUnknown, runsNow, generation } = view;
  if (view.unchanged || plan === null || planHash === null)
    return `Nothing to do: the cluster is as the spec says (generation ${generation}).`;
  const steps = plan.phases.flatMap((phase) => [
    `  ${phase.name}${phase.strategy === 'parallel' && phase.steps.length > 1 ? ' (all at once)' : ''}`,
    ...phase.steps.map(({ title }) => `    ${title}`),
  ]);
  return [
    'Changes',
    ...(plan.changes ?? []).map((line) => `  ${line}`),
    '',
    `Steps of the ${plan.operation}`,
    ...steps,
    ...(moves === null ? [] : ['', ...proposalLines(moves)]),
    ...(movesUnknown === undefined
      ? []
      : ['', `Which replicas would move cannot be told now: ${movesUnknown}`]),
    '',
    ...(runsNow === undefined
      ? []
      : [
          `${runsNow} runs now: an update is taken over by a newer spec, all else has to end first (--queue).`,
        ]),
    `Nothing was changed. To run just this:  millrace cluster apply -f ${file} --plan ${planHash.slice(0, 12)} --wait`,
  ].join('\n');
}

/** A proposal with what each broker has before and after. */
export function proposalLines(view: ProposalView): string[] {
  if (view.partitions === 0) return ['No replica moves: every broker has its share.'];
  const least =
    view.leastSeconds === undefined ? '' : `, ${view.leastSeconds} s at the least under the throttle`;
  return [
    `Moves (proposal ${view.hash.slice(0, 12)}): ${view.replicasMoved} replicas and ${view.leadersChanged} preferred leaders of ${view.partitions} partitions, ${showBytes(view.bytesMoved)}${least}`,
    ...columns(
      ['BROKER', 'REPLICAS', 'LEADERS', 'BYTES', 'IN', 'OUT'],
      view.brokers.map(({ id, before, after, bytesIn, bytesOut }) => [
        id,
        showChange(before.replicas, after.replicas),
        showChange(before.leaders, after.leaders),
        showChange(showBytes(before.bytes), showBytes(after.bytes)),
        showBytes(bytesIn),
        showBytes(bytesOut),
      ]),
    )
      .split('\n')
      .map((line) => `  ${line}`),
    ...view.relaxed.map((line) => `  ${line}`),
  ];
}
