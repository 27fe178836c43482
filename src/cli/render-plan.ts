// The plan of an operation as text: the whole tree, or what changed since the last look. Used by the command and the demo.
import { createColors } from 'picocolors';
import { oneLine } from '../model/details.ts';
import {
  STATUS,
  type PhaseProgress,
  type PlanProgress,
  type Status,
  type StepProgress,
} from '../model/plan/plan.ts';
import { hasEnded, operationState } from '../model/plan/progress.ts';
import { duration } from './output.ts';
import { proposalLines } from './render-change.ts';

export interface RenderOptions {
  nowMs: number;
  /** @default false */
  color?: boolean;
  /** Lines are cut to this many characters. @default no limit */
  columns?: number;
  /** Phases that ended are shown without their steps when the tree has more lines than this. @default no limit */
  rows?: number;
}

type Paint = ReturnType<typeof createColors>;

const SYMBOL: Readonly<Record<Status, string>> = {
  PENDING: '·',
  RUNNING: '▸',
  WAITING: '…',
  COMPLETE: '✔',
  FAILED: '✖',
  SKIPPED: '↷',
  ABORTED: '■',
};

/** The tree of phases and steps, with what a person can do about steps that failed; one string a line. */
export function renderPlan(progress: PlanProgress, options: RenderOptions): string[] {
  const paint = createColors(options.color ?? false);
  const whole = tree(progress, options, paint, false);
  return whole.length <= (options.rows ?? Infinity) ? whole : tree(progress, options, paint, true);
}

/** What changed between two looks, one line a change, for streams that can't be redrawn. `before` is null at first. */
export function planChanges(before: PlanProgress | null, after: PlanProgress): string[] {
  const known = new Map(before ? stepsOf(before).map((step) => [step.id, step]) : []);
  const lines = stepsOf(after).flatMap((step) => {
    const old = known.get(step.id);
    const same = old?.status === step.status && old.reason === step.reason && old.runs === step.runs;
    if (same || (!old && step.status === STATUS.PENDING)) return [];
    return [
      `${step.id} ${step.status}${tookOf(step)}${step.reason === undefined ? '' : `: ${oneLine(step.reason)}`}`,
    ];
  });
  const notes = after.notes.filter((note) => !(before?.notes ?? []).includes(note));
  const state = operationState(after);
  const moved = before === null || operationState(before) !== state;
  return [
    ...lines,
    ...notes.map((note) => `note: ${oneLine(note)}`),
    ...(moved ? [`${after.operationId} ${state}`] : []),
  ];
}

/** What a person can do about an operation that goes no further by itself; empty when it does. */
export function whatToDo(progress: PlanProgress): string[] {
  const id = `'${progress.operationId}'`;
  const failed = stepsOf(progress).filter(({ status }) => status === STATUS.FAILED);
  return [
    ...failed.flatMap((step) => [
      `Step ${step.id} failed${step.reason === undefined ? '' : `: ${step.reason}`}`,
      `  fix the cause, then:  millrace op retry ${id} ${step.id}`,
      `  or leave it undone:   millrace op skip ${id} ${step.id} --reason "..."`,
    ]),
    ...(failed.length > 0 ? [`  or stop here:         millrace op abort ${id} --reason "..."`] : []),
    ...(operationState(progress) === 'PAUSED' ? [`Paused; to go on:       millrace op resume ${id}`] : []),
  ];
}

function tree(progress: PlanProgress, options: RenderOptions, paint: Paint, brief: boolean): string[] {
  const { nowMs } = options;
  const state = operationState(progress);
  const why = progress.reason === undefined ? '' : `: ${oneLine(progress.reason)}`;
  const took = duration((progress.endedAtMs ?? nowMs) - progress.startedAtMs);
  const lines = [
    {
      text: `${progress.operationId}  ${state}  ${took}  requested by ${progress.requestedBy}${why}`,
      style: paint.bold,
    },
    ...(progress.changes ?? []).map((text) => ({ text: `  ${text}`, style: paint.dim })),
    ...progress.phases.flatMap((phase) => phaseLines(phase, { nowMs, paint, brief })),
    ...(progress.proposal && state !== 'COMPLETE'
      ? proposalLines(progress.proposal).map((text) => ({ text, style: (line: string) => line }))
      : []),
    ...whatToDo(progress).map((text) => ({ text, style: paint.yellow })),
  ];
  return lines.map(({ text, style }) => style(cut(text, options.columns ?? Infinity)));
}

interface Line {
  text: string;
  style: (text: string) => string;
}

function phaseLines(phase: PhaseProgress, options: { nowMs: number; paint: Paint; brief: boolean }): Line[] {
  const { nowMs, paint, brief } = options;
  const style = styleOf(phase.status, paint);
  const done = phase.steps.filter(({ status }) => hasEnded(status)).length;
  const head = `  ${SYMBOL[phase.status]} ${phase.name}  ${phase.status}  ${done}/${phase.steps.length}`;
  const quiet = hasEnded(phase.status) || phase.status === STATUS.PENDING;
  if (brief && quiet) return [{ text: head, style }];
  return [
    { text: head, style },
    ...phase.steps.map((step) => ({
      text: `      ${SYMBOL[step.status]} ${step.title}${stepSuffix(step, nowMs)}`,
      style: styleOf(step.status, paint),
    })),
  ];
}

function stepSuffix(step: StepProgress, nowMs: number): string {
  const runs = step.runs > 1 ? ` (run ${step.runs})` : '';
  const reason = step.reason === undefined ? '' : `: ${step.reason}`;
  switch (step.status) {
    case STATUS.PENDING:
      return '';
    case STATUS.COMPLETE:
      return `${runs}${tookOf(step)}${reason}`;
    case STATUS.RUNNING:
    case STATUS.WAITING:
      return `${runs}  ${step.status} ${duration(nowMs - step.sinceMs)}${reason}`;
    case STATUS.FAILED:
    case STATUS.SKIPPED:
    case STATUS.ABORTED:
      return `${runs}  ${step.status}${reason}`;
  }
}

function tookOf(step: StepProgress): string {
  if (step.startedAtMs === undefined || step.endedAtMs === undefined) return '';
  return `  ${duration(step.endedAtMs - step.startedAtMs)}`;
}

function styleOf(status: Status, paint: Paint): (text: string) => string {
  switch (status) {
    case STATUS.PENDING:
    case STATUS.SKIPPED:
      return paint.dim;
    case STATUS.COMPLETE:
      return paint.green;
    case STATUS.RUNNING:
      return paint.cyan;
    case STATUS.WAITING:
      return paint.yellow;
    case STATUS.FAILED:
    case STATUS.ABORTED:
      return paint.red;
  }
}

function stepsOf(progress: PlanProgress): StepProgress[] {
  return progress.phases.flatMap(({ steps }) => steps);
}

/** A longer line would wrap, and a screen that is redrawn counts lines. */
function cut(text: string, limit: number): string {
  const line = oneLine(text);
  return line.length <= limit ? line : `${line.slice(0, Math.max(0, limit - 1))}…`;
}
