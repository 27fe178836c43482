// Who may have how much of a Mesos: roles with what they hold, and quotas.
import { z } from 'zod';
import type { MesosEndpoint } from './contract.ts';
import { ask, type OperatorOptions } from './operator.ts';

export interface RoleSummary {
  name: string;
  weight: number;
  /** Ids of its frameworks. */
  frameworks: string[];
  /** Amounts by name (`cpus`, `mem`, `disk`) that are allocated or in offers. */
  resources: Record<string, number>;
}

/** Amounts by name of resource. What a quota does not name is not limited. */
export interface QuotaSummary {
  role: string;
  guarantees: Record<string, number>;
  limits: Record<string, number>;
}

const scalars = z
  .array(z.looseObject({ name: z.string(), scalar: z.looseObject({ value: z.number() }).optional() }))
  .default([]);
const amounts = z.record(z.string(), z.looseObject({ value: z.number() })).default({});

/** Roles that have a framework, a weight, a quota or a reservation. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function getRoles(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<RoleSummary[]> {
  const schema = z.looseObject({
    get_roles: z
      .looseObject({
        roles: z
          .array(
            z.looseObject({
              name: z.string(),
              weight: z.number().default(1),
              frameworks: z.array(z.looseObject({ value: z.string() })).default([]),
              resources: scalars,
            }),
          )
          .default([]),
      })
      .default({ roles: [] }),
  });
  const { answer } = await ask(endpoint, 'GET_ROLES', schema, options);
  return answer.get_roles.roles.map(({ name, weight, frameworks, resources }) => ({
    name,
    weight,
    frameworks: frameworks.map(({ value }) => value),
    resources: named(resources),
  }));
}

/** The quotas that are set. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function getQuotas(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<QuotaSummary[]> {
  const status = z.looseObject({
    /** Masters before 1.9 say these only, whose guarantee is the limit, too. */
    infos: z.array(z.looseObject({ role: z.string(), guarantee: scalars })).default([]),
    configs: z.array(z.looseObject({ role: z.string(), guarantees: amounts, limits: amounts })).optional(),
  });
  const schema = z.looseObject({ get_quota: z.looseObject({ status }) });
  const { answer } = await ask(endpoint, 'GET_QUOTA', schema, options);
  const { infos, configs } = answer.get_quota.status;
  if (configs === undefined)
    return infos.map(({ role, guarantee }) => ({
      role,
      guarantees: named(guarantee),
      limits: named(guarantee),
    }));
  return configs.map(({ role, guarantees, limits }) => ({
    role,
    guarantees: values(guarantees),
    limits: values(limits),
  }));
}

function named(resources: z.infer<typeof scalars>): Record<string, number> {
  return Object.fromEntries(
    resources.flatMap(({ name, scalar }) => (scalar === undefined ? [] : [[name, scalar.value]])),
  );
}

function values(given: z.infer<typeof amounts>): Record<string, number> {
  return Object.fromEntries(Object.entries(given).map(([name, { value }]) => [name, value]));
}
