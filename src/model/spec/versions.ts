// The Kafka versions that Millrace knows, and where their distributions are.

/** Releases whose nodes Millrace renders and whose distribution it can name, newest first. */
export const KNOWN_VERSIONS = [
  '4.4.0',
  '4.3.1',
  '4.3.0',
  '4.2.2',
  '4.2.1',
  '4.2.0',
  '4.1.2',
  '4.1.1',
  '4.1.0',
  '4.0.2',
  '4.0.1',
  '4.0.0',
] as const;

export const DEFAULT_VERSION = KNOWN_VERSIONS[0];

const SYNTAX = /^(\d+)\.(\d+)\.(\d+)(?:-[A-Za-z0-9.]+)?$/;
/** First major version without ZooKeeper. */
const FIRST_MAJOR = 4;

/** Address of the official distribution of a known version: a tarball with `kafka_2.13-<version>/libs`. */
export function officialArtifact(version: string): { uri: string } | null {
  if (!(KNOWN_VERSIONS as readonly string[]).includes(version)) return null;
  return { uri: `https://archive.apache.org/dist/kafka/${version}/kafka_2.13-${version}.tgz` };
}

/** What is wrong with a version, as the end of the sentence "kafka.version is …, but"; null when nothing is. */
export function versionProblem(version: string, hasArtifact: boolean): string | null {
  const accepted = `accepted: ${KNOWN_VERSIONS.join(', ')}`;
  const match = SYNTAX.exec(version);
  if (!match) return `must be a release such as ${DEFAULT_VERSION}; ${accepted}`;
  if (Number(match[1]) < FIRST_MAJOR)
    return `must be 4.0.0 or newer: only clusters with a KRaft quorum can be run for now; ${accepted}`;
  if (hasArtifact || officialArtifact(version)) return null;
  return `is not a known release and there is no kafka.artifact to take it from; ${accepted}, or another 4.x with kafka.artifact`;
}
