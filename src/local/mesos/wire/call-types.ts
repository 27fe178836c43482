// The calls as they are after conversion (convert-message.ts): what call-schema.ts lets through, as types.
import type { ExecutorInfo, Id, Resource, TaskInfo } from '../../../mesos/types.ts';

export interface KillPolicy {
  grace_period?: { nanoseconds: number };
}
export interface CommandDescription {
  value?: string;
  shell?: boolean;
  arguments?: string[];
  user?: string;
  uris?: UriDescription[];
  environment?: { variables?: { name: string; value?: string }[] };
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
  source?: { type?: string; sandbox_path?: { type?: 'SELF' | 'PARENT' | 'UNKNOWN'; path: string } };
}
export interface ContainerDescription {
  type: string;
  volumes?: ContainerVolume[];
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
export interface SubscriptionDescription {
  framework_info: FrameworkDescription;
  suppressed_roles?: string[];
  offer_constraints?: OfferConstraints;
}

/** A scheduler call; `type` may be missing or name a sub-message that is not there: see validate-call.ts. */
export interface Call {
  type?: string;
  framework_id?: Id;
  subscribe?: SubscriptionDescription;
  update_framework?: SubscriptionDescription;
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
  accept_inverse_offers?: object;
  decline_inverse_offers?: object;
}

/** An operator call. */
export interface OperatorCall {
  type?: string;
  reserve_resources?: { agent_id: Id; resources?: Resource[] };
  unreserve_resources?: { agent_id: Id; resources?: Resource[] };
  create_volumes?: { agent_id: Id; volumes?: Resource[] };
  destroy_volumes?: { agent_id: Id; volumes?: Resource[] };
  teardown?: { framework_id: Id };
  mark_agent_gone?: { agent_id: Id };
}
