// Agents that go and come back.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { controlOf } from '../../support/local-mesos-control.ts';
import { isAlive, readStat } from '../../../src/local/mesos/agent/proc.ts';
import type { AgentLoss, LocalMesos } from '../../../src/local/mesos/index.ts';
import { useLocalMesos } from './support/fixture.ts';
import { RESERVATION, scalar, volume } from './support/resources.ts';
import { acceptOf, launchGroup, subscribe } from './support/scheduler.ts';
import type { Event, TestScheduler } from './support/scheduler.ts';

const fixture = useLocalMesos();

interface Running {
  mesos: LocalMesos;
  scheduler: TestScheduler;
  agentId: string;
  pid: number;
}

async function runTask(command = 'sleep 1000'): Promise<Running> {
  const mesos = await fixture.start({ updateRetryIntervalMs: 200 });
  const scheduler = await subscribe(mesos.url);
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
  await scheduler.untilTask('t', 'TASK_RUNNING');
  return { mesos, scheduler, agentId: offer.agent_id.value, pid: mesos.state().tasks[0]?.pid ?? 0 };
}

async function lose({ mesos, agentId, scheduler }: Running, loss: AgentLoss): Promise<void> {
  await controlOf(mesos.url).loseAgent(agentId, loss);
  if (loss !== 'disconnected')
    await scheduler.until('FAILURE', ({ failure }) => failure?.agent_id.value === agentId);
}

/** Answers to a RECONCILE of the task, without those that came before. */
async function reconciled({ scheduler, agentId }: Running): Promise<string> {
  const before = scheduler.events.filter(isReconciliation).length;
  await scheduler.call({
    type: 'RECONCILE',
    reconcile: { tasks: [{ task_id: { value: 't' }, agent_id: { value: agentId } }] },
  });
  await scheduler.until('reconciliation', () => scheduler.events.filter(isReconciliation).length > before);
  return scheduler.events.filter(isReconciliation).at(-1)?.update?.status.state ?? '';
}

function isReconciliation({ update }: Event): boolean {
  return update?.status.reason === 'REASON_RECONCILIATION';
}

/** Waits for an offer of the volume that came after the event of this index. */
async function untilVolumeOffered(scheduler: TestScheduler, after: number): Promise<void> {
  await scheduler.until(
    'offer of the volume',
    (event) =>
      scheduler.events.indexOf(event) >= after &&
      (event.offers?.offers ?? []).some(({ resources }) =>
        resources.some(({ disk }) => disk?.persistence?.id === 'v'),
      ),
  );
}

describe('an agent out of reach', () => {
  it('keeps its task running, and says so when it is back, without a uuid', async () => {
    const running = await runTask();
    const { mesos, scheduler, agentId, pid } = running;
    await lose(running, 'unreachable');
    expect(await reconciled(running)).toBe('TASK_UNREACHABLE');
    expect(isAlive(readStat(pid))).toBe(true);
    expect(mesos.state()).toMatchObject({
      agents: [],
      awayAgents: [{ id: agentId, absence: 'unreachable' }],
    });
    await controlOf(mesos.url).returnAgent(agentId);
    const { update } = await scheduler.until(
      'TASK_RUNNING',
      ({ update: one }) => one?.status.reason === 'REASON_AGENT_REREGISTERED',
    );
    expect(update?.status).toMatchObject({ task_id: { value: 't' }, state: 'TASK_RUNNING' });
    expect(update?.status.uuid).toBeUndefined();
    expect(await reconciled(running)).toBe('TASK_RUNNING');
    expect(mesos.state().tasks[0]?.pid).toBe(pid);
  });

  it('offers its reservations and volumes again when it is back', async () => {
    const running = await runTask('exit 0');
    const { mesos, scheduler, agentId } = running;
    await scheduler.untilTask('t', 'TASK_FINISHED');
    await untilVolumeOffered(scheduler, 0);
    const marker = join(mesos.state().volumes[0]?.directory ?? '', 'kept');
    writeFileSync(marker, '');
    await lose(running, 'unreachable');
    const before = scheduler.events.length;
    mesos.returnAgent(agentId);
    await untilVolumeOffered(scheduler, before);
    expect(existsSync(marker)).toBe(true);
  });

  it('tells of a task that ended meanwhile when it is back, with the true end', async () => {
    const go = join(fixture.directory(), 'go');
    const running = await runTask(`while [ ! -e ${go} ]; do sleep 0.05; done; exit 7`);
    await lose(running, 'unreachable');
    writeFileSync(go, '');
    await eventually(() => {
      expect(running.mesos.state().tasks[0]?.state).toBe('TASK_FAILED');
    });
    expect(running.scheduler.events.some(({ update }) => update?.status.state === 'TASK_FAILED')).toBe(false);
    running.mesos.returnAgent(running.agentId);
    expect((await running.scheduler.untilTask('t', 'TASK_FAILED')).message).toBe(
      'Command exited with status 7',
    );
  });

  it('ends the tasks of a framework that was removed meanwhile when it is back', async () => {
    const running = await runTask();
    await lose(running, 'unreachable');
    await running.scheduler.call({ type: 'TEARDOWN' });
    expect(isAlive(readStat(running.pid))).toBe(true);
    running.mesos.returnAgent(running.agentId);
    await eventually(() => {
      expect(isAlive(readStat(running.pid))).toBe(false);
      expect(running.mesos.state()).toMatchObject({ tasks: [], executors: [] });
    });
  });

  it('is out of reach still after a restart of local Mesos', async () => {
    const running = await runTask();
    await lose(running, 'unreachable');
    await running.mesos.stop();
    const again = await fixture.start();
    expect(again.state()).toMatchObject({ agents: [], awayAgents: [{ id: running.agentId }] });
    again.returnAgent(running.agentId);
    expect(again.state()).toMatchObject({ agents: [{ id: running.agentId }], tasks: [{ pid: running.pid }] });
  });

  it('that is declared gone may never come back, and its task is killed', async () => {
    const running = await runTask();
    const { mesos, scheduler, agentId, pid } = running;
    await lose(running, 'unreachable');
    await controlOf(mesos.url).loseAgent(agentId, 'gone');
    await scheduler.until(
      'TASK_GONE_BY_OPERATOR',
      ({ update }) => update?.status.reason === 'REASON_AGENT_REMOVED_BY_OPERATOR',
    );
    await eventually(() => {
      expect(isAlive(readStat(pid))).toBe(false);
    });
    await expect(controlOf(mesos.url).returnAgent(agentId)).rejects.toThrow('409');
    expect(await reconciled(running)).toBe('TASK_GONE_BY_OPERATOR');
  });
});

describe('an agent whose process is gone for the moment', () => {
  it('is not offered, its task counts as running, and a kill reaches it when it is back', async () => {
    const running = await runTask();
    const { mesos, scheduler, agentId, pid } = running;
    await lose(running, 'disconnected');
    expect(await reconciled(running)).toBe('TASK_RUNNING');
    await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't' }, agent_id: { value: agentId } } });
    expect(mesos.state().offers).toEqual([]);
    expect(isAlive(readStat(pid))).toBe(true);
    mesos.returnAgent(agentId);
    await scheduler.untilTask('t', 'TASK_KILLED');
  });
});

describe('an agent whose machine lost its power', () => {
  it('comes back with its volumes and without its tasks', async () => {
    const running = await runTask();
    const { mesos, scheduler, agentId, pid } = running;
    await lose(running, 'powerCut');
    expect(await reconciled(running)).toBe('TASK_UNREACHABLE');
    await eventually(() => {
      expect(isAlive(readStat(pid))).toBe(false);
    });
    const before = scheduler.events.length;
    await controlOf(mesos.url).returnAgent(agentId);
    await untilVolumeOffered(scheduler, before);
    expect(await reconciled(running)).toBe('TASK_GONE');
  });
});

it('an agent that is not away cannot come back', async () => {
  const { mesos, agentId } = await runTask();
  await expect(controlOf(mesos.url).returnAgent(agentId)).rejects.toThrow('404');
});
