// What a node's container is made of, in Millrace's words: what is fetched, image, network, limits and secrets.
import type { ClusterSpec } from '../spec/schema.ts';
import { officialArtifact } from '../spec/versions.ts';
import { ARCHIVE_FILE } from './paths.ts';

/** What the Mesos fetcher puts into the sandbox before the command runs. */
export interface FetchedUri {
  value: string;
  /** False for what has to be verified: the command unpacks it. */
  extract: boolean;
  cache: boolean;
  /** Name in the sandbox, when it is not to be the address's own. */
  outputFile?: string;
  sha256?: string;
}

/** Members that are not there are the agent's own. */
export interface NodeContainer {
  image?: string;
  network?: { name: string; labels: Record<string, string> };
  /** By the names of ulimit; without numbers: unlimited. */
  rlimits?: { name: string; value?: number }[];
  secrets?: NonNullable<ClusterSpec['secrets']>;
}

/** What the Mesos fetcher brings for each node. */
export function fetchedUris({ kafka, java }: ClusterSpec): FetchedUri[] {
  const places = [
    { place: kafka.artifact ?? officialArtifact(kafka.version), outputFile: ARCHIVE_FILE.KAFKA },
    { place: java, outputFile: ARCHIVE_FILE.JAVA },
  ];
  return places.flatMap(({ place, outputFile }): FetchedUri[] => {
    if (!place || !('uri' in place)) return [];
    const { uri, sha256 } = place as { uri: string; sha256?: string };
    return [
      sha256 === undefined
        ? { value: uri, extract: true, cache: true }
        : { value: uri, extract: false, cache: true, outputFile, sha256 },
    ];
  });
}

/** The container of each node of a cluster. */
export function nodeContainer(spec: ClusterSpec): NodeContainer {
  const { network, rlimits = {}, secrets = [] } = spec;
  const image = imageOf(spec);
  const limits = Object.entries(rlimits).flatMap(([name, value]) =>
    value === undefined ? [] : [value === 'unlimited' ? { name } : { name, value }],
  );
  return {
    ...(image === undefined ? {} : { image }),
    ...(network ? { network: { name: network.name, labels: network.labels ?? {} } } : {}),
    ...(limits.length > 0 ? { rlimits: limits } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
  };
}

/** The container image that Kafka is in; undefined when it is not in one. */
export function imageOf({ kafka: { artifact } }: ClusterSpec): string | undefined {
  return artifact && 'image' in artifact ? artifact.image : undefined;
}
