// Shows a plan while it changes: a tree that is redrawn on a terminal, one line for each change elsewhere.
import type { PlanProgress } from '../model/plan/plan.ts';
import type { Io } from './io.ts';
import { planChanges, renderPlan } from './render-plan.ts';

export interface PlanScreen {
  /** Shows the plan as it is now. */
  update(progress: PlanProgress): void;
  /** Shows a passing remark under the tree (redrawn away), or as a line of its own. */
  remark(text: string): void;
}

/** Goes up over what was drawn and clears from there to the end of the screen. */
const redraw = (lines: number) => (lines === 0 ? '' : `\x1b[${lines}A\r\x1b[J`);
/** Lines of the terminal that are left for the shell and a remark. */
const ROWS_LEFT = 2;

/** A screen on the terminal of `io`, or lines where it has none. */
export function createPlanScreen(
  io: Pick<Io, 'out' | 'err' | 'isTty' | 'color' | 'size' | 'nowMs'>,
): PlanScreen {
  let shown: PlanProgress | null = null;
  let drawn = 0;
  const draw = (lines: string[]) => {
    io.out(`${redraw(drawn)}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const treeOf = (progress: PlanProgress) => {
    const { columns, rows } = io.size();
    const limit = Math.max(4, rows - ROWS_LEFT);
    return renderPlan(progress, { nowMs: io.nowMs(), color: io.color, columns, rows: limit }).slice(0, limit);
  };
  return {
    update: (progress) => {
      if (io.isTty) draw(treeOf(progress));
      else
        for (const line of planChanges(shown, progress))
          io.out(`${new Date(io.nowMs()).toISOString().slice(11, 19)} ${line}\n`);
      shown = progress;
    },
    remark: (text) => {
      if (io.isTty && shown) draw([...treeOf(shown), text.slice(0, io.size().columns)]);
      else io.err(`${text}\n`);
    },
  };
}
