// Waits until a part of a stack works; when it does not, the failure shows what the part wrote last.
import { readFileSync } from 'node:fs';
import { MillraceError } from '../../model/errors.ts';
import type { Part } from './parts.ts';
import { isRunning, type ProcessRef } from './processes.ts';

const POLL_MS = 50;
/** The slowest is a worker that bundles its workflows, on a loaded machine. */
const TIMEOUT_MS = 60_000;
const LOG_LINES_SHOWN = 15;

/**
 * Waits until the part's check passes.
 *
 * @throws MillraceError COMPONENT_MISSING when its process ends or the time is over, with the end of its log; the reason of
 *   `signal` when that is aborted
 */
export async function awaitHealthy(
  name: string,
  part: Part,
  ref: ProcessRef,
  signal?: AbortSignal,
): Promise<void> {
  const endMs = Date.now() + TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    let reason: string;
    try {
      await part.check();
      if (isRunning(ref)) return;
      reason = 'its process has ended, and something else answers in its place';
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (!isRunning(ref)) throw failed(name, part, 'its process has ended');
    if (Date.now() > endMs)
      throw failed(name, part, `it does not work after ${TIMEOUT_MS / 1000} s: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function failed(name: string, part: Part, reason: string): MillraceError {
  const { logFile, command, args } = part.program;
  return new MillraceError(
    'COMPONENT_MISSING',
    `The part ${name} of the local stack was not started: ${reason}. It was: ${command} ${args.join(' ')}\n` +
      `The end of ${logFile}:\n${lastLines(logFile)}`,
  );
}

function lastLines(file: string): string {
  try {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    return lines
      .slice(-LOG_LINES_SHOWN)
      .map((line) => `  ${line}`)
      .join('\n');
  } catch (error) {
    return `  (${error instanceof Error ? error.message : String(error)})`;
  }
}
