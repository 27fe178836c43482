import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readWorkerConfig } from '../src/worker-config.ts';

const TLS = (name: string) => fileURLToPath(new URL(`mesos/tls/${name}`, import.meta.url));
const fileWith = (text: string) => {
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-secret-')), 'secret');
  writeFileSync(file, text);
  return file;
};
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
    const file = fileWith('very secret\n');
    expect(
      readWorkerConfig({
        ...MASTERS,
        MILLRACE_MESOS_PRINCIPAL: 'millrace',
        MILLRACE_MESOS_SECRET_FILE: file,
      }).mesos.credential,
    ).toEqual({ principal: 'millrace', secret: 'very secret' });
  });

  it('take the secret from the environment, where it cannot come from a file', () => {
    expect(
      readWorkerConfig({ ...MASTERS, MILLRACE_MESOS_PRINCIPAL: 'millrace', MILLRACE_MESOS_SECRET: 'words' })
        .mesos.credential,
    ).toEqual({ principal: 'millrace', secret: 'words' });
  });

  it('take a service account, and an own authority with a client certificate', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const account = {
      uid: 'kafka',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      login_endpoint: 'https://leader.mesos/acs/api/v1/auth/login',
      scheme: 'RS256',
    };
    const { mesos } = readWorkerConfig({
      ...MASTERS,
      MILLRACE_MESOS_SERVICE_ACCOUNT_FILE: fileWith(JSON.stringify(account)),
      MILLRACE_MESOS_CA_FILE: TLS('ca.pem'),
      MILLRACE_MESOS_CERT_FILE: TLS('client.pem'),
      MILLRACE_MESOS_KEY_FILE: TLS('client.key'),
    });
    expect(mesos.tokens?.secrets()).toEqual([]);
    expect(mesos.tls).toEqual({
      ca: readFileSync(TLS('ca.pem'), 'utf8'),
      certificate: readFileSync(TLS('client.pem'), 'utf8'),
      key: readFileSync(TLS('client.key'), 'utf8'),
    });
    expect(mesos.credential).toBeUndefined();
  });

  it('take masters by IPv6 addresses and by name', () => {
    const { masters } = readWorkerConfig({
      MILLRACE_MESOS_MASTERS: 'http://[fd00::1]:5050, https://[::1]:5050/,http://masters.mesos:5050/mesos/',
    }).mesos;
    expect(masters).toEqual([
      'http://[fd00::1]:5050',
      'https://[::1]:5050',
      'http://masters.mesos:5050/mesos',
    ]);
  });

  it('that are wrong are refused without what is secret in them', () => {
    const wrong: Record<string, string>[] = [
      { MILLRACE_MESOS_MASTERS: 'http://user:hush-hush@10.0.0.1:5050' },
      { ...MASTERS, MILLRACE_MESOS_SECRET: 'hush-hush' },
      { ...MASTERS, MILLRACE_MESOS_SERVICE_ACCOUNT: 'hush-hush' },
      { ...MASTERS, MILLRACE_MESOS_SERVICE_ACCOUNT: '{"private_key":"hush-hush"}' },
      { ...MASTERS, MILLRACE_MESOS_CA_FILE: fileWith('hush-hush') },
      {
        ...MASTERS,
        MILLRACE_MESOS_CERT_FILE: TLS('client.pem'),
        MILLRACE_MESOS_KEY_FILE: fileWith('hush-hush'),
      },
    ];
    for (const environment of wrong) {
      let error: unknown = null;
      try {
        readWorkerConfig(environment);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hush-hush');
    }
  });

  it.each<[Record<string, string>, RegExp]>([
    [
      { MILLRACE_MESOS_MASTERS: 'http://u:p@10.0.0.1:5050' },
      /MILLRACE_MESOS_MASTERS.* holds a user or password/,
    ],
    [
      { ...MASTERS, MILLRACE_MESOS_SECRET: 'x' },
      /MILLRACE_MESOS_PRINCIPAL and MILLRACE_MESOS_SECRET_FILE go together/,
    ],
    [
      {
        ...MASTERS,
        MILLRACE_MESOS_PRINCIPAL: 'm',
        MILLRACE_MESOS_SECRET: 'x',
        MILLRACE_MESOS_SECRET_FILE: TLS('ca.pem'),
      },
      /Both MILLRACE_MESOS_SECRET and MILLRACE_MESOS_SECRET_FILE/,
    ],
    [
      {
        ...MASTERS,
        MILLRACE_MESOS_PRINCIPAL: 'm',
        MILLRACE_MESOS_SECRET: 'x',
        MILLRACE_MESOS_SERVICE_ACCOUNT: '{}',
      },
      /masters take the one or the other/,
    ],
    [{ ...MASTERS, MILLRACE_MESOS_SERVICE_ACCOUNT: '{}' }, /does not hold a service account .*uid: /],
    [
      { ...MASTERS, MILLRACE_MESOS_SECRET_FILE: fileWith(''), MILLRACE_MESOS_PRINCIPAL: 'm' },
      /SECRET_FILE is empty/,
    ],
    [
      { ...MASTERS, MILLRACE_MESOS_CA_FILE: '/nowhere' },
      /MILLRACE_MESOS_CA_FILE \/nowhere cannot be read \(ENOENT\)/,
    ],
    [{ ...MASTERS, MILLRACE_MESOS_CERT_FILE: TLS('client.pem') }, /MILLRACE_MESOS_KEY_FILE go together/],
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
