// The messages of the v1 scheduler and operator calls that local Mesos reads, as a table that drives the conversion from
// JSON. Fields stand in the order of their protobuf numbers, because a real master prints messages in that order.
// Source: mesos/v1/mesos.proto, scheduler/scheduler.proto, master/master.proto of Mesos 1.12.

/** `string`, `double`, `int64`, `bool`, `bytes`, `enum:NAME`, `map:MESSAGE` with any keys, or a message; `[]` before it repeats, `!` after it is required. */
export type FieldType = string;
export type MessageSchema = Readonly<Record<string, FieldType>>;

/** Values of the enums whose unknown values have to be dropped. */
export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  CallType:
    'UNKNOWN SUBSCRIBE TEARDOWN ACCEPT DECLINE ACCEPT_INVERSE_OFFERS DECLINE_INVERSE_OFFERS REVIVE KILL SHUTDOWN ACKNOWLEDGE ACKNOWLEDGE_OPERATION_STATUS RECONCILE RECONCILE_OPERATIONS MESSAGE REQUEST SUPPRESS UPDATE_FRAMEWORK'.split(
      ' ',
    ),
  OperationType:
    'UNKNOWN LAUNCH LAUNCH_GROUP RESERVE UNRESERVE CREATE DESTROY GROW_VOLUME SHRINK_VOLUME CREATE_DISK DESTROY_DISK'.split(
      ' ',
    ),
  Capability:
    'UNKNOWN REVOCABLE_RESOURCES TASK_KILLING_STATE GPU_RESOURCES SHARED_RESOURCES PARTITION_AWARE MULTI_ROLE RESERVATION_REFINEMENT REGION_AWARE'.split(
      ' ',
    ),
  Pseudoattribute: ['UNKNOWN', 'HOSTNAME', 'REGION', 'ZONE'],
  ValueType: ['SCALAR', 'RANGES', 'SET', 'TEXT'],
  ReservationType: ['UNKNOWN', 'STATIC', 'DYNAMIC'],
  VolumeMode: ['RW', 'RO'],
  ExecutorType: ['UNKNOWN', 'DEFAULT', 'CUSTOM'],
  ContainerType: ['DOCKER', 'MESOS'],
  VolumeSourceType: 'UNKNOWN DOCKER_VOLUME HOST_PATH SANDBOX_PATH SECRET CSI_VOLUME'.split(' '),
  SandboxPathType: ['UNKNOWN', 'SELF', 'PARENT'],
  CheckType: ['UNKNOWN', 'COMMAND', 'HTTP', 'TCP'],
  OperatorCallType:
    'UNKNOWN GET_HEALTH GET_FLAGS GET_VERSION GET_METRICS GET_LOGGING_LEVEL SET_LOGGING_LEVEL LIST_FILES READ_FILE GET_STATE GET_AGENTS GET_FRAMEWORKS GET_EXECUTORS GET_OPERATIONS GET_TASKS GET_ROLES GET_WEIGHTS UPDATE_WEIGHTS GET_MASTER SUBSCRIBE RESERVE_RESOURCES UNRESERVE_RESOURCES CREATE_VOLUMES DESTROY_VOLUMES GROW_VOLUME SHRINK_VOLUME GET_MAINTENANCE_STATUS GET_MAINTENANCE_SCHEDULE UPDATE_MAINTENANCE_SCHEDULE START_MAINTENANCE STOP_MAINTENANCE DRAIN_AGENT DEACTIVATE_AGENT REACTIVATE_AGENT GET_QUOTA UPDATE_QUOTA SET_QUOTA REMOVE_QUOTA TEARDOWN MARK_AGENT_GONE'.split(
      ' ',
    ),
};

const RESOURCE_MESSAGES = {
  Id: { value: 'string!' },
  Scalar: { value: 'double!' },
  Range: { begin: 'int64!', end: 'int64!' },
  Ranges: { range: '[]Range' },
  Set: { item: '[]string' },
  Label: { key: 'string!', value: 'string' },
  Labels: { labels: '[]Label' },
  AllocationInfo: { role: 'string' },
  OldReservation: { principal: 'string', labels: 'Labels' },
  Reservation: { principal: 'string', labels: 'Labels', role: 'string', type: 'enum:ReservationType' },
  Persistence: { id: 'string!', principal: 'string' },
  DiskVolume: { container_path: 'string!', mode: 'enum:VolumeMode!' },
  DiskInfo: { persistence: 'Persistence', volume: 'DiskVolume' },
  Empty: {},
  Resource: {
    name: 'string!',
    type: 'enum:ValueType!',
    scalar: 'Scalar',
    ranges: 'Ranges',
    set: 'Set',
    role: 'string',
    disk: 'DiskInfo',
    reservation: 'OldReservation',
    revocable: 'Empty',
    shared: 'Empty',
    allocation_info: 'AllocationInfo',
    provider_id: 'Id',
    reservations: '[]Reservation',
  },
} satisfies Record<string, MessageSchema>;

const TASK_MESSAGES = {
  Duration: { nanoseconds: 'int64!' },
  KillPolicy: { grace_period: 'Duration' },
  Variable: { name: 'string!', value: 'string' },
  Environment: { variables: '[]Variable' },
  Uri: { value: 'string!', executable: 'bool', extract: 'bool', cache: 'bool', output_file: 'string' },
  Command: {
    uris: '[]Uri',
    environment: 'Environment',
    value: 'string',
    user: 'string',
    shell: 'bool',
    arguments: '[]string',
  },
  SandboxPath: { type: 'enum:SandboxPathType', path: 'string!' },
  VolumeSource: { type: 'enum:VolumeSourceType', sandbox_path: 'SandboxPath' },
  Volume: {
    mode: 'enum:VolumeMode!',
    container_path: 'string!',
    host_path: 'string',
    source: 'VolumeSource',
  },
  Container: { type: 'enum:ContainerType!', volumes: '[]Volume' },
  Port: { number: 'int64!', name: 'string', protocol: 'string' },
  Ports: { ports: '[]Port' },
  Discovery: { visibility: 'string!', name: 'string', ports: 'Ports' },
  CheckCommand: { command: 'Command!' },
  Check: {
    type: 'enum:CheckType',
    command: 'CheckCommand',
    delay_seconds: 'double',
    interval_seconds: 'double',
    timeout_seconds: 'double',
  },
  HealthCheck: {
    delay_seconds: 'double',
    interval_seconds: 'double',
    timeout_seconds: 'double',
    consecutive_failures: 'int64',
    grace_period_seconds: 'double',
    command: 'Command',
    type: 'enum:CheckType',
  },
  Executor: {
    executor_id: 'Id!',
    resources: '[]Resource',
    command: 'Command',
    framework_id: 'Id',
    name: 'string',
    container: 'Container',
    shutdown_grace_period: 'Duration',
    labels: 'Labels',
    type: 'enum:ExecutorType',
  },
  Task: {
    name: 'string!',
    task_id: 'Id!',
    agent_id: 'Id!',
    resources: '[]Resource',
    executor: 'Executor',
    command: 'Command',
    health_check: 'HealthCheck',
    container: 'Container',
    labels: 'Labels',
    discovery: 'Discovery',
    kill_policy: 'KillPolicy',
    check: 'Check',
  },
  TaskGroup: { tasks: '[]Task' },
} satisfies Record<string, MessageSchema>;

const CALL_MESSAGES = {
  FrameworkCapability: { type: 'enum:Capability' },
  FrameworkInfo: {
    user: 'string!',
    name: 'string!',
    id: 'Id',
    failover_timeout: 'double',
    checkpoint: 'bool',
    role: 'string',
    hostname: 'string',
    principal: 'string',
    webui_url: 'string',
    capabilities: '[]FrameworkCapability',
    labels: 'Labels',
    roles: '[]string',
  },
  Text: { value: 'string!' },
  Regex: { regex: 'string!' },
  ConstraintSelector: { attribute_name: 'string', pseudoattribute_type: 'enum:Pseudoattribute' },
  ConstraintPredicate: {
    exists: 'Empty',
    not_exists: 'Empty',
    text_equals: 'Text',
    text_not_equals: 'Text',
    text_matches: 'Regex',
    text_not_matches: 'Regex',
  },
  AttributeConstraint: { selector: 'ConstraintSelector!', predicate: 'ConstraintPredicate!' },
  ConstraintGroup: { attribute_constraints: '[]AttributeConstraint' },
  RoleConstraints: { groups: '[]ConstraintGroup' },
  OfferConstraints: { role_constraints: 'map:RoleConstraints' },
  Subscribe: {
    framework_info: 'FrameworkInfo!',
    suppressed_roles: '[]string',
    offer_constraints: 'OfferConstraints',
  },
  UpdateFramework: {
    framework_info: 'FrameworkInfo!',
    suppressed_roles: '[]string',
    offer_constraints: 'OfferConstraints',
  },
  Filters: { refuse_seconds: 'double' },
  Launch: { task_infos: '[]Task' },
  LaunchGroup: { executor: 'Executor!', task_group: 'TaskGroup!' },
  Reserve: { resources: '[]Resource', source: '[]Resource' },
  Unreserve: { resources: '[]Resource' },
  Volumes: { volumes: '[]Resource' },
  Operation: {
    type: 'enum:OperationType',
    launch: 'Launch',
    reserve: 'Reserve',
    unreserve: 'Unreserve',
    create: 'Volumes',
    destroy: 'Volumes',
    launch_group: 'LaunchGroup',
    id: 'Id',
  },
  Accept: { offer_ids: '[]Id', operations: '[]Operation', filters: 'Filters' },
  Decline: { offer_ids: '[]Id', filters: 'Filters' },
  InverseOffers: { inverse_offer_ids: '[]Id', filters: 'Filters' },
  Roles: { roles: '[]string' },
  Kill: { task_id: 'Id!', agent_id: 'Id', kill_policy: 'KillPolicy' },
  Shutdown: { executor_id: 'Id!', agent_id: 'Id!' },
  Acknowledge: { agent_id: 'Id!', task_id: 'Id!', uuid: 'bytes!' },
  AcknowledgeOperation: { agent_id: 'Id', resource_provider_id: 'Id', uuid: 'bytes!', operation_id: 'Id!' },
  ReconcileTask: { task_id: 'Id!', agent_id: 'Id' },
  Reconcile: { tasks: '[]ReconcileTask' },
  ReconcileOperation: { operation_id: 'Id!', agent_id: 'Id', resource_provider_id: 'Id' },
  ReconcileOperations: { operations: '[]ReconcileOperation' },
  Message: { agent_id: 'Id!', executor_id: 'Id!', data: 'bytes!' },
  Call: {
    framework_id: 'Id',
    type: 'enum:CallType',
    subscribe: 'Subscribe',
    accept: 'Accept',
    decline: 'Decline',
    kill: 'Kill',
    shutdown: 'Shutdown',
    acknowledge: 'Acknowledge',
    reconcile: 'Reconcile',
    message: 'Message',
    request: 'Empty',
    accept_inverse_offers: 'InverseOffers',
    decline_inverse_offers: 'InverseOffers',
    revive: 'Roles',
    suppress: 'Roles',
    acknowledge_operation_status: 'AcknowledgeOperation',
    reconcile_operations: 'ReconcileOperations',
    update_framework: 'UpdateFramework',
  },
  AgentResources: { agent_id: 'Id!', resources: '[]Resource' },
  AgentVolumes: { agent_id: 'Id!', volumes: '[]Resource' },
  FrameworkRef: { framework_id: 'Id!' },
  AgentRef: { agent_id: 'Id!' },
  OperatorCall: {
    type: 'enum:OperatorCallType',
    reserve_resources: 'AgentResources',
    unreserve_resources: 'AgentResources',
    create_volumes: 'AgentVolumes',
    destroy_volumes: 'AgentVolumes',
    teardown: 'FrameworkRef',
    mark_agent_gone: 'AgentRef',
  },
} satisfies Record<string, MessageSchema>;

export const MESSAGES: Readonly<Record<string, MessageSchema>> = {
  ...RESOURCE_MESSAGES,
  ...TASK_MESSAGES,
  ...CALL_MESSAGES,
};

/** A field's type taken apart. */
export function describeField(type: FieldType): { type: string; repeated: boolean; required: boolean } {
  const repeated = type.startsWith('[]');
  const required = type.endsWith('!');
  return { type: type.slice(repeated ? 2 : 0, required ? -1 : undefined), repeated, required };
}
