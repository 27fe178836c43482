// Quotas of roles: limits that the allocator keeps, and guarantees that may not exceed the cluster. Rules and texts as in
// Mesos' quota_handler.cpp.
import { roundScalar } from '../../../mesos/resources.ts';
import type { Resource } from '../../../mesos/types.ts';
import type { QuotaConfigDescription } from '../wire/call-types.ts';
import type { Master } from './master.ts';
import type { Quantities, Quota } from './state.ts';

/** What each role with limits may still have; what is reserved to it counts as had. */
export function headroom(master: Master): Map<string, Quantities> {
  return new Map(
    Object.entries(master.state.quotas ?? {})
      .filter(([, { limits }]) => Object.keys(limits).length > 0)
      .map(([role, { limits }]) => {
        const had = consumedBy(master, role, 'with-offers');
        const left = Object.entries(limits).map(([name, limit]) => [
          name,
          Math.max(0, roundScalar(limit - (had[name] ?? 0))),
        ]);
        return [role, Object.fromEntries(left) as Quantities];
      }),
  );
}

/** Takes new quotas, all or none; gives the problem when they are refused. */
export function updateQuota(
  master: Master,
  configs: readonly QuotaConfigDescription[],
  force: boolean,
): string | undefined {
  const quotas = { ...master.state.quotas };
  for (const config of configs) {
    const read = readQuota(config);
    if ('problem' in read) return read.problem;
    const problem = force ? undefined : consumptionProblem(master, config.role, read.quota);
    if (problem !== undefined) return problem;
    const isDefault = [read.quota.guarantees, read.quota.limits].every(
      (part) => Object.keys(part).length === 0,
    );
    if (isDefault) delete quotas[config.role];
    else quotas[config.role] = read.quota;
  }
  const problem = force ? undefined : capacityProblem(master, quotas);
  if (problem !== undefined) return problem;
  master.state.quotas = quotas;
  master.changed();
  return undefined;
}

/** Roles whose limits are exceeded by what they have and are offered. */
export function rolesAboveLimits(master: Master): string[] {
  return Object.entries(master.state.quotas ?? {})
    .filter(([role, { limits }]) => !contains(limits, consumedBy(master, role, 'with-offers')))
    .map(([role]) => role);
}

/** Whether a role is this one or lies below it. */
export function isBelowRole(role: string | undefined, top: string): boolean {
  return role === top || role?.startsWith(`${top}/`) === true;
}

/** GET_QUOTA. */
export function quotaStatus(master: Master): object {
  const quotas = Object.entries(master.state.quotas ?? {});
  if (quotas.length === 0) return {};
  return {
    infos: quotas.map(([role, { guarantees }]) => ({ role, guarantee: scalarsOf(guarantees) })),
    configs: quotas.map(([role, { guarantees, limits }]) => ({
      role,
      ...(Object.keys(guarantees).length > 0 ? { guarantees: valuesOf(guarantees) } : {}),
      ...(Object.keys(limits).length > 0 ? { limits: valuesOf(limits) } : {}),
    })),
  };
}

/** The scalars of a list, summed by name, in the order of their names. */
export function quantitiesOf(resources: readonly Resource[]): Quantities {
  const sums: Quantities = {};
  for (const { name, scalar } of resources)
    if (scalar) sums[name] = roundScalar((sums[name] ?? 0) + scalar.value);
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Quantities as resources. */
export function scalarsOf(quantities: Quantities): Resource[] {
  return Object.entries(quantities).map(([name, value]) => ({ name, type: 'SCALAR', scalar: { value } }));
}

function consumedBy(master: Master, top: string, extent: 'with-offers' | 'without-offers'): Quantities {
  const { agents, executors, tasks } = master.state;
  const holders = [
    ...Object.values(executors),
    ...Object.values(tasks).filter(({ released }) => !released),
    ...(extent === 'with-offers' ? master.offers.values() : []),
  ];
  return quantitiesOf([
    ...Object.values(agents).flatMap(({ total }) =>
      total.filter(({ reservations }) => isBelowRole(reservations?.at(-1)?.role, top)),
    ),
    ...holders
      .filter(({ role }) => isBelowRole(role, top))
      .flatMap(({ resources }) => [...resources])
      .filter(({ reservations }) => !reservations),
  ]);
}

function readQuota({
  role,
  guarantees,
  limits,
}: QuotaConfigDescription): { quota: Quota } | { problem: string } {
  if (role.includes('/')) return { problem: `Updating quota on nested role '${role}' is not supported yet` };
  const quota = { guarantees: quantitiesFrom(guarantees), limits: quantitiesFrom(limits) };
  for (const [name, value] of [...Object.entries(quota.guarantees), ...Object.entries(quota.limits)])
    if (!Number.isFinite(value) || value < 0)
      return { problem: `Invalid QuotaConfig: the amount of '${name}' is not a number of 0 or more` };
  if (!contains(quota.limits, quota.guarantees))
    return {
      problem: `Invalid QuotaConfig: 'QuotaConfig.guarantees' ${braced(quota.guarantees)} is not contained within the 'QuotaConfig.limits' ${braced(quota.limits)}`,
    };
  return { quota };
}

function quantitiesFrom(map: Record<string, unknown> = {}): Quantities {
  const entries = Object.entries(map).map(([name, given]) => [
    name,
    Number((given as { value?: unknown } | null)?.value ?? Number.NaN),
  ]);
  return Object.fromEntries(entries) as Quantities;
}

/** A scalar without a limit is unlimited. */
function contains(limits: Quantities, amounts: Quantities): boolean {
  return Object.entries(amounts).every(([name, amount]) => amount <= (limits[name] ?? Infinity));
}

function consumptionProblem(master: Master, role: string, { limits }: Quota): string | undefined {
  const consumed = consumedBy(master, role, 'without-offers');
  return contains(limits, consumed)
    ? undefined
    : `Invalid QuotaConfig: Role '${role}' is already consuming '${listed(consumed)}'; this is more than the requested limits '${listed(limits)}' (use 'force' flag to bypass this check)`;
}

function capacityProblem(master: Master, quotas: Record<string, Quota>): string | undefined {
  const guaranteed = quantitiesOf(Object.values(quotas).flatMap(({ guarantees }) => scalarsOf(guarantees)));
  const capacity = quantitiesOf(Object.values(master.state.agents).flatMap(({ total }) => total));
  const isTooMuch = Object.entries(guaranteed).some(([name, amount]) => amount > (capacity[name] ?? 0));
  return isTooMuch
    ? `Invalid QuotaConfig: total quota guarantees '${listed(guaranteed)}' exceed cluster capacity '${listed(capacity)}' (use 'force' flag to bypass this check)`
    : undefined;
}

function listed(quantities: Quantities): string {
  return Object.entries(quantities)
    .map(([name, value]) => `${name}:${value}`)
    .join('; ');
}

function braced(quantities: Quantities): string {
  const parts = Object.entries(quantities).map(([name, value]) => `${name}: ${value}`);
  return `{ ${parts.join(', ')} }`;
}

function valuesOf(quantities: Quantities): object {
  return Object.fromEntries(Object.entries(quantities).map(([name, value]) => [name, { value }]));
}
