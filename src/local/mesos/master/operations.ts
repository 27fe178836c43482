// RESERVE, UNRESERVE, CREATE and DESTROY as pure functions: what they take from a pool and what they put there. What changes
// the size of a volume is in resize-volume.ts.
import type { DiskInfo, Resource } from '../../../mesos/types.ts';
import { allocateTo, normalise, resourceProblem, subtractPools, toPool } from '../resources/pool.ts';
import type { Pool } from '../resources/pool.ts';
import { resourcesText } from '../resources/text.ts';
import type { OperationDescription } from '../wire/call-types.ts';

/** Why an operation is refused: by its own form, or because the pool does not hold what it needs. */
export type OperationResult =
  { consumed: Pool; converted: Pool } | { error: string; kind: 'invalid' | 'not-contained' };

export interface OperationContext {
  /** What the operation may use. */
  available: Pool;
  /** Role of the offer; an operator has none. */
  role?: string;
  /** The framework's principal; an operator has none here. */
  principal?: string;
  /** Persistence ids of the agent's volumes, by role. */
  volumeIds: readonly { role: string; id: string }[];
  /** What a RESERVE of an operator is to turn into its resources. @default the resources without their top reservation */
  source?: readonly Resource[];
}

export const RESOURCE_OPERATIONS = ['RESERVE', 'UNRESERVE', 'CREATE', 'DESTROY'] as const;
export type ResourceOperation = (typeof RESOURCE_OPERATIONS)[number];

/** The resources that an operation names. */
export function operationResources(operation: OperationDescription): Resource[] {
  const { reserve, unreserve, create, destroy } = operation;
  const named =
    operation.type === 'RESERVE'
      ? reserve?.resources
      : operation.type === 'UNRESERVE'
        ? unreserve?.resources
        : operation.type === 'CREATE'
          ? create?.volumes
          : destroy?.volumes;
  return named ?? [];
}

/** Works out an operation; changes nothing. */
export function applyOperation(
  type: ResourceOperation,
  given: readonly Resource[],
  context: OperationContext,
): OperationResult {
  const broken = given.map(resourceProblem).find((problem) => problem !== undefined);
  if (broken !== undefined) return { error: `Invalid resources: ${broken}`, kind: 'invalid' };
  const resources = given.map(normalise);
  const problem = CHECKS[type](resources, context);
  if (problem !== undefined) return { error: problem, kind: 'invalid' };
  const source = type === 'RESERVE' && context.source?.length ? context.source.map(normalise) : undefined;
  const before = source ?? resources.map(BEFORE[type]);
  const after = resources.map(AFTER[type]);
  if (!subtractPools(context.available, before)) {
    const text = (list: readonly Resource[]): string =>
      resourcesText(context.role === undefined ? list : allocateTo(context.role, list));
    return { error: `${text(context.available)} does not contain ${text(before)}`, kind: 'not-contained' };
  }
  return { consumed: toPool(before), converted: toPool(after) };
}

/** The volumes of a list. */
export function volumesIn(
  resources: readonly Resource[],
): { role: string; id: string; containerPath: string; source?: DiskSource }[] {
  return resources.flatMap((resource) => {
    const persistence = resource.disk?.persistence;
    if (!persistence) return [];
    const role = resource.reservations?.at(-1)?.role ?? '*';
    const { volume, source } = resource.disk ?? {};
    return [
      {
        role,
        id: persistence.id,
        containerPath: volume?.container_path ?? '',
        ...(source ? { source } : {}),
      },
    ];
  });
}

export type DiskSource = NonNullable<DiskInfo['source']>;

type Change = (resource: Resource) => Resource;

const same: Change = (resource) => resource;
const withoutTopReservation: Change = ({ reservations = [], ...rest }) =>
  reservations.length > 1 ? { ...rest, reservations: reservations.slice(0, -1) } : rest;
/** The disk without its volume; where it lies stays. */
export const withoutVolume: Change = ({ disk, ...rest }) =>
  disk?.source ? { ...rest, disk: { source: disk.source } } : rest;

const BEFORE: Record<ResourceOperation, Change> = {
  RESERVE: withoutTopReservation,
  UNRESERVE: same,
  CREATE: withoutVolume,
  DESTROY: same,
};
const AFTER: Record<ResourceOperation, Change> = {
  RESERVE: same,
  UNRESERVE: withoutTopReservation,
  CREATE: same,
  DESTROY: withoutVolume,
};

type Check = (resources: readonly Resource[], context: OperationContext) => string | undefined;

const CHECKS: Record<ResourceOperation, Check> = {
  RESERVE: (resources, { role, principal }) =>
    firstProblem(resources, (resource) => {
      const top = resource.reservations?.at(-1);
      if (top?.type !== 'DYNAMIC') return `Resource ${resourcesText([resource])} is not dynamically reserved`;
      if (resource.disk?.persistence)
        return `A persistent volume ${resourcesText([resource])} must already be reserved`;
      if (role !== undefined && top.role !== role)
        return `A reserve operation was attempted for a resource with role '${top.role}', but the resource was allocated to role '${role}'`;
      if (principal !== undefined && top.principal === undefined)
        return `A reserve operation was attempted by principal '${principal}', but there is a reserved resource in the request with no principal set`;
      if (principal !== undefined && top.principal !== principal)
        return `A reserve operation was attempted by authenticated principal '${principal}', which does not match a reserved resource in the request with principal '${top.principal ?? ''}'`;
      return undefined;
    }),
  UNRESERVE: (resources) =>
    firstProblem(resources, (resource) => {
      if (resource.reservations?.at(-1)?.type !== 'DYNAMIC')
        return `Resource ${resourcesText([resource])} is not dynamically reserved`;
      return resource.disk?.persistence
        ? `A dynamically reserved persistent volume ${resourcesText([resource])} cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource`
        : undefined;
    }),
  CREATE: (resources, { principal, volumeIds }) =>
    firstProblem(resources, (resource, index) => {
      const persistence = resource.disk?.persistence;
      if (!persistence) return `Resource ${resourcesText([resource])} is not a persistent volume`;
      if (!resource.disk?.volume) return "Expecting 'volume' to be set for persistent volume";
      if (!resource.reservations) return 'Persistent volumes cannot be created from unreserved resources';
      if (!/^[^/\\\s]+$/.test(persistence.id) || persistence.id === '.' || persistence.id === '..')
        return `Persistence ID '${persistence.id}' contains invalid characters`;
      const mine = volumesIn([resource])[0];
      const taken = [...volumeIds, ...volumesIn(resources.slice(0, index))];
      if (taken.some(({ role, id }) => role === mine?.role && id === mine.id))
        return `Persistence ID '${persistence.id}' already exists for role '${mine?.role ?? ''}'`;
      return principal !== undefined && persistence.principal !== principal
        ? `Create volume operation attempted by principal '${principal}', but there is a volume in the operation with principal '${persistence.principal ?? ''}' set in 'disk.persistence'`
        : undefined;
    }),
  DESTROY: (resources) =>
    firstProblem(resources, (resource) =>
      resource.disk?.persistence
        ? undefined
        : `Resource ${resourcesText([resource])} is not a persistent volume`,
    ),
};

function firstProblem(
  resources: readonly Resource[],
  check: (resource: Resource, index: number) => string | undefined,
): string | undefined {
  return resources.map(check).find((problem) => problem !== undefined);
}
