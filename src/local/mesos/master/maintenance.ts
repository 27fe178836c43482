// The maintenance schedule: machines that will be away (draining), are away (down), and are back. Rules and texts as in
// Mesos' maintenance.cpp and http.cpp.
import { isIPv4 } from 'node:net';
import type { MachineId, MaintenanceWindow } from '../wire/call-types.ts';
import { rescindInverseOffers } from './inverse-offers.ts';
import { agentsOn, isSameMachine, machineOf, unavailabilityOf } from './machines.ts';
import type { Master } from './master.ts';
import { allocateNow, offersOf, rescindOffers } from './offers.ts';
import { parkAgent, returnAgent } from './parked-agents.ts';
import type { Maintenance } from './state.ts';

/** Takes a new schedule; gives the problem when it is refused. */
export function updateSchedule(master: Master, windows: readonly MaintenanceWindow[]): string | undefined {
  const old = maintenanceOf(master);
  const problem = scheduleProblem(windows, old.down);
  if (problem !== undefined) return problem;
  const before = new Map(
    Object.values(master.state.agents).map((agent) => [agent.id, away(master, agent.id)]),
  );
  master.state.maintenance = { ...old, windows: [...windows] };
  master.changed();
  const changed = Object.values(master.state.agents).filter(({ id }) => before.get(id) !== away(master, id));
  for (const { id } of changed) {
    rescindOffers(master, offersOf(master, { agentId: id }));
    rescindInverseOffers(master, id);
  }
  if (changed.length > 0) allocateNow(master);
  return undefined;
}

/** Takes machines down: their agents are removed with all they run. Gives the problem when it is refused. */
export function startMaintenance(master: Master, machines: readonly MachineId[]): string | undefined {
  const problem =
    machinesProblem(machines) ?? modeProblem(master, machines, 'DRAINING', 'cannot be brought down');
  if (problem !== undefined) return problem;
  const maintenance = maintenanceOf(master);
  for (const machine of machines) {
    for (const agent of agentsOn(master, machine)) {
      rescindInverseOffers(master, agent.id);
      maintenance.parked.push(parkAgent(master, agent, "Operator initiated 'Machine DOWN'"));
    }
    maintenance.down.push(machine);
  }
  master.changed();
  return undefined;
}

/**
 * Ends the maintenance of machines and takes them out of the schedule; their agents register again, as if the operator had
 * started them, with new ids and what they had reserved. Gives the problem when it is refused.
 */
export function stopMaintenance(master: Master, machines: readonly MachineId[]): string | undefined {
  const problem = machinesProblem(machines) ?? modeProblem(master, machines, 'DOWN', 'cannot be brought up');
  if (problem !== undefined) return problem;
  const maintenance = maintenanceOf(master);
  const isAmong = (id: MachineId): boolean => machines.some((machine) => isSameMachine(machine, id));
  maintenance.windows = maintenance.windows
    .map((window) => ({ ...window, machine_ids: (window.machine_ids ?? []).filter((id) => !isAmong(id)) }))
    .filter(({ machine_ids: ids }) => ids.length > 0);
  maintenance.down = maintenance.down.filter((id) => !isAmong(id));
  const back = maintenance.parked.filter((agent) => isAmong(machineOf(agent)));
  maintenance.parked = maintenance.parked.filter((agent) => !back.includes(agent));
  master.changed();
  for (const agent of back) returnAgent(master, agent);
  return undefined;
}

/** GET_MAINTENANCE_STATUS. */
export function maintenanceStatus(master: Master): object {
  const { windows, down } = maintenanceOf(master);
  const draining = windows
    .flatMap(({ machine_ids: ids }) => ids ?? [])
    .filter((id) => !down.some((other) => isSameMachine(other, id)))
    .map((id) => {
      const statuses = statusesOf(master, id);
      return { id, ...(statuses.length > 0 ? { statuses } : {}) };
    });
  return {
    ...(draining.length > 0 ? { draining_machines: draining } : {}),
    ...(down.length > 0 ? { down_machines: down } : {}),
  };
}

/** GET_MAINTENANCE_SCHEDULE. */
export function maintenanceSchedule(master: Master): object {
  const { windows } = maintenanceOf(master);
  return windows.length > 0 ? { windows } : {};
}

function statusesOf(master: Master, machine: MachineId): object[] {
  const ids = agentsOn(master, machine).map(({ id }) => id);
  return [...master.inverseAnswers.values()]
    .filter(({ agentId }) => ids.includes(agentId))
    .map(({ frameworkId, status, atMs }) => ({
      status,
      framework_id: { value: frameworkId },
      timestamp: { nanoseconds: atMs * 1e6 },
    }));
}

function maintenanceOf(master: Master): Maintenance {
  return (master.state.maintenance ??= { windows: [], down: [], parked: [] });
}

/** The unavailability of an agent in a form that can be compared. */
function away(master: Master, agentId: string): string | undefined {
  const agent = master.state.agents[agentId];
  const unavailability = agent && unavailabilityOf(master, agent);
  return unavailability && JSON.stringify(unavailability);
}

function scheduleProblem(
  windows: readonly MaintenanceWindow[],
  down: readonly MachineId[],
): string | undefined {
  const seen: MachineId[] = [];
  for (const { machine_ids: ids = [], unavailability } of windows) {
    if (ids.length === 0) return 'List of machines in the maintenance window is empty';
    if ((unavailability.duration?.nanoseconds ?? 0) < 0) return "Unavailability 'duration' is negative";
    for (const id of ids) {
      const problem = machineProblem(id) ?? twiceProblem(id, seen);
      if (problem !== undefined) return problem;
      seen.push(id);
    }
  }
  const missing = down.find((id) => !seen.some((other) => isSameMachine(id, other)));
  return (
    missing && `Machine '${JSON.stringify(missing)}' is deactivated and cannot be removed from the schedule`
  );
}

function machinesProblem(machines: readonly MachineId[]): string | undefined {
  if (machines.length === 0) return 'List of machines is empty';
  return machines
    .map((id, index) => machineProblem(id) ?? twiceProblem(id, machines.slice(0, index)))
    .find((problem) => problem !== undefined);
}

function machineProblem({ hostname = '', ip = '' }: MachineId): string | undefined {
  if (hostname === '' && ip === '') return "Both 'hostname' and 'ip' for a machine are empty";
  return ip === '' || isIPv4(ip) ? undefined : `Failed to parse IP '${ip}'`;
}

function twiceProblem(id: MachineId, seen: readonly MachineId[]): string | undefined {
  return seen.some((other) => isSameMachine(id, other))
    ? `Machine '${JSON.stringify(id)}' appears more than once in the schedule`
    : undefined;
}

function modeProblem(
  master: Master,
  machines: readonly MachineId[],
  wanted: 'DRAINING' | 'DOWN',
  consequence: string,
): string | undefined {
  for (const id of machines) {
    const mode = modeOf(master, id);
    if (mode === undefined) return `Machine '${JSON.stringify(id)}' is not part of a maintenance schedule`;
    if (mode !== wanted) return `Machine '${JSON.stringify(id)}' is not in ${wanted} mode and ${consequence}`;
  }
  return undefined;
}

/** A machine is known when an agent is on it or the schedule names it. */
function modeOf(master: Master, id: MachineId): 'UP' | 'DRAINING' | 'DOWN' | undefined {
  const { windows, down } = maintenanceOf(master);
  if (down.some((other) => isSameMachine(other, id))) return 'DOWN';
  const scheduled = windows.some(({ machine_ids: ids }) => ids?.some((other) => isSameMachine(other, id)));
  if (scheduled) return 'DRAINING';
  return agentsOn(master, id).length > 0 ? 'UP' : undefined;
}
