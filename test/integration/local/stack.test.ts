// The stack as a handle: parts are killed and come back at the same address; what does not start says why.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStack, processesIn, startStack, type StackOptions } from '../../../src/local/stack/index.ts';
import { ensureComponents } from '../../../src/local/components/index.ts';

let home: string;
const options = (): StackOptions => ({ home, name: 'one', ports: { temporal: 0, ui: 0, mesos: 0, api: 0 } });
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-stack-test-'));
});
afterEach(async () => {
  await openStack({ home, name: 'one' })?.stop({ wipe: true });
  await rm(home, { recursive: true, force: true });
});

it('starts what was killed, at the same address, and takes one more worker', async () => {
  const stack = await startStack(options());
  const { urls } = stack;
  await stack.kill('temporal', 'SIGKILL');
  await stack.kill('worker-1', 'SIGKILL');
  expect(stack.missing()).toEqual(['temporal', 'worker-1']);
  const again = await startStack(options());
  expect(again.missing()).toEqual([]);
  expect(again.urls).toEqual(urls);
  expect(await again.startWorker()).toBe('worker-2');
  await again.stop({ wipe: true });
  expect(processesIn(home)).toEqual([]);
  expect(openStack({ home, name: 'one' })).toBeNull();
});

it('says which part did not start, with the end of its log, and stops the others', async () => {
  const components = await ensureComponents({ only: ['kafka', 'java', 'temporalCli'] });
  const start = startStack({ ...options(), components: { ...components, temporalCli: '/bin/false' } });
  await expect(start).rejects.toThrow(
    /The part temporal of the local stack was not started: its process has ended/,
  );
  expect(processesIn(home)).toEqual([]);
});

it('stops what was started when the start is given up', async () => {
  const controller = new AbortController();
  const start = startStack({ ...options(), signal: controller.signal });
  controller.abort(new Error('given up'));
  await expect(start).rejects.toThrow('given up');
  expect(processesIn(home)).toEqual([]);
});
