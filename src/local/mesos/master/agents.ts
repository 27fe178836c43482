// Agents: added, and lost.
import { killTask } from '../agent/kill.ts';
import { dismissKeeper } from '../agent/task-process.ts';
import { sessionMembers, signal } from '../agent/proc.ts';
import { agentAttributes } from '../options.ts';
import type { AgentSpec } from '../options.ts';
import { isOnRecord } from './away.ts';
import { agentResources, makeDisks } from './agent-resources.ts';
import { rescindInverseOffers } from './inverse-offers.ts';
import { hasCapability, nowSeconds, sendEvent } from './master.ts';
import type { Master } from './master.ts';
import { allocateNow, offersOf, rescindOffers } from './offers.ts';
import { tellOperators } from './operator-events.ts';
import { taskKey } from './state.ts';
import type { Agent, LostTask, Task } from './state.ts';
import { forgetTask, sendMasterStatus } from './task-updates.ts';
import { isTerminal } from './terminal.ts';

/** Port of the first agent in `url` of offers, as Mesos' agents have it. Nothing listens there. */
const FIRST_AGENT_PORT = 5051;

/**
 * How an agent goes: its process is gone for the moment (`disconnected`); it is out of reach while its tasks run on
 * (`unreachable`); its machine is lost with all that ran there (`powerCut`); it says goodbye, and ends its tasks
 * (`unregistered`); an operator declares it gone, and it may never come back under its id (`gone`).
 */
export const AGENT_LOSSES = ['disconnected', 'unreachable', 'powerCut', 'unregistered', 'gone'] as const;
export type AgentLoss = (typeof AGENT_LOSSES)[number];

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

/**
 * Loses an agent, also one that is away already. Reservations and volumes go with it; they are back when it is, unless it
 * is `gone`.
 */
export function removeAgent(
  master: Master,
  agent: Agent,
  loss: AgentLoss,
  why = 'the agent unregistered',
): void {
  const { id } = agent;
  const wasOnRecord = isOnRecord(master, id);
  rescindOffers(master, offersOf(master, { agentId: id }));
  rescindInverseOffers(master, id);
  if (loss !== 'disconnected' && wasOnRecord) tellFrameworks(master, agent, { loss, why });
  else if (loss === 'gone') tellThatGone(master, agent);
  if (loss !== 'disconnected' && loss !== 'unreachable') endAll(master, agent);
  delete master.state.agents[id];
  if (loss === 'gone') {
    delete master.state.awayAgents[id];
    master.state.goneAgents = [...master.state.goneAgents, id].slice(-MAX_GONE_AGENTS);
  } else {
    master.state.awayAgents[id] = { agent, absence: loss, sinceMs: Date.now(), kills: {} };
  }
  master.changed();
  if (loss !== 'disconnected' && wasOnRecord) tellOperators(master, { type: 'AGENT_REMOVED', agent });
}

/** Puts all agents out of reach of a master that has just taken over: it learns of their tasks when they register again. */
export function awaitAgents(master: Master): void {
  for (const agent of Object.values(master.state.agents)) {
    master.state.awayAgents[agent.id] = { agent, absence: 'recovering', sinceMs: Date.now(), kills: {} };
    delete master.state.agents[agent.id];
  }
  for (const away of Object.values(master.state.awayAgents))
    if (away.absence === 'disconnected') away.absence = 'recovering';
  master.changed();
}

/** Ends tasks and executors of an agent without a word about them. */
function endAll(master: Master, agent: Agent): void {
  for (const task of Object.values(master.state.tasks))
    if (task.agentId === agent.id) {
      killNow(master, task);
      forgetTask(master, task);
    }
  for (const [key, executor] of Object.entries(master.state.executors))
    if (executor.agentId === agent.id) delete master.state.executors[key];
  master.state.operations = master.state.operations.filter(({ agentId }) => agentId !== agent.id);
}

/** Ids that are remembered; a real master keeps 100 000. */
const MAX_GONE_AGENTS = 1000;

interface Loss {
  loss: Exclude<AgentLoss, 'disconnected'>;
  /** Why an agent unregistered. */
  why: string;
}

function tellFrameworks(master: Master, agent: Agent, loss: Loss): void {
  for (const task of Object.values(master.state.tasks))
    if (task.agentId === agent.id && !task.orphaned && !hasEnded(task)) tellLost(master, agent, task, loss);
  for (const frameworkId of Object.keys(master.state.frameworks))
    sendEvent(master, frameworkId, { type: 'FAILURE', failure: { agent_id: { value: agent.id } } });
}

/** Of tasks whose agent was out of reach until it was declared gone. */
function tellThatGone(master: Master, agent: Agent): void {
  for (const lost of Object.values(master.state.lostTasks)) {
    if (lost.agentId !== agent.id) continue;
    lost.state = 'TASK_GONE_BY_OPERATOR';
    sendLost(master, lost, { ...LOSS_STATUS.gone, message: GONE_MESSAGE });
  }
}

/** Notes a kill of a task whose agent has to come back before it can hear of it. */
export function killWhenBack(master: Master, task: Task, graceMs: number): void {
  const away = master.state.awayAgents[task.agentId];
  if (away) away.kills[taskKey(task.frameworkId, task.id)] = graceMs;
  master.changed();
}

function hasEnded(task: Task): boolean {
  return isTerminal(task.statuses.at(-1)?.state ?? '');
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

const GONE_MESSAGE = 'Agent has been marked gone';
const UNREACHABLE = { state: 'TASK_UNREACHABLE', reason: 'REASON_AGENT_REMOVED' } as const;

const LOSS_STATUS = {
  unreachable: UNREACHABLE,
  powerCut: UNREACHABLE,
  // Even to the partition-aware, as recorded.
  unregistered: { state: 'TASK_LOST', reason: 'REASON_AGENT_REMOVED' },
  gone: { state: 'TASK_GONE_BY_OPERATOR', reason: 'REASON_AGENT_REMOVED_BY_OPERATOR' },
} as const;

function tellLost(master: Master, agent: Agent, task: Task, { loss, why }: Loss): void {
  const { state, reason } = LOSS_STATUS[loss];
  const lost = { frameworkId: task.frameworkId, taskId: task.id, agentId: agent.id, lostAtMs: Date.now() };
  if (state !== 'TASK_LOST') master.state.lostTasks[taskKey(task.frameworkId, task.id)] = { ...lost, state };
  const message = {
    unreachable: 'health check timed out',
    powerCut: 'health check timed out',
    unregistered: `Agent ${agent.hostname} removed: ${why}`,
    gone: GONE_MESSAGE,
  }[loss];
  sendLost(master, lost, { state, reason, message });
}

function sendLost(
  master: Master,
  { frameworkId, taskId, agentId, lostAtMs }: Omit<LostTask, 'state'>,
  { state, reason, message }: { state: string; reason: string; message: string },
): void {
  const isAware = hasCapability(master.state.frameworks[frameworkId], 'PARTITION_AWARE');
  sendMasterStatus(master, frameworkId, {
    task_id: { value: taskId },
    state: isAware ? state : 'TASK_LOST',
    message,
    source: 'SOURCE_MASTER',
    reason,
    agent_id: { value: agentId },
    timestamp: nowSeconds(),
    ...(state === 'TASK_UNREACHABLE' ? { unreachable_time: { nanoseconds: lostAtMs * 1e6 } } : {}),
  });
}
