// The parts of the Mesos v1 scheduler API that Millrace speaks, in the JSON form of the wire (snake_case). Source: what
// a real Mesos 1.12 sent and accepted (transcripts), and mesos/v1/mesos.proto, scheduler.proto.

export interface Value<T> {
  value: T;
}
export type Id = Value<string>;

export interface Label {
  key: string;
  value?: string;
}
export interface Labels {
  labels: Label[];
}
export interface Reservation {
  type: 'STATIC' | 'DYNAMIC';
  role: string;
  principal?: string;
  labels?: Labels;
}
export interface DiskInfo {
  persistence?: { id: string; principal?: string };
  volume?: { container_path: string; mode: 'RW' | 'RO' };
  source?: {
    type: 'PATH' | 'MOUNT' | 'BLOCK' | 'RAW' | 'UNKNOWN';
    mount?: { root?: string };
    path?: { root?: string };
    id?: string;
    profile?: string;
    vendor?: string;
    metadata?: Labels;
  };
}
export interface Range {
  begin: number;
  end: number;
}
export interface Resource {
  name: string;
  type: 'SCALAR' | 'RANGES' | 'SET';
  scalar?: Value<number>;
  ranges?: { range: Range[] };
  set?: { item: string[] };
  /** Only in operator answers and old formats. */
  role?: string;
  allocation_info?: { role: string };
  reservations?: Reservation[];
  disk?: DiskInfo;
  revocable?: object;
  shared?: object;
  provider_id?: Id;
}
export interface Attribute {
  name: string;
  type: 'SCALAR' | 'RANGES' | 'SET' | 'TEXT';
  scalar?: Value<number>;
  ranges?: { range: Range[] };
  set?: { item: string[] };
  text?: Value<string>;
}
export interface DomainInfo {
  fault_domain?: { region: { name: string }; zone: { name: string } };
}
export interface Offer {
  id: Id;
  framework_id: Id;
  agent_id: Id;
  hostname: string;
  url?: { scheme: string; address: { hostname?: string; ip?: string; port: number }; path?: string };
  resources: Resource[];
  attributes?: Attribute[];
  executor_ids?: Id[];
  allocation_info?: { role: string };
  domain?: DomainInfo;
  unavailability?: Unavailability;
}
/** When a machine will be away; without a duration, until somebody says otherwise. */
export interface Unavailability {
  start: { nanoseconds: number };
  duration?: { nanoseconds: number };
}
/** Mesos asks for an agent's resources back: its machine will be unavailable. */
export interface InverseOffer {
  id: Id;
  framework_id: Id;
  /** Without it, the whole framework is meant. */
  agent_id?: Id;
  url?: { scheme: string; address: { hostname?: string; ip?: string; port: number }; path?: string };
  unavailability: Unavailability;
}
/** An executor that ended (with `executor_id`), or an agent that is gone. */
export interface Failure {
  agent_id?: Id;
  executor_id?: Id;
  status?: number;
}

export interface FrameworkInfo {
  user: string;
  name: string;
  id?: Id;
  roles: string[];
  principal?: string;
  /** Seconds. */
  failover_timeout: number;
  checkpoint: boolean;
  hostname?: string;
  webui_url?: string;
  labels?: Labels;
  capabilities: { type: string }[];
}

export interface TaskStatus {
  task_id: Id;
  state: string;
  message?: string;
  source?: string;
  reason?: string;
  agent_id?: Id;
  executor_id?: Id;
  timestamp?: number;
  /** base64; only updates that carry one want an acknowledgement. */
  uuid?: string;
  healthy?: boolean;
  container_status?: object;
  labels?: Labels;
}

export interface OperationStatus {
  operation_id?: Id;
  state: string;
  message?: string;
  converted_resources?: Resource[];
  /** `{value: base64}` here, bare in the acknowledgement. */
  uuid?: { value: string };
  agent_id?: Id;
  resource_provider_id?: Id;
}

export type SchedulerEvent =
  | {
      type: 'SUBSCRIBED';
      subscribed: { framework_id: Id; heartbeat_interval_seconds?: number; master_info?: MasterInfo };
    }
  | { type: 'OFFERS'; offers: { offers: Offer[] } }
  | { type: 'INVERSE_OFFERS'; inverse_offers: { inverse_offers: InverseOffer[] } }
  | { type: 'RESCIND'; rescind: { offer_id: Id } }
  | { type: 'RESCIND_INVERSE_OFFER'; rescind_inverse_offer: { inverse_offer_id: Id } }
  | { type: 'UPDATE'; update: { status: TaskStatus } }
  | { type: 'UPDATE_OPERATION_STATUS'; update_operation_status: { status: OperationStatus } }
  | { type: 'MESSAGE'; message: object }
  | { type: 'FAILURE'; failure: Failure }
  | { type: 'ERROR'; error: { message: string } }
  | { type: 'HEARTBEAT' };

export interface MasterInfo {
  id: string;
  hostname?: string;
  port?: number;
  version?: string;
  address?: { hostname?: string; ip?: string; port: number };
  domain?: DomainInfo;
}

export interface CommandUri {
  value: string;
  executable?: boolean;
  extract?: boolean;
  cache?: boolean;
  output_file?: string;
}
export interface CommandInfo {
  shell: boolean;
  value: string;
  user?: string;
  uris?: CommandUri[];
  environment?: { variables: Variable[] };
}
/** A secret of the agent's, by its name. */
export interface SecretReference {
  type: 'REFERENCE';
  reference: { name: string };
}
export type Variable =
  { name: string; value: string } | { name: string; type: 'SECRET'; secret: SecretReference };
export interface ContainerInfo {
  type: 'MESOS';
  volumes?: {
    mode: 'RW' | 'RO';
    container_path: string;
    source:
      | { type: 'SANDBOX_PATH'; sandbox_path: { type: 'PARENT' | 'SELF'; path: string } }
      | { type: 'SECRET'; secret: SecretReference };
  }[];
  mesos?: { image: { type: 'DOCKER'; docker: { name: string }; cached?: boolean } };
  network_infos?: { name: string; labels?: Labels }[];
  /** Soft and hard limits; without both: unlimited. */
  rlimit_info?: { rlimits: { type: string; soft?: number; hard?: number }[] };
}
export interface TaskInfo {
  name: string;
  task_id: Id;
  agent_id: Id;
  resources: Resource[];
  command?: CommandInfo;
  container?: ContainerInfo;
  kill_policy?: { grace_period: { nanoseconds: number } };
  labels?: Labels;
}
export interface ExecutorInfo {
  type: 'DEFAULT';
  executor_id: Id;
  framework_id: Id;
  resources: Resource[];
  container?: ContainerInfo;
  labels?: Labels;
}

export type OfferOperation =
  | { type: 'RESERVE'; id?: Id; reserve: { resources: Resource[] } }
  | { type: 'UNRESERVE'; id?: Id; unreserve: { resources: Resource[] } }
  | { type: 'CREATE'; id?: Id; create: { volumes: Resource[] } }
  | { type: 'DESTROY'; id?: Id; destroy: { volumes: Resource[] } }
  | { type: 'GROW_VOLUME'; id?: Id; grow_volume: { volume: Resource; addition: Resource } }
  /** `subtract` is an amount, not a resource. */
  | { type: 'SHRINK_VOLUME'; id?: Id; shrink_volume: { volume: Resource; subtract: Value<number> } }
  | { type: 'LAUNCH_GROUP'; launch_group: { executor: ExecutorInfo; task_group: { tasks: TaskInfo[] } } };

/** Calls of a subscribed scheduler; the transport adds `framework_id`. */
export type SchedulerCall =
  | {
      type: 'ACCEPT';
      accept: { offer_ids: Id[]; operations: OfferOperation[]; filters?: { refuse_seconds: number } };
    }
  | { type: 'DECLINE'; decline: { offer_ids: Id[]; filters?: { refuse_seconds: number } } }
  | { type: 'REVIVE'; revive?: { roles?: string[] } }
  | { type: 'SUPPRESS'; suppress?: { roles?: string[] } }
  | {
      type: 'KILL';
      kill: { task_id: Id; agent_id?: Id; kill_policy?: { grace_period: { nanoseconds: number } } };
    }
  | { type: 'SHUTDOWN'; shutdown: { executor_id: Id; agent_id: Id } }
  | { type: 'ACKNOWLEDGE'; acknowledge: { agent_id: Id; task_id: Id; uuid: string } }
  | {
      type: 'ACKNOWLEDGE_OPERATION_STATUS';
      acknowledge_operation_status: {
        agent_id?: Id;
        resource_provider_id?: Id;
        uuid: string;
        operation_id: Id;
      };
    }
  | { type: 'RECONCILE'; reconcile: { tasks: { task_id: Id; agent_id?: Id }[] } }
  | {
      type: 'RECONCILE_OPERATIONS';
      reconcile_operations: { operations: { operation_id: Id; agent_id?: Id }[] };
    }
  | {
      type: 'ACCEPT_INVERSE_OFFERS';
      accept_inverse_offers: { inverse_offer_ids: Id[]; filters?: { refuse_seconds: number } };
    }
  | {
      type: 'DECLINE_INVERSE_OFFERS';
      decline_inverse_offers: { inverse_offer_ids: Id[]; filters?: { refuse_seconds: number } };
    }
  /** Answered with 200 once it is carried out, unlike the others. Principal, user and checkpointing stay as they are. */
  | {
      type: 'UPDATE_FRAMEWORK';
      update_framework: { framework_info: FrameworkInfo; suppressed_roles?: string[] };
    }
  | { type: 'TEARDOWN' };
