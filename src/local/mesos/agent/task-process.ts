// Starts a task's command as a process that outlives local Mesos and whose exit status is never lost.
//
// A keeper shell starts the command in a session of its own and then becomes `sleep`, which never reaps its child: the
// dead command stays a zombie whose exact wait status can be read in /proc, by this or by a later local Mesos, until the
// keeper is ended. The command waits at a gate, so that its pid is on record before it does anything; when local Mesos
// dies before it opens the gate, the command ends with NEVER_RAN_STATUS instead of running unknown to anybody.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ProcessRef } from '../master/state.ts';
import { refOf, signal } from './proc.ts';

/** The PATH of every task: Mesos' own, not the agent's. */
export const TASK_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How long a keeper sleeps: for ever, in a number that marks it. */
export const KEEPER_SLEEP_SECONDS = '2147483647';

/** Arguments: setsid, sh, sleep (absolute, because the task may have a PATH of its own), then the command. */
const KEEPER = `
setsid=$0 sh=$1 sleep=$2
shift 2
"$setsid" "$sh" -c 'read -r go <&3 || exit 125; exec "$@" 3<&-' "$sh" "$@" </dev/null >stdout 2>stderr &
echo $!
exec "$sleep" ${KEEPER_SLEEP_SECONDS} >/dev/null 3<&-
`;

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
export function startGated({ argv, cwd, env }: CommandLine): Promise<GatedProcess> {
  return new Promise((resolve, reject) => {
    const tools = toolPaths();
    const child = spawn(tools.sh, ['-c', KEEPER, tools.setsid, tools.sh, tools.sleep, ...argv], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    let said = '';
    child.once('error', reject);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    // The keeper closes its stdout when it becomes `sleep`: from then on nobody reaps the command.
    child.stdout?.once('end', () => {
      const task = refOf(Number(said.trim()));
      const keeper = child.pid === undefined ? undefined : refOf(child.pid);
      if (!task || !keeper) {
        reject(new Error(`the keeper of the command ended early (it said ${JSON.stringify(said)})`));
        return;
      }
      child.unref();
      const gate = child.stdio[3] as Writable;
      // The command may have died at the gate; its end is seen in /proc.
      gate.on('error', () => undefined);
      resolve({
        process: task,
        keeper,
        open: () => {
          gate.end('go\n');
        },
        abandon: () => {
          gate.end();
        },
      });
    });
  });
}

/** Ends the keeper of a command that has ended, which frees its pid. */
export function dismissKeeper(keeper: ProcessRef): void {
  if (refOf(keeper.pid)?.startTime === keeper.startTime) signal(keeper.pid, 'SIGKILL');
}

let found: { sh: string; setsid: string; sleep: string } | undefined;

function toolPaths(): { sh: string; setsid: string; sleep: string } {
  found ??= { sh: find('sh'), setsid: find('setsid'), sleep: find('sleep') };
  return found;
}

function find(tool: string): string {
  const path = TASK_PATH.split(':')
    .map((directory) => join(directory, tool))
    .find(existsSync);
  if (path === undefined)
    throw new Error(
      `local Mesos needs '${tool}' in ${TASK_PATH} to run tasks, and it is not there; install it (util-linux, coreutils)`,
    );
  return path;
}
