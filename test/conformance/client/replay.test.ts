// The client against what a real Mesos 1.12 said: it has to send what was accepted there, byte for byte, and to
// understand everything that came.
import { afterEach, describe, expect, it } from 'vitest';
import { schedulerCall, subscribe, type MesosEndpoint, type Subscription } from '../../../src/mesos/index.ts';
import { redact } from '../../../src/mesos/authentication.ts';
import { SCHEDULER_PATH } from '../../../src/mesos/http.ts';
import { encodeRecord } from '../../../src/mesos/record-io.ts';
import type { SchedulerCall, SchedulerEvent } from '../../../src/mesos/types.ts';
import { answer, replayServer, type HeldRequest, type ReplayServer } from './replay-server.ts';
import { canSend, identityOf, type SubscribeBody } from './own-requests.ts';
import { readTranscript, type Entry } from './transcript.ts';

type CallBody = SchedulerCall & { framework_id: { value: string } };

/** A call that was sent and has no answer yet. */
interface Calling {
  request: HeldRequest;
  done: Promise<void>;
  identity: Pick<MesosEndpoint, 'credential'>;
}

interface Stream {
  request: HeldRequest;
  opening: Promise<Subscription>;
  /** The identity that it shows, as JSON. */
  sender: string;
  events?: AsyncIterator<SchedulerEvent>;
  subscription?: Subscription;
  /** By the client. */
  closed?: boolean;
}

/** What refusals in these transcripts mean for us; all others are MESOS_REFUSED. */
const CODES: [RegExp, string][] = [
  [/didn't match|not subscribed|cannot be found/, 'SESSION_MOVED'],
  [/has been removed/, 'FRAMEWORK_REMOVED'],
];
const codeOf = (text: string) => CODES.find(([pattern]) => pattern.test(text))?.[1] ?? 'MESOS_REFUSED';

let server: ReplayServer;
const streams = new Map<string, Stream>();
afterEach(async () => {
  for (const { subscription } of streams.values()) subscription?.close();
  streams.clear();
  await server.close();
});

/** Requests to the scheduler API of each transcript: sent by the client as recorded, and such as it has no way to send. */
const FILES: [file: string, sent: number, notSent: number][] = [
  ['01_lifecycle_reserve_create_launch_kill.jsonl', 25, 0],
  ['01a_reserve_does_not_fit_and_reconcile_unknown.jsonl', 13, 0],
  ['02_launch_group_default_executor.jsonl', 34, 0],
  // Two different framework ids are refused by Mesos.
  ['03_failover_resubscribe_acks.jsonl', 18, 2],
  ['04_agent_lost_partition_master_failover.jsonl', 14, 0],
  // Most of it is raw: other methods, types, broken JSON.
  ['05_http_and_validation_errors.jsonl', 88, 24],
  ['06_operator_api.jsonl', 8, 0],
  ['07_agent_api_containers.jsonl', 5, 0],
  // Other schemes of authentication, and headers that are none.
  ['08_auth_401_403.jsonl', 14, 2],
  ['09_offer_timeout_filters_rescind_constraints.jsonl', 15, 0],
  ['10_operation_feedback_refinement_volumes.jsonl', 40, 0],
  // Probes of masters without a framework.
  ['11_ha_leader_election_307_503.jsonl', 8, 12],
  ['13_variants_non_partition_aware_regions_killing_grow_replicated_log_failover.jsonl', 46, 0],
  ['14_pod_with_executor_volume_mixed_launch_two_offers.jsonl', 37, 0],
];

describe('the client does what was recorded in', () => {
  it.each(FILES)('%s', async (file, expectedSent, expectedNotSent) => {
    server = await replayServer();
    const passedOver = new Set<string>();
    let sent = 0;
    let notSent = 0;
    let calling: Calling | null = null;
    for (const entry of readTranscript(file)) {
      const { dir, stream } = entry;
      if (dir === 'note') continue;
      if (dir === 'out' && entry.type !== 'CLOSE_CONNECTION') {
        const can = canSend(entry);
        if (can) sent += 1;
        else if (entry.http?.path === SCHEDULER_PATH) notSent += 1;
        if (!can && stream !== undefined) passedOver.add(stream);
        if (!can && stream === undefined) calling = null;
        if (!can) continue;
      }
      if (stream !== undefined && passedOver.has(stream)) continue;
      if (entry.type === 'SUBSCRIBE') await startSubscribe(entry);
      else if (stream !== undefined) await onStream(streamOf(stream), entry);
      else if (dir === 'out') calling = await startCall(entry);
      else if (calling !== null) {
        await finishCall(calling, entry);
        calling = null;
      }
    }
    expect({ sent, notSent }).toEqual({ sent: expectedSent, notSent: expectedNotSent });
  });
});

describe('refusals of what the client never sends', () => {
  it.each(FILES)('are understood all the same in %s', async (file, _sent, expected) => {
    server = await replayServer();
    const entries = readTranscript(file);
    let asked = 0;
    let refused = 0;
    for (const [i, entry] of entries.entries()) {
      if (entry.dir !== 'out' || entry.http?.path !== SCHEDULER_PATH || canSend(entry)) continue;
      if (entry.type === 'CLOSE_CONNECTION') continue;
      asked += 1;
      const said = entries
        .slice(i)
        .find(
          ({ dir, type, stream }) =>
            dir === 'in' && type === `${entry.type}_RESPONSE` && stream === entry.stream,
        );
      const { status = 200 } = said?.http ?? {};
      if (said === undefined || status < 300) continue;
      refused += 1;
      const text = typeof said.body === 'string' ? said.body : '';
      const done = schedulerCall(
        { frameworkId: 'f', streamId: 's', master: server.url },
        { masters: [] },
        { type: 'REVIVE' },
      );
      done.catch(() => undefined);
      answer(await server.next(), said.http ?? {}, text);
      const moved = status === 307 || status === 503 || status === 404;
      await expect(done).rejects.toMatchObject({
        code: moved ? 'SESSION_MOVED' : codeOf(text),
        message: expect.stringContaining(text.slice(0, 400)) as string,
      });
    }
    expect(asked).toBe(expected);
    if (/^(05|08|11)/.test(file)) expect(refused).toBeGreaterThan(1);
  });
});

async function startSubscribe(entry: Entry): Promise<void> {
  const known = streams.get(entry.stream ?? '');
  if (known) {
    // The first try was refused because nobody led; the client goes on by itself.
    known.request = await server.next();
    expectSent(known.request, entry);
    return;
  }
  const { subscribe: wanted } = entry.body as SubscribeBody;
  const opening = subscribe({
    masters: [server.url],
    ...identityOf(entry),
    frameworkInfo: wanted.framework_info,
    ...(wanted.suppressed_roles === undefined ? {} : { suppressedRoles: wanted.suppressed_roles }),
    signal: new AbortController().signal,
  });
  opening.catch(() => undefined);
  const request = await server.next();
  expectSent(request, entry);
  streams.set(entry.stream ?? '', { request, opening, sender: JSON.stringify(identityOf(entry)) });
}

async function onStream(stream: Stream, entry: Entry): Promise<void> {
  if (entry.type === 'SUBSCRIBE_RESPONSE') {
    await answerSubscribe(stream, entry);
  } else if (entry.type === 'STREAM_END') {
    stream.request.response.end();
    if (stream.events) expect(await stream.events.next()).toMatchObject({ done: true });
  } else if (entry.type === 'CLOSE_CONNECTION') {
    stream.closed = true;
    stream.subscription?.close();
    if (!stream.request.response.writableEnded) await stream.request.dropped;
  } else if (entry.record_len !== undefined) {
    stream.request.response.write(encodeRecord(JSON.stringify(entry.body)));
    await expectEvent(stream, entry.body as SchedulerEvent);
  } else {
    expect(entry.type).toBe('STREAM_CLOSED');
    if (stream.closed === true) return;
    // The master died.
    stream.request.response.destroy();
    await expect(stream.events?.next()).rejects.toMatchObject({ code: 'MESOS_UNREACHABLE' });
  }
}

async function answerSubscribe(stream: Stream, entry: Entry): Promise<void> {
  const { status = 0 } = entry.http ?? {};
  const text = typeof entry.body === 'string' ? entry.body : '';
  answer(stream.request, entry.http ?? {}, status === 200 ? undefined : text);
  if (status === 400 || status === 401 || status === 403)
    await expect(stream.opening).rejects.toMatchObject({
      code: codeOf(text),
      message: expect.stringContaining(text) as string,
    });
  else expect([200, 404, 503]).toContain(status);
}

async function expectEvent(stream: Stream, event: SchedulerEvent): Promise<void> {
  if (stream.events) {
    expect(await stream.events.next()).toEqual({ done: false, value: event });
  } else if (event.type === 'ERROR') {
    await expect(stream.opening).rejects.toMatchObject({
      code: codeOf(event.error.message),
      message: expect.stringContaining(event.error.message) as string,
    });
  } else {
    stream.subscription = await stream.opening;
    stream.events = stream.subscription.events[Symbol.asyncIterator]();
    expect(event).toMatchObject({ subscribed: { framework_id: { value: stream.subscription.frameworkId } } });
    expect(stream.subscription.heartbeatIntervalMs).toBe(15_000);
  }
}

async function startCall(entry: Entry): Promise<Calling> {
  const { framework_id, ...call } = entry.body as CallBody;
  const streamId = entry.http?.headers?.['Mesos-Stream-Id'] ?? '';
  const identity = JSON.stringify(identityOf(entry));
  const open = [...streams.values()].find(
    ({ subscription, request, sender }) =>
      sender === identity &&
      subscription?.streamId === streamId &&
      subscription.frameworkId === framework_id.value &&
      !request.response.writableEnded &&
      !request.response.destroyed,
  )?.subscription;
  const done = open
    ? open.call(call)
    : schedulerCall(
        { frameworkId: framework_id.value, streamId, master: server.url },
        { masters: [], ...identityOf(entry) },
        call,
      );
  done.catch(() => undefined);
  const request = await server.next();
  expectSent(request, entry);
  return { request, done, identity: identityOf(entry) };
}

async function finishCall({ request, done, identity }: Calling, entry: Entry): Promise<void> {
  expect(entry.type).toMatch(/_RESPONSE$/);
  const said = typeof entry.body === 'string' ? entry.body : '';
  // One recorded secret is a word of the answer.
  const text = redact(said, identity);
  answer(request, entry.http ?? {}, said);
  if (entry.http?.status === 202 || entry.http?.status === 200) await done;
  else
    await expect(done).rejects.toMatchObject({
      code: codeOf(text),
      message: expect.stringContaining(text) as string,
    });
}

/** Method, path, the recorded headers and no others of their kind, and the JSON with its keys in the same order. */
function expectSent(request: HeldRequest, entry: Entry): void {
  expect(`${request.method} ${request.path}`).toBe(`${entry.http?.method} ${entry.http?.path}`);
  const recorded = Object.fromEntries(
    Object.entries(entry.http?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const kinds = ['accept', 'content-type', 'mesos-stream-id', 'authorization'];
  const sent = Object.fromEntries(Object.entries(request.headers).filter(([name]) => kinds.includes(name)));
  expect(sent).toEqual(recorded);
  expect(request.body).toBe(JSON.stringify(entry.body));
}

function streamOf(name: string): Stream {
  const stream = streams.get(name);
  if (!stream) throw new Error(`the transcript speaks of stream ${name} before its SUBSCRIBE`);
  return stream;
}
