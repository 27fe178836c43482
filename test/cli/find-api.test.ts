// Where the command looks for the API, and what it says when nobody is there.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findApi } from '../../src/cli/find-api.ts';
import { cliAt } from './run-cli.ts';

const home = mkdtempSync(join(tmpdir(), 'millrace-home-'));
const stack = join(home, 'default', 'stack.json');
mkdirSync(join(home, 'default'));
writeFileSync(stack, JSON.stringify({ urls: { api: 'http://127.0.0.1:5/' } }));

describe('the address of the API', () => {
  it('is the option, then the variable, then the local stack, then the default', () => {
    const env = { MILLRACE_HOME: home, MILLRACE_API: 'http://b/' };
    expect(findApi('http://a', env)).toEqual({ url: 'http://a', source: '--api' });
    expect(findApi(undefined, env)).toEqual({ url: 'http://b', source: 'MILLRACE_API' });
    expect(findApi(undefined, { MILLRACE_HOME: home })).toEqual({ url: 'http://127.0.0.1:5', source: stack });
    expect(findApi(undefined, { MILLRACE_HOME: '/nowhere' }).url).toBe('http://127.0.0.1:7070');
  });

  it('is looked for in the state folder of the user', () => {
    const state = mkdtempSync(join(tmpdir(), 'millrace-state-'));
    mkdirSync(join(state, 'millrace', 'default'), { recursive: true });
    writeFileSync(join(state, 'millrace', 'default', 'stack.json'), '{"urls":{"api":"http://c"}}');
    expect(findApi(undefined, { XDG_STATE_HOME: state }).url).toBe('http://c');
  });

  it('is not taken from a file that is half written', () => {
    const broken = mkdtempSync(join(tmpdir(), 'millrace-home-'));
    mkdirSync(join(broken, 'default'));
    writeFileSync(join(broken, 'default', 'stack.json'), '{"urls"');
    expect(findApi(undefined, { MILLRACE_HOME: broken }).source).toBe('the default');
  });
});

describe('an API that does not answer', () => {
  it('is named with its address, how to set it, and how to start one', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    const { code, out, err } = await cliAt(url, ['cluster', 'list']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(new RegExp(`${url}.*ECONNREFUSED.*MILLRACE_API.*millrace up`, 's'));
  });

  it('is told from something else that answers there', async () => {
    const server = createHttpServer((_request, response) =>
      response.writeHead(502).end('<html>bad gateway</html>'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, err } = await cliAt(url, ['cluster', 'list']);
    server.close();
    expect(code).toBe(1);
    expect(err).toContain(`${url} (from MILLRACE_API) does not answer: it answered 502`);
  });
});
