import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  findLeader,
  schedulerCall,
  subscribe,
  type SubscribeOptions,
  type Subscription,
} from '../../src/mesos/index.ts';
import { encodeRecord } from '../../src/mesos/record-io.ts';
import type { FrameworkInfo, SchedulerEvent } from '../../src/mesos/types.ts';
import { expectCode } from './fake-subscription.ts';
import {
  failure,
  masterServer,
  openStream,
  refuse,
  SUBSCRIBED,
  type Answer,
  type MasterServer,
} from './master-server.ts';

const frameworkInfo: FrameworkInfo = {
  user: 'root',
  name: 'kafka-demo',
  roles: ['kafka'],
  principal: 'millrace',
  failover_timeout: 3600,
  checkpoint: true,
  capabilities: [{ type: 'MULTI_ROLE' }],
};
const credential = { principal: 'millrace', secret: 'top-secret-words' };

const servers: MasterServer[] = [];
const subscriptions: Subscription[] = [];
afterEach(async () => {
  for (const subscription of subscriptions.splice(0)) subscription.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function master(answer: Answer): Promise<MasterServer> {
  const server = await masterServer(answer);
  servers.push(server);
  return server;
}

async function open(masters: string[], more: Partial<SubscribeOptions> = {}): Promise<Subscription> {
  const subscription = await subscribe({
    masters,
    frameworkInfo,
    signal: new AbortController().signal,
    ...more,
  });
  subscriptions.push(subscription);
  return subscription;
}

/** An address where nobody listens: its server has just gone. */
async function deadAddress(): Promise<string> {
  const server = await masterServer(() => undefined);
  await server.close();
  return server.url;
}

function redirectTo(target: () => MasterServer): Answer {
  return (request, response) => {
    refuse(response, 307, '', {
      Location: `//127.0.0.1:${target().port}/master${request.path.replace('/master', '')}`,
    });
  };
}

describe('subscribe', () => {
  it('sends what Mesos wants, and gives the session', async () => {
    const server = await master((_request, response) => {
      openStream(response, SUBSCRIBED, { type: 'HEARTBEAT' });
    });
    const subscription = await open([server.url], {
      frameworkInfo: { ...frameworkInfo, id: { value: 'framework-1' } },
      suppressedRoles: ['kafka'],
      credential,
    });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/api/v1/scheduler' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Basic ${Buffer.from('millrace:top-secret-words').toString('base64')}`,
    });
    expect(request?.headers['mesos-stream-id']).toBeUndefined();
    expect(JSON.parse(request?.body ?? '')).toEqual({
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: { ...frameworkInfo, id: { value: 'framework-1' } },
        suppressed_roles: ['kafka'],
      },
      framework_id: { value: 'framework-1' },
    });
    expect(subscription).toMatchObject({
      frameworkId: 'framework-1',
      streamId: 'stream-1',
      master: server.url,
      heartbeatIntervalMs: 15_000,
    });
  });

  it('tells the region of the masters, where they have one', async () => {
    const domain = { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-m' } } };
    const server = await master((_request, response) => {
      openStream(response, {
        ...SUBSCRIBED,
        subscribed: { ...SUBSCRIBED.subscribed, master_info: { id: 'm', domain } },
      });
    });
    expect((await open([server.url])).region).toBe('region-1');
    const without = await master((_request, response) => {
      openStream(response, SUBSCRIBED);
    });
    expect(await open([without.url])).not.toHaveProperty('region');
  });

  it('follows a protocol-relative redirect to the leader', async () => {
    const leader = await master((_request, response) => {
      openStream(response, SUBSCRIBED);
    });
    const follower = await master(redirectTo(() => leader));
    const subscription = await open([follower.url]);
    expect(subscription.master).toBe(leader.url);
    expect(leader.requests[0]?.path).toBe('/master/api/v1/scheduler');
  });

  it('passes over dead, starting and recovering masters', async () => {
    const starting = await master((_request, response) => {
      refuse(response, 404, '404 Not Found.');
    });
    const recovering = await master((_request, response) => {
      refuse(response, 503, 'Master has not finished recovery');
    });
    const leader = await master((_request, response) => {
      openStream(response, SUBSCRIBED);
    });
    const subscription = await open([await deadAddress(), starting.url, recovering.url, leader.url]);
    expect(subscription.master).toBe(leader.url);
  });

  it('starts over until a master leads', async () => {
    let asked = 0;
    const server = await master((_request, response) => {
      asked += 1;
      if (asked < 3) refuse(response, 503, 'No leader elected');
      else openStream(response, SUBSCRIBED);
    });
    await open([server.url]);
    expect(asked).toBe(3);
  });

  it('gives up with every address, its reason, and how to set them', async () => {
    const dead = await deadAddress();
    const electing = await master((_request, response) => {
      refuse(response, 503, 'No leader elected');
    });
    const looping: MasterServer = await master(redirectTo(() => looping));
    const error = await failure(open([dead, electing.url, looping.url, 'nonsense'], { timeoutMs: 2_500 }));
    expect(error.code).toBe('MESOS_UNREACHABLE');
    expect(error.message).toMatch(new RegExp(`${dead} .*ECONNREFUSED`));
    expect(error.message).toContain(`${electing.url} answered 503: No leader elected`);
    expect(error.message).toContain(`${looping.url} redirected more than 5 times`);
    expect(error.message).toContain('nonsense is not a URL');
    expect(error.message).toContain('MILLRACE_MESOS_MASTERS');
  });

  it('gives up when a master takes the request but says nothing', async () => {
    const silent = await master(() => undefined);
    const error = await failure(open([silent.url], { timeoutMs: 500 }));
    expect(error.code).toBe('MESOS_UNREACHABLE');
    expect(error.message).toContain(`${silent.url} no answer in time`);
    const mute = await master((_request, response) => {
      openStream(response);
      response.flushHeaders();
    });
    expect((await failure(open([mute.url], { timeoutMs: 500 }))).code).toBe('MESOS_UNREACHABLE');
    await mute.streamClosed;
  });

  it.each([
    ['Framework has been removed', 'FRAMEWORK_REMOVED'],
    ["Changing framework's principal is not allowed.", 'MESOS_REFUSED'],
    ['Not authorized to register framework  with roles { kafka }', 'MESOS_REFUSED'],
  ])('refused by 200 with the ERROR event "%s" is %s', async (message, code) => {
    const server = await master((_request, response) => {
      openStream(response, { type: 'ERROR', error: { message } });
      response.end();
    });
    const error = await failure(open([server.url]));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(message);
  });

  it('without a good secret is refused by name of the settings, and never shows the secret', async () => {
    const server = await master((_request, response) => {
      refuse(response, 401, '401 Unauthorized.', { 'WWW-Authenticate': 'Basic realm="mesos"' });
    });
    const error = await failure(open([server.url], { credential }));
    expect(error.code).toBe('MESOS_REFUSED');
    expect(error.message).toMatch(/MILLRACE_MESOS_PRINCIPAL.*MILLRACE_MESOS_SECRET_FILE/);
    const all = JSON.stringify([error.message, error.details, String(error.cause), error.stack]);
    expect(all).not.toContain(credential.secret);
    expect(all).not.toContain(Buffer.from(`millrace:${credential.secret}`).toString('base64'));
  });

  it('ends when it is aborted while it looks for a leader', async () => {
    const stop = new AbortController();
    const server = await master((_request, response) => {
      refuse(response, 503, 'No leader elected');
      stop.abort(new Error('shutting down'));
    });
    await expect(open([server.url], { signal: stop.signal })).rejects.toThrow('shutting down');
  });
});

describe('the events of a subscription', () => {
  const collect = async (subscription: Subscription, into: SchedulerEvent[]) => {
    for await (const event of subscription.events) into.push(event);
  };

  it('come in order, however the bytes are split, without those that are not known', async () => {
    const passedOver: string[] = [];
    const offers = { type: 'OFFERS', offers: { offers: [] } };
    const server = await master((_request, response) => {
      const bytes = Buffer.concat(
        [SUBSCRIBED, { type: 'NEWS' }, offers, { type: 'UPDATE', update: {} }, { type: 'HEARTBEAT' }].map(
          (event) => encodeRecord(JSON.stringify(event)),
        ),
      );
      openStream(response);
      for (const byte of bytes) response.write(Uint8Array.of(byte));
      response.end();
    });
    const subscription = await open([server.url], { onPassedOver: ({ type }) => passedOver.push(type) });
    const events: SchedulerEvent[] = [];
    await collect(subscription, events);
    expect(events).toEqual([offers, { type: 'HEARTBEAT' }]);
    expect(passedOver).toEqual(['NEWS', 'UPDATE']);
  });

  it('end with an error when the stream breaks within a record', async () => {
    const server = await master((_request, response) => {
      openStream(response, SUBSCRIBED);
      response.end('20\n{"type"');
    });
    await expectCode(collect(await open([server.url]), []), 'MESOS_UNREACHABLE');
  });

  it('end with an error when the master dies', async () => {
    let stream: ServerResponse | null = null;
    const server = await master((_request, response) => {
      stream = response;
      openStream(response, SUBSCRIBED);
    });
    const end = collect(await open([server.url]), []);
    end.catch(() => undefined);
    (stream as ServerResponse | null)?.destroy();
    await expectCode(end, 'MESOS_UNREACHABLE');
  });

  it('move the time of the last event, even while nobody reads them', async () => {
    const send = Promise.withResolvers<() => void>();
    const server = await master((_request, response) => {
      openStream(response, SUBSCRIBED);
      send.resolve(() => response.write(encodeRecord('{"type":"HEARTBEAT"}')));
    });
    const subscription = await open([server.url]);
    const before = subscription.lastEventAtMs();
    await expect.poll(() => Date.now()).toBeGreaterThan(before + 5);
    (await send.promise)();
    await expect.poll(() => subscription.lastEventAtMs()).toBeGreaterThan(before);
  });

  it('end at once, with the connection, when the subscription is closed or its signal aborts', async () => {
    for (const how of ['close', 'abort']) {
      const stop = new AbortController();
      const server = await master((_request, response) => {
        openStream(response, SUBSCRIBED);
      });
      const subscription = await open([server.url], { signal: stop.signal });
      const events: SchedulerEvent[] = [];
      const end = collect(subscription, events);
      if (how === 'close') subscription.close();
      else stop.abort();
      await end;
      await server.streamClosed;
      await expectCode(subscription.call({ type: 'REVIVE' }), 'SESSION_MOVED');
      expect(server.requests).toHaveLength(1);
    }
  });
});

describe('a fenced call', () => {
  const session = (server: MasterServer) => ({
    frameworkId: 'framework-1',
    streamId: 'stream-1',
    master: server.url,
  });

  it('carries the framework id and the stream id', async () => {
    const server = await master((_request, response) => {
      refuse(response, 202);
    });
    await schedulerCall(
      session(server),
      { masters: [], credential },
      { type: 'KILL', kill: { task_id: { value: 't' } } },
    );
    expect(server.requests[0]?.headers).toMatchObject({
      'mesos-stream-id': 'stream-1',
      'content-type': 'application/json',
    });
    expect(server.requests[0]?.body).toBe(
      '{"type":"KILL","framework_id":{"value":"framework-1"},"kill":{"task_id":{"value":"t"}}}',
    );
  });

  it.each([
    [
      400,
      "The stream ID 'a' included in this request didn't match the stream ID currently associated with framework ID f",
      'SESSION_MOVED',
    ],
    [400, 'Framework cannot be found', 'SESSION_MOVED'],
    [403, 'Framework is not subscribed', 'SESSION_MOVED'],
    [404, '404 Not Found.', 'SESSION_MOVED'],
    [503, 'No leader elected', 'SESSION_MOVED'],
    [307, '', 'SESSION_MOVED'],
    [403, '403 Forbidden.', 'MESOS_REFUSED'],
    [401, '401 Unauthorized.', 'MESOS_REFUSED'],
    [400, "Failed to validate scheduler::Call: Expecting 'kill' to be present", 'MESOS_REFUSED'],
    [415, "Expecting 'Content-Type' of application/json or application/x-protobuf", 'MESOS_REFUSED'],
    [500, 'oops', 'MESOS_UNREACHABLE'],
  ])('that is answered %i "%s" fails with %s and the master\'s words', async (status, text, code) => {
    const server = await master((_request, response) => {
      refuse(
        response,
        status,
        text,
        status === 307 ? { Location: '//127.0.0.1:1/master/api/v1/scheduler' } : {},
      );
    });
    const error = await failure(schedulerCall(session(server), { masters: [] }, { type: 'REVIVE' }));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(text);
    expect(error.message).toContain(server.url);
  });

  it('to a master that is gone says so', async () => {
    const error = await failure(
      schedulerCall(
        { frameworkId: 'f', streamId: 's', master: await deadAddress() },
        { masters: [] },
        { type: 'REVIVE' },
      ),
    );
    expect(error.code).toBe('MESOS_UNREACHABLE');
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('leaves in the order in which it was made', async () => {
    const server = await master((request, response) => {
      if (request.body.includes('"SUBSCRIBE"')) openStream(response, SUBSCRIBED);
      else if (request.body.includes('REVIVE'))
        setTimeout(() => {
          refuse(response, 202);
        }, 20);
      else refuse(response, 202);
    });
    const subscription = await open([server.url]);
    const types = ['REVIVE', 'SUPPRESS', 'REVIVE', 'SUPPRESS'] as const;
    await Promise.all(types.map((type) => subscription.call({ type })));
    expect(server.requests.slice(1).map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual(
      types,
    );
  });
});

describe('the leader', () => {
  it('is found through a redirect of any master', async () => {
    const leader = await master((_request, response) => {
      response.end('{"type":"GET_MASTER","get_master":{"master_info":{"id":"m","version":"1.12.0"}}}');
    });
    const follower = await master(redirectTo(() => leader));
    expect(await findLeader({ masters: [await deadAddress(), follower.url] })).toBe(leader.url);
    expect(leader.requests[0]).toMatchObject({ path: '/master/api/v1', body: '{"type":"GET_MASTER"}' });
  });

  it('that is not there is said after one round', async () => {
    const error = await failure(findLeader({ masters: [await deadAddress()] }));
    expect(error.code).toBe('MESOS_UNREACHABLE');
    expect(error.message).toContain('MILLRACE_MESOS_MASTERS');
    expect((await failure(findLeader({ masters: [] }))).message).toContain('none is configured');
  });
});
