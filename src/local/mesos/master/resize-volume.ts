// GROW_VOLUME and SHRINK_VOLUME as pure functions. Texts as in Mesos' validation.cpp.
import type { Resource } from '../../../mesos/types.ts';
import { allocateTo, normalise, resourceProblem, subtractPools, toPool } from '../resources/pool.ts';
import { resourcesText } from '../resources/text.ts';
import type { OperationDescription } from '../wire/call-types.ts';
import { RESOURCE_OPERATIONS, applyOperation, operationResources, withoutVolume } from './operations.ts';
import type { OperationContext, OperationResult, ResourceOperation } from './operations.ts';

export type AgentOperation = ResourceOperation | 'GROW_VOLUME' | 'SHRINK_VOLUME';

/** All operations that change what an agent has. */
export const AGENT_OPERATIONS: readonly AgentOperation[] = [
  ...RESOURCE_OPERATIONS,
  'GROW_VOLUME',
  'SHRINK_VOLUME',
];

/** Works out an operation of any of these types; changes nothing. */
export function workOut(
  type: AgentOperation,
  operation: OperationDescription,
  context: OperationContext,
): OperationResult {
  if (type === 'GROW_VOLUME') return grow(operation.grow_volume, context);
  if (type === 'SHRINK_VOLUME') return shrink(operation.shrink_volume, context);
  return applyOperation(type, operationResources({ ...operation, type }), {
    ...context,
    ...(operation.reserve?.source ? { source: operation.reserve.source } : {}),
  });
}

function grow(given: OperationDescription['grow_volume'], context: OperationContext): OperationResult {
  if (!given) return invalid("Expecting 'grow_volume' to be present");
  const volume = normalise(given.volume);
  const addition = normalise(given.addition);
  const amount = addition.scalar?.value ?? 0;
  const problem =
    fieldProblem('GrowVolume.volume', given.volume) ??
    fieldProblem('GrowVolume.addition', given.addition) ??
    (amount > 0 ? undefined : "The size of 'GrowVolume.addition' field must be greater than zero") ??
    (volume.disk?.persistence ? undefined : notAVolume('GrowVolume.volume', volume)) ??
    // A disk of its own mount cannot be added to.
    (toPool([withoutVolume(volume), addition]).length === 1 && volume.disk?.source?.type !== 'MOUNT'
      ? undefined
      : "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields");
  if (problem !== undefined) return invalid(problem);
  const grown = { ...volume, scalar: { value: (volume.scalar?.value ?? 0) + amount } };
  return exchange([volume, addition], [grown], context);
}

function shrink(given: OperationDescription['shrink_volume'], context: OperationContext): OperationResult {
  if (!given) return invalid("Expecting 'shrink_volume' to be present");
  const volume = normalise(given.volume);
  const size = volume.scalar?.value ?? 0;
  const amount = given.subtract.value;
  const problem =
    fieldProblem('ShrinkVolume.volume', given.volume) ??
    (amount > 0 ? undefined : "Value of 'ShrinkVolume.subtract' must be greater than zero") ??
    (size > amount
      ? undefined
      : "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'") ??
    (volume.disk?.source?.type === 'MOUNT'
      ? 'Shrinking a volume on a MOUNT disk is not supported'
      : undefined) ??
    (volume.disk?.persistence ? undefined : notAVolume('ShrinkVolume.volume', volume));
  if (problem !== undefined) return invalid(problem);
  const shrunk = { ...volume, scalar: { value: size - amount } };
  const freed = { ...withoutVolume(volume), scalar: { value: amount } };
  return exchange([volume], [shrunk, freed], context);
}

function exchange(
  before: readonly Resource[],
  after: readonly Resource[],
  { available, role }: OperationContext,
): OperationResult {
  if (subtractPools(available, before)) return { consumed: toPool(before), converted: toPool(after) };
  const text = (list: readonly Resource[]): string =>
    resourcesText(role === undefined ? list : allocateTo(role, list));
  return { error: `${text(available)} does not contain ${text(before)}`, kind: 'not-contained' };
}

function fieldProblem(field: string, resource: Resource): string | undefined {
  const problem = resourceProblem(resource);
  return problem === undefined ? undefined : `Invalid resource in the '${field}' field: ${problem}`;
}

function notAVolume(field: string, resource: Resource): string {
  return `Invalid persistent volume in the '${field}' field: Resource ${resourcesText([resource])} does not have DiskInfo`;
}

function invalid(error: string): OperationResult {
  return { error, kind: 'invalid' };
}
