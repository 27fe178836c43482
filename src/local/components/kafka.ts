// Gets a Kafka distribution: a directory with `libs/*.jar`, as in the official archive.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../model/errors.ts';
import { cacheDir, ensureEntry } from './cache.ts';
import { fetchJars, readJarLock, totalBytes } from './jars.ts';
import type { OnProgress } from './progress.ts';

/** The version that clusters get unless their spec names another. */
export const DEFAULT_KAFKA_VERSION = '4.4.0';

/**
 * The directory of a Kafka distribution: `MILLRACE_KAFKA_HOME` for the default version, else the cache, filled from
 * the jars that `tools/kafka/<version>.lock.json` lists.
 *
 * @throws MillraceError COMPONENT_MISSING
 */
export async function ensureKafka(version: string, onProgress: OnProgress): Promise<string> {
  const component = `Kafka ${version}`;
  const given = process.env['MILLRACE_KAFKA_HOME'];
  if (version === DEFAULT_KAFKA_VERSION && given !== undefined && given !== '') {
    if (!existsSync(join(given, 'libs')))
      throw new MillraceError(
        'COMPONENT_MISSING',
        `MILLRACE_KAFKA_HOME names ${given}, which has no directory "libs". Nothing was changed. ` +
          'Set it to an unpacked Kafka distribution, or unset it to have one downloaded.',
      );
    onProgress({ component, state: 'ready', doing: 'as given', path: given });
    return given;
  }
  const path = join(cacheDir(), 'kafka', version);
  await ensureJars({
    component,
    lockFile: fileURLToPath(new URL(`../../../tools/kafka/${version}.lock.json`, import.meta.url)),
    path,
    onProgress,
  });
  return path;
}

export interface JarsOptions {
  component: string;
  lockFile: string;
  /** Where `libs/*.jar` are to be. */
  path: string;
  onProgress: OnProgress;
  /** Adds to the directory what else belongs there, before it appears. */
  finish?: (directory: string) => Promise<void>;
}

/**
 * Fills a directory of the cache with the jars of a lock file.
 *
 * @throws MillraceError COMPONENT_MISSING when a jar cannot be had
 */
export async function ensureJars({
  component,
  lockFile,
  path,
  onProgress,
  finish,
}: JarsOptions): Promise<void> {
  if (!existsSync(path)) {
    if (!existsSync(lockFile))
      throw new MillraceError(
        'COMPONENT_MISSING',
        `${component} is not a version that this project can set up: there is no ${lockFile}.`,
      );
    const lock = await readJarLock(lockFile);
    const total = totalBytes(lock);
    const doing = `downloading ${lock.jars.length} jars`;
    try {
      await ensureEntry(
        path,
        async (directory) => {
          const onBytes = (done: number) => {
            onProgress({ component, state: 'working', doing, done, total, unit: 'bytes', path });
          };
          onBytes(0);
          await fetchJars(lock, join(directory, 'libs'), onBytes);
          await finish?.(directory);
        },
        () => {
          onProgress({
            component,
            state: 'working',
            doing: 'waiting for another process that sets it up',
            path,
          });
        },
      );
    } catch (error) {
      throw new MillraceError(
        'COMPONENT_MISSING',
        `${component} was not set up in ${path}: ${error instanceof Error ? error.message : String(error)}. ` +
          'Nothing was left behind. Try again; behind a proxy set HTTPS_PROXY, with a mirror of Maven Central set MILLRACE_MAVEN_MIRROR.',
        { cause: error },
      );
    }
  }
  onProgress({ component, state: 'ready', doing: 'ready', path });
}
