// Fetches the jars of a lock file from a Maven repository into one directory, several at a time.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { download } from './download.ts';

const MAVEN_CENTRAL = 'https://repo.maven.apache.org/maven2';
/** Downloads at a time: enough to hide the latency of small files, few enough to be polite. */
const PARALLEL = 8;

const jarLockSchema = z.strictObject({
  /** The coordinates that were asked for. */
  roots: z.array(z.string()),
  jars: z.array(
    z.strictObject({
      path: z.string().regex(/^[\w.+\-/]+\.jar$/),
      bytes: z.int(),
      sha256: z.string().length(64),
    }),
  ),
});

/** All jars that some coordinates resolve to; `path` as in the layout of a Maven repository. */
export type JarLock = z.output<typeof jarLockSchema>;

export async function readJarLock(file: string): Promise<JarLock> {
  return jarLockSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

export const totalBytes = (lock: JarLock) => lock.jars.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * Downloads all jars of a lock into `directory`, flat, each checked by its sha256. The repository is Maven Central,
 * or what `MILLRACE_MAVEN_MIRROR` names.
 *
 * @param onBytes called with the bytes that are there so far
 * @throws Error of the first jar that cannot be had
 */
export async function fetchJars(
  lock: JarLock,
  directory: string,
  onBytes: (done: number) => void,
): Promise<void> {
  const base = (process.env['MILLRACE_MAVEN_MIRROR'] ?? MAVEN_CENTRAL).replace(/\/+$/, '');
  // The largest first, so that none of them is left alone at the end.
  const queue = lock.jars.toSorted((a, b) => b.bytes - a.bytes);
  let done = 0;
  const worker = async () => {
    for (let jar = queue.shift(); jar; jar = queue.shift())
      await download({
        url: `${base}/${jar.path}`,
        file: join(directory, basename(jar.path)),
        sha256: jar.sha256,
        onBytes: (bytes) => {
          done += bytes;
          onBytes(done);
        },
      });
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
