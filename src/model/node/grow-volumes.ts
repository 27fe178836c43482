// By how much the volumes of a node have to grow (GROW_VOLUME) to be as large as its spec says.
import type { VolumeDemand } from './resources.ts';

/** One volume that is too small. */
export interface VolumeGrowth {
  volumeId: string;
  byMb: number;
}

/**
 * The growths of a node's volumes. MOUNT disks have the size that they have, and nothing is ever shrunk.
 *
 * @param sizesMb what Mesos says of each volume now, by its id; volumes that it does not name are left out
 */
export function volumeGrowths(
  wanted: readonly (Pick<VolumeDemand, 'type' | 'sizeMb'> & { id: string })[],
  sizesMb: Readonly<Record<string, number>>,
): VolumeGrowth[] {
  return wanted.flatMap(({ id, type, sizeMb }): VolumeGrowth[] => {
    const hasMb = Object.hasOwn(sizesMb, id) ? sizesMb[id] : undefined;
    if (type !== 'ROOT' || hasMb === undefined || hasMb >= sizeMb) return [];
    return [{ volumeId: id, byMb: sizeMb - hasMb }];
  });
}
