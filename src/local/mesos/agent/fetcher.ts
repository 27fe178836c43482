// Fetches what a command needs into its sandbox before it starts: files and http(s) URLs, unpacked when they are archives.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { appendFile, chmod, copyFile, mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { UriDescription } from '../wire/call-types.ts';
import { inside } from './sandbox.ts';

/**
 * Fetches all URIs of a command.
 * @throws Error when one cannot be had; the cause is in the sandbox's `stderr` as well, as with a real fetcher
 */
export async function fetchUris(
  uris: readonly UriDescription[],
  sandbox: string,
  cacheDirectory: string,
): Promise<void> {
  for (const uri of uris) {
    try {
      await fetchUri(uri, sandbox, cacheDirectory);
    } catch (error) {
      const why = error instanceof Error ? `${error.message}${causeOf(error)}` : String(error);
      await appendFile(join(sandbox, 'stderr'), `Failed to fetch '${uri.value}': ${why}\n`);
      throw error;
    }
  }
}

async function fetchUri(uri: UriDescription, sandbox: string, cacheDirectory: string): Promise<void> {
  const name = uri.output_file ?? basename(new URL(uri.value, 'file:///').pathname);
  if (name === '') throw new Error('the URI names no file');
  const target = inside(sandbox, decodeURIComponent(name));
  await mkdir(dirname(target), { recursive: true });
  if (uri.cache === true) await copyFile(await cached(uri.value, cacheDirectory), target);
  else await download(uri.value, target);
  if (uri.executable === true) await chmod(target, 0o755);
  else if (uri.extract !== false) await extract(target, sandbox);
}

/** The file of a URI in the cache. A download gets its name only when it is whole, so two at once do no harm. */
async function cached(value: string, cacheDirectory: string): Promise<string> {
  const file = join(cacheDirectory, createHash('sha256').update(value).digest('hex'));
  if (await exists(file)) return file;
  await mkdir(cacheDirectory, { recursive: true });
  const part = `${file}.${process.pid}.${Date.now()}.part`;
  await download(value, part);
  await rename(part, file);
  return file;
}

async function download(value: string, target: string): Promise<void> {
  if (value.startsWith('/')) {
    await copyFile(value, target);
  } else if (value.startsWith('file:')) {
    await copyFile(fileURLToPath(value), target);
  } else if (/^https?:/.test(value)) {
    const response = await fetch(value);
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(target));
  } else {
    throw new Error('local Mesos fetches absolute paths, file://, http:// and https:// only');
  }
}

const ARCHIVES: readonly { ending: RegExp; command: (file: string, directory: string) => string[] }[] = [
  {
    ending: /\.(tar|tgz|tar\.gz|tbz2|tar\.bz2|txz|tar\.xz)$/,
    command: (file, directory) => ['tar', '-C', directory, '-xf', file],
  },
  { ending: /\.zip$/, command: (file, directory) => ['unzip', '-o', '-q', '-d', directory, file] },
];

async function extract(file: string, directory: string): Promise<void> {
  const argv = ARCHIVES.find(({ ending }) => ending.test(file))?.command(file, directory);
  if (argv) await run(argv);
}

function run([program = '', ...rest]: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} exited with status ${code ?? 'none'}: ${errors.trim()}`));
    });
  });
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? ` (${error.cause.message})` : '';
}
