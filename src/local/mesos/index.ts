// Local Mesos: a master and its agents in one process, for trying Millrace out and for tests. It speaks the v1 scheduler
// and operator APIs and sends what a recorded Mesos 1.12 sent; its tasks are real processes of this machine. Linux only.
import { setTimeout } from 'node:timers/promises';
import { killTask } from './agent/kill.ts';
import { recoverTasks, watchProcesses } from './agent/watcher.ts';
import type { FaultRequest } from './faults/inject.ts';
import { listen } from './http/server.ts';
import { localState } from './local-state.ts';
import type { LocalState } from './local-state.ts';
import { addAgent, awaitAgents, removeAgent } from './master/agents.ts';
import type { AgentLoss } from './master/agents.ts';
import { agentOf } from './master/away.ts';
import { awaitFailover } from './master/frameworks.ts';
import { createMaster } from './master/master.ts';
import type { Master } from './master/master.ts';
import { allocateNow } from './master/offers.ts';
import { returnAgent } from './master/return-agent.ts';
import type { Task } from './master/state.ts';
import { createMasters, registerAgents } from './masters/masters.ts';
import type { FailoverTimes, Masters } from './masters/masters.ts';
import { settingsOf } from './options.ts';
import type { AgentSpec, LocalMesosOptions } from './options.ts';

export type { AgentLoss, AgentSpec, FailoverTimes, FaultRequest, LocalMesosOptions, LocalState, Masters };

export interface LocalMesos {
  /** `http://127.0.0.1:<port>`, or https */
  readonly url: string;
  addAgent(spec: AgentSpec): { id: string; hostname: string };
  /** Loses an agent with all it runs. @throws Error when there is no such agent */
  removeAgent(id: string, loss?: AgentLoss): void;
  /** Has an agent register again. @throws Error when none of this id is away */
  returnAgent(id: string): void;
  /** The masters: one leads, the others stand by. */
  readonly masters: Masters;
  /** Runs a round of allocation now, without waiting for the interval; makes tests fast and their offers predictable. */
  allocate(): void;
  state(): LocalState;
  /** Stops serving. Tasks go on and are found again by the next start on the same directory, unless `killTasks`. Once is enough. */
  stop(options?: { killTasks?: boolean }): Promise<void>;
}

/**
 * Starts local Mesos on a state directory: what an earlier one left there is taken up.
 * @throws Error when the port is taken, the state is of another version, or the system is not Linux
 */
export async function startLocalMesos(options: LocalMesosOptions): Promise<LocalMesos> {
  if (process.platform !== 'linux')
    throw new Error(
      `Local Mesos reads /proc and needs Linux; this is ${process.platform}. Nothing was started.`,
    );
  const master = createMaster(settingsOf(options));
  const server = await listen(master, () => ({ master, masters }));
  const masters = createMasters(master, server);
  master.turn(() => {
    const held = Object.keys({ ...master.state.agents, ...master.state.awayAgents }).length;
    for (const spec of (options.agents ?? []).slice(held)) addAgent(master, spec);
    recoverTasks(master);
    awaitRegistrations(master);
    for (const frameworkId of Object.keys(master.state.frameworks)) awaitFailover(master, frameworkId);
  });
  watchProcesses(master);
  allocateRegularly(master);
  return {
    url: masters.urls[0] ?? '',
    masters,
    addAgent: (spec) => {
      const { id, hostname } = addAgent(master, spec);
      master.commit();
      return { id, hostname };
    },
    removeAgent: (id, loss = 'powerCut') => {
      const agent = agentOf(master, id);
      if (!agent) throw new Error(`There is no agent '${id}' to remove.`);
      removeAgent(master, agent, loss);
      master.commit();
    },
    returnAgent: (id) => {
      const away = master.state.awayAgents[id];
      if (!away) throw new Error(`There is no agent '${id}' that is away.`);
      returnAgent(master, away);
      master.commit();
    },
    allocate: () => {
      allocateNow(master);
      master.commit();
    },
    state: () => localState(master),
    stop: async ({ killTasks = false } = {}) => {
      if (master.stopped) return;
      if (killTasks) await killAll(master);
      master.commit();
      master.stopped = true;
      for (const timer of master.timers) clearTimeout(timer);
      await server.close();
    },
  };
}

/** After a restart agents take their time to find the master, as far as that was asked for. */
function awaitRegistrations(master: Master): void {
  const { reregistrationMs } = master.settings;
  if (reregistrationMs > 0 && master.state.starts > 1) awaitAgents(master);
  if (reregistrationMs === 0) registerAgents(master);
  else
    master.later(reregistrationMs, () => {
      registerAgents(master);
    });
}

function allocateRegularly(master: Master): void {
  master.later(master.settings.allocationIntervalMs, () => {
    allocateNow(master);
    allocateRegularly(master);
  });
}

/** How long killed tasks may take to be gone; SIGKILL takes milliseconds. */
const KILL_LIMIT_MS = 10_000;

/** Kills all tasks and waits until they are gone; their ends are told when their frameworks subscribe again. */
async function killAll(master: Master): Promise<void> {
  const alive = (): Task[] => Object.values(master.state.tasks).filter(({ phase }) => phase !== 'ENDED');
  master.turn(() => {
    for (const task of alive()) killTask(master, task, 0);
  });
  const endMs = Date.now() + KILL_LIMIT_MS;
  while (alive().length > 0) {
    if (Date.now() > endMs)
      throw new Error(
        `These tasks could not be killed: ${alive()
          .map(({ id }) => id)
          .join(', ')}`,
      );
    await setTimeout(POLL_MS);
  }
}

const POLL_MS = 20;
