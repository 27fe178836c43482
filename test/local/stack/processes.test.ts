// Processes of a stack: found by where they work, and never mistaken for a later one with the same pid.
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  awaitEnd,
  isRunning,
  processesIn,
  signalProcess,
  startProgram,
  stopProcess,
  type ProcessRef,
} from '../../../src/local/stack/processes.ts';
import { waitFor } from '../../support/wait-for.ts';

let directory: string;
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'millrace-processes-test-')));
});
afterEach(async () => {
  for (const ref of processesIn(directory)) signalProcess(ref, 'SIGKILL');
  await rm(directory, { recursive: true });
});

const shell = (script: string): Promise<ProcessRef> =>
  startProgram({
    command: '/bin/sh',
    args: ['-c', script],
    env: process.env,
    cwd: directory,
    logFile: join(directory, 'log'),
  });

it('a program writes to its log and is found by the directory it works in', async () => {
  const ref = await shell('echo hello; exec sleep 300');
  await waitFor(
    () => readFile(join(directory, 'log'), 'utf8'),
    (log) => log === 'hello\n',
    { describe: 'the log' },
  );
  expect(processesIn(directory)).toEqual([ref]);
  await stopProcess(ref, 5_000);
  expect(isRunning(ref)).toBe(false);
  expect(processesIn(directory)).toEqual([]);
});

it('a program that ignores SIGTERM is killed after the grace', async () => {
  const ref = await shell('trap "" TERM; echo deaf; while :; do sleep 0.1; done');
  await waitFor(
    () => readFile(join(directory, 'log'), 'utf8'),
    (log) => log === 'deaf\n',
    { describe: 'the trap to be set' },
  );
  await stopProcess(ref, 200);
  expect(isRunning(ref)).toBe(false);
});

it('a frozen program can be stopped', async () => {
  const ref = await shell('exec sleep 300');
  signalProcess(ref, 'SIGSTOP');
  await stopProcess(ref, 5_000);
  expect(isRunning(ref)).toBe(false);
});

it('a later process with the same pid is left alone', async () => {
  const ref = await shell('exec sleep 300');
  const former = { ...ref, startTime: '1' };
  expect(isRunning(former)).toBe(false);
  await stopProcess(former, 100);
  expect(isRunning(ref)).toBe(true);
});

it('a program that cannot be started is an error', async () => {
  const start = startProgram({
    command: '/no/such',
    args: [],
    env: {},
    cwd: directory,
    logFile: join(directory, 'log'),
  });
  await expect(start).rejects.toThrow('ENOENT');
});

it('the end of a program is seen', async () => {
  expect(await awaitEnd(await shell('exit 0'), 5_000)).toBe(true);
});
