// Resources in the format of frameworks and APIs that know no refined reservations.
import type { Resource } from '../../../mesos/types.ts';
import { allocateTo } from './pool.ts';

/** The fields of the old format beside the new one, wherever they can say the same; the operator API has both. */
export function withOldFields(resource: Resource): object {
  const reservations = resource.reservations ?? [];
  const [only] = reservations;
  if (!only) return { ...resource, role: '*' };
  if (reservations.length > 1) return resource;
  const { role, principal, labels, type } = only;
  const reservation = { ...(principal === undefined ? {} : { principal }), ...(labels ? { labels } : {}) };
  return { ...resource, role, ...(type === 'DYNAMIC' ? { reservation } : {}) };
}

/** Resources of an offer in the format that a framework of these capabilities reads. */
export function offeredTo(
  { isRefining, isMultiRole }: { isRefining: boolean; isMultiRole: boolean },
  role: string,
  resources: readonly Resource[],
): Resource[] {
  const plain = isRefining
    ? [...resources]
    : resources.map((resource) => {
        const { reservations: _reservations, ...old } = withOldFields(resource) as Resource;
        return old;
      });
  return isMultiRole ? allocateTo(role, plain) : plain;
}
