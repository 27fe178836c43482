// Pure arithmetic on ranges of whole numbers (ports): both ends belong to a range.
import type { Range } from './types.ts';

/** Sorted, without overlaps or neighbours that touch; empty ranges vanish. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const { begin, end } of ranges
    .filter((range) => range.begin <= range.end)
    .sort((a, b) => a.begin - b.begin)) {
    const last = merged.at(-1);
    if (last !== undefined && begin <= last.end + 1) last.end = Math.max(last.end, end);
    else merged.push({ begin, end });
  }
  return merged;
}

/** What is left of `ranges` without `taken`. */
export function subtractRanges(ranges: readonly Range[], taken: readonly Range[]): Range[] {
  let left = mergeRanges(ranges);
  for (const { begin, end } of mergeRanges(taken))
    left = left.flatMap((range) => [
      ...(range.begin < begin ? [{ begin: range.begin, end: Math.min(range.end, begin - 1) }] : []),
      ...(range.end > end ? [{ begin: Math.max(range.begin, end + 1), end: range.end }] : []),
    ]);
  return left;
}

export function containsPort(ranges: readonly Range[], port: number): boolean {
  return ranges.some(({ begin, end }) => begin <= port && port <= end);
}

/** How many numbers are in the ranges. */
export function sizeOfRanges(ranges: readonly Range[]): number {
  return mergeRanges(ranges).reduce((count, { begin, end }) => count + end - begin + 1, 0);
}
