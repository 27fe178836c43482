// The answers of the operator API, in the shape that a real master gives them.
import type { Resource } from '../../../mesos/types.ts';
import { isOnRecord } from '../master/away.ts';
import { masterInfo } from '../master/frameworks.ts';
import type { Master } from '../master/master.ts';
import { offerOf, offeredOn, offersOf } from '../master/offers.ts';
import { maintenanceSchedule, maintenanceStatus } from '../master/maintenance.ts';
import { quantitiesOf, quotaStatus, scalarsOf } from '../master/quota.ts';
import type { Agent, CompletedFramework, Drain, Executor, Framework, Task } from '../master/state.ts';
import { withOldFields } from '../resources/old-format.ts';
import { allocateTo, toPool } from '../resources/pool.ts';

/** Names and answers of the calls that only read. */
export const VIEWS: Readonly<Record<string, (master: Master) => object>> = {
  GET_HEALTH: () => ({ get_health: { healthy: true } }),
  GET_VERSION: () => ({ get_version: { version_info: versionInfo() } }),
  GET_MASTER: (master) => ({
    get_master: {
      master_info: masterInfo(master),
      start_time: master.startedAtMs / 1000,
      elected_time: master.startedAtMs / 1000,
    },
  }),
  GET_AGENTS: (master) => ({ get_agents: agentsView(master) }),
  GET_FRAMEWORKS: (master) => ({ get_frameworks: frameworksView(master) }),
  GET_TASKS: (master) => ({ get_tasks: tasksView(master) }),
  GET_EXECUTORS: (master) => ({ get_executors: executorsView(master) }),
  GET_OPERATIONS: (master) => ({ get_operations: operationsView(master) }),
  GET_STATE: (master) => ({ get_state: stateView(master) }),
  GET_ROLES: (master) => ({ get_roles: rolesView(master) }),
  GET_WEIGHTS: (master) => weightsView(master),
  GET_QUOTA: (master) => ({ get_quota: { status: quotaStatus(master) } }),
  GET_MAINTENANCE_STATUS: (master) => ({ get_maintenance_status: { status: maintenanceStatus(master) } }),
  GET_MAINTENANCE_SCHEDULE: (master) => ({
    get_maintenance_schedule: { schedule: maintenanceSchedule(master) },
  }),
  GET_LOGGING_LEVEL: () => ({ get_logging_level: { level: 0 } }),
  GET_METRICS: (master) => ({ get_metrics: { metrics: metricsOf(master) } }),
};

/** GET_STATE, and the beginning of an operator's event stream. */
export function stateView(master: Master): object {
  return {
    get_tasks: tasksView(master),
    get_executors: executorsView(master),
    get_frameworks: frameworksView(master),
    get_agents: agentsView(master),
  };
}

/** What local Mesos has of a master's flags, by name. */
export function flagsOf(master: Master): Record<string, string> {
  const { allocationIntervalMs, credentials, domain, stateDir } = master.settings;
  const isAuthenticating = String(credentials.length > 0);
  return {
    allocation_interval: `${allocationIntervalMs / 1000}secs`,
    allocator: 'hierarchical',
    authenticate_http_frameworks: isAuthenticating,
    authenticate_http_readonly: isAuthenticating,
    authenticate_http_readwrite: isAuthenticating,
    ...(domain ? { domain: JSON.stringify(domain) } : {}),
    ip: '127.0.0.1',
    port: String(master.port),
    work_dir: stateDir,
  };
}

/** The metrics of a real master that local Mesos can tell. */
function metricsOf(master: Master): object[] {
  const { agents, frameworks, tasks } = master.state;
  const inactive = Object.values(agents).filter(({ deactivated }) => deactivated === true).length;
  const running = Object.values(tasks).filter(({ phase }) => phase === 'STARTED').length;
  const values = {
    'master/elected': 1,
    'master/frameworks_connected': master.streams.size,
    'master/frameworks_disconnected': Object.keys(frameworks).length - master.streams.size,
    'master/outstanding_offers': master.offers.size,
    'master/slaves_active': Object.keys(agents).length - inactive,
    'master/slaves_inactive': inactive,
    'master/tasks_running': running,
    'master/uptime_secs': (Date.now() - master.startedAtMs) / 1000,
  };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function rolesView(master: Master): object {
  const { agents, frameworks, quotas = {}, weights = {} } = master.state;
  const reserved = Object.values(agents).flatMap(({ total }) =>
    total.flatMap(({ reservations }) => reservations?.at(-1)?.role ?? []),
  );
  const names = new Set([
    ...Object.values(frameworks).flatMap(({ roles }) => roles),
    ...Object.keys(quotas),
    ...Object.keys(weights),
    ...reserved,
  ]);
  const holders = [
    ...Object.values(master.state.executors),
    ...unreleased(master),
    ...master.offers.values(),
  ];
  const roles = [...names].sort().map((name) => {
    const ids = Object.values(frameworks).filter((framework) => framework.roles.includes(name));
    const held = holders.filter(({ role }) => role === name).flatMap(({ resources }) => [...resources]);
    const resources = scalarsOf(quantitiesOf(held));
    return {
      name,
      weight: weights[name] ?? 1,
      ...(ids.length > 0 ? { frameworks: ids.map(({ id }) => ({ value: id })) } : {}),
      ...(resources.length > 0 ? { resources } : {}),
    };
  });
  return roles.length > 0 ? { roles } : {};
}

function weightsView(master: Master): object {
  const weights = Object.entries(master.state.weights ?? {});
  return weights.length === 0
    ? {}
    : { get_weights: { weight_infos: weights.map(([role, weight]) => ({ weight, role })) } };
}

/** What GET_VERSION and /version say; the version is that of the Mesos whose recordings local Mesos follows. */
export function versionInfo(): object {
  return {
    version: '1.12.0',
    build_date: '2026-11-23 00:00:00 UTC',
    build_time: 1795000000,
    build_user: 'local',
    git_sha: 'local',
  };
}

/** Capabilities that a real agent of 1.12 reports. */
const AGENT_CAPABILITIES =
  'MULTI_ROLE HIERARCHICAL_ROLE RESERVATION_REFINEMENT RESOURCE_PROVIDER RESIZE_VOLUME AGENT_OPERATION_FEEDBACK AGENT_DRAINING TASK_RESOURCE_LIMITS'
    .split(' ')
    .map((type) => ({ type }));

function agentsView(master: Master): object {
  return {
    agents: Object.values(master.state.agents).map((agent) => agentView(master, agent)),
    recovered_agents: [],
  };
}

export function agentView(master: Master, agent: Agent): object {
  const holders = [...executorsOnRecord(master), ...unreleased(master)];
  const allocated = allocatedView(holders.filter(({ agentId }) => agentId === agent.id));
  const offers = offersOf(master, { agentId: agent.id });
  const offered = offeredOn(master, agent.id).length > 0 ? allocatedView(offers) : [];
  return {
    agent_info: {
      hostname: agent.hostname,
      port: agent.port,
      resources: agent.resources,
      attributes: agent.attributes,
      id: { value: agent.id },
      ...(agent.domain ? { domain: agent.domain } : {}),
      checkpoint: true,
    },
    active: agent.deactivated !== true,
    deactivated: agent.deactivated === true,
    version: '1.12.0',
    pid: `slave(1)@${agent.hostname}:${agent.port}`,
    registered_time: { nanoseconds: agent.registeredAtMs * 1e6 },
    total_resources: [...toPool(agent.total)].sort(unreservedFirst).map(withOldFields),
    ...(allocated.length > 0 ? { allocated_resources: allocated } : {}),
    ...(offered.length > 0 ? { offered_resources: offered } : {}),
    capabilities: AGENT_CAPABILITIES,
    ...(agent.drain ? drainView(agent.drain) : {}),
  };
}

/** A real master shows a grace of 0 whatever was asked for, and its time of start in whole seconds, as recorded. */
function drainView({ state, markGone, startedAtMs }: Drain): object {
  return {
    drain_info: { state, config: { max_grace_period: { nanoseconds: 0 }, mark_gone: markGone } },
    estimated_drain_start_time: { nanoseconds: Math.floor(startedAtMs / 1000) * 1e9 },
  };
}

function frameworksView(master: Master): object {
  return {
    frameworks: Object.values(master.state.frameworks).map((framework) => frameworkView(master, framework)),
    completed_frameworks: (master.state.completedFrameworks ?? []).map(completedView),
  };
}

function completedView(framework: CompletedFramework): object {
  return {
    framework_info: framework.info,
    active: false,
    connected: false,
    recovered: false,
    registered_time: { nanoseconds: framework.registeredAtMs * 1e6 },
    reregistered_time: { nanoseconds: framework.reregisteredAtMs * 1e6 },
    unregistered_time: { nanoseconds: framework.unregisteredAtMs * 1e6 },
    offer_constraints: {},
  };
}

/** A framework that has just subscribed, as operators' events show it. */
export function addedFrameworkView(framework: Framework): object {
  return {
    framework_info: framework.info,
    active: true,
    connected: true,
    recovered: false,
    registered_time: { nanoseconds: framework.registeredAtMs * 1e6 },
    reregistered_time: { nanoseconds: framework.reregisteredAtMs * 1e6 },
    unregistered_time: { nanoseconds: 0 },
  };
}

function frameworkView(master: Master, framework: Framework): object {
  const connected = master.streams.has(framework.id);
  const offers = offersOf(master, { frameworkId: framework.id });
  const holders = [...executorsOnRecord(master), ...unreleased(master)];
  const allocated = allocatedView(holders.filter(({ frameworkId }) => frameworkId === framework.id));
  return {
    framework_info: framework.info,
    active: connected,
    connected,
    recovered: !connected && framework.reregisteredAtMs < master.startedAtMs,
    registered_time: { nanoseconds: framework.registeredAtMs * 1e6 },
    reregistered_time: { nanoseconds: framework.reregisteredAtMs * 1e6 },
    ...(offers.length > 0 ? { offers: offers.map((offer) => offerOf(master, offer)) } : {}),
    ...(allocated.length > 0 ? { allocated_resources: allocated } : {}),
    ...(offers.length > 0 ? { offered_resources: allocatedView(offers) } : {}),
    offer_constraints: {},
  };
}

function tasksView(master: Master): object {
  const tasks = Object.values(master.state.tasks).filter(({ orphaned }) => orphaned !== true);
  const [known, unreachable] = [true, false].map((isKnown) =>
    tasks.filter(({ agentId }) => isOnRecord(master, agentId) === isKnown),
  );
  return {
    tasks: known?.map(taskView),
    unreachable_tasks: unreachable?.map((task) => ({ ...taskView(task), state: 'TASK_UNREACHABLE' })),
    completed_tasks: [],
  };
}

/** A task that no update tells of yet. */
export function newTaskView(task: Task): object {
  return { ...describedTask(task), state: 'TASK_STAGING' };
}

function taskView(task: Task): object {
  const latest = task.statuses.at(-1);
  return {
    ...describedTask(task),
    state: task.updates.at(-1)?.state ?? latest?.state ?? 'TASK_STAGING',
    statuses: task.statuses,
    ...(latest ? { status_update_state: latest.state, status_update_uuid: latest.uuid } : {}),
  };
}

function describedTask(task: Task): object {
  const { name, labels, discovery, container, health_check: health, check } = task.description;
  return {
    name,
    task_id: { value: task.id },
    framework_id: { value: task.frameworkId },
    // A command task names no executor, as with a real master.
    ...(task.executorId === task.id ? {} : { executor_id: { value: task.executorId } }),
    agent_id: { value: task.agentId },
    resources: allocateTo(task.role, task.resources),
    ...Object.fromEntries(
      Object.entries({ labels, discovery, container, health_check: health, check }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
  };
}

function executorsView(master: Master): object {
  const executors = executorsOnRecord(master).filter(({ isDefault }) => isDefault);
  return { executors: executors.map(executorView) };
}

function executorView({ agentId, description, frameworkId }: Executor): object {
  return {
    executor_info: { ...description, framework_id: { value: frameworkId } },
    agent_id: { value: agentId },
  };
}

function operationsView(master: Master): object {
  const operations = master.state.operations.map(({ frameworkId, agentId, status }) => ({
    framework_id: { value: frameworkId },
    agent_id: { value: agentId },
    info: { id: status.operation_id },
    latest_status: status,
    statuses: [status],
  }));
  return operations.length > 0 ? { operations } : {};
}

function unreleased(master: Master): Task[] {
  return Object.values(master.state.tasks).filter(
    ({ agentId, released }) => !released && isOnRecord(master, agentId),
  );
}

function executorsOnRecord(master: Master): Executor[] {
  return Object.values(master.state.executors).filter(({ agentId }) => isOnRecord(master, agentId));
}

/** Sums by role, with the fields of old formats. */
function allocatedView(holders: readonly { role: string; resources: readonly Resource[] }[]): object[] {
  return [...Map.groupBy(holders, ({ role }) => role)].flatMap(([role, mine]) =>
    allocateTo(role, toPool(mine.flatMap(({ resources }) => resources))).map(withOldFields),
  );
}

/** Unreserved scalars, unreserved ports, then what is reserved, as recorded. */
function unreservedFirst(a: Resource, b: Resource): number {
  const rank = (resource: Resource): number =>
    resource.reservations ? 2 : resource.type === 'SCALAR' ? 0 : 1;
  return rank(a) - rank(b);
}
