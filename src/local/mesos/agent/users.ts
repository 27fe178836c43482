// The users of this machine.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether a user is known, by /etc/passwd or by whatever else this machine asks. */
export function isUser(name: string): boolean {
  if (/^[^:\n]+$/.test(name) && passwdNames().has(name)) return true;
  return spawnSync('id', ['-u', '--', name], { stdio: 'ignore' }).status === 0;
}

function passwdNames(): Set<string> {
  try {
    return new Set(
      readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .map((line) => line.slice(0, line.indexOf(':'))),
    );
  } catch {
    // Without the file, only `id` can tell.
    return new Set();
  }
}
