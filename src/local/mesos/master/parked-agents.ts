// Agents of a machine that is down: removed, and registered again when the machine is up, as an agent does that is started
// again on the same work directory after it was shut down: a new id, the old reservations, volumes and disks.
import { existsSync, renameSync } from 'node:fs';
import { agentDirectory } from '../agent/sandbox.ts';
import { removeAgent } from './agents.ts';
import type { Master } from './master.ts';
import { allocateNow } from './offers.ts';
import { tellOperators } from './operator-events.ts';
import type { Agent } from './state.ts';

/** Removes an agent; gives what is to be registered again later. */
export function parkAgent(master: Master, agent: Agent, why: string): Agent {
  const { deactivated: _deactivated, drain: _drain, ...parked } = agent;
  removeAgent(master, agent, 'unregistered', why);
  // It comes back with another id.
  delete master.state.awayAgents[agent.id];
  return parked;
}

/** Registers a parked agent. */
export function returnAgent(master: Master, parked: Agent): void {
  const id = `${master.id}-S${master.nextAgentNumber++}`;
  const agent: Agent = { ...parked, id, registeredAtMs: Date.now() };
  const { stateDir } = master.settings;
  const directory = agentDirectory(stateDir, parked.id);
  if (existsSync(directory)) renameSync(directory, agentDirectory(stateDir, id));
  master.state.agents[id] = agent;
  master.changed();
  tellOperators(master, { type: 'AGENT_ADDED', agent });
  allocateNow(master, [id]);
}
