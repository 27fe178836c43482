// How many replicas each rack and each broker gets: fractions, of which every bound is the next whole number below or above.
import type { PartitionNow, TargetBroker } from './types.ts';

/** Below this two fractions are the same. */
const EPSILON = 1e-7;

export interface Bounds {
  low: number;
  high: number;
}

/** The whole numbers around a fraction. */
export function around(share: number): Bounds {
  return { low: Math.floor(share + EPSILON), high: Math.ceil(share - EPSILON) };
}

/** Brokers by rack; one rack of all when not every broker has one, or all have the same. */
export function racksOf(brokers: readonly TargetBroker[]): number[][] {
  const names = [...new Set(brokers.map(({ rack }) => rack))].sort();
  const all = brokers.map((_broker, index) => index);
  if (names.length < 2 || names.includes(undefined)) return [all];
  return names.map((name) => all.filter((index) => brokers[index]?.rack === name));
}

/** How many replicas of one partition each rack holds, as bounds and as a fraction. */
export interface RackShare extends Bounds {
  share: number;
}

/**
 * The racks' shares of a partition with so many replicas: as even as whole numbers allow, and within that in proportion to the
 * racks' brokers (water-filling). Racks that are too small for theirs leave the rest to the others.
 */
export function rackShares(replicationFactor: number, rackSizes: readonly number[]): RackShare[] {
  const even = replicationFactor / rackSizes.length;
  const low = rackSizes.map((size) => Math.min(Math.floor(even), size));
  const high = rackSizes.map((size) => Math.min(Math.ceil(even), size));
  for (let missing = replicationFactor - sum(high); missing > 0; missing -= 1) {
    const roomiest = rackSizes.reduce(
      (best, size, rack) => (size - high[rack]! > rackSizes[best]! - high[best]! ? rack : best),
      0,
    );
    high[roomiest]! += 1;
  }
  const shares = fill(replicationFactor, rackSizes, low, high);
  return shares.map((share, rack) => ({ share, low: low[rack]!, high: high[rack]! }));
}

/** The level at which `clamp(level × size, low, high)` adds up to the whole. */
function fill(
  whole: number,
  sizes: readonly number[],
  low: readonly number[],
  high: readonly number[],
): number[] {
  const at = (level: number) =>
    sizes.map((size, rack) => Math.min(high[rack]!, Math.max(low[rack]!, level * size)));
  const levels = sizes.flatMap((size, rack) => [low[rack]! / size, high[rack]! / size]).sort((a, b) => a - b);
  let below = 0;
  for (const level of levels) {
    if (sum(at(level)) >= whole - EPSILON) {
      const [from, to] = [sum(at(below)), sum(at(level))];
      return at(to - from < EPSILON ? level : below + ((level - below) * (whole - from)) / (to - from));
    }
    below = level;
  }
  return at(below);
}

/** The share of each broker of each topic: `[topic][broker]`. */
export function brokerShares(
  partitions: readonly PartitionNow[],
  topicOf: readonly number[],
  topics: number,
  racks: readonly (readonly number[])[],
): Float64Array[] {
  const brokers = sum(racks.map((rack) => rack.length));
  const shares = Array.from({ length: topics }, () => new Float64Array(brokers));
  const sizes = racks.map((rack) => rack.length);
  const byFactor = new Map<number, RackShare[]>();
  partitions.forEach(({ replicas }, index) => {
    const factor = replicas.length;
    const found = byFactor.get(factor) ?? rackShares(factor, sizes);
    byFactor.set(factor, found);
    const topic = shares[topicOf[index]!]!;
    racks.forEach((rack, number) => {
      const each = found[number]!.share / rack.length;
      for (const broker of rack) topic[broker]! += each;
    });
  });
  return shares;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
