// The disks of a group of nodes, whichever way its spec says them.
import type { DiskSpec, NodeGroup } from './schema.ts';

/** Every disk of each node, in order; the first keeps Kafka's metadata too. One at least in a checked spec. */
export function disksOf({ disk, disks }: Pick<NodeGroup, 'disk' | 'disks'>): DiskSpec[] {
  return disks ?? (disk ? [disk] : []);
}

/** Where the spec says so, for messages. */
export function diskPath(group: Pick<NodeGroup, 'disks'>, index: number): string[] {
  return group.disks ? ['disks', String(index)] : ['disk'];
}
