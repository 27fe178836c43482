// Three projects: quick tests side by side, then workflows on a real Temporal dev server, then the real stack, one file
// after the other. Components are set up in the background while the quick tests run (test/support/prepare.ts).
import { defineConfig } from 'vitest/config';

const SECOND = 1_000;
const WORKFLOW = ['test/workflows/**/*.test.ts', 'test/replay/**/*.test.ts'];
const E2E = ['test/integration/**/*.test.ts', 'test/chaos/**/*.test.ts'];
const NEEDS_COMPONENTS = {
  globalSetup: ['test/support/prepare.ts'],
  setupFiles: ['test/support/await-components.ts'],
};

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...WORKFLOW, ...E2E],
          // They take milliseconds, but the first time a compiler uses the same cores.
          testTimeout: 20 * SECOND,
          hookTimeout: 20 * SECOND,
          maxWorkers: 2,
          // Not 0: vitest puts a group of that order last where it has one worker.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'workflow',
          include: WORKFLOW,
          ...NEEDS_COMPONENTS,
          testTimeout: 60 * SECOND,
          hookTimeout: 60 * SECOND,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: E2E,
          ...NEEDS_COMPONENTS,
          testTimeout: 240 * SECOND,
          hookTimeout: 240 * SECOND,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
