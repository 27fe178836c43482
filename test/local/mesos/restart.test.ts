// Local Mesos as a program that is killed: its state, its tasks and what it owes to schedulers survive.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { isAlive, readStat } from '../../../src/local/mesos/agent/proc.ts';
import type { LocalState } from '../../../src/local/mesos/index.ts';
import { RESERVATION, scalar, volume } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { TestScheduler } from './support/scheduler.ts';

const MAIN = fileURLToPath(new URL('../../../src/local/mesos/main.ts', import.meta.url));

let directory: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'local-mesos-'));
});
afterEach(async () => {
  await kill('SIGKILL');
  const url = await start(['--kill-tasks']);
  expect((await stateOf(url)).agents).toHaveLength(2);
  await kill('SIGTERM');
  rmSync(directory, { recursive: true, force: true });
});

async function start(flags: string[] = []): Promise<string> {
  const portFile = join(directory, 'port');
  rmSync(portFile, { force: true });
  const args = [
    MAIN,
    '--state',
    join(directory, 'state'),
    '--port-file',
    portFile,
    '--agents',
    '2',
    ...flags,
  ];
  running = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await eventually(() => {
    expect(existsSync(portFile)).toBe(true);
  });
  return `http://127.0.0.1:${readFileSync(portFile, 'utf8')}`;
}

async function kill(signal: NodeJS.Signals): Promise<void> {
  const child = running;
  running = undefined;
  if (!child) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

async function stateOf(url: string): Promise<LocalState> {
  return (await (await fetch(`${url}/local/state`)).json()) as LocalState;
}

async function runTask(scheduler: TestScheduler, command: string): Promise<void> {
  const offer = await scheduler.untilOffer();
  await scheduler.call(
    acceptOf(
      [offer],
      [
        { type: 'RESERVE', reserve: { resources: [scalar('disk', 50, [RESERVATION])] } },
        { type: 'CREATE', create: { volumes: [volume('v', 50)] } },
        launchGroup(scheduler, offer.agent_id, { id: 't', command }),
      ],
    ),
  );
}

describe('after local Mesos was killed with SIGKILL', () => {
  it('a running task has gone on untouched, and its framework is disconnected until it subscribes', async () => {
    const scheduler = await subscribe(await start());
    await runTask(scheduler, 'sleep 1000');
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await kill('SIGKILL');
    const url = await start();
    const before = await stateOf(url);
    expect(before.frameworks).toMatchObject([{ id: scheduler.frameworkId, connected: false }]);
    expect(before.volumes).toMatchObject([{ id: 'v', role: 'kafka' }]);
    const pid = before.tasks[0]?.pid ?? 0;
    expect(isAlive(readStat(pid))).toBe(true);
    const again = await subscribe(url, { frameworkId: scheduler.frameworkId });
    await again.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
    const { update } = await again.until(
      'reconciliation',
      ({ update: one }) => one?.status.reason === 'REASON_RECONCILIATION',
    );
    expect(update?.status).toMatchObject({ task_id: { value: 't' }, state: 'TASK_RUNNING' });
    await again.call({ type: 'KILL', kill: { task_id: { value: 't' } } });
    expect((await again.untilTask('t', 'TASK_KILLED')).message).toBe(
      'Command terminated with signal Terminated',
    );
    await eventually(() => {
      expect(isAlive(readStat(pid))).toBe(false);
    });
  });

  it('a task that ended meanwhile is reported with its true exit status', async () => {
    const scheduler = await subscribe(await start());
    const marker = join(directory, 'go');
    await runTask(scheduler, `while [ ! -e ${marker} ]; do sleep 0.05; done; exit 42`);
    await scheduler.untilTask('t', 'TASK_RUNNING');
    const pid =
      (await stateOf(`http://127.0.0.1:${readFileSync(join(directory, 'port'), 'utf8')}`)).tasks[0]?.pid ?? 0;
    await kill('SIGKILL');
    writeFileSync(marker, '');
    await eventually(() => {
      expect(isAlive(readStat(pid))).toBe(false);
    });
    const again = await subscribe(await start(), { frameworkId: scheduler.frameworkId });
    expect((await again.untilTask('t', 'TASK_FAILED')).message).toBe('Command exited with status 42');
  });

  it('an update that was not acknowledged comes again, with the same uuid', async () => {
    const scheduler = await subscribe(await start());
    await runTask(scheduler, 'sleep 1000');
    const first = await scheduler.until(
      'TASK_STARTING',
      ({ update }) => update?.status.state === 'TASK_STARTING',
    );
    await kill('SIGKILL');
    const again = await subscribe(await start(), { frameworkId: scheduler.frameworkId });
    const second = await again.until(
      'TASK_STARTING',
      ({ update }) => update?.status.state === 'TASK_STARTING',
    );
    expect(second.update?.status.uuid).toBe(first.update?.status.uuid);
    await again.untilTask('t', 'TASK_RUNNING');
  });

  it('a launch that was accepted happens once, however early the kill', async () => {
    const runs = join(directory, 'runs');
    const scheduler = await subscribe(await start());
    await runTask(scheduler, `echo run >> ${runs}; sleep 1000`);
    await kill('SIGKILL');
    const again = await subscribe(await start(), { frameworkId: scheduler.frameworkId });
    await again.untilTask('t', 'TASK_RUNNING');
    await eventually(() => {
      expect(readFileSync(runs, 'utf8')).toBe('run\n');
    });
  });
});

describe('SIGTERM', () => {
  it('stops local Mesos and leaves tasks running', async () => {
    const url = await start();
    const scheduler = await subscribe(url);
    await runTask(scheduler, 'sleep 1000');
    await scheduler.untilTask('t', 'TASK_RUNNING');
    const pid = (await stateOf(url)).tasks[0]?.pid ?? 0;
    await kill('SIGTERM');
    expect(isAlive(readStat(pid))).toBe(true);
  });
});
