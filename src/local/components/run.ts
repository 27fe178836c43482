// Runs a program of the machine: its output line by line, its end as a result.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Lines of output that are kept to explain a failure. */
const LINES_KEPT = 30;

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Called with each line of standard output and standard error. */
  onLine?: (line: string) => void;
}

/** `code` is null when the program could not be started or was killed; `output` holds the last lines. */
export interface RunResult {
  code: number | null;
  stdout: string;
  output: string;
}

/** Runs a program to its end; never throws. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const kept: string[] = [];
  const stdout: string[] = [];
  const take = (line: string) => {
    kept.push(line);
    if (kept.length > LINES_KEPT) kept.shift();
    options.onLine?.(line);
  };
  createInterface(child.stdout).on('line', (line) => {
    stdout.push(line);
    take(line);
  });
  createInterface(child.stderr).on('line', take);
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      kept.push(error.message);
      resolve(null);
    });
    child.on('close', resolve);
  });
  return { code, stdout: stdout.join('\n'), output: kept.join('\n') };
}
