// An agent that is back: its tasks, reservations and volumes are known again.
import { shutDownExecutor } from '../agent/containers.ts';
import { killTask } from '../agent/kill.ts';
import type { TaskStatus } from '../../../mesos/types.ts';
import { nowSeconds } from './master.ts';
import type { Master } from './master.ts';
import { allocateNow } from './offers.ts';
import { forwardOperation } from './operation-updates.ts';
import { tellOperators } from './operator-events.ts';
import { taskKey } from './state.ts';
import type { AwayAgent, Task } from './state.ts';
import { forgetTask, forwardUpdate, sendMasterStatus } from './task-updates.ts';
import { isTerminal } from './terminal.ts';

/** Registers an agent again, under its id. */
export function returnAgent(master: Master, away: AwayAgent): void {
  const { agent, absence, kills } = away;
  delete master.state.awayAgents[agent.id];
  master.state.agents[agent.id] = agent;
  for (const [key, { agentId }] of Object.entries(master.state.lostTasks))
    if (agentId === agent.id) delete master.state.lostTasks[key];
  endOrphans(master, agent.id);
  for (const task of Object.values(master.state.tasks)) {
    if (task.agentId !== agent.id || task.orphaned) continue;
    if (absence === 'unreachable') tellBack(master, task);
    forwardUpdate(master, task);
    const graceMs = kills[taskKey(task.frameworkId, task.id)];
    if (graceMs !== undefined) killTask(master, task, graceMs);
  }
  for (const pending of master.state.operations)
    if (pending.agentId === agent.id) forwardOperation(master, pending);
  master.changed();
  tellOperators(master, { type: 'AGENT_ADDED', agent });
  allocateNow(master, [agent.id]);
}

/** Frameworks that were removed meanwhile: what they run here ends now. */
function endOrphans(master: Master, agentId: string): void {
  const isGone = (owner: { agentId: string; frameworkId: string }): boolean =>
    owner.agentId === agentId && master.state.frameworks[owner.frameworkId] === undefined;
  for (const executor of Object.values(master.state.executors))
    if (isGone(executor)) shutDownExecutor(master, executor, { orphan: true });
  for (const task of Object.values(master.state.tasks))
    if (isGone(task) && task.phase === 'ENDED') forgetTask(master, task);
}

/** What was unreachable runs; what ended meanwhile says so itself. */
function tellBack(master: Master, task: Task): void {
  const latest = (task.updates.at(-1) ?? task.statuses.at(-1)) as
    (TaskStatus & { check_status?: object }) | undefined;
  if (latest && isTerminal(latest.state)) return;
  sendMasterStatus(master, task.frameworkId, {
    task_id: { value: task.id },
    state: latest?.state ?? 'TASK_STAGING',
    // The spelling is Mesos' own.
    message: 'Unreachable agent re-reregistered',
    source: 'SOURCE_MASTER',
    reason: 'REASON_AGENT_REREGISTERED',
    agent_id: { value: task.agentId },
    timestamp: nowSeconds(),
    ...(latest?.healthy === undefined ? {} : { healthy: latest.healthy }),
    ...(latest?.check_status ? { check_status: latest.check_status } : {}),
    ...(latest?.container_status ? { container_status: latest.container_status } : {}),
  });
}
