// Makes a complete spec of what a user declared, or says everything that is wrong with it.
import { MillraceError } from '../errors.ts';
import { roleOf } from './name.ts';
import { schemaProblems, type Problem } from './problems.ts';
import { ruleProblems } from './rules.ts';
import { clusterSpecInputSchema, type ClusterSpec } from './schema.ts';
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
  const java = filled.java ?? site.java;
  const { java: _java, user, ...rest } = filled;
  return {
    spec: {
      ...rest,
      kafka: { version, config: filled.kafka.config, ...(artifact ? { artifact } : {}) },
      ...(java ? { java } : {}),
      ...(user === undefined ? {} : { user }),
      role: roleOf(filled),
    },
  };
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
