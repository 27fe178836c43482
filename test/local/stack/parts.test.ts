// How the parts of a stack are started and looked at.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { partOf, urlsOf } from '../../../src/local/stack/parts.ts';
import type { StackFile } from '../../../src/local/stack/stack-file.ts';
import { masterServer, refuse, type MasterServer } from '../../mesos/master-server.ts';

const tlsFile = (name: string) => fileURLToPath(new URL(`../../mesos/tls/${name}`, import.meta.url));
const tls = { certFile: tlsFile('master.pem'), keyFile: tlsFile('master.key'), caFile: tlsFile('ca.pem') };

let server: MasterServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

function stackFile(mesosPort: number, mesos?: StackFile['mesos']): StackFile {
  const ports = { temporal: 1, ui: 2, mesos: mesosPort, standbyMasters: [], api: 4, agents: 5, workers: [6] };
  return {
    version: 1,
    name: 'default',
    ports,
    urls: urlsOf(ports, mesos),
    agents: { count: 4, cpus: 1, memMb: 1, diskMb: 1 },
    heartbeatMs: 15_000,
    ...(mesos ? { mesos } : {}),
    env: {},
    components: { temporalCli: '/t', java: '/j', kafka: {} },
    processes: {},
  };
}

/** A master whose health is answered with this status. */
async function healthOf(status: number, secure: boolean): Promise<MasterServer> {
  server = await masterServer(
    ({ path }, response) => {
      refuse(response, path === '/health' ? status : 404);
    },
    secure ? { tls: { key: readFileSync(tls.keyFile), cert: readFileSync(tls.certFile) } } : {},
  );
  return server;
}

describe('local Mesos as a part of a stack', () => {
  it('is given its fault domain, certificate and credentials, and workers its authority', () => {
    const file = stackFile(5050, { domain: 'eu/a', tls, credentialsFile: '/c.json' });
    expect(file.urls.mesos).toBe('https://127.0.0.1:5050');
    const flags = partOf('/stack', file, 'mesos').program.args.join(' ');
    expect(flags).toContain(`--domain eu/a --tls-cert ${tls.certFile} --tls-key ${tls.keyFile}`);
    expect(flags).toContain('--credentials /c.json');
    expect(partOf('/stack', file, 'worker-1').program.env).toMatchObject({
      MILLRACE_MESOS_MASTERS: 'https://127.0.0.1:5050',
      MILLRACE_MESOS_CA_FILE: tls.caFile,
    });
    expect(partOf('/stack', file, 'api').program.env).not.toHaveProperty('MILLRACE_MESOS_CA_FILE');
    const plain = stackFile(5050);
    expect(plain.urls.mesos).toBe('http://127.0.0.1:5050');
    expect(partOf('/stack', plain, 'mesos').program.args.join(' ')).not.toMatch(/--(domain|tls|cred)/);
  });

  it('is looked at over https with that authority, and over no other', async () => {
    const { port } = await healthOf(200, true);
    await partOf('/stack', stackFile(port, { tls }), 'mesos').check();
    const stranger = { ...tls, caFile: tlsFile('client.pem') };
    await expect(partOf('/stack', stackFile(port, { tls: stranger }), 'mesos').check()).rejects.toThrow(
      /certificate/,
    );
  });

  it('does not work while its health is refused', async () => {
    const { port, url } = await healthOf(503, false);
    await expect(partOf('/stack', stackFile(port), 'mesos').check()).rejects.toThrow(
      `${url}/health answers 503`,
    );
  });
});
