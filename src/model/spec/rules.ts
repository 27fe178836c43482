// The rules of a spec that a schema cannot say: between fields, and about names, paths, options and rows.
import { isField, parseConstraint, rowsOf } from '../placement/constraints.ts';
import { configRules } from './config-rules.ts';
import { diskPath, disksOf } from './disks.ts';
import { checkContainer, checkPlace, type Check } from './container-rules.ts';
import { nameProblem, roleProblem } from './name.ts';
import { problemAt, type Path, type Problem } from './problems.ts';
import type { clusterSpecInputSchema, NodeGroup } from './schema.ts';
import type { z } from 'zod';
import { versionProblem } from './versions.ts';

type Filled = z.output<typeof clusterSpecInputSchema>;

/** Room that a JVM needs beside its heap, at the very least. */
const MIN_BESIDE_HEAP_MB = 64;
/** All options together become arguments of one command; Linux limits one argument to 128 KiB. */
const MAX_JVM_OPTIONS_LENGTH = 20_000;
const MAX_LABELS = 64;
const CONTROL = /\p{Cc}/u;

/**
 * Everything that is wrong with a spec that has passed the schema.
 *
 * @param input as the user wrote it, for the values in the messages
 * @param siteHasArtifact whether the site provides a distribution of the spec's version
 */
export function ruleProblems(input: unknown, spec: Filled, siteHasArtifact: boolean): Problem[] {
  const problems: Problem[] = [];
  const check = (path: Path, problem: string | null) => {
    if (problem !== null) problems.push(problemAt(input, path, problem));
  };
  check(['name'], nameProblem(spec.name));
  check(
    ['kafka', 'version'],
    versionProblem(spec.kafka.version, siteHasArtifact || spec.kafka.artifact !== undefined),
  );
  checkPlace(check, ['kafka', 'artifact'], spec.kafka.artifact);
  checkPlace(check, ['java'], spec.java);
  checkGroup(check, 'brokers', spec.brokers);
  checkGroup(check, 'controllers', spec.controllers);
  if (spec.controllers.count % 2 === 0)
    check(
      ['controllers', 'count'],
      'must be odd: an even quorum survives no more failures than one controller less; accepted: 1, 3, 5, 7, 9',
    );
  checkContainer(check, spec);
  checkPlacement(check, spec);
  const { initialSeconds, maxSeconds } = spec.recovery.backoff;
  if (maxSeconds < initialSeconds)
    check(
      ['recovery', 'backoff', 'maxSeconds'],
      `must not be less than recovery.backoff.initialSeconds (${initialSeconds}); accepted: ${initialSeconds} to 86400`,
    );
  if (spec.update?.strategy === 'rack-parallel' && spec.rack === undefined)
    check(
      ['update', 'strategy'],
      'needs rack: without it nobody knows which brokers may be down together; accepted: serial, canary, or say rack too',
    );
  if (spec.role !== undefined) check(['role'], roleProblem(spec.role));
  check(['principal'], textProblem(spec.principal, 'a Mesos principal such as millrace'));
  if (spec.user !== undefined && !/^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/.test(spec.user))
    check(['user'], 'must be a user of the operating system; accepted: for example kafka');
  checkLabels(check, spec.labels);
  problems.push(...configRules(input, spec));
  return problems;
}

function checkPlacement(check: Check, { placement, rack }: Filled): void {
  for (const kind of ['brokers', 'controllers'] as const) {
    const rows = rowsOf(placement[kind]);
    if ('problem' in rows) check(['placement', kind], rows.problem);
    else
      rows.rows.forEach((row, index) => {
        const parsed = parseConstraint(row);
        if (!('problem' in parsed)) return;
        // Of rows in one text, the message has to say which.
        const isText = typeof placement[kind] === 'string';
        check(
          isText ? ['placement', kind] : ['placement', kind, index],
          isText ? `its row ${JSON.stringify(row)} is wrong: ${parsed.problem}` : parsed.problem,
        );
      });
  }
  if (placement.region !== undefined)
    check(['placement', 'region'], textProblem(placement.region, 'the name of a region'));
  if (rack !== undefined && !isField(rack))
    check(
      ['rack'],
      'must be @zone, @region, hostname or the name of an attribute of the agents; accepted: for example @zone',
    );
}

function checkDisks(check: Check, kind: 'brokers' | 'controllers', group: NodeGroup): void {
  if (group.disk && group.disks)
    check(
      [kind, 'disks'],
      `must not be given beside ${kind}.disk; accepted: one of them, disks with all of them in it`,
    );
  disksOf(group).forEach((disk, index) => {
    const path = [kind, ...diskPath(group, index), 'profile'];
    if (disk.profile === undefined) return;
    if (disk.type === 'ROOT')
      check(path, 'is for disks of the type MOUNT only; leave it out, or make the type MOUNT');
    check(path, textProblem(disk.profile, 'the profile of a disk'));
  });
}

function checkGroup(check: Check, kind: 'brokers' | 'controllers', group: NodeGroup): void {
  checkDisks(check, kind, group);
  const mostMb = group.memMb - MIN_BESIDE_HEAP_MB;
  if (group.heapMb >= group.memMb)
    check([kind, 'heapMb'], `must be less than ${kind}.memMb (${group.memMb}); accepted: up to ${mostMb}`);
  else if (group.heapMb > mostMb)
    check(
      [kind, 'heapMb'],
      `must leave at least ${MIN_BESIDE_HEAP_MB} of ${kind}.memMb (${group.memMb}) to the rest of the JVM; accepted: up to ${mostMb}`,
    );
  group.jvmOptions.forEach((option, index) => {
    check([kind, 'jvmOptions', index], jvmOptionProblem(option, kind));
  });
  const length = group.jvmOptions.reduce((sum, option) => sum + option.length, 0);
  if (length > MAX_JVM_OPTIONS_LENGTH)
    check([kind, 'jvmOptions'], `has ${length} characters in all; accepted: up to ${MAX_JVM_OPTIONS_LENGTH}`);
}

function jvmOptionProblem(option: string, kind: string): string | null {
  if (/^-(Xm[sx]|XX:(Max|Initial)HeapSize=)/.test(option))
    return `the heap is set by ${kind}.heapMb; leave this option out`;
  if (/^-(cp|classpath|-class-path.*|jar|version|-version)$/.test(option))
    return 'Millrace decides what is run and its class path; leave this option out';
  if (!/^-[^-\s]|^--[^-\s]/.test(option))
    return 'must begin with "-"; accepted: one option an entry, for example -XX:+UseZGC or --add-opens=java.base/java.lang=ALL-UNNAMED';
  if (/\s-/.test(option)) return 'holds several options; accepted: one option an entry';
  return CONTROL.test(option) ? 'must hold no control characters' : null;
}

function checkLabels(check: Check, labels: Record<string, string>): void {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS)
    check(['labels'], `has ${entries.length} labels; accepted: up to ${MAX_LABELS}`);
  for (const [key, value] of entries) {
    if (key.startsWith('millrace_'))
      check(['labels', key], 'names beginning with millrace_ are kept for Millrace');
    else if (!/^[\x21-\x7e]{1,128}$/.test(key))
      check(['labels', key], 'its name must be 1 to 128 printable ASCII characters without spaces');
    if (value.length > 1024 || CONTROL.test(value))
      check(['labels', key], 'must have no control characters; accepted: up to 1024 characters');
  }
}

function textProblem(text: string, what: string): string | null {
  return /^[^\s\p{Cc}]{1,255}$/u.test(text)
    ? null
    : `must be ${what}: 1 to 255 characters without white space`;
}
