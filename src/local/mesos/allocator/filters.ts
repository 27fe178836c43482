// Filters of refused offers: what a framework refused is not offered to it again before the filter ends, unless there is
// more than it refused.
import { subtractPools } from '../resources/pool.ts';
import type { Pool } from '../resources/pool.ts';

export interface OfferFilter {
  frameworkId: string;
  role: string;
  agentId: string;
  refused: Pool;
  untilMs: number;
}

/** Mesos' default of `refuse_seconds`, also used for negative ones. */
export const DEFAULT_REFUSE_SECONDS = 5;
/** Mesos' upper limit: a year. */
const MAX_REFUSE_SECONDS = 31_536_000;

/** How long a filter of this `refuse_seconds` lasts; 0 means no filter. */
export function refuseMs(refuseSeconds: number | undefined): number {
  const seconds = refuseSeconds === undefined || refuseSeconds < 0 ? DEFAULT_REFUSE_SECONDS : refuseSeconds;
  return Math.min(seconds, MAX_REFUSE_SECONDS) * 1000;
}

/** Whether a filter keeps `offered` from the framework: all of it was refused. */
export function isFiltered(
  filters: readonly OfferFilter[],
  target: { frameworkId: string; role: string; agentId: string },
  offered: Pool,
  nowMs: number,
): boolean {
  return filters.some(
    (filter) =>
      filter.untilMs > nowMs &&
      filter.frameworkId === target.frameworkId &&
      filter.role === target.role &&
      filter.agentId === target.agentId &&
      subtractPools(filter.refused, offered) !== undefined,
  );
}
