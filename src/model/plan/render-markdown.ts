// The plan as Markdown, for the Temporal UI's current details.
import { fitDetails, oneLine } from '../details.ts';
import { STATUS, type PhaseProgress, type PlanProgress, type StepProgress } from './plan.ts';
import { hasEnded } from './progress.ts';

/** Plans with more steps show those of phases that have ended, or not begun, as a number only. */
const MAX_STEPS_SHOWN = 60;
/** Failed steps that are named with what to do; many have the same cause, as a rule. */
const MAX_HELPED = 5;

/** What a person can do, the plan's tree with statuses and reasons, and the notes. */
export function renderMarkdown(progress: PlanProgress): string {
  const { notes } = progress;
  const help = whatToDo(progress);
  const brief = progress.phases.reduce((steps, phase) => steps + phase.steps.length, 0) > MAX_STEPS_SHOWN;
  return fitDetails({
    head: [
      `**${progress.operationId}** — ${progress.paused ? `${progress.status}, PAUSED` : progress.status} · requested by ${progress.requestedBy} · plan \`${progress.planHash.slice(0, 12)}\``,
      '',
      ...(help.length > 0 ? [...help, ''] : []),
    ],
    body: progress.phases.flatMap((phase) => phaseLines(phase, brief)),
    tail: notes.length > 0 ? ['**Notes**', '', ...notes.map((note) => `- ${oneLine(note)}`)] : [],
    more: (hidden) => `\n… ${hidden} more lines; the query \`progress\` has all`,
  });
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
  const reason = step.reason === undefined ? '' : `: ${oneLine(step.reason)}`;
  return `\`${step.id}\` ${step.title} — ${step.status}${runs}${reason}`;
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
