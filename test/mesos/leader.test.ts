// Finding the master that leads, whatever the others do meanwhile.
import dns, { type LookupAddress } from 'node:dns';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findLeader, subscribe, type Subscription } from '../../src/mesos/index.ts';
import { expectCode } from './fake-subscription.ts';
import {
  frameworkInfo,
  masterServer,
  openStream,
  refuse,
  SUBSCRIBED,
  type Answer,
  type MasterServer,
} from './master-server.ts';

/** As the worker subscribes and asks. */
const TIMEOUT_MS = 5_000;

const servers: MasterServer[] = [];
const subscriptions: Subscription[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const subscription of subscriptions.splice(0)) subscription.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function master(...args: Parameters<typeof masterServer>): Promise<MasterServer> {
  const server = await masterServer(...args);
  servers.push(server);
  return server;
}

async function open(masters: string[]): Promise<Subscription> {
  const signal = new AbortController().signal;
  const subscription = await subscribe({ masters, frameworkInfo, signal, timeoutMs: TIMEOUT_MS });
  subscriptions.push(subscription);
  return subscription;
}

const leads: Answer = (request, response) => {
  if (request.body.includes('SUBSCRIBE')) openStream(response, SUBSCRIBED);
  else response.end('{"type":"GET_MASTER","get_master":{"master_info":{"id":"m","version":"1.12.0"}}}');
};
const hangs: Answer = () => undefined;
const says =
  (status: number, text: string): Answer =>
  (_request, response) => {
    refuse(response, status, text);
  };
const redirects =
  (target: () => string): Answer =>
  (request, response) => {
    refuse(response, 307, '', { Location: `//${target()}/master${request.path.replace('/master', '')}` });
  };
const hostOf = (url: string) => url.replace(/^https?:\/\//, '');

/** An address where nobody listens: its server has just gone. */
async function deadAddress(): Promise<string> {
  const server = await masterServer(() => undefined);
  await server.close();
  return server.url;
}

describe('the leader is found', () => {
  it.each<[string, Answer | null]>([
    ['hangs with the connection open', hangs],
    ['does not listen', null],
    ['is starting', says(404, '404 Not Found.')],
    ['recovers', says(503, 'Master has not finished recovery')],
    ['knows no leader', says(503, 'No leader elected')],
    ['ends the connection', (_request, response) => void response.destroy()],
    ['speaks no HTTP', (_request, response) => void response.socket?.end('hello\r\n\r\n')],
    ['redirects without saying where', says(307, '')],
    [
      'redirects to nonsense',
      (_request, response) => {
        refuse(response, 307, '', { Location: 'http://[nonsense' });
      },
    ],
  ])('within seconds beside two masters of which each %s', async (_what, answer) => {
    const others = await Promise.all(
      [0, 1].map(async () => (answer === null ? deadAddress() : (await master(answer)).url)),
    );
    const leader = await master(leads);
    const startedAtMs = Date.now();
    expect(await findLeader({ masters: [...others, leader.url] })).toBe(leader.url);
    expect((await open([...others, leader.url])).master).toBe(leader.url);
    expect(Date.now() - startedAtMs).toBeLessThan(2 * TIMEOUT_MS);
  });

  it('although others redirect to a dead leader, or to one that hangs', async () => {
    const dead = await deadAddress();
    const hanging = await master(hangs);
    const first = await master(redirects(() => hostOf(dead)));
    const second = await master(redirects(() => hostOf(hanging.url)));
    const leader = await master(leads);
    expect((await open([first.url, second.url, leader.url])).master).toBe(leader.url);
  });

  it('although two others redirect to each other for ever', async () => {
    const pair: MasterServer[] = [];
    const [a, b] = await Promise.all([
      master(redirects(() => hostOf(pair[1]?.url ?? ''))),
      master(redirects(() => hostOf(pair[0]?.url ?? ''))),
    ]);
    pair.push(a, b);
    const leader = await master(leads);
    expect((await open([a.url, b.url, leader.url])).master).toBe(leader.url);
    expect(a.requests.length + b.requests.length).toBeLessThan(20);
  });

  it('by one subscription only: no second master is asked while the first may still answer', async () => {
    const asked: string[] = [];
    const slow: Answer = (_request, response) => {
      asked.push('slow');
      setTimeout(() => {
        openStream(response, SUBSCRIBED);
      }, 500);
    };
    const first = await master(slow);
    const second = await master((request, response) => {
      asked.push('second');
      leads(request, response);
    });
    expect((await open([first.url, second.url])).master).toBe(first.url);
    expect(asked).toEqual(['slow']);
  });

  it('as soon as it leads, where nobody did', async () => {
    const hanging = await master(hangs);
    let electedAtMs = Infinity;
    const elected = await master((request, response) => {
      if (Date.now() < electedAtMs) refuse(response, 503, 'No leader elected');
      else leads(request, response);
    });
    const opening = open([await deadAddress(), elected.url, await deadAddress()]);
    await expect.poll(() => elected.requests.length).toBeGreaterThan(1);
    electedAtMs = Date.now();
    expect((await opening).master).toBe(elected.url);
    expect(Date.now() - electedAtMs).toBeLessThan(2_000);
    expect(hanging.requests).toEqual([]);
  });

  it('by IPv6 addresses, in the settings and in redirects', async () => {
    const leader = await master(leads, { host: '::1' });
    expect(leader.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    const follower = await master(
      redirects(() => hostOf(leader.url)),
      { host: '::1' },
    );
    for (const { url } of [leader, follower]) expect((await open([url])).master).toBe(leader.url);
  });

  it('by a name with several addresses, of which the first are dead', async () => {
    const leader = await master(leads);
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((
      _hostname: string,
      _options: object,
      done: (error: null, addresses: LookupAddress[]) => void,
    ) => {
      done(null, [
        { address: '127.0.0.3', family: 4 },
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    }) as unknown as typeof dns.lookup);
    const url = `http://masters.example:${leader.port}`;
    expect(await findLeader({ masters: [url] })).toBe(url);
    expect((await open([url])).master).toBe(url);
    expect(lookup).toHaveBeenCalled();
  });
});

describe('no leader', () => {
  it('is said in time although every master hangs, with each address', async () => {
    const masters = await Promise.all([0, 1, 2].map(async () => (await master(hangs)).url));
    const startedAtMs = Date.now();
    const failed = findLeader({ masters }, { timeoutMs: 900 });
    await expectCode(failed, 'MESOS_UNREACHABLE');
    expect(Date.now() - startedAtMs).toBeLessThan(1_800);
    const message = await failed.catch((error: unknown) => (error as Error).message);
    for (const url of masters) expect(message).toContain(`${url} no answer in time`);
  });
});
