// Several masters on one state, as on a replicated log: one leads and has its own memory of streams, offers and agents; when
// it goes, another takes over with none of that.
import { randomUUID } from 'node:crypto';
import type { HttpServer } from '../http/server.ts';
import { awaitAgents } from '../master/agents.ts';
import { awaitFailover } from '../master/frameworks.ts';
import type { Master } from '../master/master.ts';
import { returnAgent } from '../master/return-agent.ts';
import type { MasterPhase } from './election.ts';

/** When what happens in a failover; each time counts from the step before it. */
export interface FailoverTimes {
  /** The others still redirect to the dead leader. @default 500 */
  namesDeadMs?: number;
  /** Nobody leads, and the others answer 503. @default 500 */
  leaderlessMs?: number;
  /** The new leader reads its log, and answers 503. @default 200 */
  recoveryMs?: number;
  /** Agents have yet to register with the new leader, which is silent about their tasks. @default 500 */
  reregistrationMs?: number;
}

const TIMES: Required<FailoverTimes> = {
  namesDeadMs: 500,
  leaderlessMs: 500,
  recoveryMs: 200,
  reregistrationMs: 500,
};

export interface Masters {
  /** `http://127.0.0.1:<port>` of each, whether it is up or not. */
  readonly urls: readonly string[];
  /** Index of the one that leads, if one does. */
  leader(): number | undefined;
  /** Ends the leader: its connections are cut, its port is closed. The others name it until `forgetLeader` or `elect`. */
  crash(): Promise<void>;
  /** Starts a master that is down; it stands by. */
  start(seat: number): Promise<void>;
  /** Lets the others know that nobody leads. */
  forgetLeader(): void;
  /** Makes a master lead, by default the next; starts it when it is down. Agents have yet to register with it. */
  elect(seat?: number, phase?: MasterPhase): Promise<void>;
  /** Lets the leader answer as one that is in this phase. */
  enter(phase: MasterPhase): void;
  /** Lets agents register with the leader: these, or all that have yet to. */
  registerAgents(ids?: readonly string[]): void;
  /** All of this with times between; done when the agents are registered and the former leader is up again. */
  failOver(times?: FailoverTimes): Promise<void>;
}

/** The masters that listen on these ports. */
export function createMasters(master: Master, server: HttpServer): Masters {
  const { election } = master;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      master.later(ms, resolve);
    });
  const masters: Masters = {
    urls: master.ports.map((port) => `${master.settings.tls ? 'https' : 'http'}://127.0.0.1:${port}`),
    leader: () => election.leader,
    async crash() {
      const { leader } = election;
      if (leader === undefined) return;
      election.leader = undefined;
      master.turn(() => {
        forgetMemory(master);
      });
      await server.shut(leader);
    },
    async start(seat) {
      if (!master.stopped) await server.open(seat);
    },
    forgetLeader() {
      election.named = undefined;
    },
    async elect(seat = ((election.named ?? 0) + 1) % master.ports.length, phase = 'serving') {
      if (master.stopped) return;
      await masters.start(seat);
      master.id = randomUUID();
      master.startedAtMs = Date.now();
      master.port = master.ports[seat] ?? 0;
      Object.assign(election, { leader: seat, named: seat });
      masters.enter(phase);
    },
    enter(phase) {
      election.phase = phase;
      if (phase === 'serving')
        master.turn(() => {
          for (const id of Object.keys(master.state.frameworks)) awaitFailover(master, id);
        });
    },
    registerAgents(ids) {
      master.turn(() => {
        registerAgents(master, ids);
      });
    },
    async failOver(times = {}) {
      const { namesDeadMs, leaderlessMs, recoveryMs, reregistrationMs } = { ...TIMES, ...times };
      const former = election.leader ?? 0;
      const next = (former + 1) % master.ports.length;
      await masters.crash();
      await pause(namesDeadMs);
      masters.forgetLeader();
      await pause(leaderlessMs);
      await masters.elect(next, 'recovering');
      await pause(recoveryMs);
      masters.enter('serving');
      await pause(reregistrationMs);
      masters.registerAgents();
      await masters.start(former);
    },
  };
  return masters;
}

/** Registers agents that a new master awaits. */
export function registerAgents(master: Master, ids?: readonly string[]): void {
  for (const away of Object.values(master.state.awayAgents))
    if (away.absence === 'recovering' && (ids?.includes(away.agent.id) ?? true)) returnAgent(master, away);
}

/** What a master that goes takes with it. */
function forgetMemory(master: Master): void {
  master.streams.clear();
  master.offers.clear();
  master.served.clear();
  master.filters = [];
  for (const timer of master.retries.values()) {
    clearTimeout(timer);
    master.timers.delete(timer);
  }
  master.retries.clear();
  master.nextFrameworkNumber = 0;
  master.nextOfferNumber = 0;
  master.nextAgentNumber = 0;
  awaitAgents(master);
}
