// What is said when a component of the machine is missing, and how progress is described.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findJava } from '../../../src/local/components/java.ts';
import { ensureKafka } from '../../../src/local/components/kafka.ts';
import { describeProgress } from '../../../src/local/components/progress.ts';
import { ensureTemporalCli } from '../../../src/local/components/temporal-cli.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-find-test-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

async function program(name: string, output: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, `#!/bin/sh\necho '${output}'\n`);
  await chmod(path, 0o755);
  return path;
}
const quiet = () => undefined;

describe('Java', () => {
  it('is taken from the PATH when it is new enough', async () => {
    const path = await program('java', 'openjdk version "21.0.1" 2026-01-01');
    expect(await findJava({ PATH: directory })).toBe(path);
  });

  it('that is too old is refused with its version and what to install', async () => {
    const path = await program('java', 'java version "1.8.0_392"');
    await expect(findJava({ PATH: directory })).rejects.toThrow(`${path} is Java 8`);
    await expect(findJava({ PATH: directory })).rejects.toThrow('apt install openjdk-17-jre-headless');
  });

  it('that is not there is refused with the code of a missing component', async () => {
    await expect(findJava({ PATH: directory })).rejects.toMatchObject({ code: 'COMPONENT_MISSING' });
  });
});

describe('the Temporal CLI', () => {
  it('of the machine is taken when it is new enough', async () => {
    const path = await program('temporal', 'temporal version 1.8.0 (Server 1.31.0, UI 2.50.0)');
    vi.stubEnv('MILLRACE_TEMPORAL_CLI', '');
    vi.stubEnv('PATH', directory);
    expect(await ensureTemporalCli(quiet)).toBe(path);
  });

  it('that is too old is passed over, and without Go the way out is said', async () => {
    await program('temporal', 'temporal version 0.9.0');
    vi.stubEnv('MILLRACE_TEMPORAL_CLI', '');
    vi.stubEnv('MILLRACE_CACHE', join(directory, 'cache'));
    // /bin/sh alone is enough for the script that stands for an old CLI.
    vi.stubEnv('PATH', directory);
    await expect(ensureTemporalCli(quiet)).rejects.toThrow(
      /no "temporal" 1\.5\.0 or newer.*no go in the PATH.*MILLRACE_TEMPORAL_CLI/s,
    );
  });

  it('that was named and does not run is refused, not replaced', async () => {
    vi.stubEnv('MILLRACE_TEMPORAL_CLI', join(directory, 'nothing'));
    await expect(ensureTemporalCli(quiet)).rejects.toThrow(join(directory, 'nothing'));
  });
});

describe('Kafka', () => {
  it('in a directory without jars is refused', async () => {
    vi.stubEnv('MILLRACE_KAFKA_HOME', directory);
    await expect(ensureKafka('4.4.0', quiet)).rejects.toThrow('has no directory "libs"');
  });

  it('of a version without a lock file is refused', async () => {
    vi.stubEnv('MILLRACE_CACHE', directory);
    await expect(ensureKafka('0.1.0', quiet)).rejects.toMatchObject({ code: 'COMPONENT_MISSING' });
  });
});

describe('a line of progress', () => {
  it('says what is done, how much is left, and where it goes', () => {
    const line = describeProgress({
      component: 'Kafka 4.4.0',
      state: 'working',
      doing: 'downloading 46 jars',
      done: 11_000_000,
      total: 44_000_000,
      unit: 'bytes',
      path: '/cache/kafka/4.4.0',
    });
    expect(line).toContain('downloading 46 jars');
    expect(line).toContain('25 % 33.0 of 44.0 MB left');
    expect(line).toContain('/cache/kafka/4.4.0');
  });
});
