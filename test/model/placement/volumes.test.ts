import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignMounts, assignRoot, type WantedVolume } from '../../../src/model/placement/volumes.ts';

const profile = fc.constantFrom<{ profile?: string }>({}, { profile: 'fast' });
const size = fc.integer({ min: 1, max: 6 }).map((n) => n * 100);
const arbVolumes = fc.array(
  fc
    .tuple(fc.constantFrom('ROOT' as const, 'MOUNT' as const), size, profile)
    .map(([type, sizeMb, more]): WantedVolume => ({ type, sizeMb, ...(type === 'MOUNT' ? more : {}) })),
  { maxLength: 4 },
);
const arbDisks = fc
  .array(fc.tuple(size, profile), { maxLength: 5 })
  .map((disks) => disks.map(([sizeMb, more], n) => ({ id: `/mnt/${n}`, sizeMb, ...more })));

/** Whether the MOUNT volumes can all have a disk, by trying every way. */
function canMount(volumes: WantedVolume[], disks: { sizeMb: number; profile?: string }[]): boolean {
  const [first, ...rest] = volumes;
  if (!first) return true;
  return disks.some(
    (disk, at) =>
      disk.sizeMb >= first.sizeMb && disk.profile === first.profile && canMount(rest, disks.toSpliced(at, 1)),
  );
}

describe('the disks of volumes, for any agent', () => {
  it('are found exactly when every MOUNT volume can have one, each once, large enough and of its profile', () => {
    fc.assert(
      fc.property(arbVolumes, arbDisks, (volumes, disks) => {
        const assigned = assignMounts(volumes, disks);
        const mounts = volumes.filter(({ type }) => type === 'MOUNT');
        expect(assigned.includes(null)).toBe(!canMount(mounts, disks));
        const used = assigned.filter((at) => typeof at === 'number');
        expect(new Set(used).size).toBe(used.length);
        volumes.forEach((volume, index) => {
          const disk = disks[assigned[index] ?? -1];
          expect(assigned[index] === undefined).toBe(volume.type === 'ROOT');
          if (!disk) return;
          expect(disk.sizeMb).toBeGreaterThanOrEqual(volume.sizeMb);
          expect(disk.profile).toBe(volume.profile);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('never take more of a piece of the root disk than it has, and nothing fits what they leave out', () => {
    fc.assert(
      fc.property(arbVolumes, fc.array(size, { maxLength: 3 }), (volumes, pieces) => {
        const assigned = assignRoot(volumes, pieces);
        const left = pieces.map((sizeMb, at) =>
          volumes.reduce(
            (rest, volume, index) => (assigned[index] === at ? rest - volume.sizeMb : rest),
            sizeMb,
          ),
        );
        for (const sizeMb of left) expect(sizeMb).toBeGreaterThanOrEqual(0);
        volumes.forEach((volume, index) => {
          expect(assigned[index] === undefined).toBe(volume.type === 'MOUNT');
          if (assigned[index] === null) expect(Math.max(0, ...left)).toBeLessThan(volume.sizeMb);
        });
      }),
      { numRuns: 2000 },
    );
  });
});
