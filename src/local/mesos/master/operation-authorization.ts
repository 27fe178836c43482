// Whether a principal may change resources of an agent.
import type { Resource } from '../../../mesos/types.ts';
import type { OperationDescription } from '../wire/call-types.ts';
import { isAllowed } from './acls.ts';
import type { Master } from './master.ts';
import { operationResources } from './operations.ts';
import type { AgentOperation } from './resize-volume.ts';

const WORDS: Record<AgentOperation, string> = {
  RESERVE: 'reserve resources',
  UNRESERVE: 'unreserve resources',
  CREATE: 'create persistent volumes',
  DESTROY: 'destroy persistent volumes',
  GROW_VOLUME: 'grow a volume',
  SHRINK_VOLUME: 'shrink a volume',
};

/** What a master answers a scheduler that may not; undefined when it may. */
export function unauthorizedProblem(
  master: Master,
  type: AgentOperation,
  operation: OperationDescription,
  principal: string | undefined,
): string | undefined {
  return mayChange(master, type, operation, principal)
    ? undefined
    : `Not authorized to ${WORDS[type]} as '${principal ?? ''}'`;
}

/** Whether the principal may carry out the operation. */
export function mayChange(
  master: Master,
  type: AgentOperation,
  operation: OperationDescription,
  principal: string | undefined,
): boolean {
  const resources = operationResources({ ...operation, type });
  const roles = (list: readonly (Resource | undefined)[]): string[] =>
    list.map((resource) => resource?.reservations?.at(-1)?.role ?? resource?.role ?? '*');
  switch (type) {
    case 'RESERVE':
      return isAllowed(master, 'reserve_resources', principal, roles(resources));
    case 'CREATE':
      return isAllowed(master, 'create_volumes', principal, roles(resources));
    case 'UNRESERVE':
      return isAllowed(
        master,
        'unreserve_resources',
        principal,
        resources.flatMap(({ reservations }) => reservations?.at(-1)?.principal ?? []),
      );
    case 'DESTROY':
      return isAllowed(
        master,
        'destroy_volumes',
        principal,
        resources.flatMap(({ disk }) => disk?.persistence?.principal ?? []),
      );
    case 'GROW_VOLUME':
      return isAllowed(master, 'resize_volumes', principal, roles([operation.grow_volume?.volume]));
    case 'SHRINK_VOLUME':
      return isAllowed(master, 'resize_volumes', principal, roles([operation.shrink_volume?.volume]));
  }
}
