import { describe, expect, it } from 'vitest';
import { volumeGrowths } from '../../../src/model/node/grow-volumes.ts';

const root = (id: string, sizeMb: number) => ({ id, type: 'ROOT' as const, sizeMb });

describe('the growth of volumes', () => {
  it('is what each ROOT volume lacks', () => {
    const wanted = [root('v0', 700), root('v1', 500), { id: 'v2', type: 'MOUNT' as const, sizeMb: 900 }];
    expect(volumeGrowths(wanted, { v0: 500, v1: 500, v2: 500 })).toEqual([{ volumeId: 'v0', byMb: 200 }]);
  });

  it('is nothing where a volume is larger, or not known to Mesos', () => {
    expect(volumeGrowths([root('v0', 100), root('v1', 900)], { v0: 500 })).toEqual([]);
  });
});
