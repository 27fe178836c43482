// Which agents the master reaches, and what it knows of the others.
import type { Master } from './master.ts';
import type { Agent } from './state.ts';

/** Whether the agent is registered and connected: it hears the master, and the master hears it. */
export function isReachable(master: Master, agentId: string): boolean {
  return master.state.agents[agentId] !== undefined;
}

/** Whether the master counts the agent as its own: it does so for a while after the connection is gone. */
export function isOnRecord(master: Master, agentId: string): boolean {
  return isReachable(master, agentId) || master.state.awayAgents[agentId]?.absence === 'disconnected';
}

/** The agent, wherever it is. */
export function agentOf(master: Master, agentId: string): Agent | undefined {
  return master.state.agents[agentId] ?? master.state.awayAgents[agentId]?.agent;
}

/** Whether a new master still waits for this agent; for any agent, when none is named. */
export function isAwaited(master: Master, agentId: string | undefined): boolean {
  const away = Object.values(master.state.awayAgents);
  return away.some(
    ({ absence, agent }) => absence === 'recovering' && (agentId === undefined || agent.id === agentId),
  );
}
