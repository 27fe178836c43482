// The commands that a newcomer pastes, run as they are.
import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processesIn } from '../../../src/local/stack/index.ts';
import { readStackFile } from '../../../src/local/stack/stack-file.ts';

let home: string;
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'millrace-commands-test-')));
});
afterEach(async () => {
  await millrace('down', '--wipe');
  await rm(home, { recursive: true, force: true });
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command with its stacks, and its temporary directories, below `home`. */
function millrace(...args: string[]): Promise<Ended> {
  const env = { ...process.env, MILLRACE_HOME: home, TMPDIR: home };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/millrace.js', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

it('"demo --exit" installs, proves, uninstalls, leaves nothing, and says so in its last line', async () => {
  const { code, stdout, stderr } = await millrace('demo', '--exit');
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  const result: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  expect(result).toEqual({
    installed: true,
    brokers: 3,
    produced: 1000,
    consumed: 1000,
    left: 0,
    installSeconds: expect.any(Number),
  });
  expect(stdout).toContain('kafka%2Fdemo%2Finstall%231');
  expect(processesIn(home)).toEqual([]);
});

it('"up" starts a stack once, and "down" stops it all', async () => {
  const anyPorts = ['--temporal-port', '0', '--ui-port', '0', '--mesos-port', '0', '--api-port', '0'];
  const first = await millrace('up', ...anyPorts, '--agents', '2');
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
  const before = readStackFile(join(home, 'default'));

  const second = await millrace('up');
  expect(second.stdout).toContain('is up already');
  expect(readStackFile(join(home, 'default'))).toEqual(before);

  expect((await millrace('local', 'agent', 'add', '--cpus', '2')).stdout).toMatch(
    /Added agent \S+ on 127\.0\.0\.3/,
  );
  expect((await millrace('local', 'agent', 'list')).stdout.trimEnd().split('\n')).toHaveLength(4);
  expect(await millrace('local', 'agent', 'remove', 'nobody')).toMatchObject({ code: 3 });
  expect((await millrace('cluster', 'list')).code).toBe(0);

  await millrace('down');
  expect(processesIn(home)).toEqual([]);
  expect((await millrace('up')).stdout).toContain(before!.urls.api);
  expect((await millrace('local', 'agent', 'list')).stdout.trimEnd().split('\n')).toHaveLength(4);
});
