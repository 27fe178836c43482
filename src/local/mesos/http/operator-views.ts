// The answers of the operator API, in the shape that a real master gives them.
import type { Resource } from '../../../mesos/types.ts';
import { isOnRecord } from '../master/away.ts';
import { masterInfo } from '../master/frameworks.ts';
import type { Master } from '../master/master.ts';
import { offerOf, offeredOn, offersOf } from '../master/offers.ts';
import type { Agent, Executor, Framework, Task } from '../master/state.ts';
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
  GET_STATE: (master) => ({
    get_state: {
      get_tasks: tasksView(master),
      get_executors: executorsView(master),
      get_frameworks: frameworksView(master),
      get_agents: agentsView(master),
    },
  }),
};

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

function agentView(master: Master, agent: Agent): object {
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
    active: true,
    deactivated: false,
    version: '1.12.0',
    pid: `slave(1)@${agent.hostname}:${agent.port}`,
    registered_time: { nanoseconds: agent.registeredAtMs * 1e6 },
    total_resources: [...toPool(agent.total)].sort(unreservedFirst).map(withOldFields),
    ...(allocated.length > 0 ? { allocated_resources: allocated } : {}),
    ...(offered.length > 0 ? { offered_resources: offered } : {}),
    capabilities: AGENT_CAPABILITIES,
  };
}

function frameworksView(master: Master): object {
  return {
    frameworks: Object.values(master.state.frameworks).map((framework) => frameworkView(master, framework)),
    completed_frameworks: [],
    recovered_frameworks: [],
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

function taskView(task: Task): object {
  const latest = task.statuses.at(-1);
  const { name, labels, discovery, container, health_check: health, check } = task.description;
  return {
    name,
    task_id: { value: task.id },
    framework_id: { value: task.frameworkId },
    // A command task names no executor, as with a real master.
    ...(task.executorId === task.id ? {} : { executor_id: { value: task.executorId } }),
    agent_id: { value: task.agentId },
    state: task.updates.at(-1)?.state ?? latest?.state ?? 'TASK_STAGING',
    resources: allocateTo(task.role, task.resources),
    statuses: task.statuses,
    ...(latest ? { status_update_state: latest.state, status_update_uuid: latest.uuid } : {}),
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

/** A real master adds the fields of older formats wherever they can say the same. */
function withOldFields(resource: Resource): object {
  const reservations = resource.reservations ?? [];
  const [only] = reservations;
  if (!only) return { ...resource, role: '*' };
  if (reservations.length > 1) return resource;
  const { role, principal, labels, type } = only;
  const reservation = { ...(principal === undefined ? {} : { principal }), ...(labels ? { labels } : {}) };
  return { ...resource, role, ...(type === 'DYNAMIC' ? { reservation } : {}) };
}

/** Unreserved scalars, unreserved ports, then what is reserved, as recorded. */
function unreservedFirst(a: Resource, b: Resource): number {
  const rank = (resource: Resource): number =>
    resource.reservations ? 2 : resource.type === 'SCALAR' ? 0 : 1;
  return rank(a) - rank(b);
}
