// The heart that all parts of local Mesos share: the state, what is known only while it runs, and the commit rule: nothing
// leaves (event, response, process start) before the state that it follows from is on disk.
import { randomUUID } from 'node:crypto';
import type { SchedulerEvent } from '../../../mesos/types.ts';
import type { Settings } from '../options.ts';
import type { OfferFilter } from '../allocator/filters.ts';
import type { WaitingFault } from '../faults/waiting.ts';
import type { Election } from '../masters/election.ts';
import type { HeldOffer } from './offers.ts';
import { openStateStore } from './state-store.ts';
import type { OperatorEvent } from './operator-events.ts';
import type { HeldInverseOffer, InverseAnswer } from './inverse-offers.ts';
import type { Framework, State } from './state.ts';

/** An open SUBSCRIBE response. */
export interface Stream {
  readonly id: string;
  /** Sends one event. */
  send(event: SchedulerEvent): void;
  /** Ends the response. */
  end(): void;
  /** Holds back all that is sent until `resume`. */
  silence(): void;
  resume(): void;
  /** Breaks the connection after so many more bytes. */
  cut(afterBytes: number): void;
}

export interface Master {
  /** Of the master that leads; another one that takes over has another. */
  id: string;
  readonly settings: Settings;
  readonly state: State;
  startedAtMs: number;
  /** `host:port` part of what the master that leads says of itself; set when it listens. */
  port: number;
  /** Ports of all masters of the ensemble; set when they listen. */
  ports: number[];
  election: Election;
  stopped: boolean;
  readonly offers: Map<string, HeldOffer>;
  filters: OfferFilter[];
  /** Faults that were asked for and have not happened yet. */
  faults: WaitingFault[];
  readonly inverseOffers: Map<string, HeldInverseOffer>;
  /** What frameworks said to inverse offers, and for how long no other is sent; by `inverseKey`. */
  readonly inverseAnswers: Map<string, InverseAnswer>;
  /** Open event streams of operators. */
  readonly operatorListeners: Set<(event: OperatorEvent) => void>;
  /** By framework id; a framework without a stream is disconnected. */
  readonly streams: Map<string, Stream>;
  /** How often each framework was given something, for ties between equal shares. */
  readonly served: Map<string, number>;
  readonly timers: Set<NodeJS.Timeout>;
  /** Retries of updates, by task key or operation uuid. */
  readonly retries: Map<string, NodeJS.Timeout>;
  nextFrameworkNumber: number;
  nextOfferNumber: number;
  nextAgentNumber: number;
  /** Marks the state changed. */
  changed(): void;
  /** Does `effect` after the next commit. */
  afterCommit(effect: () => void): void;
  /** Saves the state when it changed, then does what waited for it. */
  commit(): void;
  /** Runs `action` later as an own turn with a commit; does nothing once stopped. */
  later(delayMs: number, action: () => void): NodeJS.Timeout;
  /** Runs an action and commits; errors go to `onError`. */
  turn(action: () => void): void;
}

/** Loads the state and makes a master of it, which does nothing by itself yet. */
export function createMaster(settings: Settings): Master {
  const store = openStateStore(settings.stateDir);
  const state = store.load();
  let dirty = true;
  let effects: (() => void)[] = [];
  state.starts++;
  const master: Master = {
    id: randomUUID(),
    settings,
    state,
    startedAtMs: Date.now(),
    port: 0,
    ports: [],
    election: { leader: 0, named: 0, phase: 'serving' },
    stopped: false,
    offers: new Map(),
    filters: [],
    faults: [],
    inverseOffers: new Map(),
    inverseAnswers: new Map(),
    operatorListeners: new Set(),
    streams: new Map(),
    served: new Map(),
    timers: new Set(),
    retries: new Map(),
    nextFrameworkNumber: 0,
    nextOfferNumber: 0,
    nextAgentNumber: 0,
    changed() {
      dirty = true;
    },
    afterCommit(effect) {
      effects.push(effect);
    },
    commit() {
      if (dirty) store.save(state);
      dirty = false;
      while (effects.length > 0) {
        const now = effects;
        effects = [];
        for (const effect of now) effect();
      }
    },
    later(delayMs, action) {
      const timer = setTimeout(() => {
        master.timers.delete(timer);
        master.turn(action);
      }, delayMs);
      master.timers.add(timer);
      return timer;
    },
    turn(action) {
      if (master.stopped) return;
      try {
        action();
        master.commit();
      } catch (error) {
        settings.onError(error);
      }
    },
  };
  return master;
}

/** Sends an event to a framework after the next commit, when it is connected. */
export function sendEvent(master: Master, frameworkId: string, event: SchedulerEvent): void {
  const stream = master.streams.get(frameworkId);
  if (stream)
    master.afterCommit(() => {
      stream.send(event);
    });
}

/** Whether the framework has this capability. */
export function hasCapability(framework: Framework | undefined, capability: string): boolean {
  return framework?.info.capabilities?.some(({ type }) => type === capability) ?? false;
}

/** `seconds.micros` since 1970, as statuses carry it. */
export function nowSeconds(): number {
  return Date.now() / 1000;
}
