// Compares a Temporal server with temporal.yaml. It lists and compares, since the server's own call to add a search
// attribute ignores one of the same name and another type without a word.
import type { Connection } from '@temporalio/client';
import { temporalTarget, unreachable } from './connect.ts';
import type { AttributeType, Footprint } from './footprint.ts';
import { GRPC, grpcCodeOf, isUnreachable } from './grpc.ts';

/** The services of a connection that are needed here; client and native connections have both. */
export type TemporalServices = Pick<Connection, 'workflowService' | 'operatorService'>;

/** One thing in which the server is not as temporal.yaml says. */
export type Difference = {
  /** For people: what is, what ought to be. */
  message: string;
  /** Whether Millrace can't work until it is settled. */
  blocking: boolean;
} & (
  | { kind: 'NAMESPACE_MISSING'; namespace: string }
  | { kind: 'RETENTION_SHORT'; actualSeconds: number; expectedSeconds: number }
  | { kind: 'ATTRIBUTE_MISSING'; name: string; type: AttributeType }
  | { kind: 'ATTRIBUTE_TYPE'; name: string; actual: string; expected: AttributeType }
);

/** Numbers of the types in Temporal's API (temporal.api.enums.v1.IndexedValueType). */
export const ATTRIBUTE_TYPE_NUMBER: Readonly<Record<AttributeType, number>> = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
};

/**
 * What the server lacks; empty when nothing. `namespace` is that of the connection
 * (@default TEMPORAL_NAMESPACE, the profile, or the one in temporal.yaml).
 *
 * @throws MillraceError TEMPORAL_UNREACHABLE
 */
export async function diffFootprint(
  connection: TemporalServices,
  footprint: Footprint,
  namespace: string = temporalTarget().namespace,
): Promise<Difference[]> {
  try {
    const retentionSeconds = await retentionOf(connection, namespace);
    if (retentionSeconds === null)
      return [
        {
          kind: 'NAMESPACE_MISSING',
          namespace,
          blocking: true,
          message: `namespace ${namespace} is missing`,
        },
        ...diffAttributes(footprint, {}),
      ];
    return [
      ...diffRetention(namespace, retentionSeconds, footprint.namespace.retentionSeconds),
      ...diffAttributes(footprint, await attributesOf(connection, namespace)),
    ];
  } catch (error) {
    const code = grpcCodeOf(error);
    if (isUnreachable(error) || code === GRPC.UNAUTHENTICATED || code === GRPC.PERMISSION_DENIED)
      throw unreachable({ address: temporalTarget().address, namespace }, error);
    throw error;
  }
}

function diffRetention(namespace: string, actualSeconds: number, expectedSeconds: number): Difference[] {
  if (actualSeconds >= expectedSeconds) return [];
  return [
    {
      kind: 'RETENTION_SHORT',
      actualSeconds,
      expectedSeconds,
      blocking: false,
      message: `namespace ${namespace} keeps ended operations ${hours(actualSeconds)}, expected at least ${hours(expectedSeconds)}`,
    },
  ];
}

function diffAttributes(footprint: Footprint, actual: Record<string, string>): Difference[] {
  return Object.entries(footprint.searchAttributes).flatMap(([name, type]): Difference[] => {
    const found = actual[name];
    if (found === type) return [];
    if (found === undefined)
      return [
        {
          kind: 'ATTRIBUTE_MISSING',
          name,
          type,
          blocking: true,
          message: `search attribute ${name} (${type}) is missing`,
        },
      ];
    return [
      {
        kind: 'ATTRIBUTE_TYPE',
        name,
        actual: found,
        expected: type,
        blocking: true,
        message: `search attribute ${name} is of type ${found}, expected ${type}`,
      },
    ];
  });
}

/** Seconds that the namespace keeps ended workflows; null when there is no such namespace. */
async function retentionOf(connection: TemporalServices, namespace: string): Promise<number | null> {
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  } catch (error) {
    if (grpcCodeOf(error) === GRPC.NOT_FOUND) return null;
    throw error;
  }
}

/** Custom search attributes of the namespace and their types. */
async function attributesOf(
  connection: TemporalServices,
  namespace: string,
): Promise<Record<string, string>> {
  const names = new Map(Object.entries(ATTRIBUTE_TYPE_NUMBER).map(([name, number]) => [number, name]));
  const named = (types: Record<string, number | null> | null | undefined) =>
    Object.fromEntries(
      Object.entries(types ?? {}).map(([key, type]) => [key, names.get(type ?? 0) ?? `type ${type}`]),
    );
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return named(customAttributes);
  } catch (error) {
    const code = grpcCodeOf(error);
    if (code !== GRPC.UNIMPLEMENTED && code !== GRPC.PERMISSION_DENIED) throw error;
    // Temporal Cloud keeps the operator service to itself and lists them here.
    const { keys } = await connection.workflowService.getSearchAttributes({});
    return named(keys);
  }
}

function hours(seconds: number): string {
  return seconds % 86_400 === 0 ? `${seconds / 86_400} d` : `${Math.round(seconds / 3600)} h`;
}
