// Writes a lock file of jars: what Maven resolves for some coordinates, each jar with its size and sha256.
//
// For maintainers, when a version changes (needs mvn): node scripts/lock-jars.ts tools/kafka/4.4.0.lock.json
//   org.apache.kafka:kafka_2.13:4.4.0 org.apache.logging.log4j:log4j-slf4j-impl:2.25.5
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JarLock } from '../src/local/components/jars.ts';

const [target, ...roots] = process.argv.slice(2);
if (target === undefined || roots.length === 0) {
  console.error('usage: node scripts/lock-jars.ts <lock file> <group:artifact:version>...');
  process.exit(2);
}

const work = mkdtempSync(join(tmpdir(), 'lock-jars-'));
try {
  writeFileSync(join(work, 'pom.xml'), pom(roots));
  execFileSync(
    'mvn',
    [
      '-B',
      '-q',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      '-DoutputDirectory=libs',
      '-Dmdep.useRepositoryLayout=true',
    ],
    { cwd: work, stdio: 'inherit' },
  );
  const libs = join(work, 'libs');
  const jars = globSync('**/*.jar', { cwd: libs })
    .toSorted()
    .map((path) => {
      const bytes = readFileSync(join(libs, path));
      return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    });
  const lock: JarLock = { roots, jars };
  writeFileSync(target, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${target}: ${jars.length} jars`);
} finally {
  rmSync(work, { recursive: true });
}

function pom(coordinates: string[]): string {
  const dependencies = coordinates.map((coordinate) => {
    const [group, artifact, version] = coordinate.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId><artifactId>lock</artifactId>
<version>1</version><dependencies>${dependencies.join('')}</dependencies></project>`;
}
