// How a spec wants nodes to be brought back.
import type { ClusterSpec } from './spec/schema.ts';

/** How nodes are brought back. */
export type RecoveryPolicy = ClusterSpec['recovery'];

const DEFAULT_POLICY: RecoveryPolicy = {
  backoff: { initialSeconds: 5, maxSeconds: 300 },
  minSecondsBetweenReplacements: 1800,
};

/** The policy of a spec; a cluster that was installed before there was one has the default. */
export function recoveryPolicy(spec: Partial<Pick<ClusterSpec, 'recovery'>>): RecoveryPolicy {
  return spec.recovery ?? DEFAULT_POLICY;
}

/** Seconds before the next launch of a node whose task has ended `ends` times in a row. */
export function backoffSeconds({ backoff }: RecoveryPolicy, ends: number): number {
  return Math.min(backoff.maxSeconds, backoff.initialSeconds * 2 ** Math.max(0, Math.min(ends, 30) - 1));
}
