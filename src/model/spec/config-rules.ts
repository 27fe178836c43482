// The rules of `kafka.config`: what Millrace owns, and what must fit the number of brokers and their disks.
import type { z } from 'zod';
import { effectiveConfig, ownedReason, wholeNumber, type ConfigValue } from './kafka-config.ts';
import { disksOf } from './disks.ts';
import { problemAt, type Path, type Problem } from './problems.ts';
import { DEFAULT_DISK_MB, type clusterSpecInputSchema } from './schema.ts';

type Filled = z.output<typeof clusterSpecInputSchema>;

/** Replication factors and the number of in-sync replicas that each must allow. */
const REPLICATION = [
  ['default.replication.factor', 'min.insync.replicas'],
  ['offsets.topic.replication.factor', null],
  ['transaction.state.log.replication.factor', 'transaction.state.log.min.isr'],
  ['share.coordinator.state.topic.replication.factor', 'share.coordinator.state.topic.min.isr'],
] as const;

const BYTES_PER_MB = 1_048_576;
/** All properties together travel in one environment variable; Linux limits it to 128 KiB, and escapes take 6 for 1. */
const MAX_CONFIG_LENGTH = 20_000;
const PROPERTY_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

export function configRules(input: unknown, spec: Filled): Problem[] {
  const problems: Problem[] = [];
  const check = (property: string, problem: string | null) => {
    if (problem !== null) problems.push(problemAt(input, pathOf(property), problem));
  };
  const { config } = spec.kafka;
  for (const [property, value] of Object.entries(config)) check(property, propertyProblem(property, value));
  const length = Object.entries(config).reduce(
    (sum, [key, value]) => sum + key.length + String(value).length,
    0,
  );
  if (length > MAX_CONFIG_LENGTH)
    problems.push(
      problemAt(
        input,
        ['kafka', 'config'],
        `has ${length} characters in all; accepted: up to ${MAX_CONFIG_LENGTH}`,
      ),
    );
  const effective = effectiveConfig(spec);
  for (const [factor, inSync] of REPLICATION) {
    check(factor, factorProblem(config[factor], spec.brokers.count));
    if (inSync !== null) check(inSync, inSyncProblem(config[inSync], effective[factor] ?? '', factor));
  }
  // A partition lies in one log directory, whichever Kafka chooses.
  const disks = disksOf(spec.brokers);
  const sizesMb = disks.map(({ sizeMb }) => sizeMb);
  const diskBytes = Math.min(...(sizesMb.length > 0 ? sizesMb : [DEFAULT_DISK_MB.brokers])) * BYTES_PER_MB;
  for (const property of ['log.retention.bytes', 'log.segment.bytes'])
    check(property, diskProblem(property, config[property], diskBytes));
  return problems;
}

const pathOf = (property: string): Path => ['kafka', 'config', property];

function propertyProblem(property: string, value: ConfigValue): string | null {
  if (!PROPERTY_NAME.test(property))
    return 'is not the name of a broker property; accepted: for example num.partitions';
  const owned = ownedReason(property);
  if (owned !== null) return `is set by Millrace: ${owned}; leave it out`;
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'is too large to be kept exactly as a number; accepted: the same in quotes';
  return null;
}

function factorProblem(value: ConfigValue | undefined, brokers: number): string | null {
  if (value === undefined) return null;
  const factor = wholeNumber(value);
  const accepted = `accepted: 1 to ${brokers}`;
  if (factor === null || factor < 1) return `must be a whole number of replicas; ${accepted}`;
  return factor > brokers ? `must not be greater than brokers.count (${brokers}); ${accepted}` : null;
}

function inSyncProblem(
  value: ConfigValue | undefined,
  factorText: string,
  factorName: string,
): string | null {
  if (value === undefined) return null;
  const inSync = wholeNumber(value);
  // A replication factor that is no number is reported at its own place.
  const factor = wholeNumber(factorText) ?? Number.POSITIVE_INFINITY;
  const accepted = Number.isFinite(factor) ? `accepted: 1 to ${factor}` : 'accepted: 1 or more';
  if (inSync === null || inSync < 1) return `must be a whole number of replicas; ${accepted}`;
  return inSync > factor ? `must not be greater than ${factorName} (${factor}); ${accepted}` : null;
}

function diskProblem(property: string, value: ConfigValue | undefined, diskBytes: number): string | null {
  if (value === undefined) return null;
  const bytes = wholeNumber(value);
  const accepted = `accepted: ${property === 'log.retention.bytes' ? '-1 or ' : ''}up to ${diskBytes}`;
  if (bytes === null) return `must be a whole number of bytes; ${accepted}`;
  if (bytes <= diskBytes) return null;
  const what = property === 'log.retention.bytes' ? 'what one partition may keep' : 'one segment';
  return `must not be more than the smallest disk of brokers (${diskBytes / BYTES_PER_MB} MB): ${what} would not fit the disk; ${accepted}`;
}
