// The calls as they are after conversion (convert-message.ts): what call-schema.ts lets through, as types.
import type { ExecutorInfo, Id, Labels, Resource, TaskInfo } from '../../../mesos/types.ts';

export interface KillPolicy {
  grace_period?: { nanoseconds: number };
}
export interface CommandDescription {
  value?: string;
  shell?: boolean;
  arguments?: string[];
  user?: string;
  uris?: UriDescription[];
  environment?: { variables?: VariableDescription[] };
}
export interface SecretDescription {
  type?: string;
  reference?: { name: string; key?: string };
  /** base64 */
  value?: { data: string };
}
export interface VariableDescription {
  name: string;
  value?: string;
  /** @default VALUE */
  type?: string;
  secret?: SecretDescription;
}
export interface UriDescription {
  value: string;
  executable?: boolean;
  extract?: boolean;
  cache?: boolean;
  output_file?: string;
}
export interface ContainerVolume {
  mode: 'RW' | 'RO';
  container_path: string;
  host_path?: string;
  source?: {
    type?: string;
    sandbox_path?: { type?: 'SELF' | 'PARENT' | 'UNKNOWN'; path: string };
    secret?: SecretDescription;
  };
}
export interface ContainerDescription {
  type: string;
  volumes?: ContainerVolume[];
  hostname?: string;
  mesos?: { image?: { type: string; docker?: { name: string }; appc?: { name: string } } };
  docker?: { image: string };
  network_infos?: { name?: string; labels?: Labels }[];
  rlimit_info?: { rlimits?: RLimit[] };
}
export interface RLimit {
  type?: string;
  /** Both are missing for unlimited. */
  hard?: number;
  soft?: number;
}
export interface CheckDescription {
  type?: string;
  command?: { command: CommandDescription };
  delay_seconds?: number;
  interval_seconds?: number;
  timeout_seconds?: number;
}
export interface HealthCheckDescription {
  type?: string;
  command?: CommandDescription;
  delay_seconds?: number;
  interval_seconds?: number;
  timeout_seconds?: number;
  grace_period_seconds?: number;
  consecutive_failures?: number;
}
export type TaskDescription = Pick<TaskInfo, 'name' | 'task_id' | 'agent_id' | 'labels'> & {
  resources?: Resource[];
  command?: CommandDescription;
  executor?: object;
  container?: ContainerDescription;
  kill_policy?: KillPolicy;
  check?: CheckDescription;
  health_check?: HealthCheckDescription;
  discovery?: object;
};
export type ExecutorDescription = Pick<ExecutorInfo, 'executor_id' | 'labels'> & {
  type?: string;
  framework_id?: Id;
  resources?: Resource[];
  command?: CommandDescription;
  container?: ContainerDescription;
  shutdown_grace_period?: { nanoseconds: number };
};

export interface Filters {
  refuse_seconds?: number;
}
export interface OperationDescription {
  type?: string;
  id?: Id;
  launch?: { task_infos?: TaskDescription[] };
  launch_group?: { executor: ExecutorDescription; task_group: { tasks?: TaskDescription[] } };
  reserve?: { resources?: Resource[]; source?: Resource[] };
  unreserve?: { resources?: Resource[] };
  create?: { volumes?: Resource[] };
  destroy?: { volumes?: Resource[] };
  grow_volume?: { volume: Resource; addition: Resource };
  shrink_volume?: { volume: Resource; subtract: { value: number } };
}
export interface FrameworkDescription {
  user: string;
  name: string;
  id?: Id;
  roles?: string[];
  role?: string;
  principal?: string;
  failover_timeout?: number;
  checkpoint?: boolean;
  hostname?: string;
  webui_url?: string;
  labels?: { labels?: { key: string; value?: string }[] };
  capabilities?: { type?: string }[];
}

/** A condition on one attribute of an agent, or on what Mesos knows of the agent besides its attributes. */
export interface AttributeConstraint {
  selector: { attribute_name?: string; pseudoattribute_type?: string };
  predicate?: {
    exists?: object;
    not_exists?: object;
    text_equals?: { value: string };
    text_not_equals?: { value: string };
    text_matches?: { regex: string };
    text_not_matches?: { regex: string };
  };
}
/** By role: of the groups one has to hold, of a group's constraints all. */
export interface OfferConstraints {
  role_constraints?: Record<string, { groups?: { attribute_constraints?: AttributeConstraint[] }[] }>;
}
export interface SubscribeDescription {
  framework_info: FrameworkDescription;
  suppressed_roles?: string[];
  offer_constraints?: OfferConstraints;
}

/** A scheduler call; `type` may be missing or name a sub-message that is not there: see validate-call.ts. */
export interface Call {
  type?: string;
  framework_id?: Id;
  subscribe?: SubscribeDescription;
  update_framework?: SubscribeDescription;
  accept?: { offer_ids?: Id[]; operations?: OperationDescription[]; filters?: Filters };
  decline?: { offer_ids?: Id[]; filters?: Filters };
  revive?: { roles?: string[] };
  suppress?: { roles?: string[] };
  kill?: { task_id: Id; agent_id?: Id; kill_policy?: KillPolicy };
  shutdown?: { executor_id: Id; agent_id: Id };
  acknowledge?: { agent_id: Id; task_id: Id; uuid: string };
  acknowledge_operation_status?: { agent_id?: Id; resource_provider_id?: Id; uuid: string; operation_id: Id };
  reconcile?: { tasks?: { task_id: Id; agent_id?: Id }[] };
  reconcile_operations?: { operations?: { operation_id: Id; agent_id?: Id; resource_provider_id?: Id }[] };
  message?: object;
  request?: object;
  accept_inverse_offers?: { inverse_offer_ids?: Id[]; filters?: Filters };
  decline_inverse_offers?: { inverse_offer_ids?: Id[]; filters?: Filters };
}

export interface MachineId {
  hostname?: string;
  ip?: string;
}
export interface Unavailability {
  start: { nanoseconds: number };
  duration?: { nanoseconds: number };
}
export interface MaintenanceWindow {
  machine_ids?: MachineId[];
  unavailability: Unavailability;
}
export interface QuotaConfigDescription {
  role: string;
  /** Name of a scalar to `{value}`, as JSON gave it. */
  guarantees?: Record<string, unknown>;
  limits?: Record<string, unknown>;
}

/** An operator call. */
export interface OperatorCall {
  type?: string;
  reserve_resources?: { agent_id: Id; resources?: Resource[]; source?: Resource[] };
  unreserve_resources?: { agent_id: Id; resources?: Resource[] };
  create_volumes?: { agent_id: Id; volumes?: Resource[] };
  destroy_volumes?: { agent_id: Id; volumes?: Resource[] };
  grow_volume?: { agent_id?: Id; volume: Resource; addition: Resource };
  shrink_volume?: { agent_id?: Id; volume: Resource; subtract: { value: number } };
  teardown?: { framework_id: Id };
  mark_agent_gone?: { agent_id: Id };
  update_maintenance_schedule?: { schedule: { windows?: MaintenanceWindow[] } };
  start_maintenance?: { machines?: MachineId[] };
  stop_maintenance?: { machines?: MachineId[] };
  drain_agent?: { agent_id: Id; max_grace_period?: { nanoseconds: number }; mark_gone?: boolean };
  deactivate_agent?: { agent_id: Id };
  reactivate_agent?: { agent_id: Id };
  update_quota?: { force?: boolean; quota_configs?: QuotaConfigDescription[] };
  update_weights?: { weight_infos?: { role?: string; weight: number }[] };
}
