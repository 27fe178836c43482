// Machines of agents: which agent is on which, and when it will be away.
import type { MachineId, Unavailability } from '../wire/call-types.ts';
import type { Master } from './master.ts';
import type { Agent } from './state.ts';

/** The machine of an agent. */
export function machineOf(agent: Agent): MachineId {
  return { hostname: agent.hostname, ip: agent.hostname };
}

/** Both parts have to agree, and hostnames have no case, as in Mesos. */
export function isSameMachine(a: MachineId, b: MachineId): boolean {
  return (
    (a.hostname ?? '').toLowerCase() === (b.hostname ?? '').toLowerCase() && (a.ip ?? '') === (b.ip ?? '')
  );
}

/** When the machine of an agent is away, by the schedule. */
export function unavailabilityOf(master: Master, agent: Agent): Unavailability | undefined {
  return master.state.maintenance?.windows.find((window) =>
    (window.machine_ids ?? []).some((machine) => isSameMachine(machine, machineOf(agent))),
  )?.unavailability;
}

/** The agents on a machine. */
export function agentsOn(master: Master, machine: MachineId): Agent[] {
  return Object.values(master.state.agents).filter((agent) => isSameMachine(machineOf(agent), machine));
}
