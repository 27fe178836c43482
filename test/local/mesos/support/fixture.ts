// A local Mesos in a directory of its own for each test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { startLocalMesos } from '../../../../src/local/mesos/index.ts';
import type { LocalMesos, LocalMesosOptions } from '../../../../src/local/mesos/index.ts';

export const AGENT = { cpus: 4, memMb: 8192, diskMb: 20_000 };

export interface Fixture {
  directory(): string;
  start(options?: Partial<LocalMesosOptions>): Promise<LocalMesos>;
}

/** Registers the set-up and the cleaning; what was started is stopped with its tasks. */
export function useLocalMesos(): Fixture {
  let directory = '';
  let started: LocalMesos[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'local-mesos-'));
  });
  afterEach(async () => {
    for (const mesos of started) await mesos.stop({ killTasks: true });
    started = [];
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    directory: () => directory,
    async start(options = {}) {
      const mesos = await startLocalMesos({
        stateDir: join(directory, 'state'),
        agents: [AGENT],
        allocationIntervalMs: 100,
        ...options,
      });
      started.push(mesos);
      return mesos;
    },
  };
}
