// Sizes for people.

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;
const STEP = 1_024;

/** `0 bytes`, `12.3 MB`: one digit after the point, in units of 1,024. */
export function showBytes(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  for (; amount >= STEP && unit < UNITS.length - 1; unit += 1) amount /= STEP;
  return unit === 0 ? `${Math.round(amount)} bytes` : `${amount.toFixed(1)} ${UNITS[unit]!}`;
}
