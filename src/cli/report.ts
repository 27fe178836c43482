// How errors are shown and which exit code they end with.
import { CommanderError } from 'commander';
import { ERRORS, MillraceError } from '../model/errors.ts';
import type { Io } from './io.ts';

/** Exit codes; those of errors are in the table of errors. */
export const EXIT = { OK: 0, FAILED: 1, USAGE: 2, NOT_FOUND: 3, CONFLICT: 4, PERSON: 5, REFUSED: 6 } as const;

/** Writes the error where people and scripts look for it and returns the exit code. */
export function report(error: unknown, io: Io): number {
  // Commander has written its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
  if (error instanceof MillraceError) {
    io.err(`millrace: ${error.message}\n`);
    return ERRORS[error.code].exit;
  }
  io.err(
    `millrace: an error of its own, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.FAILED;
}

/** The error of a spec from a file: every issue with file, line and column. */
export function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof MillraceError) || !error.issues || error.issues.length === 0) return error;
  const lines = error.issues.map(({ line, column, message }) => {
    const where = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
    return `  ${where}: ${message}`;
  });
  return new MillraceError(
    error.code,
    [`${file} was refused and nothing was changed:`, ...lines].join('\n'),
    {
      issues: error.issues,
      cause: error,
    },
  );
}
