// Which broker properties have to get other dynamic values.
import type { ClusterState } from '../cluster.ts';
import { effectiveConfig } from '../spec/kafka-config.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { isDynamic } from './dynamic-keys.ts';
import { specOf, type Difference } from './runtime.ts';

export interface DynamicChange {
  set: Record<string, string>;
  /** Back to Kafka's default. */
  unset: string[];
  details: Difference[];
}

/**
 * The properties that Kafka can change while it runs, and that are not as wanted on some node. Such a property is always changed
 * so, even where nodes are restarted too: its dynamic value outranks the one of their files.
 */
export function dynamicChange(state: ClusterState, wanted: ClusterSpec): DynamicChange {
  const { values, unknown } = state.dynamic ?? { values: {}, unknown: [] };
  const want = effectiveConfig(wanted);
  const launched = Object.values(state.nodes)
    .filter(({ launches }) => launches > 0)
    .map((node) => effectiveConfig(specOf(state, node)));
  const keys = new Set([
    ...Object.keys(values),
    ...unknown,
    ...Object.keys(want),
    ...launched.flatMap(Object.keys),
  ]);
  const change: DynamicChange = { set: {}, unset: [], details: [] };
  for (const key of [...keys].filter(isDynamic).sort()) {
    const is = want[key] ?? null;
    const present = Object.hasOwn(values, key)
      ? [values[key] ?? null]
      : launched.map((config) => config[key] ?? null);
    const differs = present.find((value) => value !== is);
    if (differs === undefined && !unknown.includes(key)) continue;
    if (is === null) change.unset.push(key);
    else change.set[key] = is;
    change.details.push({ key: `kafka.config.${key}`, was: differs === undefined ? is : differs, is });
  }
  return change;
}
