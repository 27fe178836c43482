// Masters that want to know who calls, on the real stack: https with an authority of its own, principal and secret, and the login
// of DC/OS. What is wrong is said at the step that waits, and what is secret is found nowhere.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startLoginProxy, type LoginProxy } from '../../support/login-proxy.ts';
import { stepIs, stepsOf } from '../../support/progress.ts';
import { startTestStack, tinySpec, type TestStack } from '../../support/stack.ts';

const tlsFile = (name: string) => fileURLToPath(new URL(`../../mesos/tls/${name}`, import.meta.url));
const TLS = { certFile: tlsFile('master.pem'), keyFile: tlsFile('master.key'), caFile: tlsFile('ca.pem') };
const AGENTS = { count: 1, cpus: 2, memMb: 2048, diskMb: 8192 };
/** Somebody who made a typing error looks at the screen for about so long. */
const SAID_WITHIN_MS = 15_000;

const folder = mkdtempSync(join(tmpdir(), 'millrace-secure-'));
let stack: TestStack | undefined;
let proxy: LoginProxy | undefined;
afterEach(async () => {
  await stack?.close();
  await proxy?.close();
  stack = proxy = undefined;
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** All text of the stack's logs and of every workflow's history, payloads and heartbeats included. */
async function everythingTold({ client, directory }: TestStack): Promise<string> {
  const texts = readdirSync(join(directory, 'logs')).map((file) =>
    readFileSync(join(directory, 'logs', file), 'utf8'),
  );
  for await (const { workflowId, runId } of client.workflow.list()) {
    texts.push(textIn(await client.workflow.getHandle(workflowId, runId).fetchHistory()));
    texts.push(textIn((await client.workflow.getHandle(workflowId, runId).describe()).raw));
  }
  return texts.join('\n');
}

function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(textIn).join('\n');
  return typeof value === 'object' && value !== null ? Object.values(value).map(textIn).join('\n') : '';
}

/** Neither plain nor as a header carries it. */
function expectUntold(told: string, secrets: readonly string[]): void {
  for (const secret of secrets)
    for (const form of [secret, Buffer.from(`millrace:${secret}`).toString('base64')])
      expect(told.includes(form) ? `a secret is told: ${form}` : '').toBe('');
}

describe('masters with https and credentials', () => {
  it('refuse a wrong secret, which is said and told nowhere; an install goes on when it is set right', async () => {
    const [secret, wrong] = [`right-${randomUUID()}`, `wrong-${randomUUID()}`];
    const secretFile = join(folder, 'secret');
    const credentialsFile = join(folder, 'credentials.json');
    writeFileSync(secretFile, `${wrong}\n`, { mode: 0o600 });
    writeFileSync(credentialsFile, JSON.stringify({ credentials: [{ principal: 'millrace', secret }] }));
    stack = await startTestStack({
      agents: AGENTS,
      mesos: { tls: TLS, credentialsFile },
      env: { MILLRACE_MESOS_PRINCIPAL: 'millrace', MILLRACE_MESOS_SECRET_FILE: secretFile },
    });
    const operationId = await stack.install(tinySpec('guarded'));
    const acceptedAtMs = Date.now();
    const waits = await stack.progressUntil(operationId, stepIs('place:broker-0', 'WAITING'));
    expect(Date.now() - acceptedAtMs).toBeLessThan(SAID_WITHIN_MS);
    const reasons = stepsOf(waits).flatMap(({ status, reason }) => (status === 'WAITING' ? [reason] : []));
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons)
      expect(reason).toMatch(/refused by https:.*401.*principal or its secret.*MILLRACE_MESOS_SECRET_FILE/);
    expect((await stack.cluster('guarded')).session).toMatchObject({ open: false });
    const toldBefore = await everythingTold(stack);
    expect(toldBefore).toContain('401 Unauthorized');
    expectUntold(toldBefore, [secret, wrong]);

    writeFileSync(secretFile, `${secret}\n`);
    await stack.restart('worker-1');
    await stack.complete(operationId);
    expect((await stack.cluster('guarded')).session).toMatchObject({ open: true, master: stack.urls.mesos });
    await stack.complete(await stack.uninstall('guarded'));
    const { reservations, volumes, frameworks } = await stack.mesos();
    expect([reservations, volumes, frameworks]).toEqual([[], [], []]);
    expectUntold(await everythingTold(stack), [secret, wrong]);
  });
});

describe('masters behind the login of DC/OS', () => {
  it('are reached with its tokens, and again after these were revoked', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    proxy = await startLoginProxy(
      { uid: 'kafka-service', publicKey },
      { key: readFileSync(TLS.keyFile, 'utf8'), cert: readFileSync(TLS.certFile, 'utf8') },
    );
    const accountFile = join(folder, 'account.json');
    const account = { uid: 'kafka-service', private_key: pem, login_endpoint: proxy.loginEndpoint };
    writeFileSync(accountFile, JSON.stringify({ ...account, scheme: 'RS256' }), { mode: 0o600 });
    stack = await startTestStack({
      agents: AGENTS,
      env: {
        MILLRACE_MESOS_MASTERS: proxy.url,
        MILLRACE_MESOS_CA_FILE: TLS.caFile,
        MILLRACE_MESOS_SERVICE_ACCOUNT_FILE: accountFile,
      },
    });
    proxy.leadTo(stack.urls.mesos);
    await stack.complete(await stack.install(tinySpec('strict')));
    expect((await stack.cluster('strict')).session).toMatchObject({ open: true, master: proxy.url });
    const logins = proxy.issued.length;
    proxy.revoke();
    const refused = proxy.refused();
    await stack.complete(await stack.uninstall('strict'));
    expect(proxy.refused()).toBeGreaterThan(refused);
    expect(proxy.issued.length).toBeGreaterThan(logins);
    expect((await stack.mesos()).reservations).toEqual([]);
    const told = await everythingTold(stack);
    expect(told).toContain(proxy.url);
    expectUntold(told, [
      ...proxy.issued,
      ...proxy.signed,
      ...pem.split('\n').filter((line) => line.length > 40),
    ]);
  });
});
