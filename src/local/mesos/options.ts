// What local Mesos can be told at its start, with the defaults.
import type { Attribute, DomainInfo } from '../../mesos/types.ts';
import type { Acls } from './master/acls.ts';

/** A disk besides the one of `diskMb`. */
export interface DiskSpec {
  /** MOUNT disks are taken as a whole, PATH disks in parts. */
  type: 'MOUNT' | 'PATH';
  sizeMb: number;
  /** As disks of a resource provider show them; left out otherwise. */
  id?: string;
  profile?: string;
  vendor?: string;
  /** Role to which it is reserved statically. @default the agent's `reservedTo` */
  reservedTo?: string;
}

/** A part of an agent's resources that is reserved statically. */
export interface StaticReservationSpec {
  role: string;
  cpus?: number;
  memMb?: number;
  diskMb?: number;
  ports?: { begin: number; end: number };
}

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
  /** Fault domain. */
  domain?: DomainInfo;
  /** Really directories below the state directory. @default [] */
  disks?: readonly DiskSpec[];
  /** Taken out of what the agent has. @default [] */
  reservations?: readonly StaticReservationSpec[];
  /** Role to which all that has no other reservation is reserved statically, such as `slave_public`. @default nobody */
  reservedTo?: string;
}

/** One who may call the APIs. */
export interface Credential {
  principal: string;
  secret: string;
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
  /** Fault domain of the master. */
  domain?: DomainInfo | undefined;
  /** Serves https with this certificate (chain) and key, both PEM. @default http */
  tls?: { cert: string; key: string };
  /** With any, all calls need HTTP basic authentication by one of these. @default anybody may call */
  credentials?: readonly Credential[];
  /** Who may do what. @default everybody everything */
  acls?: Acls;
  /** Called with errors that have nobody else to go to. @default writes to stderr */
  onError?: (error: unknown) => void;
}

export type Settings = Required<Omit<LocalMesosOptions, 'domain' | 'agents' | 'offerTimeoutMs' | 'tls'>> &
  Pick<LocalMesosOptions, 'tls'> & {
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
    credentials: [],
    acls: {},
    onError: (error) => {
      process.stderr.write(
        `local mesos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    },
    ...options,
  };
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
