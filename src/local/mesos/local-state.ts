// The summary of everything that GET /local/state gives.
import type { Master } from './master/master.ts';
import type { Resource } from '../../mesos/types.ts';
import type { Absence } from './master/state.ts';
import { volumesIn } from './master/operations.ts';
import { volumeDirectory } from './agent/sandbox.ts';

/** What local Mesos holds now, for people and tests. */
export interface LocalState {
  masterId: string;
  agents: {
    id: string;
    hostname: string;
    /** With reservations and volumes. */
    total: Resource[];
  }[];
  /** Agents that the master does not reach, and why; tasks of those that are only unreachable run on. */
  awayAgents: { id: string; hostname: string; absence: Absence; total: Resource[] }[];
  goneAgents: string[];
  frameworks: { id: string; name: string; connected: boolean; suppressedRoles: string[] }[];
  tasks: {
    frameworkId: string;
    id: string;
    agentId: string;
    executorId: string;
    /** Latest state, whether the scheduler knows it yet or not. */
    state: string;
    /** Process id of the command, once it is started and until it has ended. */
    pid?: number;
    sandbox: string;
  }[];
  executors: { frameworkId: string; id: string; agentId: string }[];
  reservations: { agentId: string; resource: Resource }[];
  volumes: { agentId: string; role: string; id: string; directory: string }[];
  offers: { id: string; frameworkId: string; agentId: string; role: string }[];
}

/** Sums the state up. */
export function localState(master: Master): LocalState {
  const { agents, awayAgents, executors, frameworks, tasks } = master.state;
  return {
    masterId: master.id,
    agents: Object.values(agents).map(({ id, hostname, total }) => ({ id, hostname, total })),
    awayAgents: Object.values(awayAgents).map(({ agent: { id, hostname, total }, absence }) => ({
      id,
      hostname,
      absence,
      total,
    })),
    goneAgents: master.state.goneAgents,
    frameworks: Object.values(frameworks).map(({ id, info, suppressedRoles }) => ({
      id,
      name: info.name,
      connected: master.streams.has(id),
      suppressedRoles,
    })),
    tasks: Object.values(tasks).map((task) => ({
      frameworkId: task.frameworkId,
      id: task.id,
      agentId: task.agentId,
      executorId: task.executorId,
      state: (task.updates.at(-1) ?? task.statuses.at(-1))?.state ?? 'TASK_STAGING',
      ...(task.process && task.phase !== 'ENDED' ? { pid: task.process.pid } : {}),
      sandbox: task.sandbox,
    })),
    executors: Object.values(executors)
      .filter(({ isDefault }) => isDefault)
      .map(({ frameworkId, id, agentId }) => ({ frameworkId, id, agentId })),
    reservations: Object.values(agents).flatMap(({ id, total }) =>
      total.filter(({ reservations }) => reservations).map((resource) => ({ agentId: id, resource })),
    ),
    volumes: Object.values(agents).flatMap((agent) =>
      volumesIn(agent.total).map((volume) => ({
        agentId: agent.id,
        role: volume.role,
        id: volume.id,
        directory: volumeDirectory(master.settings.stateDir, agent.id, volume),
      })),
    ),
    offers: [...master.offers.values()].map(({ id, frameworkId, agentId, role }) => ({
      id,
      frameworkId,
      agentId,
      role,
    })),
  };
}
