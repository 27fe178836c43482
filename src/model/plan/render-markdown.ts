// The plan as Markdown, for the Temporal UI's current details.
import { fitDetails, oneLine } from '../details.ts';
import { BROKER_COLUMNS, brokerCells, sayMovesAndSize } from '../reassignment/describe-proposal.ts';
import type { ProposalView } from '../reassignment/proposal.ts';
import { STATUS, type PhaseProgress, type PlanProgress, type StepProgress } from './plan.ts';
import { hasEnded } from './progress.ts';

/** Plans with more steps show those of phases that have ended, or not begun, as a number only. */
const MAX_STEPS_SHOWN = 60;
/** Of what a plan changes, and of what it moves, as many as people read. */
const MAX_CHANGES = 20;
const MAX_BROKERS = 30;
/** The Temporal UI puts the columns of a table next to each other. */
const GAP = '\u00a0\u00a0';
/** Failed steps that are named with what to do; many have the same cause, as a rule. */
const MAX_HELPED = 5;

/** What a person can do, the plan's tree with statuses and reasons, and the notes. */
export function renderMarkdown(progress: PlanProgress): string {
  const { notes } = progress;
  const help = whatToDo(progress);
  const brief = progress.phases.reduce((steps, phase) => steps + phase.steps.length, 0) > MAX_STEPS_SHOWN;
  return fitDetails({
    head: [
      `**${progress.operationId}** — ${progress.paused ? `${progress.status}, PAUSED` : progress.status} · requested by ${progress.requestedBy}${progress.reason === undefined ? '' : ` (${oneLine(progress.reason)})`} · plan \`${progress.planHash.slice(0, 12)}\``,
      '',
      ...(help.length > 0 ? [...help, ''] : []),
    ],
    body: [
      ...changeLines(progress.changes ?? []),
      ...progress.phases.flatMap((phase) => phaseLines(phase, brief)),
      ...(progress.proposal ? proposalTable(progress.proposal) : []),
    ],
    tail: notes.length > 0 ? ['**Notes**', '', ...notes.map((note) => `- ${oneLine(note)}`)] : [],
    more: (hidden) => `\n… ${hidden} more lines; the query \`progress\` has all`,
  });
}

function changeLines(changes: readonly string[]): string[] {
  const shown = changes.slice(0, MAX_CHANGES).map((line) => `- ${oneLine(line)}`);
  const more = changes.length - shown.length;
  return changes.length === 0
    ? []
    : ['**Changes**', '', ...shown, ...(more > 0 ? [`- and ${more} more`] : []), ''];
}

/** What each broker has before and after. */
function proposalTable(view: ProposalView): string[] {
  if (view.partitions === 0) return ['**Moves** — none: every broker has its share', ''];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = view.brokers
    .slice(0, MAX_BROKERS)
    .map((broker) => row(brokerCells(broker).map((cell) => `${cell}${GAP}`)));
  const more = view.brokers.length - rows.length;
  return [
    `**Moves** — proposal \`${view.hash.slice(0, 12)}\`: ${sayMovesAndSize(view)}`,
    '',
    row(BROKER_COLUMNS),
    '|---|---|---|---|---|---|',
    ...rows,
    ...(more > 0 ? ['', `and ${more} more brokers; the query \`progress\` has all`] : []),
    '',
    ...view.relaxed.map((line) => `- ${oneLine(line)}`),
  ];
}

/** A heading and a flat list: the Temporal UI runs the items of a nested list together. */
function phaseLines(phase: PhaseProgress, brief: boolean): string[] {
  const head = `**${phase.name}** — ${phase.status}`;
  if (brief && (hasEnded(phase.status) || phase.status === STATUS.PENDING))
    return [`${head} · ${phase.steps.length} steps`, ''];
  return [head, '', ...phase.steps.map((step) => `- ${stepLine(step)}`), ''];
}

function stepLine(step: StepProgress): string {
  const runs = step.runs > 1 ? ` (run ${step.runs})` : '';
  const reason = step.reason === undefined ? '' : `: ${withCode(oneLine(step.reason))}`;
  return `\`${step.id}\` ${step.title} — ${step.status}${runs}${reason}`;
}

/** What is there to be copied, as code: the Temporal UI makes typographic quotes of others. */
function withCode(text: string): string {
  return text.replaceAll(
    /"(millrace [^"`]*)"|(\{"[^}`]*\})/g,
    (_all, command?: string, json?: string) => `\`${command ?? json ?? ''}\``,
  );
}

function whatToDo(progress: PlanProgress): string[] {
  const failed = progress.phases
    .flatMap((phase) => phase.steps)
    .filter((step) => step.status === STATUS.FAILED)
    .map(({ id }) => id);
  const lines: string[] = [];
  const [first] = failed;
  if (first !== undefined) {
    const named = failed.slice(0, MAX_HELPED).map((id) => `\`${id}\``);
    if (failed.length > MAX_HELPED) named.push(`${failed.length - MAX_HELPED} more`);
    lines.push(
      `**What to do about** ${named.join(', ')}: fix the cause, then send the signal \`retryStep\` with \`{"step":"${first}"}\`` +
        ` (or \`millrace op retry '${progress.operationId}' ${first}\`)${failed.length > 1 ? ', one signal a step' : ''}.` +
        ' `skipStep` and `abort` want a `reason` too.',
    );
  }
  if (progress.paused) lines.push('**Paused**: no further step begins until the signal `resume` with `{}`.');
  return lines;
}
