// Lets agents, masters and messages of a local Mesos fail, over its control API; for tests of whatever talks to it.
import type { AgentLoss, FailoverTimes, FaultRequest, LocalState } from '../../src/local/mesos/index.ts';

export interface LocalMesosControl {
  state(): Promise<LocalState>;
  /** Has these faults happen: some at once, the others when their moment comes. */
  inject(...faults: FaultRequest[]): Promise<void>;
  /** How many faults have yet to happen. */
  waiting(): Promise<number>;
  clearFaults(): Promise<void>;
  loseAgent(id: string, loss: AgentLoss): Promise<void>;
  returnAgent(id: string): Promise<void>;
  /** Starts a failover; it is under way when this returns. */
  failOver(times?: FailoverTimes): Promise<void>;
  /** Ends the leader; nobody leads until `elect`, and it stays down. Ask a master that stays. */
  crashLeader(): Promise<void>;
  /** Has the next master lead; agents register with it at once. */
  elect(): Promise<void>;
  /** The masters' urls, and which of them leads. */
  masters(): Promise<{ urls: string[]; leader: number | null }>;
}

/** The control of the local Mesos at this url; every call throws what local Mesos has against it. */
export function controlOf(url: string): LocalMesosControl {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}/local/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer = (await response.json()) as { error?: string };
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.error ?? ''}`);
    return answer;
  };
  const act = async (method: string, path: string, body?: object): Promise<void> => {
    await ask(method, path, body);
  };
  return {
    state: async () => (await ask('GET', 'state')) as LocalState,
    inject: (...faults) => act('POST', 'faults', faults),
    waiting: async () => ((await ask('GET', 'faults')) as { faults: unknown[] }).faults.length,
    clearFaults: () => act('DELETE', 'faults'),
    loseAgent: (id, loss) => act('DELETE', `agents/${id}?loss=${loss}`),
    returnAgent: (id) => act('POST', `agents/${id}/return`),
    failOver: (times = {}) => act('POST', 'masters/fail-over', times),
    crashLeader: () => act('POST', 'masters/crash'),
    elect: () => act('POST', 'masters/elect'),
    masters: async () => (await ask('GET', 'masters')) as { urls: string[]; leader: number | null },
  };
}
