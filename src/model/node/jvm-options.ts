// The options of a node's JVM: Kafka's own choice, and the user's before it.
import type { NodeGroup } from '../spec/schema.ts';
import { FILE } from './paths.ts';

/** As Kafka's kafka-run-class.sh, KAFKA_JVM_PERFORMANCE_OPTS; they concern the garbage collector G1 only. */
const G1_OPTIONS = [
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
];

/**
 * All options in order. A user's option replaces ours that sets the same thing; a garbage collector of the user's (two
 * would stop the JVM at once) replaces all that concern G1.
 */
export function jvmOptions({
  heapMb,
  jvmOptions: users,
}: Pick<NodeGroup, 'heapMb' | 'jvmOptions'>): string[] {
  const choosesCollector = users.some((option) => /^-XX:\+Use\w*GC$/.test(option));
  const ours = [
    `-Xms${heapMb}m`,
    `-Xmx${heapMb}m`,
    ...(choosesCollector ? [] : G1_OPTIONS),
    '-XX:MaxInlineLevel=15',
    // A JVM without memory must not linger half alive: Mesos sees it end, and it is started again.
    '-XX:+ExitOnOutOfMemoryError',
    '-Djava.awt.headless=true',
    '-Djava.net.preferIPv4Stack=true',
    `-Dlog4j2.configurationFile=${FILE.LOG4J2}`,
  ];
  const replaced = new Set(users.map(subject));
  return [...ours.filter((option) => !replaced.has(subject(option))), ...users];
}

/** What an option sets: its name without value and sign. */
function subject(option: string): string {
  const flag = /^-XX:[+-]?(\w+)/.exec(option)?.[1];
  return flag ?? option.replace(/=.*$/s, '');
}
