import { describe, expect, it } from 'vitest';
import { volumeGrowths } from '../../../src/model/node/grow-volumes.ts';
import { placementOf } from '../clusters.ts';

const placement = placementOf('broker-0', {
  volumeId: 'v0',
  moreVolumes: [
    { id: 'v1', sizeMb: 500 },
    { id: 'v2', sizeMb: 500 },
  ],
});
const root = (sizeMb: number) => ({ type: 'ROOT' as const, sizeMb });

describe('the growth of volumes', () => {
  it('is what each ROOT volume lacks', () => {
    const wanted = [root(700), root(500), { type: 'MOUNT' as const, sizeMb: 900 }];
    expect(volumeGrowths(placement, wanted, { v0: 500, v1: 500, v2: 500 })).toEqual([
      { volumeId: 'v0', byMb: 200 },
    ]);
  });

  it('is nothing where a volume is larger, or not known to Mesos', () => {
    expect(volumeGrowths(placement, [root(100), root(900)], { v0: 500 })).toEqual([]);
  });
});
