// COMMAND checks and health checks of tasks. A check reports; a health check that fails too often ends the task.
import { spawn } from 'node:child_process';
import type { Master } from '../master/master.ts';
import { executorKey, taskKey } from '../master/state.ts';
import type { Task } from '../master/state.ts';
import { queueUpdate } from '../master/task-updates.ts';
import type { CommandDescription } from '../wire/call-types.ts';
import { commandArgv, taskEnvironment } from './command.ts';
import { containerStatus } from './container-status.ts';
import { killGraceMs, killTask } from './kill.ts';

/** Mesos' defaults of CheckInfo and HealthCheck, in seconds. */
const DEFAULTS = { delay: 15, interval: 10, timeout: 20, grace: 10, failures: 3 };

/** Starts the checks of a task that runs; they end with it. */
export function startChecks(master: Master, task: Task): void {
  const { check, health_check: health } = task.description;
  if (check?.type === 'COMMAND' && check.command) {
    repeat(master, task, check, check.command.command, (exitCode) => {
      checked(master, task, exitCode);
    });
  }
  if (health?.type === 'COMMAND' && health.command) {
    const grace = (health.grace_period_seconds ?? DEFAULTS.grace) * 1000;
    const sinceMs = Date.now();
    let failures = 0;
    let wasHealthy = false;
    repeat(master, task, health, health.command, (exitCode) => {
      const healthy = exitCode === 0;
      if (!healthy && !wasHealthy && Date.now() - sinceMs < grace) return;
      const isNews = !healthy || task.healthy !== true;
      failures = healthy ? 0 : failures + 1;
      wasHealthy ||= healthy;
      task.healthy = healthy;
      if (isNews) report(master, task, 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED');
      if (failures >= (health.consecutive_failures ?? DEFAULTS.failures))
        killTask(master, task, killGraceMs(master, task));
    });
  }
}

function checked(master: Master, task: Task, exitCode: number): void {
  const status = { type: 'COMMAND', command: { exit_code: exitCode } };
  if (JSON.stringify(task.checkStatus) === JSON.stringify(status)) return;
  task.checkStatus = status;
  report(master, task, 'REASON_TASK_CHECK_STATUS_UPDATED');
}

function report(master: Master, task: Task, reason: string): void {
  queueUpdate(master, task, 'TASK_RUNNING', {
    reason,
    container_status: containerStatus(master, task, 'full'),
  });
}

interface Pace {
  delay_seconds?: number;
  interval_seconds?: number;
  timeout_seconds?: number;
}

function repeat(
  master: Master,
  task: Task,
  pace: Pace,
  command: CommandDescription,
  onResult: (exitCode: number) => void,
): void {
  const runs = (): boolean =>
    master.state.tasks[taskKey(task.frameworkId, task.id)] === task &&
    task.phase === 'STARTED' &&
    task.killAtMs === undefined;
  const once = (): void => {
    if (!runs()) return;
    void run(master, task, command, pace.timeout_seconds ?? DEFAULTS.timeout).then((exitCode) => {
      master.turn(() => {
        if (!runs()) return;
        onResult(exitCode);
        master.later((pace.interval_seconds ?? DEFAULTS.interval) * 1000, once);
      });
    });
  };
  master.later((pace.delay_seconds ?? DEFAULTS.delay) * 1000, once);
}

/** Exit code of the command; a command that cannot be started or takes too long counts as failed. */
function run(
  master: Master,
  task: Task,
  command: CommandDescription,
  timeoutSeconds: number,
): Promise<number> {
  const executor = master.state.executors[executorKey(task.agentId, task.frameworkId, task.executorId)];
  if (!executor) return Promise.resolve(1);
  const [program = '', ...rest] = commandArgv(command);
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd: task.sandbox,
      env: taskEnvironment(master, executor, task),
      stdio: 'ignore',
      timeout: timeoutSeconds * 1000,
      killSignal: 'SIGKILL',
    });
    child.once('error', () => {
      resolve(1);
    });
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
