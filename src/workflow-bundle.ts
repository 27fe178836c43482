// The bundle of workflow code, built once for each version of it and kept in the cache: building takes seconds, and a
// worker that takes over a session has none to lose.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const SOURCE = fileURLToPath(new URL('.', import.meta.url));
/** The rooms that are bundled; see ARCHITECTURE.md. */
const ROOMS = ['workflows', 'model'];

/**
 * Path of the bundle for the present sources, building it when there is none.
 *
 * @returns path of a JavaScript file for `workflowBundle.codePath`
 */
export async function workflowBundle(): Promise<{ codePath: string }> {
  const codePath = join(cacheDirectory(), `workflows-${await fingerprint()}.js`);
  try {
    await readFile(codePath, { flag: 'r' });
    return { codePath };
  } catch {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(SOURCE, 'workflows', 'index.ts'),
      // The bundler tells a page about each module at INFO.
      logger: new DefaultLogger('WARN'),
    });
    await mkdir(cacheDirectory(), { recursive: true });
    const temporary = `${codePath}.${process.pid}`;
    await writeFile(temporary, code);
    await rename(temporary, codePath);
    return { codePath };
  }
}

function cacheDirectory(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['MILLRACE_CACHE'] ?? join(base, 'millrace');
}

/** Hash of every file of the rooms, of the SDK's version and of this checkout's dependencies' lock. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const lock = await readFile(join(SOURCE, '..', 'package-lock.json')).catch(() => '');
  hash.update(lock);
  for (const room of ROOMS) {
    const files = await readdir(join(SOURCE, room), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    for (const path of paths.sort()) hash.update(path.slice(SOURCE.length)).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 24);
}
