import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextOpeningMs, parseHours, showHours } from '../../src/model/maintenance-hours.ts';

const at = (text: string) => Date.parse(text);
const opening = (hours: string, now: string) =>
  new Date(nextOpeningMs(parseHours(hours)!, at(now))).toISOString();

describe('maintenance hours', () => {
  it.each(['22:00-06:00', 'sat,sun 02:00-06:00'])('reads and shows %s', (text) => {
    const hours = parseHours(text);
    expect(hours).not.toBeNull();
    expect(parseHours(showHours(hours!))).toEqual(hours);
  });

  it.each(['', '22-06', '24:00-06:00', '10:00-10:00', 'xyz 10:00-11:00', '10:60-11:00'])(
    'refuses %j',
    (text) => {
      expect(parseHours(text)).toBeNull();
    },
  );

  it.each([
    // 2026-11-26 is a Thursday.
    ['22:00-06:00', '2026-11-26T23:00:00Z', '2026-11-26T23:00:00.000Z'],
    ['22:00-06:00', '2026-11-26T05:59:00Z', '2026-11-26T05:59:00.000Z'],
    ['22:00-06:00', '2026-11-26T06:00:00Z', '2026-11-26T22:00:00.000Z'],
    ['sat 22:00-06:00', '2026-11-29T03:00:00Z', '2026-11-29T03:00:00.000Z'],
    ['sat 22:00-06:00', '2026-11-29T23:00:00Z', '2026-12-05T22:00:00.000Z'],
    ['thu 02:00-03:00', '2026-11-26T03:00:00Z', '2026-12-03T02:00:00.000Z'],
  ])('%s at %s opens at %s', (hours, now, expected) => {
    expect(opening(hours, now)).toBe(expected);
  });

  it('always opens within a week, and is open then', () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const hours = fc.record({
      days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
      fromMinute: minute,
      toMinute: minute,
    });
    fc.assert(
      fc.property(hours, fc.integer({ min: 0, max: 4e12 }), (window, nowMs) => {
        fc.pre(window.fromMinute !== window.toMinute);
        const openMs = nextOpeningMs(window, nowMs);
        expect(openMs).toBeGreaterThanOrEqual(nowMs);
        expect(openMs - nowMs).toBeLessThanOrEqual(7 * 24 * 3_600_000);
        expect(nextOpeningMs(window, openMs)).toBe(openMs);
      }),
    );
  });
});
