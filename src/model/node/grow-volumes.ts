// By how much the volumes of a node have to grow (GROW_VOLUME) to be as large as its spec says.
import { volumeIdsOf, type Placement } from '../cluster.ts';
import type { VolumeDemand } from './resources.ts';

/** One volume that is too small. */
export interface VolumeGrowth {
  volumeId: string;
  byMb: number;
}

/**
 * The growths of a placed node. MOUNT disks have the size that they have, and nothing is ever shrunk.
 *
 * @param sizesMb what Mesos says of each volume now, by its id; volumes that it does not name are left out
 */
export function volumeGrowths(
  placement: Placement,
  wanted: readonly Pick<VolumeDemand, 'type' | 'sizeMb'>[],
  sizesMb: Readonly<Record<string, number>>,
): VolumeGrowth[] {
  return volumeIdsOf(placement).flatMap((volumeId, index): VolumeGrowth[] => {
    const volume = wanted[index];
    const hasMb = Object.hasOwn(sizesMb, volumeId) ? sizesMb[volumeId] : undefined;
    if (volume?.type !== 'ROOT' || hasMb === undefined || hasMb >= volume.sizeMb) return [];
    return [{ volumeId, byMb: volume.sizeMb - hasMb }];
  });
}
