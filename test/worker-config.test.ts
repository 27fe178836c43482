import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readWorkerConfig } from '../src/worker-config.ts';

const MASTERS = { MILLRACE_MESOS_MASTERS: 'http://10.0.0.1:5050/, http://10.0.0.2:5050' };

describe("the worker's settings", () => {
  it('are the masters alone, and the rest has defaults', () => {
    expect(readWorkerConfig(MASTERS)).toEqual({
      mesos: { masters: ['http://10.0.0.1:5050', 'http://10.0.0.2:5050'] },
      health: { host: '127.0.0.1', port: 7071 },
      logLevel: 'info',
    });
  });

  it('take the secret from a file, without the end of its line', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'millrace-secret-')), 'secret');
    writeFileSync(file, 'very secret\n');
    expect(
      readWorkerConfig({
        ...MASTERS,
        MILLRACE_MESOS_PRINCIPAL: 'millrace',
        MILLRACE_MESOS_SECRET_FILE: file,
      }).mesos.credential,
    ).toEqual({ principal: 'millrace', secret: 'very secret' });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{}, /MILLRACE_MESOS_MASTERS is not set; accepted: base URLs .* Example: MILLRACE_MESOS_MASTERS=http/],
    [{ MILLRACE_MESOS_MASTERS: 'zk://10.0.0.1:2181/mesos' }, /MILLRACE_MESOS_MASTERS.* not an http\(s\) URL/],
    [{ ...MASTERS, MILLRACE_HEALTH_PORT: '70000' }, /MILLRACE_HEALTH_PORT/],
    [{ ...MASTERS, MILLRACE_LOG_LEVEL: 'loud' }, /MILLRACE_LOG_LEVEL/],
    [{ ...MASTERS, MILLRACE_MESOS_PRINCIPAL: 'millrace' }, /MILLRACE_MESOS_SECRET_FILE go together/],
    [
      { ...MASTERS, MILLRACE_MESOS_PRINCIPAL: 'millrace', MILLRACE_MESOS_SECRET_FILE: '/nowhere' },
      /\/nowhere cannot be read/,
    ],
  ])('that are wrong are refused by name: %j', (environment, message) => {
    expect(() => readWorkerConfig(environment)).toThrow(message);
  });
});
