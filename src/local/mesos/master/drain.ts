// DEACTIVATE_AGENT, DRAIN_AGENT and REACTIVATE_AGENT. Rules and texts as in Mesos' http.cpp.
import { killGraceMs, killTask } from '../agent/kill.ts';
import { removeAgent } from './agents.ts';
import { isSameMachine, machineOf } from './machines.ts';
import type { Master } from './master.ts';
import { offersOf, rescindOffers } from './offers.ts';
import type { Agent } from './state.ts';

/** Keeps an agent from being offered; what it runs goes on. */
export function deactivateAgent(master: Master, agent: Agent): void {
  agent.deactivated = true;
  master.changed();
  rescindOffers(master, offersOf(master, { agentId: agent.id }));
}

/** Drains an agent: it is deactivated, and its tasks are killed. Gives the problem when it is refused. */
export function drainAgent(
  master: Master,
  agent: Agent,
  { maxGraceMs, markGone }: { maxGraceMs: number | undefined; markGone: boolean },
): string | undefined {
  const windows = master.state.maintenance?.windows ?? [];
  const machine = windows
    .flatMap(({ machine_ids: ids }) => ids ?? [])
    .find((id) => isSameMachine(id, machineOf(agent)));
  if (machine)
    return `Agent ${agent.id} is part of a maintenance schedule under Machine ${machine.hostname ?? ''} (${machine.ip ?? ''})`;
  deactivateAgent(master, agent);
  agent.drain = { state: 'DRAINING', markGone, startedAtMs: Date.now() };
  for (const task of Object.values(master.state.tasks)) {
    if (task.agentId !== agent.id || task.phase === 'ENDED') continue;
    task.drained = true;
    // The grace of the drain is a bound: a task whose own kill policy is shorter keeps that.
    killTask(master, task, Math.min(killGraceMs(master, task), maxGraceMs ?? Infinity));
  }
  finishDrains(master);
  return undefined;
}

/** Lets the next round of allocation offer an agent again. Gives the problem when it is refused. */
export function reactivateAgent(master: Master, agent: Agent | undefined): string | undefined {
  if (agent?.deactivated !== true) return 'Agent is not deactivated';
  if (agent.drain?.state === 'DRAINING') return 'Agent is still in the DRAINING state';
  delete agent.deactivated;
  delete agent.drain;
  master.changed();
  return undefined;
}

/** Ends the draining of agents that run nothing more and whose last updates are acknowledged. */
export function finishDrains(master: Master): void {
  for (const agent of Object.values(master.state.agents)) {
    if (agent.drain?.state !== 'DRAINING' || isBusy(master, agent)) continue;
    agent.drain.state = 'DRAINED';
    master.changed();
    if (agent.drain.markGone) removeAgent(master, agent, 'gone');
  }
}

function isBusy(master: Master, { id }: Agent): boolean {
  const { executors, operations, tasks } = master.state;
  return [...Object.values(executors), ...Object.values(tasks), ...operations].some(
    ({ agentId }) => agentId === id,
  );
}
