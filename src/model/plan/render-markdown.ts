// The plan as Markdown, for the Temporal UI's current details.
import { STATUS, type PlanProgress, type StepProgress } from './plan.ts';

/** Temporal refuses current details over 20 kB; the tree is cut well before. */
const MAX_CHARACTERS = 16_000;

/** The plan tree: phases, steps, statuses with reasons, and what a person can do. */
export function renderMarkdown(progress: PlanProgress): string {
  const lines = [
    `**${progress.operationId}** — ${progress.paused ? `${progress.status}, PAUSED` : progress.status} · requested by ${progress.requestedBy} · plan \`${progress.planHash.slice(0, 12)}\``,
    '',
  ];
  for (const phase of progress.phases) {
    lines.push(`- **${phase.name}** — ${phase.status}`);
    for (const step of phase.steps) lines.push(`  - ${stepLine(step)}`);
  }
  const help = whatToDo(progress);
  if (help.length > 0) lines.push('', ...help);
  if (progress.notes.length > 0) lines.push('', '**Notes**', ...progress.notes.map((note) => `- ${note}`));
  const text = lines.join('\n');
  return text.length <= MAX_CHARACTERS
    ? text
    : `${text.slice(0, MAX_CHARACTERS)}\n\n… (cut; the query \`progress\` has all)`;
}

function stepLine(step: StepProgress): string {
  const runs = step.runs > 1 ? ` (run ${step.runs})` : '';
  const reason = step.reason === undefined ? '' : `: ${step.reason}`;
  return `\`${step.id}\` ${step.title} — ${step.status}${runs}${reason}`;
}

function whatToDo(progress: PlanProgress): string[] {
  const failed = progress.phases
    .flatMap((phase) => phase.steps)
    .filter((step) => step.status === STATUS.FAILED);
  const lines = failed.map(
    (step) =>
      `**What to do about \`${step.id}\`**: fix the cause, then send the signal \`retryStep\` with \`{"step":"${step.id}"}\`` +
      ` (or \`millrace op retry '${progress.operationId}' ${step.id}\`). \`skipStep\` and \`abort\` want a \`reason\` too.`,
  );
  if (progress.paused) lines.push('**Paused**: no further step begins until the signal `resume` with `{}`.');
  return lines;
}
