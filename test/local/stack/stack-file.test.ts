// The record of a stack, and where it is kept.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { partOf, urlsOf } from '../../../src/local/stack/parts.ts';
import {
  millraceHome,
  readStackFile,
  writeStackFile,
  type StackFile,
} from '../../../src/local/stack/stack-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-stack-file-test-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const ports = { temporal: 1, ui: 2, mesos: 3, standbyMasters: [8, 9], api: 4, agents: 5, workers: [6] };
const file: StackFile = {
  version: 1,
  name: 'default',
  ports,
  urls: urlsOf(ports),
  agents: { count: 4, cpus: 1, memMb: 1, diskMb: 1 },
  heartbeatMs: 15_000,
  env: { SECRET: 'x' },
  components: { temporalCli: '/t', java: '/j', kafka: {} },
  processes: { api: { pid: 7, startTime: '8' } },
};

it('is read as it was written, and only its owner may read it', async () => {
  writeStackFile(directory, file);
  expect(readStackFile(directory)).toEqual(file);
  expect((await stat(join(directory, 'stack.json'))).mode & 0o777).toBe(0o600);
});

it('tells workers of all masters, also where it is older than masters that stand by', async () => {
  const mastersOf = (known: StackFile | null) =>
    partOf(directory, known!, 'worker-1').program.env['MILLRACE_MESOS_MASTERS'];
  expect(mastersOf(file)).toBe('http://127.0.0.1:3,http://127.0.0.1:8,http://127.0.0.1:9');
  const { standbyMasters: _none, ...olderPorts } = ports;
  await writeFile(join(directory, 'stack.json'), JSON.stringify({ ...file, ports: olderPorts }));
  expect(mastersOf(readStackFile(directory))).toBe('http://127.0.0.1:3');
});

it('that is not there is no stack', () => {
  expect(readStackFile(directory)).toBeNull();
});

it('that is broken is refused by name, not overwritten', async () => {
  await writeFile(join(directory, 'stack.json'), '{"version":1');
  expect(() => readStackFile(directory)).toThrow(join(directory, 'stack.json'));
});

it.each([
  [{ MILLRACE_HOME: '/a', XDG_STATE_HOME: '/b' }, '/a'],
  [{ MILLRACE_HOME: '', XDG_STATE_HOME: '/b' }, '/b/millrace'],
])('with %o is kept below %s', (environment, expected) => {
  expect(millraceHome(environment)).toBe(expected);
});
