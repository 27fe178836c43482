// The project's own cache of components: each entry is made once, by one process, and appears only when it is whole.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, utimes, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** How often the maker of an entry shows that it lives, and how often others look. */
const BEAT_MS = 1_000;
/** A lock whose maker showed no life for this long is taken over: the process is gone. */
const STALE_MS = 15_000;
/** Nothing takes this long to make. */
const ABANDONED_MS = 3_600_000;

/** `$MILLRACE_CACHE`, or `millrace` in `$XDG_CACHE_HOME` or `~/.cache`. */
export function cacheDir(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['MILLRACE_CACHE'];
  if (own !== undefined && own !== '') return own;
  const xdg = environment['XDG_CACHE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'millrace');
}

/**
 * The directory `entry`, made by `make` in a temporary directory beside it and renamed when `make` has succeeded, so
 * that nobody ever sees half of it. Safe with several processes at once: one makes it, the others wait.
 *
 * @param onWait called once when another process is found to be making it
 * @throws whatever `make` throws; nothing is left behind then
 */
export async function ensureEntry(
  entry: string,
  make: (directory: string) => Promise<void>,
  onWait: () => void = () => undefined,
): Promise<void> {
  if (existsSync(entry)) return;
  await mkdir(dirname(entry), { recursive: true });
  const lock = `${entry}.lock`;
  if (!(await takeLock(lock, () => existsSync(entry), onWait))) return;
  const beat = setInterval(() => {
    utimes(lock, new Date(), new Date()).catch(() => undefined);
  }, BEAT_MS);
  const work = `${entry}.${randomUUID()}.tmp`;
  try {
    if (existsSync(entry)) return;
    await sweep(entry);
    await mkdir(work);
    await make(work);
    // Another made it meanwhile, when this process slept for so long that its lock was taken over: that entry is as good.
    await rename(work, entry).catch((error: unknown) => {
      if (!existsSync(entry)) throw error;
    });
  } finally {
    clearInterval(beat);
    await rm(work, { recursive: true, force: true });
    await rm(lock, { recursive: true, force: true });
  }
}

/** Removes what processes left that were killed while they made an entry; one that only sleeps may go on with its own. */
async function sweep(entry: string): Promise<void> {
  const folder = dirname(entry);
  const mine = (name: string) => name.startsWith(`${basename(entry)}.`) && name.endsWith('.tmp');
  for (const name of (await readdir(folder)).filter(mine)) {
    const path = join(folder, name);
    if (await isOlder(path, ABANDONED_MS)) await rm(path, { recursive: true, force: true });
  }
}

/** Takes a lock (a directory: mkdir is atomic); false when `done` has become true while waiting for it. */
async function takeLock(lock: string, done: () => boolean, onWait: () => void): Promise<boolean> {
  let told = false;
  for (;;) {
    try {
      await mkdir(lock);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (done()) return false;
    if (await isOlder(lock, STALE_MS)) {
      // Renamed first: of two that find it stale, only one can, and a fresh lock is never removed by mistake for long.
      const old = `${lock}.${randomUUID()}`;
      await rename(lock, old).catch(() => undefined);
      await rm(old, { recursive: true, force: true });
      continue;
    }
    if (!told) onWait();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
  }
}

async function isOlder(path: string, ms: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > ms;
  } catch {
    return false;
  }
}
