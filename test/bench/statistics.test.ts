import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, quantile, seconds } from '../../bench/statistics.ts';

const someNumbers = fc.array(fc.integer(), { minLength: 1, maxLength: 40 });
/** Quantiles that a binary fraction holds exactly. */
const anyQ = fc.integer({ min: 0, max: 16 }).map((n) => n / 16);

describe('a quantile', () => {
  it('is the least of the values that at least that part of them does not exceed', () => {
    fc.assert(
      fc.property(someNumbers, anyQ, (values, q) => {
        const result = quantile(values, q);
        const upTo = (limit: number) => values.filter((value) => value <= limit).length;
        expect(values).toContain(result);
        expect(upTo(result)).toBeGreaterThanOrEqual(q * values.length);
        const smaller = values.filter((value) => value < result);
        if (smaller.length > 0) expect(upTo(Math.max(...smaller))).toBeLessThan(q * values.length);
      }),
    );
  });

  it('reaches from the least to the greatest value, by number and not by text', () => {
    const values = [10, 9, 100, 2, -1];
    expect([0, 0.5, 1].map((q) => quantile(values, q))).toEqual([-1, 9, 100]);
  });

  it('depends not on the order of the values, and leaves them in it', () => {
    fc.assert(
      fc.property(someNumbers, anyQ, (values, q) => {
        const copy = [...values];
        expect(quantile([...values].reverse(), q)).toBe(quantile(values, q));
        expect(values).toEqual(copy);
      }),
    );
  });

  it('is not a number of no values', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('a median', () => {
  it.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2],
  ])('of %j is %i', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('milliseconds for people', () => {
  it('are seconds: the median and the range', () => {
    expect(seconds([5_390, 6_100, 4_804])).toBe('5.39 s (4.80–6.10)');
  });
});
