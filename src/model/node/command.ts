// The shell command of a node's task: writes its files, prepares the volume once, and becomes Kafka's JVM.
import { NODE_KIND } from '../cluster.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { fetchedUris, imageOf } from './container.ts';
import { FILE, logDir, metaFile, metaVariable, VARIABLE } from './paths.ts';
import { nodeResources } from './resources.ts';
import { initialControllers, type NodeInput } from './server-properties.ts';
import { shellQuote } from './shell-quote.ts';

/** Exit codes of the command itself, with what they mean; all others are Kafka's or the shell's. */
export const EXIT = {
  BAD_ARCHIVE: 94,
  NO_VOLUME: 95,
  NO_KAFKA: 96,
  NO_JAVA: 97,
  NOT_PREPARED: 98,
} as const;

/** What a person is told about an exit code of the command; null when it is none of its own. */
export function explainExit(code: number): string | null {
  switch (code) {
    case EXIT.BAD_ARCHIVE:
      return "what was fetched does not have the sha256 that the spec says, or can't be unpacked; nothing of it was run, and the task's stderr says more";
    case EXIT.NO_VOLUME:
      return "a persistent volume is not mounted in the sandbox; is the agent's isolator volume/sandbox_path on?";
    case EXIT.NO_KAFKA:
      return 'no Kafka distribution was found; see kafka.artifact in the spec';
    case EXIT.NO_JAVA:
      return 'no Java was found; see java in the spec';
    case EXIT.NOT_PREPARED:
      return "the volume could not be prepared; the task's stderr says why";
    default:
      return null;
  }
}

/** Where the images of Apache Kafka have it. */
const IMAGE_KAFKA = '/opt/kafka';
/** The format JVM lives a second or two: no compiling for speed, and little memory. */
const FORMAT_OPTIONS = '-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto';

/**
 * The command for `sh -c`, in the sandbox. Brokers need no format JVM: their four lines of `meta.properties` are written
 * by hand, and so are those of a controller that joins a quorum. The first controllers are formatted with its voters. Both happen only while there is no
 * `meta.properties`; it is written last, so that a preparation that was cut short is done again.
 *
 * `exec` makes the JVM the process that Mesos signals; until then the trap ends the command at the next line, not a
 * format in the middle of its writing.
 */
export function nodeCommand(input: NodeInput, jvmOptions: readonly string[]): string {
  const { spec, node } = input;
  const { volumes } = nodeResources(spec, node.kind);
  return [
    `trap 'exit 143' TERM`,
    `fail() { printf 'millrace: %s\\n' "$2" >&2; exit "$1"; }`,
    // An image may have a working directory of its own.
    ...(imageOf(spec) === undefined ? [] : ['cd "$MESOS_SANDBOX" || exit 1']),
    ...volumes.map(
      ({ containerPath }) =>
        `[ -d ${containerPath} ] || fail ${EXIT.NO_VOLUME} 'the persistent volume is not mounted at ${containerPath} in the sandbox'`,
    ),
    ...unpackVerified(spec),
    ...findKafka(spec),
    ...findJava(spec),
    writeFile(VARIABLE.SERVER_PROPERTIES, FILE.SERVER_PROPERTIES),
    writeFile(VARIABLE.LOG4J2, FILE.LOG4J2),
    ...volumes.flatMap((_volume, index) => [
      `if [ ! -f ${metaFile(index)} ]; then`,
      ...prepareVolume(input, index).map((line) => `  ${line}`),
      'fi',
    ]),
    `exec "$JAVA" ${jvmOptions.map(shellQuote).join(' ')} -cp "$KAFKA/libs/*" kafka.Kafka ${FILE.SERVER_PROPERTIES}`,
  ].join('\n');
}

/** All sums are compared before anything is unpacked. */
function unpackVerified(spec: ClusterSpec): string[] {
  const archives = fetchedUris(spec).flatMap(({ value, outputFile, sha256 }) =>
    outputFile === undefined || sha256 === undefined ? [] : [{ value, outputFile, sha256 }],
  );
  if (archives.length === 0) return [];
  return [
    `verify() { sum=$(sha256sum < "$1") || fail ${EXIT.BAD_ARCHIVE} "the SHA-256 of $3 cannot be had"; [ "\${sum%% *}" = "$2" ] || fail ${EXIT.BAD_ARCHIVE} "$3 has the SHA-256 \${sum%% *}, and must have $2; nothing of it was run"; }`,
    ...archives.map(({ value, outputFile, sha256 }) => `verify ${outputFile} ${sha256} ${shellQuote(value)}`),
    ...archives.flatMap(({ value, outputFile }) => [
      `${value.endsWith('.zip') ? 'unzip -q' : 'tar -xf'} ${outputFile} || fail ${EXIT.BAD_ARCHIVE} '${outputFile} could not be unpacked'`,
      `rm -f ${outputFile}`,
    ]),
  ];
}

function findKafka({ kafka: { artifact } }: ClusterSpec): string[] {
  if (artifact && 'path' in artifact)
    return [
      `KAFKA=${shellQuote(artifact.path)}`,
      `[ -d "$KAFKA/libs" ] || fail ${EXIT.NO_KAFKA} "no Kafka distribution at $KAFKA on this agent (no directory libs there)"`,
    ];
  if (artifact && 'image' in artifact)
    return [
      `KAFKA=${IMAGE_KAFKA}`,
      `[ -d "$KAFKA/libs" ] || fail ${EXIT.NO_KAFKA} "no Kafka distribution at $KAFKA in the image (no directory libs there)"`,
    ];
  return [
    'KAFKA=',
    // The last that is there wins, so that a distribution under its usual name is preferred.
    'for libs in ./*/libs ./kafka_*/libs; do [ -d "$libs" ] && KAFKA=${libs%/libs}; done',
    `[ -n "$KAFKA" ] || fail ${EXIT.NO_KAFKA} 'no Kafka distribution among what was fetched (no directory */libs in the sandbox)'`,
  ];
}

function findJava(spec: ClusterSpec): string[] {
  const { java } = spec;
  if (java === undefined && imageOf(spec) !== undefined)
    return [
      'JAVA=$(command -v java) || JAVA=${JAVA_HOME:-}/bin/java',
      `[ -x "$JAVA" ] || fail ${EXIT.NO_JAVA} "no java in the PATH of the image ($PATH), nor at its JAVA_HOME"`,
    ];
  if (java === undefined)
    return [
      `JAVA=$(command -v java) || fail ${EXIT.NO_JAVA} "no java in the PATH of Mesos ($PATH); set java in the spec to a path on the agents or a uri"`,
    ];
  if ('uri' in java)
    return [
      'JAVA=',
      'for java in ./*/bin/java; do [ -x "$java" ] && JAVA=$java; done',
      `[ -n "$JAVA" ] || fail ${EXIT.NO_JAVA} 'no Java among what was fetched (no file */bin/java in the sandbox)'`,
    ];
  return [
    `JAVA=${shellQuote(java.path)}`,
    '[ -d "$JAVA" ] && JAVA=$JAVA/bin/java',
    `[ -x "$JAVA" ] || fail ${EXIT.NO_JAVA} "no Java at $JAVA on this agent"`,
  ];
}

function prepareVolume(input: NodeInput, index: number): string[] {
  const failed = `fail ${EXIT.NOT_PREPARED} 'the volume could not be prepared'`;
  const directory = `mkdir -p ${logDir(index)} || ${failed}`;
  if (input.node.kind === NODE_KIND.BROKER || input.node.joins !== undefined)
    return [
      directory,
      // Renamed into place: a half-written file must never count as a whole one.
      `printf '%s' "$${metaVariable(index)}" > ${metaFile(index)}.new || ${failed}`,
      `mv ${metaFile(index)}.new ${metaFile(index)} || ${failed}`,
    ];
  const format = [
    `"$JAVA" ${FORMAT_OPTIONS} -Dlog4j2.configurationFile=${FILE.LOG4J2} -cp "$KAFKA/libs/*" kafka.tools.StorageTool format`,
    `-t ${shellQuote(input.kafkaClusterId)} -c ${FILE.SERVER_PROPERTIES}`,
    `--initial-controllers ${shellQuote(initialControllers(input.controllers))} --ignore-formatted`,
  ];
  return [directory, `${format.join(' ')} || ${failed}`];
}

function writeFile(variable: string, file: string): string {
  return `printf '%s' "$${variable}" > ${file} || fail ${EXIT.NOT_PREPARED} '${file} could not be written'`;
}
