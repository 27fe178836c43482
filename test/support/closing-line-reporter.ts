// Closes a test run with one plain line, alone and last: `12 passed, 0 failed`, and `, 1 skipped` when there are any.
import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export default class ClosingLineReporter implements Reporter {
  private totals: Totals | undefined;

  onInit(): void {
    // At the exit, so that nothing (a teardown, another reporter) comes after it.
    process.once('exit', () => {
      if (this.totals) writeSync(process.stdout.fd, `${closingLine(this.totals)}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    this.totals = countResults(modules, unhandled.length);
  }
}

/**
 * Counts tests. A file that could not be loaded and a suite whose hook failed count as one failed each, as does an
 * error outside of any test: none of them may hide behind tests that never ran.
 */
export function countResults(modules: readonly TestModule[], unhandled: number): Totals {
  const totals: Totals = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    totals.failed += module.errors().length > 0 ? 1 : 0;
    for (const suite of module.children.allSuites()) totals.failed += suite.errors().length > 0 ? 1 : 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // "pending" at the end: it was never run, because something around it failed or the run was stopped.
      if (state !== 'pending') totals[state] += 1;
    }
  }
  return totals;
}

export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
