// Reads /proc: whether a process lives, how it ended, who is in its session.
import { readFileSync, readdirSync } from 'node:fs';
import type { ProcessRef } from '../master/state.ts';

export interface ProcStat {
  pid: number;
  /** One letter; Z is a zombie, X is dead. */
  state: string;
  session: number;
  startTime: string;
  /** The raw wait status, readable by the same user while the process is a zombie. */
  exitCode: number;
}

/** The stat of a process, or undefined when there is none. */
export function readStat(pid: number): ProcStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in parentheses may hold anything, so what follows it is counted: state is field 3 of proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  return {
    pid,
    state: field(3),
    session: Number(field(6)),
    startTime: field(22),
    exitCode: Number(field(52)),
  };
}

/** The stat of exactly this process, not of a later one with its pid. */
export function statOf(process: ProcessRef): ProcStat | undefined {
  const stat = readStat(process.pid);
  return stat?.startTime === process.startTime ? stat : undefined;
}

/** A reference to a process that lives now. */
export function refOf(pid: number): ProcessRef | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTime: stat.startTime };
}

export function isAlive(stat: ProcStat | undefined): boolean {
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/** Pids of the living processes of a session. */
export function sessionMembers(session: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat?.session === session && isAlive(stat))
    .map((stat) => stat?.pid ?? 0);
}

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
