// When machines will be unavailable, and which are down: the maintenance schedule of the operators.
import { z } from 'zod';
import type { AgentSummary } from './agents.ts';
import type { MesosEndpoint } from './contract.ts';
import { ask, type OperatorOptions } from './operator.ts';

/** A machine as operators name it: by hostname, by ip, or by both. */
export interface Machine {
  hostname?: string;
  ip?: string;
}

export interface MaintenanceWindow {
  machines: Machine[];
  /** Milliseconds since the epoch. */
  startMs: number;
  /** Without it, until the schedule is changed. */
  durationMs?: number;
}

export interface Maintenance {
  windows: MaintenanceWindow[];
  /** Machines that an operator has taken down; their agents are not there. */
  down: Machine[];
}

const NANOSECONDS_PER_MS = 1_000_000;

const machine = z
  .looseObject({ hostname: z.string().optional(), ip: z.string().optional() })
  .transform(({ hostname, ip }): Machine => ({
    ...(hostname === undefined ? {} : { hostname }),
    ...(ip === undefined ? {} : { ip }),
  }));
const machines = z.array(machine).default([]);
const nanoseconds = z.looseObject({ nanoseconds: z.number() });
const scheduleSchema = z.looseObject({
  get_maintenance_schedule: z.looseObject({
    schedule: z.looseObject({
      windows: z
        .array(
          z.looseObject({
            machine_ids: machines,
            unavailability: z.looseObject({ start: nanoseconds, duration: nanoseconds.optional() }),
          }),
        )
        .default([]),
    }),
  }),
});
const statusSchema = z.looseObject({
  get_maintenance_status: z.looseObject({ status: z.looseObject({ down_machines: machines }) }),
});

/** The schedule, and what is down. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function getMaintenance(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<Maintenance> {
  const schedule = await ask(endpoint, 'GET_MAINTENANCE_SCHEDULE', scheduleSchema, options);
  const status = await ask(endpoint, 'GET_MAINTENANCE_STATUS', statusSchema, options);
  return {
    windows: schedule.answer.get_maintenance_schedule.schedule.windows.map(
      ({ machine_ids, unavailability: { start, duration } }) => ({
        machines: machine_ids,
        startMs: Math.round(start.nanoseconds / NANOSECONDS_PER_MS),
        ...(duration === undefined
          ? {}
          : { durationMs: Math.round(duration.nanoseconds / NANOSECONDS_PER_MS) }),
      }),
    ),
    down: status.answer.get_maintenance_status.status.down_machines,
  };
}

/** The windows of an agent's machine. Mesos itself takes a machine for the agent's when all that is named of it is the same. */
export function maintenanceOf(agent: AgentSummary, { windows }: Maintenance): MaintenanceWindow[] {
  return windows.filter(({ machines: named }) => named.some((one) => isMachineOf(agent, one)));
}

function isMachineOf(agent: AgentSummary, { hostname, ip }: Machine): boolean {
  if (hostname === undefined && ip === undefined) return false;
  return (
    (hostname === undefined || hostname.toLowerCase() === agent.hostname.toLowerCase()) &&
    (ip === undefined || agent.ip === undefined || ip === agent.ip)
  );
}
