// The command as a process: streams and exit codes as a shell sees them.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { withApi } from './run-cli.ts';

const BIN = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function millrace(args: string[], env: Record<string, string>, input = ''): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

it('installs from standard input and prints only the answer on standard output', async () => {
  await withApi({}, async (_cli, gateway, url) => {
    const args = ['cluster', 'install', '-f', '-', '-o', 'json'];
    const { code, out, err } = await millrace(args, { MILLRACE_API: url }, 'name: orders\n');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ operationId: 'orders/install#1' });
    expect(gateway.asked[0]).toMatchObject(['install', { spec: { name: 'orders' } }, undefined]);
  });
});

it('keeps errors off standard output and ends with their code', async () => {
  const { code, out, err } = await millrace(['cluster', 'list'], { MILLRACE_API: 'http://127.0.0.1:1' });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^millrace: The API of Millrace at http:\/\/127\.0\.0\.1:1 /);
});

it('shows its version and its help, with the commands of the local stack', async () => {
  expect(await millrace(['--version'], {})).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
  const { code, out } = await millrace(['--help'], {});
  expect(code).toBe(0);
  for (const command of ['cluster', 'broker', 'op', 'temporal', 'up', 'down', 'demo'])
    expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
});
