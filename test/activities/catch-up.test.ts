import { describe, expect, it } from 'vitest';
import { sayCatchUp } from '../../src/activities/catch-up.ts';

const seen = (inSync: number, seconds: number, replicas = 80) => ({ replicas, inSync, atMs: seconds * 1000 });

describe('how far a broker is that catches up', () => {
  it('is said with the time that is left at the rate so far', () => {
    expect(sayCatchUp(seen(20, 100), seen(60, 180))).toBe(', 60 of 80 replicas in sync, about 40 s left');
  });

  it('has no time while there is no rate', () => {
    expect(sayCatchUp(seen(20, 100), seen(20, 100))).toBe(', 20 of 80 replicas in sync');
    expect(sayCatchUp(seen(20, 100), seen(10, 110))).toBe(', 10 of 80 replicas in sync');
  });

  it('is nothing while nobody can tell, and when nothing is missing', () => {
    expect(sayCatchUp(null, seen(1, 1))).toBe('');
    expect(sayCatchUp(seen(1, 1), null)).toBe('');
    expect(sayCatchUp(seen(0, 1, 0), seen(0, 2, 0))).toBe('');
  });
});
