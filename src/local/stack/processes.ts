// Starts, finds and stops the processes of a stack. They outlive whoever started them; each writes to its own log file.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, readStat, refOf, signal, statOf } from '../mesos/agent/proc.ts';

/** A process, told from a later one with the same pid by its start time. */
export interface ProcessRef {
  pid: number;
  startTime: string;
}

export interface Program {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  logFile: string;
}

const POLL_MS = 20;
/** A killed process is gone in milliseconds; one that is not hangs in the kernel. */
const KILLED_LIMIT_MS = 10_000;

/**
 * Starts a program in a session of its own: the terminal's Ctrl-C does not reach it.
 *
 * @throws Error when it cannot be started
 */
export async function startProgram({ command, args, env, cwd, logFile }: Program): Promise<ProcessRef> {
  const log = openSync(logFile, 'a');
  try {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => {
        resolve(child.pid!);
      });
    });
    child.unref();
    // A process that has ended already has no start time any more; its record then never matches a living one.
    return refOf(pid) ?? { pid, startTime: 'ended' };
  } finally {
    closeSync(log);
  }
}

export const isRunning = (ref: ProcessRef) => isAlive(statOf(ref));

/** Sends a signal to exactly this process; one that is gone is no error. */
export function signalProcess(ref: ProcessRef, name: NodeJS.Signals): void {
  if (isRunning(ref)) signal(ref.pid, name);
}

/** Waits until a process is gone; false when the time is over. */
export async function awaitEnd(ref: ProcessRef, timeoutMs: number): Promise<boolean> {
  const endMs = Date.now() + timeoutMs;
  while (isRunning(ref)) {
    if (Date.now() > endMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

/** Asks a process to end, and kills it when it has not after `graceMs`. */
export async function stopProcess(ref: ProcessRef, graceMs: number): Promise<void> {
  // One that was frozen must run to see the signal.
  signalProcess(ref, 'SIGCONT');
  signalProcess(ref, 'SIGTERM');
  if (await awaitEnd(ref, graceMs)) return;
  signalProcess(ref, 'SIGKILL');
  await awaitEnd(ref, KILLED_LIMIT_MS);
}

/** Every living process that works in a directory or below it: the tasks of local Mesos, by their sandboxes. */
export function processesIn(directory: string): ProcessRef[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && worksIn(pid, directory) && isAlive(readStat(pid)))
    .flatMap((pid) => refOf(pid) ?? []);
}

function worksIn(pid: number, directory: string): boolean {
  try {
    const cwd = readlinkSync(join('/proc', String(pid), 'cwd')).replace(/ \(deleted\)$/, '');
    return cwd === directory || cwd.startsWith(`${directory}/`);
  } catch {
    return false;
  }
}

/** The command line of a process; empty when it is gone. */
export function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
