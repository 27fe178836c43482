// What is checked of every request before anything is changed.
import { CLUSTER_STATUS, type ClusterState, type OperationRecord } from '../../model/cluster.ts';
import type { ReplaceRequest } from '../contract.ts';
import { refuse } from '../failure.ts';
import { hasShape } from '../internal-signal.ts';
import type { Entity } from './entity.ts';

/** The API sends nothing else; a person may, from the Temporal UI. */
export function checkRequest(request: unknown): void {
  const { requestedBy, reason } = (request ?? {}) as { requestedBy?: unknown; reason?: unknown };
  if (typeof requestedBy === 'string' && (reason === undefined || typeof reason === 'string')) return;
  throw refuse(
    'REQUEST_INVALID',
    `A request wants "requestedBy" (text: who asks) and may have "reason" (text), and got ${JSON.stringify(request)}; nothing was changed. ` +
      'Accepted: for example {"requestedBy":"me"}',
  );
}

/** Who gives data up says why. */
export function checkReplaceRequest(request: ReplaceRequest): void {
  checkRequest(request);
  const { node, reason, impact } = request;
  const force: unknown = request.force ?? false;
  if (force !== false && (force !== true || reason === undefined))
    throw refuse(
      'REQUEST_INVALID',
      `force is ${JSON.stringify(force)} without a reason why the data of ${node} may be given up; nothing was changed. ` +
        'Accepted: {"force":true,"reason":"its disk is lost"}',
    );
  if (impact !== undefined && !(hasShape(impact, { partitions: 'number' }) && Array.isArray(impact.onlyHere)))
    throw refuse(
      'REQUEST_INVALID',
      `impact is ${JSON.stringify(impact)}, but is what the API found out; nothing was changed. Accepted: a request without it`,
    );
}

/** The spec has been parsed by the API. What could not even be planned is refused all the same. */
export function checkSpec(name: string, spec: unknown): void {
  const { name: named, kafka, brokers, controllers } = (spec ?? {}) as Record<string, unknown>;
  const isComplete =
    named === name &&
    hasShape(kafka, { version: 'string' }) &&
    hasShape(brokers, { count: 'number' }) &&
    hasShape(controllers, { count: 'number' });
  if (!isComplete)
    throw refuse(
      'SPEC_INVALID',
      `The spec of ${name} is not complete; nothing was changed. Install it through the API or the command, which fill in what is missing.`,
    );
}

/**
 * The state of a cluster that there is.
 *
 * @throws CLUSTER_NOT_FOUND
 */
export function existing(entity: Entity): ClusterState {
  const { state } = entity;
  if (state && state.status !== CLUSTER_STATUS.UNINSTALLED) return state;
  throw refuse(
    'CLUSTER_NOT_FOUND',
    `There is no cluster ${entity.name}; nothing was changed. "millrace cluster list" shows those there are.`,
  );
}

/** @throws OPERATION_RUNNING unless nothing runs */
export function refuseWhileRunning(name: string, operation: OperationRecord | null): void {
  if (!operation) return;
  throw refuse(
    'OPERATION_RUNNING',
    `${operation.id} is running on cluster ${name}; nothing was changed. Wait for it ` +
      `("millrace op watch '${operation.id}'"), or abort it first ("millrace op abort '${operation.id}' --reason ...").`,
    { operationId: operation.id },
  );
}
