// Finds a Java on the machine that is new enough for Kafka 4 and the test server.
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { MillraceError } from '../../model/errors.ts';
import { run } from './run.ts';

/** Kafka 4 brokers need it. */
const JAVA_MAJOR_NEEDED = 17;

/**
 * The absolute path of a `java` of version 17 or newer: `MILLRACE_JAVA`, else `JAVA_HOME`, else the PATH.
 *
 * @throws MillraceError COMPONENT_MISSING saying what was looked at and what to install
 */
export async function findJava(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const given = environment['MILLRACE_JAVA'];
  const home = environment['JAVA_HOME'];
  const candidates =
    given !== undefined && given !== ''
      ? [given]
      : [
          ...(home !== undefined && home !== '' ? [join(home, 'bin', 'java')] : []),
          ...whichAll('java', environment),
        ];
  const seen: string[] = [];
  for (const path of candidates) {
    const major = await majorOf(path);
    if (major !== null && major >= JAVA_MAJOR_NEEDED) return realpathSync(path);
    seen.push(`${path} is ${major === null ? 'not a Java that runs' : `Java ${major}`}`);
  }
  throw new MillraceError(
    'COMPONENT_MISSING',
    `Kafka and the test server need Java ${JAVA_MAJOR_NEEDED} or newer, and none was found ` +
      `(${seen.length === 0 ? 'no java in JAVA_HOME or PATH' : seen.join('; ')}). Nothing was changed. ` +
      `Install one (Debian, Ubuntu: "apt install openjdk-${JAVA_MAJOR_NEEDED}-jre-headless"), or set MILLRACE_JAVA to its path.`,
  );
}

/** Every executable of a name in the PATH, in its order. */
export function whichAll(name: string, environment: NodeJS.ProcessEnv = process.env): string[] {
  const directories = (environment['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, name)).filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function majorOf(java: string): Promise<number | null> {
  const { code, output } = await run(java, ['-version']);
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return code === 0 && match ? Number(match[1]) : null;
}
