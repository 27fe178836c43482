// What local Mesos can be told at its start, with the defaults.
import type { Attribute, DomainInfo, Resource } from '../../mesos/types.ts';

/** One agent to add. */
export interface AgentSpec {
  cpus: number;
  memMb: number;
  diskMb: number;
  /** @default 127.0.0.<number of the agent> */
  hostname?: string;
  /** Name to text. @default rack r<n> and zone z<n> */
  attributes?: Record<string, string>;
  /** First and last port of the agent; agents share one machine, so ranges must not overlap. @default the next free block */
  ports?: { begin: number; end: number };
  domain?: DomainInfo;
}

export interface LocalMesosOptions {
  /** Directory of the state file, sandboxes and volumes; created when missing. */
  stateDir: string;
  /** @default 0, a free one */
  port?: number;
  /** Agents to have; only those that the state does not hold already are added. @default [] */
  agents?: readonly AgentSpec[];
  /** Mesos' is 15 s, and `heartbeat_interval_seconds` says what is set. @default 15000 */
  heartbeatIntervalMs?: number;
  /** Time between two allocations. @default 1000 */
  allocationIntervalMs?: number;
  /** An unacknowledged update is sent again after this time, doubled each time up to 10 minutes. @default 10000 */
  updateRetryIntervalMs?: number;
  /** Offers are rescinded after this time, as with Mesos' `--offer_timeout`. @default never */
  offerTimeoutMs?: number;
  /** Masters of the ensemble: the first leads, the others redirect to it. @default 1 */
  masters?: number;
  /** Ports of the masters after the first. @default free ones */
  standbyPorts?: readonly number[];
  /**
   * How long agents take to register after the start of local Mesos; until then the master neither offers them nor speaks of
   * their tasks. A real agent takes a few seconds. @default 0
   */
  reregistrationMs?: number;
  /** Grace of a KILL for tasks without a kill policy. @default 3000 */
  killGraceMs?: number;
  /** First port that agents offer. @default 21000 */
  firstPort?: number;
  /** Ports of each agent. @default 100 */
  portsPerAgent?: number;
  domain?: DomainInfo | undefined;
  /** Called with errors that have nobody else to go to. @default writes to stderr */
  onError?: (error: unknown) => void;
}

export type Settings = Required<Omit<LocalMesosOptions, 'domain' | 'agents' | 'offerTimeoutMs'>> & {
  offerTimeoutMs: number | undefined;
  domain: DomainInfo | undefined;
};

/** Fills in the defaults. */
export function settingsOf(options: LocalMesosOptions): Settings {
  return {
    port: 0,
    heartbeatIntervalMs: 15_000,
    allocationIntervalMs: 1_000,
    updateRetryIntervalMs: 10_000,
    killGraceMs: 3_000,
    // Below the range from which Linux picks ports for outgoing connections (32768).
    firstPort: 21_000,
    portsPerAgent: 100,
    domain: undefined,
    offerTimeoutMs: undefined,
    masters: 1,
    standbyPorts: [],
    reregistrationMs: 0,
    onError: (error) => {
      process.stderr.write(
        `local mesos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    },
    ...options,
  };
}

/** The resources of a new agent. */
export function agentResources(spec: AgentSpec, ports: { begin: number; end: number }): Resource[] {
  return [
    { name: 'cpus', type: 'SCALAR', scalar: { value: spec.cpus } },
    { name: 'mem', type: 'SCALAR', scalar: { value: spec.memMb } },
    { name: 'disk', type: 'SCALAR', scalar: { value: spec.diskMb } },
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: ports.begin, end: ports.end }] } },
  ];
}

/** The attributes of the n-th agent, 1-based. */
export function agentAttributes(spec: AgentSpec, number: number): Attribute[] {
  return Object.entries(spec.attributes ?? { rack: `r${number}`, zone: `z${number}` }).map(
    ([name, value]) => ({
      name,
      type: 'TEXT',
      text: { value },
    }),
  );
}
