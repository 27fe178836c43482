// The program of local Mesos: what its files may hold.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { useLocalMesos } from './support/fixture.ts';

const fixture = useLocalMesos();
const MAIN = fileURLToPath(new URL('../../../src/local/mesos/main.ts', import.meta.url));

describe('local Mesos as a program', () => {
  it.each([
    {
      flag: 'agents-file',
      content: '[{"cpus":1,"memMb":1,"diskMb":1,"disks":[{"type":"TAPE","sizeMb":1}]}]',
      says: '[0].disks[0].type',
    },
    {
      flag: 'agents-file',
      content: '[{"cpus":1,"memMb":64,"diskMb":1,"reservations":[{"role":"a","memMb":65}]}]',
      says: 'reservations take 65 of memMb, and the agent has 64',
    },
    { flag: 'credentials', content: '{"credentials":[]}', says: '--credentials' },
    { flag: 'acls', content: '{"run_task":[]}', says: 'Unrecognized key: "run_task"' },
    { flag: 'acls', content: '{', says: 'is not JSON' },
    { flag: 'tls-cert', content: '', says: '--tls-cert and --tls-key need each other' },
  ])('refuses a --$flag that it cannot use, and starts nothing: $says', ({ flag, content, says }) => {
    const file = join(fixture.directory(), 'file');
    writeFileSync(file, content);
    const state = join(fixture.directory(), 'state');
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--state', state, `--${flag}`, file], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
  });

  it('refuses a fault domain of one part', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [MAIN, '--state', fixture.directory(), '--domain', 'eu'],
      { encoding: 'utf8', timeout: 30_000 },
    );
    expect([status, stderr]).toEqual([2, expect.stringContaining("not 'eu'")]);
  });
});
