// Agents: added, and lost.
import { killTask } from '../agent/kill.ts';
import { dismissKeeper } from '../agent/task-process.ts';
import { sessionMembers, signal } from '../agent/proc.ts';
import { agentAttributes } from '../options.ts';
import type { AgentSpec } from '../options.ts';
import { agentResources, makeDisks } from './agent-resources.ts';
import { rescindInverseOffers } from './inverse-offers.ts';
import { hasCapability, nowSeconds, sendEvent } from './master.ts';
import type { Master } from './master.ts';
import { allocateNow, offersOf, rescindOffers } from './offers.ts';
import { tellOperators } from './operator-events.ts';
import { taskKey } from './state.ts';
import type { Agent, Task } from './state.ts';
import { forgetTask, sendMasterStatus } from './task-updates.ts';

/** Port of the first agent in `url` of offers, as Mesos' agents have it. Nothing listens there. */
const FIRST_AGENT_PORT = 5051;

/** How an agent goes: it is silent (as after a power cut), it says goodbye, or an operator declares it gone. */
export type AgentLoss = 'unreachable' | 'unregistered' | 'gone';

/** Adds an agent and offers it at once. */
export function addAgent(master: Master, spec: AgentSpec): Agent {
  const number = ++master.state.agentsAdded;
  const begin = master.settings.firstPort + (number - 1) * master.settings.portsPerAgent;
  const ports = spec.ports ?? { begin, end: begin + master.settings.portsPerAgent - 1 };
  const resources = agentResources(spec, ports, makeDisks(master.settings.stateDir, number, spec));
  const agent: Agent = {
    id: `${master.id}-S${master.nextAgentNumber++}`,
    hostname: spec.hostname ?? `127.0.0.${number}`,
    port: FIRST_AGENT_PORT + number - 1,
    attributes: agentAttributes(spec, number),
    ...(spec.domain ? { domain: spec.domain } : {}),
    resources,
    total: resources,
    registeredAtMs: Date.now(),
  };
  master.state.agents[agent.id] = agent;
  master.changed();
  tellOperators(master, { type: 'AGENT_ADDED', agent });
  allocateNow(master, [agent.id]);
  return agent;
}

/** Loses an agent: its processes are killed, its frameworks are told. Reservations and volumes go with it. */
export function removeAgent(
  master: Master,
  agent: Agent,
  loss: AgentLoss,
  why = 'the agent unregistered',
): void {
  rescindOffers(master, offersOf(master, { agentId: agent.id }));
  rescindInverseOffers(master, agent.id);
  for (const task of Object.values(master.state.tasks))
    if (task.agentId === agent.id) {
      if (!task.orphaned) {
        tellLost(master, agent, task, loss, why);
      }
      killNow(master, task);
      forgetTask(master, task);
    }
  for (const [key, executor] of Object.entries(master.state.executors))
    if (executor.agentId === agent.id) delete master.state.executors[key];
  master.state.operations = master.state.operations.filter(({ agentId }) => agentId !== agent.id);
  delete master.state.agents[agent.id];
  master.changed();
  tellOperators(master, { type: 'AGENT_REMOVED', agent });
  for (const frameworkId of Object.keys(master.state.frameworks))
    sendEvent(master, frameworkId, { type: 'FAILURE', failure: { agent_id: { value: agent.id } } });
}

/** Kills all that a task runs without a word about it. */
export function killNow(master: Master, task: Task): void {
  task.updates = [];
  task.orphaned = true;
  const { process, keeper } = task;
  if (task.phase === 'LAUNCHING') killTask(master, task, 0);
  master.afterCommit(() => {
    if (process && task.phase !== 'ENDED') {
      signal(-process.pid, 'SIGKILL');
      for (const pid of sessionMembers(process.pid)) signal(pid, 'SIGKILL');
    }
    if (keeper) dismissKeeper(keeper);
  });
}

const LOSS_STATUS = {
  unreachable: { state: 'TASK_UNREACHABLE', reason: 'REASON_AGENT_REMOVED' },
  // Even to the partition-aware, as recorded.
  unregistered: { state: 'TASK_LOST', reason: 'REASON_AGENT_REMOVED' },
  gone: { state: 'TASK_GONE_BY_OPERATOR', reason: 'REASON_AGENT_REMOVED_BY_OPERATOR' },
} as const;

function tellLost(master: Master, agent: Agent, task: Task, loss: AgentLoss, why: string): void {
  const { state, reason } = LOSS_STATUS[loss];
  const isAware = hasCapability(master.state.frameworks[task.frameworkId], 'PARTITION_AWARE');
  const lostAtMs = Date.now();
  const message = {
    unreachable: 'health check timed out',
    unregistered: `Agent ${agent.hostname} removed: ${why}`,
    gone: 'Agent has been marked gone',
  }[loss];
  if (state !== 'TASK_LOST')
    master.state.lostTasks[taskKey(task.frameworkId, task.id)] = {
      frameworkId: task.frameworkId,
      taskId: task.id,
      agentId: agent.id,
      state,
      lostAtMs,
    };
  const status = {
    task_id: { value: task.id },
    state: isAware ? state : 'TASK_LOST',
    message,
    source: 'SOURCE_MASTER',
    reason,
    agent_id: { value: agent.id },
    timestamp: nowSeconds(),
    ...(loss === 'unreachable' ? { unreachable_time: { nanoseconds: lostAtMs * 1e6 } } : {}),
  };
  sendMasterStatus(master, task.frameworkId, status);
}
