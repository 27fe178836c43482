import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { isAlive, readStat } from '../../../src/local/mesos/agent/proc.ts';
import type { LocalMesos } from '../../../src/local/mesos/index.ts';
import type { Offer } from '../../../src/mesos/types.ts';
import { useLocalMesos } from './support/fixture.ts';
import { PRINCIPAL, RESERVATION, scalar, volume } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { TestScheduler } from './support/scheduler.ts';

const fixture = useLocalMesos();

function sandboxOf(mesos: LocalMesos, taskId: string): string {
  return mesos.state().tasks.find(({ id }) => id === taskId)?.sandbox ?? '';
}

async function launch(scheduler: TestScheduler, task: Parameters<typeof launchGroup>[2]): Promise<void> {
  const offer = await scheduler.untilOffer();
  await scheduler.call(acceptOf([offer], [launchGroup(scheduler, offer.agent_id, task)]));
}

/** Whether there is such a process, dead or alive. */
function exists(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** Whether an offer came after the first `seen` events. */
function cameAfter(scheduler: TestScheduler, seen: number, offer: Offer): boolean {
  return scheduler.events.slice(seen).some(({ offers }) => offers?.offers.includes(offer));
}

describe('a task', () => {
  it("runs in its sandbox with Mesos' environment and nothing inherited", async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    const environment = { variables: [{ name: 'GREETING', value: 'hello' }] };
    await launch(scheduler, { id: 't', command: { value: 'env; pwd; sleep 1000', environment } });
    await scheduler.untilTask('t', 'TASK_RUNNING');
    const sandbox = sandboxOf(mesos, 't');
    await eventually(() => {
      expect(readFileSync(join(sandbox, 'stdout'), 'utf8')).toContain(`\n${sandbox}\n`);
    });
    const names = [...readFileSync(join(sandbox, 'stdout'), 'utf8').matchAll(/^(\w+)=/gm)].map(
      ([, name]) => name,
    );
    expect(names.filter((name) => !name?.startsWith('MESOS_')).sort()).toEqual(['GREETING', 'PATH', 'PWD']);
    expect(readFileSync(join(sandbox, 'stdout'), 'utf8')).toContain(
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n',
    );
  });

  it('that does not end on SIGTERM is killed with all it started when its grace is over', async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    await launch(scheduler, {
      id: 't',
      command: "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.1; done",
      kill_policy: { grace_period: { nanoseconds: 300_000_000 } },
    });
    await scheduler.untilTask('t', 'TASK_RUNNING');
    const output = join(sandboxOf(mesos, 't'), 'stdout');
    await eventually(() => {
      expect(readFileSync(output, 'utf8')).toMatch(/^\d+\n$/);
    });
    const pids = [mesos.state().tasks[0]?.pid ?? 0, Number(readFileSync(output, 'utf8'))];
    expect(pids.map(exists)).toEqual([true, true]);
    await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't' } } });
    await scheduler.untilTask('t', 'TASK_KILLING');
    const killed = await scheduler.untilTask('t', 'TASK_KILLED');
    expect(killed.message).toBe('Command terminated with signal Killed');
    // The one that was left behind is reaped by whoever reaps orphans here.
    await eventually(() => {
      expect(exists(pids[0] ?? 0)).toBe(false);
    });
    expect(isAlive(readStat(pids[1] ?? 0))).toBe(false);
  });

  it('that exits with 143 on SIGTERM, as a JVM does, is told apart from one that dies of it', async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    await launch(scheduler, {
      id: 't',
      command: "trap 'exit 143' TERM; echo ready; while :; do sleep 0.05; done",
    });
    await scheduler.untilTask('t', 'TASK_RUNNING');
    await eventually(() => {
      expect(readFileSync(join(sandboxOf(mesos, 't'), 'stdout'), 'utf8')).toBe('ready\n');
    });
    await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't' } } });
    expect((await scheduler.untilTask('t', 'TASK_KILLED')).message).toBe('Command exited with status 143');
  });

  it('that is killed before it started ends as killed and never runs', async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    const offer = await scheduler.untilOffer();
    const marker = join(fixture.directory(), 'ran');
    let answer = (): void => undefined;
    const slow = createServer((_request, response) => {
      answer = () => response.end('late');
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const uri = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/file`;
    const asked = new Promise<void>((resolve) =>
      slow.once('request', () => {
        resolve();
      }),
    );
    const command = { value: `touch ${marker}`, uris: [{ value: uri }] };
    await scheduler.call(acceptOf([offer], [launchGroup(scheduler, offer.agent_id, { id: 't', command })]));
    await asked;
    await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't' } } });
    answer();
    const killed = await scheduler.untilTask('t', 'TASK_KILLED');
    expect(killed.reason).toBe('REASON_TASK_KILLED_DURING_LAUNCH');
    expect(existsSync(marker)).toBe(false);
    slow.close();
  });
});

describe('URIs', () => {
  it('are fetched before the command starts: files, URLs, archives, executables, cached', async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    const source = join(fixture.directory(), 'source');
    mkdirSync(join(source, 'inner'), { recursive: true });
    writeFileSync(join(source, 'inner', 'packed.txt'), 'packed');
    writeFileSync(join(source, 'run.sh'), '#!/bin/sh\ncat inner/packed.txt plain.txt served.txt\n');
    writeFileSync(join(source, 'plain.txt'), ' plain');
    execFileSync('tar', ['-C', source, '-czf', join(source, 'a.tgz'), 'inner']);
    let served = 0;
    const web = createServer((_request, response) => {
      served++;
      response.end(' served');
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const uris = [
      { value: `file://${source}/a.tgz` },
      { value: `${source}/run.sh`, executable: true },
      { value: `${source}/plain.txt` },
      {
        value: `http://127.0.0.1:${(web.address() as AddressInfo).port}/x`,
        output_file: 'served.txt',
        cache: true,
      },
    ];
    const used: string[] = [];
    for (const id of ['first', 'second']) {
      // The rest of the first offer may be offered again before the first task runs.
      const offer = await scheduler.untilOffer((one) => !used.includes(one.id.value));
      used.push(offer.id.value);
      const command = { value: './run.sh; sleep 1000', uris };
      await scheduler.call(acceptOf([offer], [launchGroup(scheduler, offer.agent_id, { id, command })]));
      await scheduler.untilTask(id, 'TASK_RUNNING');
      const file = join(sandboxOf(mesos, id), 'stdout');
      await eventually(() => {
        expect(readFileSync(file, 'utf8')).toBe('packed plain served');
      });
    }
    expect(served).toBe(1);
    web.close();
  });

  it('that cannot be fetched fail the task, and stderr says why', async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    await launch(scheduler, {
      id: 't',
      command: { value: 'true', uris: [{ value: 'file:///no/such/file' }] },
    });
    await scheduler.until('failure', ({ update }) => update?.status.state === 'TASK_STARTING');
    await eventually(() => {
      expect(mesos.state().tasks[0]?.state).toBe('TASK_FAILED');
    });
    expect(readFileSync(join(sandboxOf(mesos, 't'), 'stderr'), 'utf8')).toContain(
      "Failed to fetch 'file:///no/such/file': ENOENT",
    );
    const failed = await scheduler.untilTask('t', 'TASK_FAILED');
    expect(failed).toMatchObject({
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message: expect.stringMatching(
        /^Failed to fetch all URIs for container '.+': exited with status 1$/,
      ) as string,
    });
  });
});

describe('a persistent volume', () => {
  it('keeps its bytes over tasks, is offered again only when its pod is gone, and is removed by DESTROY', async () => {
    const mesos = await fixture.start();
    const scheduler = await subscribe(mesos.url);
    const reserved = [scalar('cpus', 1, [RESERVATION]), scalar('mem', 128, [RESERVATION])];
    const disk = scalar('disk', 100, [RESERVATION]);
    const first = await scheduler.untilOffer();
    const pod = {
      command: "trap '' TERM; echo x >> mnt/x; cat mnt/x; sleep 1000",
      resources: [scalar('cpus', 0.9, [RESERVATION]), scalar('mem', 96, [RESERVATION])],
      executorResources: [
        scalar('cpus', 0.1, [RESERVATION]),
        scalar('mem', 32, [RESERVATION]),
        volume('v', 100),
      ],
      container: {
        type: 'MESOS',
        volumes: [
          {
            mode: 'RW',
            container_path: 'mnt',
            source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'data' } },
          },
        ],
      },
      kill_policy: { grace_period: { nanoseconds: 400_000_000 } },
    };
    await scheduler.call(
      acceptOf(
        [first],
        [
          { type: 'RESERVE', id: { value: 'r' }, reserve: { resources: [...reserved, disk] } },
          { type: 'CREATE', id: { value: 'c' }, create: { volumes: [volume('v', 100)] } },
          launchGroup(scheduler, first.agent_id, { id: 'one', ...pod }),
        ],
      ),
    );
    await scheduler.untilTask('one', 'TASK_RUNNING');
    const output = (id: string): string => readFileSync(join(sandboxOf(mesos, id), 'stdout'), 'utf8');
    await eventually(() => {
      expect(output('one')).toBe('x\n');
    });
    const directory = mesos.state().volumes[0]?.directory ?? '';
    const pid = mesos.state().tasks[0]?.pid ?? 0;
    await scheduler.call({ type: 'KILL', kill: { task_id: { value: 'one' } } });
    const holds =
      (id: string) =>
      ({ resources }: { resources: { disk?: { persistence?: { id: string } } }[] }): boolean =>
        resources.some((resource) => resource.disk?.persistence?.id === id);
    const again = await scheduler.untilOffer(holds('v'));
    expect(isAlive(readStat(pid))).toBe(false);
    await scheduler.untilTask('one', 'TASK_KILLED');
    const seen = scheduler.events.length;
    await scheduler.call(acceptOf([again], [launchGroup(scheduler, again.agent_id, { id: 'two', ...pod })]));
    await scheduler.untilTask('two', 'TASK_RUNNING');
    await eventually(() => {
      expect(output('two')).toBe('x\nx\n');
    });
    await scheduler.call({
      type: 'SHUTDOWN',
      shutdown: { executor_id: { value: 'two-executor' }, agent_id: again.agent_id },
    });
    await scheduler.untilTask('two', 'TASK_KILLED');
    const last = await scheduler.untilOffer(
      (offer) => holds('v')(offer) && cameAfter(scheduler, seen, offer),
    );
    expect(existsSync(directory)).toBe(true);
    await scheduler.call(
      acceptOf(
        [last],
        [
          { type: 'DESTROY', id: { value: 'd' }, destroy: { volumes: [volume('v', 100)] } },
          { type: 'UNRESERVE', id: { value: 'u' }, unreserve: { resources: [...reserved, disk] } },
        ],
      ),
    );
    await scheduler.until(
      'UNRESERVE',
      ({ update_operation_status: one }) => one?.status.operation_id?.value === 'u',
    );
    expect(existsSync(directory)).toBe(false);
    expect(mesos.state()).toMatchObject({ reservations: [], volumes: [], tasks: [], executors: [] });
    expect(PRINCIPAL).toBe(RESERVATION.principal);
  });
});
