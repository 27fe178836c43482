import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeKind } from '../../../src/model/cluster.ts';
import { EXIT, explainExit } from '../../../src/model/node/command.ts';
import { renderNode } from '../../../src/model/node/render.ts';
import { shellQuote } from '../../../src/model/node/shell-quote.ts';
import { waitFor } from '../../support/wait-for.ts';
import { inputOf } from './nodes.ts';

/** What Mesos gives every container. */
const MESOS_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Stands for a JVM: notes its arguments; formats as StorageTool does; as Kafka, it ends when it is told to. */
const FAKE_JAVA = `#!/bin/sh
for argument; do printf '%s\\n' "$argument"; done >> "$CALLS"
echo -- >> "$CALLS"
case "$*" in
  *StorageTool*)
    [ "$FORMAT" = fails ] && exit 1
    [ "$FORMAT" = slow ] && { echo > formatting; until [ -f go ]; do sleep 0.02; done; }
    echo formatted > data/kafka/meta.properties ;;
  *) [ "$RUN" = on ] && { echo $$ > jvm.pid; exec sleep 60; } ;;
esac
exit 0
`;

let sandbox: string;
beforeEach(async () => {
  sandbox = await mkdtemp(join(tmpdir(), 'millrace node-'));
  await mkdir(join(sandbox, 'data', 'lost+found'), { recursive: true });
});
afterEach(() => rm(sandbox, { recursive: true, force: true }));

async function installJava(home: string): Promise<void> {
  await mkdir(join(home, 'bin'), { recursive: true });
  await writeFile(join(home, 'bin/java'), FAKE_JAVA);
  await chmod(join(home, 'bin/java'), 0o755);
}

function start(kind: NodeKind, spec: object, environment: Record<string, string> = {}) {
  const rendered = renderNode(inputOf(kind, spec));
  const child = spawn('/bin/sh', ['-c', rendered.command], {
    cwd: sandbox,
    env: { PATH: MESOS_PATH, CALLS: join(sandbox, 'calls'), ...rendered.environment, ...environment },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    stderr,
  }));
  return { child, ended, rendered };
}
const run = (kind: NodeKind, spec: object, environment?: Record<string, string>) =>
  start(kind, spec, environment).ended;
const read = (file: string) => readFile(join(sandbox, file), 'utf8');
/** Arguments of each call of java. */
const calls = async () =>
  (await read('calls'))
    .split('--\n')
    .filter(Boolean)
    .map((call) => call.trimEnd().split('\n'));

async function onAgent(): Promise<object> {
  const [java, kafka] = [join(sandbox, 'agent', "java's home"), join(sandbox, 'agent', 'kafka')];
  await installJava(java);
  await mkdir(join(kafka, 'libs'), { recursive: true });
  return { java: { path: java }, kafka: { artifact: { path: kafka } } };
}

describe('the command of a node', () => {
  it('begins an empty broker volume without a JVM and runs Kafka with its files', async () => {
    const spec = { ...(await onAgent()), brokers: { jvmOptions: ['-Da=b c', "-Dq='$HOME'"] } };
    const { ended, rendered } = start('broker', spec);
    expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });
    expect(await read('server.properties')).toBe(rendered.serverProperties);
    expect(await read('log4j2.properties')).toBe(rendered.log4j2);
    expect(await read('data/kafka/meta.properties')).toBe(rendered.metaProperties);
    const libs = join(sandbox, 'agent/kafka/libs/*');
    expect(await calls()).toEqual([
      [...rendered.jvmOptions, '-cp', libs, 'kafka.Kafka', 'server.properties'],
    ]);
  });

  it('formats a controller once, with the first voters', async () => {
    const spec = await onAgent();
    expect((await run('controller', spec)).code).toBe(0);
    expect((await run('controller', spec)).code).toBe(0);
    const [format, first, second, ...more] = await calls();
    expect(format?.join(' ')).toMatch(
      /kafka.tools.StorageTool format -t QhveAbEPS7eCGvshQldAhw -c server.properties --initial-controllers 3000@10.0.0.1:31001:C0A+,3001@10.0.0.2:31001:C1A+,3002@10.0.0.3:31001:C2A+ --ignore-formatted$/,
    );
    expect(first?.at(-2)).toBe('kafka.Kafka');
    expect(second).toEqual(first);
    expect(more).toEqual([]);
  });

  it('leaves a volume that was begun before as it is', async () => {
    const spec = await onAgent();
    await mkdir(join(sandbox, 'data/kafka'), { recursive: true });
    await writeFile(join(sandbox, 'data/kafka/meta.properties'), 'old');
    expect((await run('broker', spec)).code).toBe(0);
    expect(await read('data/kafka/meta.properties')).toBe('old');
  });

  it('does not start Kafka on a controller whose format failed', async () => {
    const result = await run('controller', await onAgent(), { FORMAT: 'fails' });
    expect(result).toMatchObject({
      code: EXIT.NOT_PREPARED,
      stderr: 'millrace: the volume could not be prepared\n',
    });
    expect(await calls()).toHaveLength(1);
  });

  it('finds Kafka and Java among what was fetched, and an executable given by its path', async () => {
    await mkdir(join(sandbox, 'a_java/libs'), { recursive: true });
    await mkdir(join(sandbox, 'kafka_2.13-4.4.0/libs'), { recursive: true });
    await installJava(join(sandbox, 'jdk-21'));
    const fetched = { java: { uri: 'https://example.test/jdk.tgz' } };
    expect(await run('broker', fetched)).toMatchObject({ code: 0 });
    expect(await run('broker', { java: { path: join(sandbox, 'jdk-21/bin/java') } })).toMatchObject({
      code: 0,
    });
    for (const call of await calls()) expect(call).toContain('./kafka_2.13-4.4.0/libs/*');
    expect(await calls()).toHaveLength(2);
  });

  it('begins each disk of a broker by itself, also one that came back empty', async () => {
    const spec = {
      ...(await onAgent()),
      brokers: {
        disks: [
          { type: 'MOUNT', sizeMb: 500 },
          { type: 'MOUNT', sizeMb: 500 },
        ],
      },
    };
    expect(await run('broker', spec)).toMatchObject({
      code: EXIT.NO_VOLUME,
      stderr: 'millrace: the persistent volume is not mounted at data-1 in the sandbox\n',
    });
    await mkdir(join(sandbox, 'data-1'));
    const { ended, rendered } = start('broker', spec);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    const files = ['data/kafka/meta.properties', 'data-1/kafka/meta.properties'];
    const texts = [rendered.environment['META_PROPERTIES'], rendered.environment['META_PROPERTIES_1']];
    expect(await Promise.all(files.map(read))).toEqual(texts);
    await rm(join(sandbox, 'data-1/kafka'), { recursive: true });
    await writeFile(join(sandbox, 'data/kafka/meta.properties'), 'old');
    expect(await run('broker', spec)).toMatchObject({ code: 0 });
    expect(await Promise.all(files.map(read))).toEqual(['old', texts[1]]);
  });

  describe('with archives that have to be verified', () => {
    /** An archive of Kafka and one of Java, as the fetcher leaves them; with the spec that wants them. */
    async function archives(): Promise<{ sums: string[]; spec: (sums: string[]) => object }> {
      const made = join(sandbox, '..', `${basename(sandbox)}.made`);
      await mkdir(join(made, 'kafka_2.13-4.4.0/libs'), { recursive: true });
      await installJava(join(made, 'jdk-21'));
      const pairs = [
        ['kafka_2.13-4.4.0', 'kafka.archive'],
        ['jdk-21', 'java.archive'],
      ] as const;
      const sums: string[] = [];
      for (const [directory, file] of pairs) {
        await promisify(execFile)('tar', ['-C', made, '-czf', join(sandbox, file), directory]);
        sums.push(
          createHash('sha256')
            .update(await readFile(join(sandbox, file)))
            .digest('hex'),
        );
      }
      await rm(made, { recursive: true });
      return {
        sums,
        spec: ([kafka, java]) => ({
          kafka: { artifact: { uri: 'https://example.test/kafka_2.13-4.4.0.tgz', sha256: kafka } },
          java: { uri: 'https://example.test/jdk.tgz', sha256: java },
        }),
      };
    }

    it('unpacks what is as it must be, and keeps no archive', async () => {
      const { sums, spec } = await archives();
      expect(await run('broker', spec(sums))).toEqual({ code: 0, signal: null, stderr: '' });
      expect((await calls())[0]).toContain('./kafka_2.13-4.4.0/libs/*');
      for (const file of ['kafka.archive', 'java.archive'])
        await expect(access(join(sandbox, file))).rejects.toThrow();
    });

    it.each([
      ['Kafka', 0, 'kafka_2.13-4.4.0.tgz'],
      ['Java', 1, 'jdk.tgz'],
    ])('runs and unpacks nothing when that of %s is another', async (_what, index, file) => {
      const { sums, spec } = await archives();
      const wanted = '0'.repeat(64);
      const result = await run('broker', spec(sums.with(index, wanted)));
      expect(result).toMatchObject({ code: EXIT.BAD_ARCHIVE });
      expect(result.stderr).toBe(
        `millrace: https://example.test/${file} has the SHA-256 ${sums[index] ?? ''}, and must have ${wanted}; nothing of it was run\n`,
      );
      expect(explainExit(EXIT.BAD_ARCHIVE)).toMatch(/does not have the sha256 that the spec says/);
      for (const there of ['calls', 'kafka_2.13-4.4.0', 'jdk-21'])
        await expect(access(join(sandbox, there))).rejects.toThrow();
    });

    it('says so when it is no archive', async () => {
      const { sums, spec } = await archives();
      await writeFile(join(sandbox, 'kafka.archive'), 'no archive');
      const sum = createHash('sha256').update('no archive').digest('hex');
      const result = await run('broker', spec([sum, sums[1] ?? '']));
      expect(result).toMatchObject({ code: EXIT.BAD_ARCHIVE });
      expect(result.stderr).toMatch(/kafka.archive could not be unpacked\n$/);
    });
  });

  it('takes in an image its Java, begins in the sandbox, and says when there is no Kafka', async () => {
    await installJava(join(sandbox, 'image-java'));
    const spec = { kafka: { artifact: { image: 'apache/kafka:4.1.1' } } };
    const { command } = renderNode(inputOf('broker', spec));
    const libs = join(sandbox, 'opt/kafka/libs');
    await mkdir(libs, { recursive: true });
    const inImage = command.replace('KAFKA=/opt/kafka', `KAFKA='${join(sandbox, 'opt/kafka')}'`);
    const env = {
      ...renderNode(inputOf('broker', spec)).environment,
      PATH: MESOS_PATH,
      CALLS: join(sandbox, 'calls'),
      MESOS_SANDBOX: sandbox,
      JAVA_HOME: join(sandbox, 'image-java'),
    };
    const execute = (text: string, more: object) =>
      promisify(execFile)('/bin/sh', ['-c', text], { cwd: '/', env: { ...env, ...more } });
    const bin = join(sandbox, 'image-java/bin');
    await execute(inImage, { PATH: `${bin}:${MESOS_PATH}`, JAVA_HOME: '/nowhere' });
    await expect(execute(command, {})).rejects.toMatchObject({
      code: EXIT.NO_KAFKA,
      stderr: 'millrace: no Kafka distribution at /opt/kafka in the image (no directory libs there)\n',
    });
    expect((await calls()).map((call) => call.at(-3))).toEqual([`${libs}/*`]);
  });

  it.each<[string, number, RegExp, (spec: object) => Promise<object>]>([
    [
      'no volume',
      EXIT.NO_VOLUME,
      /volume is not mounted at data/,
      async (spec) => (await rm(join(sandbox, 'data'), { recursive: true }), spec),
    ],
    [
      'no Kafka on the agent',
      EXIT.NO_KAFKA,
      /no Kafka distribution at \/nowhere on this agent/,
      (spec) => Promise.resolve({ ...spec, kafka: { artifact: { path: '/nowhere' } } }),
    ],
    [
      'no Kafka among what was fetched',
      EXIT.NO_KAFKA,
      /among what was fetched/,
      (spec) => Promise.resolve({ ...spec, kafka: {} }),
    ],
    [
      'no Java on the agent',
      EXIT.NO_JAVA,
      /no Java at \/nowhere on this agent/,
      (spec) => Promise.resolve({ ...spec, java: { path: '/nowhere' } }),
    ],
    [
      'no Java among what was fetched',
      EXIT.NO_JAVA,
      /no Java among/,
      (spec) => Promise.resolve({ ...spec, java: { uri: 'https://example.test/jre.zip' } }),
    ],
  ])('ends with a code and a sentence when there is %s', async (_, code, sentence, change) => {
    const result = await run('broker', await change(await onAgent()));
    expect(result).toMatchObject({ code });
    expect(result.stderr).toMatch(sentence);
    expect(explainExit(code)).not.toBeNull();
    await expect(access(join(sandbox, 'calls'))).rejects.toThrow();
  });

  it('names the PATH in which there is no java', async () => {
    const { kafka } = (await onAgent()) as { kafka: object };
    const bin = join(sandbox, 'bin');
    await mkdir(bin);
    const result = await run('broker', { kafka }, { PATH: bin });
    expect(result).toMatchObject({ code: EXIT.NO_JAVA });
    expect(result.stderr).toContain(`no java in the PATH of Mesos (${bin}); set java in the spec`);
  });

  it('finishes a format that has begun when it is told to stop, and does not start Kafka', async () => {
    const { child, ended } = start('controller', await onAgent(), { FORMAT: 'slow' });
    await waitFor(
      () => access(join(sandbox, 'formatting')).then(() => true),
      (formatting) => formatting,
      { describe: 'the format to begin' },
    );
    child.kill('SIGTERM');
    await writeFile(join(sandbox, 'go'), '');
    expect(await ended).toMatchObject({ code: 143 });
    expect(await read('data/kafka/meta.properties')).toBe('formatted\n');
    expect(await calls()).toHaveLength(1);
  });

  it('becomes the JVM, so that signals reach it', async () => {
    const { child, ended } = start('broker', await onAgent(), { RUN: 'on' });
    const pid = await waitFor(
      () => read('jvm.pid').catch(() => ''),
      (text) => text !== '',
      { describe: 'the pid of the JVM' },
    );
    expect(Number(pid)).toBe(child.pid);
    child.kill('SIGTERM');
    expect((await ended).signal).toBe('SIGTERM');
  });
});

describe('shellQuote', () => {
  it.each([
    ['plain-1.2/x=y', 'plain-1.2/x=y'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's $HOME", "'it'\\''s $HOME'"],
  ])('makes %j the word %s', (text, word) => {
    expect(shellQuote(text)).toBe(word);
  });
});
