// What was done to masters and agents while the recordings were made, as the same happening to local Mesos. The times are
// those of the recordings: of the note, or of what the master made of it.
import type { AgentLoss } from '../../../src/local/mesos/index.ts';
import type { Happening } from './replay.ts';

/** 04: SIGTERM, SIGSTOP, SIGKILL and SIGUSR1 to agents, MARK_AGENT_GONE, a master that starts again. */
export const AGENTS_LOST_AND_BACK: readonly Happening[] = [
  loses(2.539, 0, 'disconnected'),
  loses(5.6, 0, 'unreachable'),
  returns(8.7, 0),
  loses(17.8, 1, 'unreachable'),
  returns(26, 1),
  loses(34.0124, 0, 'disconnected'),
  loses(37.8, 0, 'unreachable'),
  returns(45, 0),
  loses(50.2462, 0, 'unregistered'),
  // It had been started once more.
  returns(67, 0),
  crashes(71.8854),
  { at: 72.9514, does: ({ masters }) => masters.elect(0) },
  registers(75.5, [0]),
];

/** 11: ZooKeeper starts, the leader is killed, ZooKeeper is killed. */
export const THREE_MASTERS: readonly Happening[] = [
  {
    at: 0,
    async does({ masters }) {
      await masters.crash();
      masters.forgetLeader();
      await masters.start(0);
    },
  },
  { at: 2.5514, does: ({ masters }) => masters.elect(0, 'recovering') },
  enters(5.2, 'serving'),
  registers(6, [0]),
  crashes(6.5851),
  { at: 10, does: ({ masters }) => masters.elect(2) },
  registers(10.77, [0]),
  {
    at: 10.7817,
    async does({ masters }) {
      await masters.crash();
      masters.forgetLeader();
    },
  },
];

/** 13: an agent is out of reach for a while, and the master is killed twice. */
export const REPLICATED_LOG: readonly Happening[] = [
  loses(24.5, 0, 'unreachable'),
  returns(30.6, 0),
  crashes(54.5007),
  { at: 54.8316, does: ({ masters }) => masters.elect(0, 'recovering') },
  enters(55.2, 'serving'),
  registers(57.5, [0]),
  registers(57.6, [1]),
  registers(58, [2]),
  crashes(69.3),
  { at: 69.5, does: ({ masters }) => masters.elect(0, 'starting') },
  enters(69.7, 'serving'),
  registers(71.9, [0]),
];

function loses(at: number, agent: number, loss: AgentLoss): Happening {
  return {
    at,
    does(mesos, agents) {
      mesos.removeAgent(agents[agent] ?? '', loss);
    },
  };
}

function returns(at: number, agent: number): Happening {
  return {
    at,
    does(mesos, agents) {
      mesos.returnAgent(agents[agent] ?? '');
    },
  };
}

function crashes(at: number): Happening {
  return { at, does: ({ masters }) => masters.crash() };
}

function enters(at: number, phase: 'serving'): Happening {
  return {
    at,
    does({ masters }) {
      masters.enter(phase);
    },
  };
}

/** Agents find the new master. */
function registers(at: number, which: readonly number[]): Happening {
  return {
    at,
    does({ masters }, agents) {
      masters.registerAgents(which.map((index) => agents[index] ?? ''));
    },
  };
}
