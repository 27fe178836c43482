// The cluster of the demo: small enough for a laptop, replicated as in production.
import type { ClusterSpecInput } from '../../model/spec/schema.ts';

export const DEMO_CLUSTER = 'demo';
export const DEMO_BROKERS = 3;

/** A JVM that lives for minutes gains more by a quick start than by optimised code. */
const JVM_OPTIONS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** Three brokers and one controller, replication 3 with 2 in sync. */
export function demoSpec(): ClusterSpecInput {
  return {
    name: DEMO_CLUSTER,
    kafka: {
      config: {
        'default.replication.factor': 3,
        'min.insync.replicas': 2,
        'offsets.topic.replication.factor': 3,
        'transaction.state.log.replication.factor': 3,
        'transaction.state.log.min.isr': 2,
        'offsets.topic.num.partitions': 10,
        'log.cleaner.dedupe.buffer.size': 16_777_216,
        // A group of one need not wait for others to join.
        'group.initial.rebalance.delay.ms': 0,
      },
    },
    brokers: {
      count: DEMO_BROKERS,
      cpus: 0.5,
      memMb: 768,
      heapMb: 256,
      jvmOptions: JVM_OPTIONS,
      disk: { sizeMb: 2048 },
    },
    controllers: {
      count: 1,
      cpus: 0.2,
      memMb: 512,
      heapMb: 128,
      jvmOptions: JVM_OPTIONS,
      disk: { sizeMb: 1024 },
    },
  };
}
