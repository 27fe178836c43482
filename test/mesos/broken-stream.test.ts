// A stream that breaks at any of its bytes: what was whole is given, what was not is not, and the break is an error.
import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchStream } from '../../src/activities/stream-watch.ts';
import { createEventQueue, pumpEvents } from '../../src/mesos/event-stream.ts';
import { subscribe } from '../../src/mesos/index.ts';
import { encodeRecord } from '../../src/mesos/record-io.ts';
import type { SchedulerEvent } from '../../src/mesos/types.ts';
import { anOffer } from './fake-subscription.ts';
import { masterServer, openStream, SUBSCRIBED, type MasterServer } from './master-server.ts';

const EVENTS = [
  SUBSCRIBED,
  { type: 'HEARTBEAT' },
  { type: 'OFFERS', offers: { offers: [{ ...anOffer('o1'), hostname: 'größe-€-🦀.example' }] } },
  { type: 'ERROR', error: { message: 'größer' } },
] as SchedulerEvent[];
const RECORDS = EVENTS.map((event) => encodeRecord(JSON.stringify(event)));
const BYTES = Buffer.concat(RECORDS);
/** Where each event is whole. */
const ENDS = RECORDS.map((_record, i) => Buffer.concat(RECORDS.slice(0, i + 1)).length);
const frameworkInfo = {
  user: 'root',
  name: 'kafka-demo',
  roles: ['kafka'],
  failover_timeout: 60,
  checkpoint: true,
  capabilities: [],
};

/** The events before the end, and the error of the end, if it was one. */
async function drain(
  events: AsyncIterable<SchedulerEvent>,
): Promise<{ got: SchedulerEvent[]; code?: unknown }> {
  const got: SchedulerEvent[] = [];
  try {
    for await (const event of events) got.push(event);
    return { got };
  } catch (error) {
    return { got, code: (error as { code?: unknown }).code };
  }
}

describe('bytes that end anywhere', () => {
  async function pump(chunks: Uint8Array[], broken: boolean) {
    const queue = createEventQueue();
    async function* body() {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
      if (broken) throw new Error('other side closed');
    }
    await pumpEvents(body(), queue, { master: 'http://m', onRecord: () => undefined });
    return drain(queue);
  }

  it('give what was whole, however they were cut, and tell an end between records from one within', async () => {
    const cuts = fc.array(fc.nat({ max: BYTES.length }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: BYTES.length }), cuts, fc.boolean(), async (end, at, broken) => {
        const bounds = [0, ...at.map((cut) => Math.min(cut, end)).sort((a, b) => a - b), end];
        const chunks = bounds.slice(1).map((bound, i) => BYTES.subarray(bounds[i], bound));
        const { got, code } = await pump(chunks, broken);
        expect(got).toEqual(EVENTS.filter((_event, i) => (ENDS[i] ?? 0) <= end));
        const whole = end === 0 || ENDS.includes(end);
        expect(code).toBe(broken || !whole ? 'MESOS_UNREACHABLE' : undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('do so at every single position', async () => {
    for (let end = 0; end <= BYTES.length; end++) {
      const { got, code } = await pump([BYTES.subarray(0, end)], false);
      expect(got).toEqual(EVENTS.filter((_event, i) => (ENDS[i] ?? 0) <= end));
      expect(code).toBe(end === 0 || ENDS.includes(end) ? undefined : 'MESOS_UNREACHABLE');
    }
  });
});

describe('a connection', () => {
  let server: MasterServer;
  let answer: (response: ServerResponse) => void;
  beforeEach(async () => {
    server = await masterServer((_request, response) => {
      answer(response);
    });
  });
  afterEach(() => server.close());
  const open = () =>
    subscribe({
      masters: [server.url],
      frameworkInfo,
      signal: new AbortController().signal,
      timeoutMs: 5_000,
    });

  it('that breaks after any byte ends the subscription with what was whole, and never with a hang', async () => {
    const first = ENDS[0] ?? 0;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: BYTES.length }), async (end) => {
        answer = (response) => {
          openStream(response);
          response.flushHeaders();
          const cut = () => response.destroy();
          if (end === 0) setImmediate(cut);
          else response.write(BYTES.subarray(0, end), cut);
        };
        if (end < first) {
          await expect(open()).rejects.toMatchObject({ code: 'MESOS_UNREACHABLE' });
          return;
        }
        const subscription = await open();
        const { got, code } = await drain(subscription.events);
        expect(got).toEqual(EVENTS.slice(1).filter((_event, i) => (ENDS[i + 1] ?? 0) <= end));
        expect(code).toBe('MESOS_UNREACHABLE');
        subscription.close();
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['says nothing more', () => undefined],
    [
      'sends bytes that never become a record',
      (response: ServerResponse) => {
        response.write('1000\n{');
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => {
          clearInterval(timer);
        });
      },
    ],
  ])('that stays open while the master %s is noticed after 2½ heartbeats', async (_what, go) => {
    answer = (response) => {
      openStream(response, {
        ...SUBSCRIBED,
        subscribed: { ...SUBSCRIBED.subscribed, heartbeat_interval_seconds: 0.2 },
      });
      go(response);
    };
    const subscription = await open();
    const startedAtMs = Date.now();
    await expect(
      watchStream({
        subscription,
        signal: new AbortController().signal,
        nowMs: Date.now,
        pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        beat: () => undefined,
      }),
    ).rejects.toMatchObject({ code: 'MESOS_UNREACHABLE' });
    expect(Date.now() - startedAtMs).toBeLessThan(1_500);
    subscription.close();
  });
});
