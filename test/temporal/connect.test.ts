// Connecting to Temporal: where it looks, and what it says when nobody answers there.
import { writeFileSync, mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectClient, connectNative, temporalTarget } from '../../src/temporal/index.ts';

const profiles = join(mkdtempSync(join(tmpdir(), 'millrace-profile-')), 'temporal.toml');
writeFileSync(profiles, '[profile.far]\naddress = "far.example:7233"\nnamespace = "elsewhere"\n');

/** A port of this machine where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the connection to Temporal', () => {
  beforeEach(() => {
    for (const name of ['ADDRESS', 'NAMESPACE', 'PROFILE', 'API_KEY', 'TLS'])
      vi.stubEnv(`TEMPORAL_${name}`, undefined);
    vi.stubEnv('TEMPORAL_CONFIG_FILE', profiles);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('goes to the local server and the namespace of temporal.yaml when nothing is set', () => {
    expect(temporalTarget()).toEqual({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  it('goes where a profile says, and variables win over it', () => {
    vi.stubEnv('TEMPORAL_PROFILE', 'far');
    expect(temporalTarget()).toEqual({ address: 'far.example:7233', namespace: 'elsewhere' });
    vi.stubEnv('TEMPORAL_ADDRESS', 'near:1');
    expect(temporalTarget()).toEqual({ address: 'near:1', namespace: 'elsewhere' });
  });

  it('names a profile that does not exist', () => {
    vi.stubEnv('TEMPORAL_PROFILE', 'missing');
    expect(temporalTarget).toThrow(/'missing' not found.*TEMPORAL_PROFILE/s);
  });

  it.each([
    ['client', connectClient],
    ['native', connectNative],
  ])(
    'says which address was tried and how to set it when nobody answers (%s)',
    async (_kind, connect) => {
      const address = `127.0.0.1:${await closedPort()}`;
      vi.stubEnv('TEMPORAL_ADDRESS', address);
      await expect(connect()).rejects.toMatchObject({
        code: 'TEMPORAL_UNREACHABLE',
        message: expect.stringMatching(
          new RegExp(`${address}.*does not answer.*TEMPORAL_ADDRESS.*millrace up`, 's'),
        ),
      });
    },
    20_000,
  );
});
