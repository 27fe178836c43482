// A control group that limits a process' share of the CPU.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const GROUPS = '/sys/fs/cgroup/cpu';
const PERIOD_US = 100_000;

export interface CpuLimit {
  /** What is limited, or why not. */
  readonly description: string;
  /** Puts a process and all its threads under the limit. */
  hold(pid: number): void;
  /** Takes the limit away; the processes must have ended. */
  remove(): void;
}

/** A limit by a control group of version 1, where this user may make one; else none, and the description says so. */
export function limitCpu(cores: number): CpuLimit {
  const group = join(GROUPS, `millrace-bench-${process.pid}`);
  try {
    if (!existsSync(join(GROUPS, 'cpu.cfs_quota_us')))
      throw new Error(`there is no ${GROUPS}/cpu.cfs_quota_us`);
    mkdirSync(group);
    writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
    writeFileSync(join(group, 'cpu.cfs_quota_us'), String(Math.round(PERIOD_US * cores)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      description: `CPU not limited (${reason})`,
      hold: () => undefined,
      remove: () => undefined,
    };
  }
  return {
    description: `${cores} cores by a CPU quota`,
    hold: (pid) => {
      writeFileSync(join(group, 'cgroup.procs'), String(pid));
    },
    remove: () => {
      rmdirSync(group);
    },
  };
}
