// Whether what is reserved for a placed node is what its spec wants.
import type { NodeState } from '../cluster.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { nodeResources } from './resources.ts';

export interface ResourceChange {
  /** More has to be reserved before it can be launched with the spec. */
  grows: boolean;
  /** Something is reserved that it does not need any more. */
  shrinks: boolean;
}

/** Two amounts of CPUs as Mesos keeps them: with three decimals. */
const CPU_STEP = 0.0005;

/** Compares a node's reservation with what a spec wants of it. MOUNT disks have the size that they have. */
export function resourceChange(
  { kind, placement }: Pick<NodeState, 'kind' | 'placement'>,
  spec: ClusterSpec,
): ResourceChange {
  if (placement === null) return { grows: false, shrinks: false };
  const { total, volumes, volumeMb } = nodeResources(spec, kind);
  const isMounted = volumes.some(({ type }) => type === 'MOUNT');
  return {
    grows:
      total.cpus > placement.cpus + CPU_STEP ||
      total.memMb > placement.memMb ||
      (!isMounted && volumeMb > placement.diskMb),
    shrinks: total.cpus < placement.cpus - CPU_STEP || total.memMb < placement.memMb,
  };
}
