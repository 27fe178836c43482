// Jars from a repository that answers well, badly, and not at all.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchJars, readJarLock, totalBytes, type JarLock } from '../../../src/local/components/jars.ts';

let directory: string;
let server: Server;
let answer: RequestListener;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-jars-test-'));
  server = createServer((request, response) => {
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv(
    'MILLRACE_MAVEN_MIRROR',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/repository/`,
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

const contentOf = (path: string) => `content of ${path}`;
const lockOf = (...paths: string[]): JarLock => ({
  roots: ['a:b:1'],
  jars: paths.map((path) => ({
    path,
    bytes: contentOf(path).length,
    sha256: createHash('sha256').update(contentOf(path)).digest('hex'),
  })),
});
const serve: RequestListener = (request, response) => {
  response.end(contentOf((request.url ?? '').replace('/repository/', '')));
};

describe('fetching the jars of a lock file', () => {
  it('takes each from the mirror into one flat directory and counts the bytes', async () => {
    answer = serve;
    const lock = lockOf('org/a/a-1.jar', 'org/b/b-2.jar');
    const seen: number[] = [];
    await fetchJars(lock, directory, (done) => seen.push(done));
    expect((await readdir(directory)).toSorted()).toEqual(['a-1.jar', 'b-2.jar']);
    expect(await readFile(join(directory, 'a-1.jar'), 'utf8')).toBe('content of org/a/a-1.jar');
    expect(seen.at(-1)).toBe(totalBytes(lock));
  });

  it('tries again after an error of the server', async () => {
    let requests = 0;
    answer = (request, response) => {
      requests += 1;
      if (requests === 1) response.writeHead(503).end();
      else serve(request, response);
    };
    await fetchJars(lockOf('org/a/a-1.jar'), directory, () => undefined);
    expect(requests).toBe(2);
    expect(await readdir(directory)).toEqual(['a-1.jar']);
  });

  it('gives up at once on a jar that is not there, and names it', async () => {
    let requests = 0;
    answer = (_request, response) => {
      requests += 1;
      response.writeHead(404).end();
    };
    await expect(fetchJars(lockOf('org/a/a-1.jar'), directory, () => undefined)).rejects.toThrow(
      /org\/a\/a-1\.jar.*404/,
    );
    expect(requests).toBe(1);
  });

  it('keeps nothing whose sha256 is another', async () => {
    answer = (_request, response) => {
      response.end('something else');
    };
    await expect(fetchJars(lockOf('org/a/a-1.jar'), directory, () => undefined)).rejects.toThrow(
      /its sha256 is/,
    );
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('the lock files of the project', () => {
  it.each(['tools/kafka/4.4.0.lock.json', 'tools/test-server/1.38.0.lock.json'])(
    '%s names each jar once',
    async (file) => {
      const { jars } = await readJarLock(file);
      expect(jars.length).toBeGreaterThan(30);
      expect(new Set(jars.map(({ path }) => path.split('/').at(-1))).size).toBe(jars.length);
    },
  );
});
