// Makes a Temporal server as temporal.yaml says. May be run again at any time.
import { msToTs } from '@temporalio/common/lib/time.js';
import { MillraceError } from '../model/errors.ts';
import { temporalTarget } from './connect.ts';
import { ATTRIBUTE_TYPE_NUMBER, diffFootprint, type Difference, type TemporalServices } from './diff.ts';
import type { Footprint } from './footprint.ts';
import { GRPC, grpcCodeOf } from './grpc.ts';

/** A server's caches take a moment to know a new namespace or attribute; far longer means that it was not done. */
const SETTLE_MS = 30_000;
const LOOK_AGAIN_MS = 200;

/**
 * Creates the namespace and the search attributes that are missing, and raises a retention that is too short. Returns
 * what was changed, after the server shows it; empty when there was nothing to do.
 *
 * @throws MillraceError TEMPORAL_MISCONFIGURED when an attribute has another type (changed by nobody but a person) or when the
 *   server, as Temporal Cloud does, leaves such changes to its own console; TEMPORAL_UNREACHABLE
 */
export async function applyFootprint(
  connection: TemporalServices,
  footprint: Footprint,
  namespace: string = temporalTarget().namespace,
): Promise<Difference[]> {
  const differences = await diffFootprint(connection, footprint, namespace);
  refuseDrift(differences);
  try {
    for (const difference of differences) await settle(connection, { footprint, namespace, difference });
  } catch (error) {
    const code = grpcCodeOf(error);
    if (code !== GRPC.PERMISSION_DENIED && code !== GRPC.UNIMPLEMENTED) throw error;
    throw new MillraceError('TEMPORAL_MISCONFIGURED', byHand(differences, namespace), { cause: error });
  }
  await untilShown(connection, footprint, namespace);
  return differences;
}

function refuseDrift(differences: Difference[]): void {
  const drift = differences.filter(({ kind }) => kind === 'ATTRIBUTE_TYPE');
  if (drift.length === 0) return;
  throw new MillraceError(
    'TEMPORAL_MISCONFIGURED',
    `Nothing was changed: ${drift.map(({ message }) => message).join('; ')}. Temporal can't change the type of a search attribute. ` +
      'Remove it when nothing else uses it (temporal operator search-attribute remove --name <name>) and apply again, or use ' +
      'another namespace (TEMPORAL_NAMESPACE).',
  );
}

interface Change {
  footprint: Footprint;
  namespace: string;
  difference: Difference;
}

async function settle(
  connection: TemporalServices,
  { footprint, namespace, difference }: Change,
): Promise<void> {
  const retention = msToTs(footprint.namespace.retentionSeconds * 1000);
  switch (difference.kind) {
    case 'NAMESPACE_MISSING':
      await accepting(GRPC.ALREADY_EXISTS, () =>
        connection.workflowService.registerNamespace({
          namespace,
          description: 'Kafka clusters managed by Millrace',
          workflowExecutionRetentionPeriod: retention,
        }),
      );
      return;
    case 'RETENTION_SHORT':
      await connection.workflowService.updateNamespace({
        namespace,
        config: { workflowExecutionRetentionTtl: retention },
      });
      return;
    case 'ATTRIBUTE_MISSING':
      // A namespace that was registered a moment ago may not be known to every service of the server yet.
      await retrying(GRPC.NOT_FOUND, () =>
        accepting(GRPC.ALREADY_EXISTS, () =>
          connection.operatorService.addSearchAttributes({
            namespace,
            searchAttributes: { [difference.name]: ATTRIBUTE_TYPE_NUMBER[difference.type] },
          }),
        ),
      );
      return;
    case 'ATTRIBUTE_TYPE':
      return;
  }
}

async function untilShown(
  connection: TemporalServices,
  footprint: Footprint,
  namespace: string,
): Promise<void> {
  const deadlineMs = Date.now() + SETTLE_MS;
  for (;;) {
    const left = await diffFootprint(connection, footprint, namespace);
    if (left.length === 0) return;
    if (Date.now() > deadlineMs)
      throw new MillraceError(
        'TEMPORAL_MISCONFIGURED',
        `The server accepted every change and still differs after ${SETTLE_MS / 1000} s: ${left.map(({ message }) => message).join('; ')}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function accepting(code: number, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (grpcCodeOf(error) !== code) throw error;
  }
}

async function retrying(code: number, call: () => Promise<void>): Promise<void> {
  const deadlineMs = Date.now() + SETTLE_MS;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (grpcCodeOf(error) !== code || Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}

function byHand(differences: Difference[], namespace: string): string {
  const commands = differences.flatMap((difference) => {
    switch (difference.kind) {
      case 'NAMESPACE_MISSING':
        return ['create the namespace in the console'];
      case 'RETENTION_SHORT':
        return [
          `set the retention of ${namespace} to ${Math.ceil(difference.expectedSeconds / 86_400)} days in the console`,
        ];
      case 'ATTRIBUTE_MISSING':
        return [
          `tcld namespace search-attributes add --namespace ${namespace} --search-attribute "${difference.name}=${difference.type}"`,
        ];
      case 'ATTRIBUTE_TYPE':
        return [];
    }
  });
  return (
    `This server leaves changes of namespaces and search attributes to its own tools (as Temporal Cloud does): ` +
    `${differences.map(({ message }) => message).join('; ')}. Do this once: ${commands.join('; ')}. Then see "millrace temporal diff".`
  );
}
