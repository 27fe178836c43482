// TLS, and who may call.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useLocalMesos } from '../support/fixture.ts';
import { operator } from '../support/operator.ts';

const fixture = useLocalMesos();

describe('local Mesos with a certificate', () => {
  it('serves https', async () => {
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(fixture.directory(), name));
    if (key === undefined || cert === undefined) throw new Error('two files expected');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
    const pems = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const { url } = await fixture.start({ tls: pems });
    expect(url).toMatch(/^https:/);
    expect(await statusOf(`${url}/health`, pems.cert)).toBe(200);
    await expect(statusOf(`${url}/health`, undefined)).rejects.toThrow(/self-signed/);
  });
});

describe('local Mesos with credentials and ACLs', () => {
  it('knows who calls, and refuses what they may not', async () => {
    const mesos = await fixture.start({
      credentials: [
        { principal: 'admin', secret: 'a' },
        { principal: 'guest', secret: 'g' },
      ],
      acls: {
        permissive: false,
        reserve_resources: [{ principals: { values: ['admin'] }, roles: { values: ['kafka'] } }],
      },
    });
    const call = (as: string, role: string) =>
      operator(
        mesos.url,
        {
          type: 'RESERVE_RESOURCES',
          reserve_resources: {
            agent_id: { value: mesos.state().agents[0]?.id },
            resources: [
              {
                name: 'cpus',
                type: 'SCALAR',
                scalar: { value: 1 },
                reservations: [{ type: 'DYNAMIC', role, principal: as.split(':')[0] }],
              },
            ],
          },
        },
        { Authorization: `Basic ${Buffer.from(as).toString('base64')}` },
      );
    expect((await call('admin:wrong', 'kafka')).status).toBe(401);
    expect(await call('guest:g', 'kafka')).toMatchObject({ status: 403, body: '403 Forbidden.' });
    expect((await call('admin:a', 'other')).status).toBe(403);
    expect(mesos.state().reservations).toEqual([]);
    expect((await call('admin:a', 'kafka')).status).toBe(202);
    expect(mesos.state().reservations).toHaveLength(1);
  });
});

function statusOf(url: string, ca: string | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...(ca === undefined ? {} : { ca }) }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode);
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}
