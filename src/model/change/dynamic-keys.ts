// Which broker properties Kafka can change while it runs, for all brokers at once.
// Source: kafka.server.DynamicBrokerConfig (update mode cluster-wide), Kafka 4.0 to 4.4; a test compares it with a broker.

/** Those that every release from 4.0 on can change. Newer ones are changed by a restart, which every release can. */
export const DYNAMIC: ReadonlySet<string> = new Set([
  'background.threads',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
  'log.cleaner.backoff.ms',
  'log.cleaner.dedupe.buffer.size',
  'log.cleaner.delete.retention.ms',
  'log.cleaner.io.buffer.load.factor',
  'log.cleaner.io.buffer.size',
  'log.cleaner.io.max.bytes.per.second',
  'log.cleaner.max.compaction.lag.ms',
  'log.cleaner.min.cleanable.ratio',
  'log.cleaner.min.compaction.lag.ms',
  'log.cleaner.threads',
  'log.cleanup.policy',
  'log.flush.interval.messages',
  'log.flush.interval.ms',
  'log.index.interval.bytes',
  'log.index.size.max.bytes',
  'log.local.retention.bytes',
  'log.local.retention.ms',
  'log.message.timestamp.after.max.ms',
  'log.message.timestamp.before.max.ms',
  'log.message.timestamp.type',
  'log.preallocate',
  'log.retention.bytes',
  'log.retention.ms',
  'log.roll.jitter.ms',
  'log.roll.ms',
  'log.segment.bytes',
  'log.segment.delete.delay.ms',
  'max.connection.creation.rate',
  'max.connections',
  'max.connections.per.ip',
  'max.connections.per.ip.overrides',
  'message.max.bytes',
  'min.insync.replicas',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'num.replica.fetchers',
  'producer.id.expiration.ms',
  'transaction.partition.verification.enable',
  'unclean.leader.election.enable',
]);

/** Pools of threads: Kafka takes no change to more than double or less than half of what there is. */
const THREAD_POOLS: ReadonlySet<string> = new Set([
  'background.threads',
  'log.cleaner.threads',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'num.replica.fetchers',
]);

/** Whether Kafka can change a broker property while it runs. */
export function isDynamic(property: string): boolean {
  return DYNAMIC.has(property);
}

/** Whether a property is the size of a pool of threads, which changes in steps. */
export function isThreadPool(property: string): boolean {
  return THREAD_POOLS.has(property);
}

/**
 * The next value on the way of a pool from one size to another, at most double and at least half of the present one
 * (org.apache.kafka.server.DynamicThreadPool).
 */
export function nextPoolSize(present: number, wanted: number): number {
  if (wanted > present) return Math.min(wanted, present * 2);
  return Math.max(wanted, Math.ceil(present / 2));
}
