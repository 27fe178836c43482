// Which disks of an agent become which volumes of a node. Used to judge an offer and, with the same answer, to take it.
import type { AgentOffer, PlacementDemand } from './types.ts';

export type WantedVolume = NonNullable<PlacementDemand['volumes']>[number];

/** Every volume of a demand. */
export function volumesOf(demand: PlacementDemand): WantedVolume[] {
  const { volumes, diskType, diskMb, sandboxMb = 0 } = demand;
  return volumes ?? [{ type: diskType, sizeMb: diskMb - sandboxMb }];
}

/**
 * The disk for each volume of the type MOUNT, as indexes into `disks`; undefined for those of the type ROOT, null for
 * those that find none. Each disk is used once and has exactly the wanted profile, or none when none is wanted. The
 * largest volume is served first and each takes the smallest disk that is large enough: whatever fits at all fits so.
 */
export function assignMounts(
  volumes: readonly WantedVolume[],
  disks: NonNullable<AgentOffer['mountDisksMb']>,
): (number | null | undefined)[] {
  const assigned: (number | null | undefined)[] = volumes.map(() => undefined);
  const taken = new Set<number>();
  for (const index of bySize(volumes)) {
    const volume = volumes[index];
    if (volume?.type !== 'MOUNT') continue;
    const [best] = disks
      .map((disk, at) => ({ ...disk, at }))
      .filter(
        ({ at, sizeMb, profile }) => !taken.has(at) && profile === volume.profile && sizeMb >= volume.sizeMb,
      )
      .sort((a, b) => a.sizeMb - b.sizeMb || a.at - b.at);
    assigned[index] = best?.at ?? null;
    if (best) taken.add(best.at);
  }
  return assigned;
}

/**
 * The piece of the root disk for each volume of the type ROOT, as indexes into `piecesMb`; undefined for those of the
 * type MOUNT, null for those that find none. The largest first, each into the first piece that still has room.
 */
export function assignRoot(
  volumes: readonly WantedVolume[],
  piecesMb: readonly number[],
): (number | null | undefined)[] {
  const assigned: (number | null | undefined)[] = volumes.map(() => undefined);
  const left = [...piecesMb];
  for (const index of bySize(volumes)) {
    const volume = volumes[index];
    if (volume?.type !== 'ROOT') continue;
    const at = left.findIndex((sizeMb) => sizeMb >= volume.sizeMb);
    assigned[index] = at < 0 ? null : at;
    if (at >= 0) left[at] = (left[at] ?? 0) - volume.sizeMb;
  }
  return assigned;
}

/** Why the volumes of a demand find no disks on an agent; none when they do. */
export function diskShortages(
  offer: AgentOffer,
  demand: PlacementDemand,
  show: (mb: number) => string,
): string[] {
  const volumes = volumesOf(demand);
  const roots = volumes.filter(({ type }) => type === 'ROOT');
  const rootMb = roots.reduce((sum, { sizeMb }) => sum + sizeMb, demand.sandboxMb ?? 0);
  const pieces = offer.rootPiecesMb ?? [offer.diskMb];
  const reasons: string[] = [];
  if (offer.diskMb < rootMb) reasons.push(`disk ${show(offer.diskMb)} < ${show(rootMb)}`);
  else if (assignRoot(roots, pieces).includes(null))
    reasons.push(
      `disk in pieces of ${pieces.map(show).join(' and ')} of different reservations, none of which holds a whole volume`,
    );
  const disks = offer.mountDisksMb ?? [];
  const failed = assignMounts(volumes, disks).indexOf(null);
  const volume = volumes[failed];
  if (volume) reasons.push(mountShortage(volume, volumes, disks, show));
  return reasons;
}

function mountShortage(
  { sizeMb, profile }: WantedVolume,
  volumes: readonly WantedVolume[],
  all: NonNullable<AgentOffer['mountDisksMb']>,
  show: (mb: number) => string,
): string {
  const disks = all.filter((disk) => disk.profile === profile);
  const suffix = profile === undefined ? '' : ` of profile ${profile}`;
  const name = `MOUNT disk${suffix}`;
  if (profile !== undefined && disks.length === 0) return `no ${name}`;
  const largestMb = Math.max(0, ...disks.map((disk) => disk.sizeMb));
  if (largestMb < sizeMb) return `${name} ${show(largestMb)} < ${show(sizeMb)}`;
  const wanted = volumes.filter((volume) => volume.type === 'MOUNT' && volume.profile === profile).length;
  return `MOUNT disks${suffix} for fewer than ${wanted} volumes`;
}

/** Indexes of the volumes, largest first. */
function bySize(volumes: readonly WantedVolume[]): number[] {
  return volumes
    .map(({ sizeMb }, index) => ({ sizeMb, index }))
    .sort((a, b) => b.sizeMb - a.sizeMb || a.index - b.index)
    .map(({ index }) => index);
}
