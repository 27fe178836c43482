// Ends keepers that an earlier local Mesos started and died before it put them on record.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Master } from '../master/master.ts';
import { signal } from './proc.ts';
import { KEEPER_SCRIPT } from './task-process.ts';

/** Ends keepers in this state's sandboxes that no task knows. Their commands never passed the gate, or are long gone. */
export function endStrayKeepers(master: Master): void {
  const known = new Set(Object.values(master.state.tasks).map(({ keeper }) => keeper?.pid));
  const agents = join(resolve(master.settings.stateDir), 'agents');
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && !known.has(pid) && isKeeperIn(agents, pid)) signal(pid, 'SIGCONT');
  }
}

function isKeeperIn(directory: string, pid: number): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[2] === KEEPER_SCRIPT &&
      readlinkSync(`/proc/${pid}/cwd`).startsWith(`${directory}/`)
    );
  } catch {
    return false;
  }
}
