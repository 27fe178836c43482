// Makes a complete spec of what a user declared, or says everything that is wrong with it.
import { MillraceError } from '../errors.ts';
import { roleOf } from './name.ts';
import { schemaProblems, type Problem } from './problems.ts';
import { ruleProblems } from './rules.ts';
import { rowsOf, type PlacementRows } from '../placement/constraints.ts';
import { clusterSpecInputSchema, DEFAULT_DISK_MB, type ClusterSpec, type NodeGroup } from './schema.ts';
import { officialArtifact } from './versions.ts';

/** What the installation of Millrace provides, so that specs need not say it. */
export interface SiteDefaults {
  /** Kafka distributions by version. */
  artifacts?: Record<string, { path: string } | { uri: string }>;
  java?: { path: string } | { uri: string };
}

/**
 * The complete spec: defaults, role, Kafka distribution and, where the site has one, Java filled in. Plain JSON.
 *
 * @throws MillraceError SPEC_INVALID with an issue for each thing that is wrong
 */
export function parseSpec(value: unknown, site: SiteDefaults = {}): ClusterSpec {
  const checked = checkSpec(value, site);
  if ('spec' in checked) return checked.spec;
  throw specInvalid(checked.problems.map(({ path, message }) => ({ path: path.join('.'), message })));
}

/** As `parseSpec`, with the problems as data; `parse-text.ts` adds lines and columns to them. */
export function checkSpec(
  value: unknown,
  site: SiteDefaults = {},
): { spec: ClusterSpec } | { problems: Problem[] } {
  const parsed = clusterSpecInputSchema.safeParse(value);
  if (!parsed.success) return { problems: unique(schemaProblems(value, parsed.error.issues)) };
  const filled = parsed.data;
  const siteArtifacts = site.artifacts ?? {};
  const { version } = filled.kafka;
  const siteArtifact = Object.hasOwn(siteArtifacts, version) ? siteArtifacts[version] : undefined;
  const problems = ruleProblems(value, filled, siteArtifact !== undefined);
  if (problems.length > 0) return { problems: unique(problems) };
  const artifact = filled.kafka.artifact ?? siteArtifact ?? officialArtifact(version);
  // An image brings its own: a path of the site's agents is none of it.
  const hasImage = artifact !== null && artifact !== undefined && 'image' in artifact;
  const java = filled.java ?? (hasImage ? undefined : site.java);
  const { java: _java, user, ...rest } = filled;
  return {
    spec: {
      ...rest,
      brokers: withDisk(filled.brokers, DEFAULT_DISK_MB.brokers),
      controllers: withDisk(filled.controllers, DEFAULT_DISK_MB.controllers),
      placement: {
        ...filled.placement,
        brokers: checkedRows(filled.placement.brokers),
        controllers: checkedRows(filled.placement.controllers),
      },
      kafka: { version, config: filled.kafka.config, ...(artifact ? { artifact } : {}) },
      ...(java ? { java } : {}),
      ...(user === undefined ? {} : { user }),
      role: roleOf(filled),
    },
  };
}

/** The disk that a group has when its spec says nothing of disks; not beside `disks`, which would be refused if sent again. */
function withDisk<Group extends Pick<NodeGroup, 'disk' | 'disks'>>(group: Group, sizeMb: number): Group {
  return group.disk || group.disks ? group : { ...group, disk: { type: 'ROOT' as const, sizeMb } };
}

function checkedRows(placement: PlacementRows): (string | string[])[] {
  const rows = rowsOf(placement);
  return 'rows' in rows ? rows.rows.map((row) => (typeof row === 'string' ? row : [...row])) : [];
}

/** The error of a refused spec; its message holds the first issue, so that it helps even alone. */
export function specInvalid(
  issues: { path: string; message: string; line?: number; column?: number }[],
): MillraceError {
  const [first] = issues;
  const where = first?.line === undefined ? '' : ` (line ${first.line}, column ${first.column ?? 1})`;
  const more = issues.length > 1 ? `; and ${issues.length - 1} more` : '';
  return new MillraceError(
    'SPEC_INVALID',
    `The spec was refused and nothing was changed: ${first?.message ?? 'it is not valid'}${where}${more}. Correct it and send it again.`,
    { issues },
  );
}

function unique(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
