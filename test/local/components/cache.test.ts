// The cache: an entry is made once and appears whole, whoever else makes it at the same time.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheDir, ensureEntry } from '../../../src/local/components/cache.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-cache-test-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('an entry of the cache', () => {
  it('is made once when several want it at the same time, and all find it whole', async () => {
    const entry = join(directory, 'kafka', '1.0');
    let made = 0;
    const make = async (work: string) => {
      made += 1;
      await writeFile(join(work, 'a'), '1');
      // Others look meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
      expect(existsSync(entry)).toBe(false);
      await writeFile(join(work, 'b'), '2');
    };
    await Promise.all(Array.from({ length: 4 }, () => ensureEntry(entry, make)));
    expect(made).toBe(1);
    expect(await readFile(join(entry, 'b'), 'utf8')).toBe('2');
    expect(await readdir(join(directory, 'kafka'))).toEqual(['1.0']);
  });

  it('leaves nothing behind when it cannot be made, and can be made later', async () => {
    const entry = join(directory, 'broken');
    const fails = ensureEntry(entry, async (work) => {
      await writeFile(join(work, 'half'), '');
      throw new Error('no network');
    });
    await expect(fails).rejects.toThrow('no network');
    expect(await readdir(directory)).toEqual([]);
    await ensureEntry(entry, (work) => writeFile(join(work, 'all'), ''));
    expect(await readdir(entry)).toEqual(['all']);
  });

  it('takes over from a process that died while making it', async () => {
    const entry = join(directory, 'orphan');
    await mkdir(`${entry}.lock`);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(`${entry}.lock`, longAgo, longAgo);
    const abandoned = `${entry}.5f3a.tmp`;
    await mkdir(abandoned);
    const yesterday = new Date(Date.now() - 24 * 3_600_000);
    await utimes(abandoned, yesterday, yesterday);
    await ensureEntry(entry, (work) => writeFile(join(work, 'all'), ''));
    expect(await readdir(directory)).toEqual(['orphan']);
  });

  it('is taken as it is when another made it while this process slept', async () => {
    const entry = join(directory, 'slow');
    await ensureEntry(entry, async (work) => {
      await writeFile(join(work, 'mine'), '');
      await mkdir(entry);
      await writeFile(join(entry, 'theirs'), '');
    });
    expect(await readdir(entry)).toEqual(['theirs']);
    expect(await readdir(directory)).toEqual(['slow']);
  });

  it('is waited for while another process makes it', async () => {
    const entry = join(directory, 'shared');
    await mkdir(`${entry}.lock`);
    let told = 0;
    await ensureEntry(
      entry,
      () => Promise.reject(new Error('made twice')),
      () => {
        told += 1;
        void mkdir(entry);
      },
    );
    expect(told).toBe(1);
  });
});

describe('the directory of the cache', () => {
  it.each([
    [{ MILLRACE_CACHE: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
    [{ MILLRACE_CACHE: '', XDG_CACHE_HOME: '/b' }, '/b/millrace'],
  ])('of %o is %s', (environment, expected) => {
    expect(cacheDir(environment)).toBe(expected);
  });
});
