// Starts a task's command as a process that outlives local Mesos and whose exit status is never lost.
//
// A keeper shell starts the command in a session of its own and then stops itself, so that it does not reap its child: the
// dead command stays a zombie whose exact wait status can be read in /proc, by this or by a later local Mesos. Only then
// is the keeper continued, reaps the command and ends. The command waits at a gate, so that its pid is on record before
// it does anything; when local Mesos dies before it opens the gate, the command ends with NEVER_RAN_STATUS instead of
// running unknown to anybody.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import type { ProcessRef } from '../master/state.ts';
import { refOf, signal, statOf } from './proc.ts';

/** The PATH of every task: Mesos' own, not the agent's. */
export const TASK_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Arguments: setsid and sh (absolute, because the task may have a PATH of its own), then the command. */
export const KEEPER_SCRIPT = `
setsid=$0 sh=$1
shift
"$setsid" "$sh" -c 'read -r go <&3 || exit 125; exec "$@" 3<&-' "$sh" "$@" </dev/null >stdout 2>stderr &
echo $!
exec >&- 3<&-
kill -s STOP $$
wait
`;

/** A keeper stops itself within a millisecond; a machine that needs longer than this has other troubles. */
const KEEPER_LIMIT_MS = 10_000;

export interface GatedProcess {
  process: ProcessRef;
  keeper: ProcessRef;
  /** Lets the command run. */
  open(): void;
  /** Ends the command without having run it. */
  abandon(): void;
}

export interface CommandLine {
  /** Program and arguments. */
  argv: readonly string[];
  cwd: string;
  env: Record<string, string>;
}

/**
 * Starts a command behind its gate; stdout and stderr go to files of these names in `cwd`.
 * @throws Error when the system cannot start it
 */
export async function startGated({ argv, cwd, env }: CommandLine): Promise<GatedProcess> {
  const sh = toolPath('sh');
  const child = spawn(sh, ['-c', KEEPER_SCRIPT, toolPath('setsid'), sh, ...argv], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.stdout?.once('end', resolve);
  });
  const task = refOf(Number(said.trim()));
  const keeper = child.pid === undefined ? undefined : refOf(child.pid);
  if (!task || !keeper)
    throw new Error(`the keeper of the command ended early (it said ${JSON.stringify(said)})`);
  await untilStopped(keeper);
  child.unref();
  const gate = child.stdio[3] as Writable;
  // The command may have died at the gate; its end is seen in /proc.
  gate.on('error', () => undefined);
  return {
    process: task,
    keeper,
    open: () => {
      gate.end('go\n');
    },
    abandon: () => {
      gate.end();
    },
  };
}

/** Lets the keeper of a command that has ended reap it and end. */
export function dismissKeeper(keeper: ProcessRef): void {
  if (statOf(keeper)) signal(keeper.pid, 'SIGCONT');
}

async function untilStopped(keeper: ProcessRef): Promise<void> {
  const endMs = Date.now() + KEEPER_LIMIT_MS;
  while (statOf(keeper)?.state !== 'T') {
    if (Date.now() > endMs) throw new Error(`the keeper ${keeper.pid} of the command did not stop itself`);
    await setTimeout(1);
  }
}

/** Where a tool lies that local Mesos needs to run tasks. @throws Error when it is not there */
export function toolPath(tool: string): string {
  const path = TASK_PATH.split(':')
    .map((directory) => join(directory, tool))
    .find(existsSync);
  if (path === undefined)
    throw new Error(
      `local Mesos needs '${tool}' in ${TASK_PATH} to run tasks, and it is not there; install it (util-linux, coreutils)`,
    );
  return path;
}
