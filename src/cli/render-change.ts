// What a change would do, and which replicas would move, as text.
import type { ChangePlanView } from '../api/schemas/change.ts';
import { BROKER_COLUMNS, brokerCells, sayMovesAndSize } from '../model/reassignment/describe-proposal.ts';
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
  return [
    `Moves (proposal ${view.hash.slice(0, 12)}): ${sayMovesAndSize(view)}`,
    ...columns(
      BROKER_COLUMNS.map((heading) => heading.toUpperCase()),
      view.brokers.map(brokerCells),
    )
      .split('\n')
      .map((line) => `  ${line}`),
    ...view.relaxed.map((line) => `  ${line}`),
  ];
}
