// Runs the command in this process against an API that answers from a fake gateway, and keeps what it printed.
import type { AddressInfo } from 'node:net';
import { buildApp, type AppOptions } from '../../src/api/app.ts';
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/program.ts';
import { fakeGateway, type FakeGateway } from '../api/fake-gateway.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** An Io that remembers; its clock goes on by what is slept, at once. */
export function fakeIo(changes: Partial<Io> = {}): { io: Io; printed: { out: string; err: string } } {
  const printed = { out: '', err: '' };
  let nowMs = 1_000;
  const io: Io = {
    out: (text) => {
      printed.out += text;
    },
    err: (text) => {
      printed.err += text;
    },
    isTty: false,
    canAsk: false,
    color: false,
    size: () => ({ columns: 80, rows: 24 }),
    env: {},
    nowMs: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    ...changes,
  };
  return { io, printed };
}

/** Runs with an API on a port of its own; `gateway` shows what the API was asked. */
export async function withApi(
  answers: Parameters<typeof fakeGateway>[0],
  use: (
    cli: (args: string[], changes?: Partial<Io>) => Promise<Ran>,
    gateway: FakeGateway,
    url: string,
  ) => Promise<void>,
  options: Partial<AppOptions> = {},
): Promise<void> {
  const gateway = fakeGateway(answers);
  const app = await buildApp({ gateway, namespace: 'default', ...options });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  try {
    const url = `http://127.0.0.1:${port}`;
    await use((args, changes) => cliAt(url, args, changes), gateway, url);
  } finally {
    await app.close();
  }
}

/** Runs with MILLRACE_API set to this address. */
export async function cliAt(api: string, args: string[], changes: Partial<Io> = {}): Promise<Ran> {
  const { io, printed } = fakeIo({ env: { MILLRACE_API: api }, ...changes });
  const code = await run(args, io, () =>
    Promise.reject(new Error('the commands of the local stack were loaded')),
  );
  return { code, ...printed };
}
