// Gets Temporal's time-skipping test server, as a script that the SDK takes for an executable.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from './cache.ts';
import { ensureClassArchive } from './class-archive.ts';
import { ensureJars } from './kafka.ts';
import type { OnProgress } from './progress.ts';

const VERSION = '1.38.0';
/** Of the JVM: the SDK waits only about 5 s for the server's port, so the quickest start counts. */
const JVM_OPTIONS = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/**
 * The path of the test server's script in the cache.
 *
 * @param java absolute path of the Java that it runs on
 * @throws MillraceError COMPONENT_MISSING
 */
export async function ensureTestServer(java: string, onProgress: OnProgress): Promise<string> {
  const component = `Temporal test server ${VERSION}`;
  const path = join(cacheDir(), 'test-server', VERSION);
  await ensureJars({
    component,
    lockFile: fileURLToPath(new URL(`../../../tools/test-server/${VERSION}.lock.json`, import.meta.url)),
    path,
    onProgress,
    finish: writeScript,
  });
  await ensureClassArchive(path, java, JVM_OPTIONS);
  return join(path, 'temporal-test-server');

  async function writeScript(directory: string): Promise<void> {
    const script = join(directory, 'temporal-test-server');
    await writeFile(
      script,
      `#!/bin/sh
# Starts the time-skipping test server; the port is the first argument.
d=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec "\${MILLRACE_JAVA:-${java}}" ${JVM_OPTIONS.join(' ')} -XX:SharedArchiveFile="$d/classes/archive.jsa" -cp "$d/libs/*" io.temporal.testserver.TestServer "$@"
`,
    );
    await chmod(script, 0o755);
  }
}
