// The wire itself, from transcript 12: chunks as they came, raw requests that were accepted, refusals and their texts.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { schedulerCall, subscribe } from '../../../src/mesos/index.ts';
import type { FrameworkInfo, SchedulerEvent } from '../../../src/mesos/types.ts';
import { answer, replayServer, type ReplayServer } from './replay-server.ts';
import { readTranscript, type Entry } from './transcript.ts';

const entries = readTranscript('12_wire_format_details.jsonl');
const FRAMEWORK_ID = '52da98d5-c225-4462-9c07-d19871bfc69a-0000';
const STREAM_ID = '014c3dc7-2e31-4a66-8914-b6318e28267d';
const frameworkInfo: FrameworkInfo = {
  user: 'root',
  name: 'probe',
  roles: ['kafka'],
  failover_timeout: 3600,
  checkpoint: true,
  capabilities: [],
};

let server: ReplayServer;
beforeEach(async () => {
  server = await replayServer();
});
afterEach(() => server.close());

describe('the recorded wire', () => {
  it('gives its events, chunk by chunk', async () => {
    const opening = subscribe({ masters: [server.url], frameworkInfo, signal: new AbortController().signal });
    const request = await server.next();
    answer(request, only('SUBSCRIBE_RAW_HEADERS').http ?? {});
    const [first, ...chunks] = entries
      .filter(({ type }) => type === 'RAW_CHUNK')
      .map(({ body }) => String(body));
    request.response.write(first);
    const subscription = await opening;
    expect(subscription).toMatchObject({ frameworkId: FRAMEWORK_ID, streamId: STREAM_ID });
    const events = subscription.events[Symbol.asyncIterator]();
    const types: string[] = [];
    for (const chunk of chunks) {
      request.response.write(chunk);
      const event = JSON.parse(chunk.slice(chunk.indexOf('\n') + 1)) as SchedulerEvent;
      expect(await events.next()).toEqual({ done: false, value: event });
      types.push(event.type);
    }
    expect(types).toEqual(['HEARTBEAT', 'OFFERS', 'HEARTBEAT', 'HEARTBEAT', 'UPDATE', 'UPDATE']);
    subscription.close();
  });

  it('accepted a REVIVE like ours', async () => {
    const done = revive();
    const request = await server.next();
    answer(request, only('header names in lower case', 'in').http ?? {}, '');
    await done;
    const [head = '', body = ''] = String(only('header names in lower case', 'out').body).split('\r\n\r\n');
    const [line, ...headers] = head.split('\r\n');
    expect(`${request.method} ${request.path} HTTP/1.1`).toBe(line);
    for (const header of headers) {
      const [name = '', value = ''] = header.split(': ');
      if (['content-type', 'accept', 'mesos-stream-id'].includes(name))
        expect(request.headers[name]).toBe(value);
    }
    expect(JSON.parse(request.body)).toEqual(JSON.parse(body));
  });

  it.each(entries.filter(isRefusal).map((entry) => [entry.http?.status ?? 0, entry.type, entry] as const))(
    'is understood in its refusal %i of "%s"',
    async (status, _type, entry) => {
      const text = String(entry.body);
      const done = revive();
      done.catch(() => undefined);
      answer(await server.next(), entry.http ?? {}, text);
      await expect(done).rejects.toMatchObject({
        code: text === 'Framework is not subscribed' ? 'SESSION_MOVED' : 'MESOS_REFUSED',
        message: expect.stringContaining(`${status} (${text})`) as string,
      });
    },
  );
});

function revive(): Promise<void> {
  return schedulerCall(
    { frameworkId: FRAMEWORK_ID, streamId: STREAM_ID, master: server.url },
    { masters: [] },
    { type: 'REVIVE' },
  );
}

function isRefusal({ dir, http }: Entry): boolean {
  return dir === 'in' && (http?.status ?? 0) >= 400;
}

function only(type: string, dir: Entry['dir'] = 'in'): Entry {
  const found = entries.find((entry) => entry.type === type && entry.dir === dir);
  if (!found) throw new Error(`the transcript has no ${dir} ${type}`);
  return found;
}
