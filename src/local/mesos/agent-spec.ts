// The spec of an agent as JSON: what POST /local/agents and --agents-file take.
import { z } from 'zod';
import type { AgentSpec } from './options.ts';

const portRange = z
  .strictObject({ begin: z.int().min(1), end: z.int().max(65_535) })
  .refine(({ begin, end }) => begin <= end, { error: 'ends before it begins' });
const named = z.strictObject({ name: z.string().min(1) });
const role = z.string().regex(/^[^/\s][^\s]*$/, 'is a role, such as `slave_public` or `team/kafka`');

const withoutDefaults = z.strictObject({
  cpus: z.number().positive(),
  memMb: z.number().positive(),
  diskMb: z.number().positive(),
  hostname: z.string().min(1).optional(),
  attributes: z.record(z.string(), z.string()).optional(),
  ports: portRange.optional(),
  domain: z
    .strictObject({ fault_domain: z.strictObject({ region: named, zone: named }).optional() })
    .optional(),
  disks: z
    .array(
      z.strictObject({
        type: z.enum(['MOUNT', 'PATH']),
        sizeMb: z.number().positive(),
        id: z.string().min(1).optional(),
        profile: z.string().min(1).optional(),
        vendor: z.string().min(1).optional(),
        reservedTo: role.optional(),
      }),
    )
    .optional(),
  reservations: z
    .array(
      z.strictObject({
        role,
        cpus: z.number().positive().optional(),
        memMb: z.number().positive().optional(),
        diskMb: z.number().positive().optional(),
        ports: portRange.optional(),
      }),
    )
    .optional(),
  reservedTo: role.optional(),
});

/** One agent; fields that are not given have the defaults of AgentSpec. */
export const agentSpecSchema = withoutDefaults.transform((spec) => present(spec) as AgentSpec);

/** All the agents of a file. */
export const agentSpecsSchema = z.array(agentSpecSchema).min(1);

/** Why the static reservations of an agent do not fit into it; undefined when they do. */
export function reservationProblem(spec: AgentSpec): string | undefined {
  for (const name of ['cpus', 'memMb', 'diskMb'] as const) {
    const sum = (spec.reservations ?? []).reduce((total, part) => total + (part[name] ?? 0), 0);
    if (sum > spec[name])
      return `reservations take ${sum} of ${name}, and the agent has ${spec[name]}; reserve at most that`;
  }
  const { ports } = spec;
  const ranges = (spec.reservations ?? []).flatMap((part) => (part.ports ? [part.ports] : []));
  if (ranges.length > 0 && !ports) return 'reservations name ports: give the agent its ports too';
  const outside = ranges.find(({ begin, end }) => ports && (begin < ports.begin || end > ports.end));
  if (outside)
    return `reservations name ports ${outside.begin}-${outside.end}, which the agent does not have`;
  const twice = ranges.find(({ begin, end }, at) =>
    ranges.slice(0, at).some((other) => begin <= other.end && other.begin <= end),
  );
  return twice && `reservations name ports ${twice.begin}-${twice.end} twice`;
}

/** Optional fields of zod may hold undefined, those of AgentSpec may not. */
function present(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(present);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, present(item)]),
  );
}
