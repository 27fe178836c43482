// What tasks ask of their agent besides a command: limits, networks, images, secrets.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import type { LocalMesos } from '../../../src/local/mesos/index.ts';
import { useLocalMesos } from './support/fixture.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { TestScheduler } from './support/scheduler.ts';

const fixture = useLocalMesos();

describe('rlimits', () => {
  it('hold for the command', async () => {
    const { mesos, scheduler } = await run({
      command: 'ulimit -Sn; ulimit -Hn; ulimit -c; sleep 1000',
      container: {
        type: 'MESOS',
        rlimit_info: {
          rlimits: [
            { type: 'RLMT_NOFILE', soft: 100, hard: 200 },
            { type: 'RLMT_CORE', soft: 0, hard: 0 },
          ],
        },
      },
    });
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await eventually(() => {
      expect(readFileSync(join(sandboxOf(mesos), 'stdout'), 'utf8')).toBe('100\n200\n0\n');
    });
  });

  it('of one half end the task', async () => {
    const { scheduler } = await run({
      command: 'sleep 1000',
      container: { type: 'MESOS', rlimit_info: { rlimits: [{ type: 'RLMT_NOFILE', soft: 100 }] } },
    });
    expect(await scheduler.untilTask('t', 'TASK_FAILED')).toMatchObject({
      message: 'Command exited with status 1',
    });
  });
});

describe('a secret variable', () => {
  it('that holds its value is resolved', async () => {
    const { mesos, scheduler } = await run({
      command: {
        value: 'printf %s "$TOKEN"; sleep 1000',
        environment: {
          variables: [
            { name: 'TOKEN', type: 'SECRET', secret: { type: 'VALUE', value: { data: encoded('s3cret') } } },
          ],
        },
      },
    });
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await eventually(() => {
      expect(readFileSync(join(sandboxOf(mesos), 'stdout'), 'utf8')).toBe('s3cret');
    });
  });

  it('that only names its secret fails the task in the words of the default resolver', async () => {
    const { scheduler } = await run({
      command: {
        value: 'sleep 1000',
        environment: {
          variables: [
            {
              name: 'TOKEN',
              type: 'SECRET',
              secret: { type: 'REFERENCE', reference: { name: 'vault/token' } },
            },
          ],
        },
      },
    });
    expect(await scheduler.untilTask('t', 'TASK_FAILED')).toMatchObject({
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message: 'Default secret resolver cannot resolve references',
    });
  });

  it('without a secret is refused by the master', async () => {
    const { scheduler } = await run({
      command: { value: 'true', environment: { variables: [{ name: 'TOKEN', type: 'SECRET' }] } },
    });
    const refused = await scheduler.until('refusal', ({ update }) => update?.status.state === 'TASK_ERROR');
    expect(refused.update?.status.message).toBe(
      "Task 't' is invalid: Task's `CommandInfo` is invalid: Environment variable 'TOKEN' of type 'SECRET' must have a secret set",
    );
  });
});

describe('a container', () => {
  it.each([
    {
      what: 'an image',
      container: { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'kafka' } } } },
      message: 'Unsupported container image type: DOCKER',
    },
    {
      what: 'a CNI network',
      container: {
        type: 'MESOS',
        network_infos: [{ name: 'dcos', labels: { labels: [{ key: 'a', value: 'b' }] } }],
      },
      message: "Unknown CNI network 'dcos'",
    },
  ])('that asks for $what fails', async ({ container, message }) => {
    const { scheduler } = await run({ command: 'sleep 1000', container });
    expect(await scheduler.untilTask('t', 'TASK_FAILED')).toMatchObject({
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message,
    });
  });

  it('of the host network runs', async () => {
    const { scheduler } = await run({
      command: 'sleep 1000',
      container: { type: 'MESOS', network_infos: [{ labels: { labels: [{ key: 'a', value: 'b' }] } }] },
    });
    await scheduler.untilTask('t', 'TASK_RUNNING');
  });

  it('of Docker is refused within a group', async () => {
    const { scheduler } = await run({
      command: 'true',
      container: { type: 'DOCKER', docker: { image: 'kafka' } },
    });
    const refused = await scheduler.until('refusal', ({ update }) => update?.status.state === 'TASK_ERROR');
    expect(refused.update?.status.message).toBe(
      "Task 't' is invalid: Docker ContainerInfo is not supported on the task",
    );
  });
});

async function run(task: {
  command: object | string;
  container?: object;
}): Promise<{ mesos: LocalMesos; scheduler: TestScheduler }> {
  const mesos = await fixture.start();
  const scheduler = await subscribe(mesos.url);
  const offer = await scheduler.untilOffer();
  await scheduler.call(acceptOf([offer], [launchGroup(scheduler, offer.agent_id, { id: 't', ...task })]));
  return { mesos, scheduler };
}

function sandboxOf(mesos: LocalMesos): string {
  return mesos.state().tasks[0]?.sandbox ?? '';
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}
