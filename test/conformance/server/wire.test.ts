// Local Mesos against the recording of the wire itself: chunks, records, headers, what JSON is accepted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { startLocalMesos } from '../../../src/local/mesos/index.ts';
import type { LocalMesos } from '../../../src/local/mesos/index.ts';
import { NOT_COMPARED } from './not-compared.ts';
import type { NotCompared } from './not-compared.ts';
import { normaliseEvent } from './normalise.ts';
import { exchange, openRawStream } from './raw-connection.ts';
import type { RawStream } from './raw-connection.ts';
import { readTranscript } from './transcript.ts';
import type { Line } from './transcript.ts';
import { createBindings } from './unify.ts';

const LINES = readTranscript('12_wire_format_details');
const REQUESTS = LINES.filter(({ dir }) => dir === 'out');
const [FIRST_HEADERS] = LINES;
const CHUNKS = LINES.filter(({ type }) => type === 'RAW_CHUNK');

/** Requests that are sent in another form than recorded, or not at all. */
const SPECIAL: Readonly<Record<string, NotCompared>> = {
  'state with gzip accepted': 'oldState',
  'api with gzip accepted': 'compressedBytes',
  '3 MB call': 'bigBody',
  'REVIVE after the half-close': 'waits',
};

const INFO = {
  user: 'root',
  name: 'probe',
  roles: ['kafka'],
  capabilities: ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE'].map((type) => ({ type })),
  failover_timeout: 3600,
  checkpoint: true,
  principal: 'probe-principal',
};

const bindings = createBindings();
let directory: string;
let mesos: LocalMesos;
let port: number;
let stream: RawStream;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'local-mesos-'));
  mesos = await startLocalMesos({
    stateDir: directory,
    agents: [
      { hostname: '127.0.0.1', cpus: 4, memMb: 8192, diskMb: 20_000, ports: { begin: 9000, end: 9100 } },
    ],
    domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-m' } } },
    heartbeatIntervalMs: 15_000,
  });
  port = Number(new URL(mesos.url).port);
  stream = await openRawStream(
    port,
    post(JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info: INFO } })),
  );
  await eventually(() => {
    expect(stream.chunks.length).toBeGreaterThanOrEqual(3);
  });
});
afterAll(async () => {
  stream.destroy();
  await mesos.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('the stream', () => {
  it('begins with the recorded headers', () => {
    const { Date: _date, ...recorded } = FIRST_HEADERS?.http?.headers ?? {};
    const { Date: date, ...actual } = stream.headers;
    expect(date).toBeDefined();
    expect(
      bindings.compare({ status: 200, headers: recorded }, { status: stream.status, headers: actual }),
    ).toEqual([]);
  });

  it('sends one record a chunk, SUBSCRIBED, HEARTBEAT, OFFERS, as recorded', () => {
    for (const [index, recorded] of CHUNKS.slice(0, 3).entries()) {
      const [theirs, ours] = [recordIn(String(recorded.body)), recordIn(stream.chunks[index] ?? '')];
      expect(bindings.compare(normaliseEvent(theirs, 5050), normaliseEvent(ours, port))).toEqual([]);
    }
  });
});

describe('a request', () => {
  const recorded = REQUESTS.filter(({ type }) => SPECIAL[type] === undefined).map((line) => ({
    name: line.type,
    line,
  }));

  it.each(recorded)('is answered as recorded: $name', async ({ line }) => {
    const expected = LINES.filter(({ dir, type }) => dir === 'in' && type === line.type);
    const responses = await exchange(port, bytesOf(line), expected.length);
    expect(responses).toHaveLength(expected.length);
    for (const [index, theirs] of expected.entries()) {
      const { Date: date, ...headers } = responses[index]?.headers ?? {};
      const { Date: _date, ...recordedHeaders } = theirs.http?.headers ?? {};
      expect(date).toBeDefined();
      expect({
        status: responses[index]?.status,
        headers,
        body: responses[index]?.body.toString('latin1'),
      }).toEqual({
        status: theirs.http?.status,
        headers: recordedHeaders,
        body: bindings.substitute(String(theirs.body)),
      });
    }
  });

  it('for the state with gzip accepted gets a compressed answer that unpacks to the plain one', async () => {
    expect(NOT_COMPARED[SPECIAL['api with gzip accepted'] ?? 'ids']).toBeDefined();
    const [packed] = await exchange(port, operator('{"type":"GET_STATE"}', 'Accept-Encoding: gzip\r\n'), 1);
    const [plain] = await exchange(port, operator('{"type":"GET_STATE"}', ''), 1);
    expect(packed?.headers['Content-Encoding']).toBe('gzip');
    expect(gunzipSync(packed?.body ?? '').toString()).toBe(plain?.body.toString());
  });
});

describe('the updates that the requests caused', () => {
  it('come as chunks of one record each, as recorded', async () => {
    const recorded = CHUNKS.slice(3).map(({ body }) => recordIn(String(body)) as { type: string });
    const updates = recorded.filter(({ type }) => type === 'UPDATE');
    expect(updates).toHaveLength(2);
    const ours = (): unknown[] =>
      stream.chunks
        .slice(3)
        .map(recordIn)
        .filter((event) => (event as { type: string }).type === 'UPDATE');
    await eventually(() => {
      expect(ours()).toHaveLength(2);
    });
    for (const [index, update] of updates.entries())
      expect(bindings.compare(update, ours()[index])).toEqual([]);
  });
});

describe('after the sending half of the stream was closed', () => {
  it.each(['REVIVE after the half-close', '3 MB call'])('%s is refused as recorded', async (name) => {
    stream.halfClose();
    await eventually(() => {
      expect(mesos.state().frameworks.map(({ connected }) => connected)).toEqual([false]);
    });
    const line = REQUESTS.find(({ type }) => type === name);
    const theirs = LINES.find(({ dir, type }) => dir === 'in' && type === name);
    const bytes = name === '3 MB call' ? bigCall() : bytesOf(line);
    const [response] = await exchange(port, bytes, 1);
    expect(response?.status).toBe(theirs?.http?.status);
    expect(response?.body.toString()).toBe(theirs?.body);
  });
});

/** The one record of a chunk. */
function recordIn(chunk: string): unknown {
  const newline = chunk.indexOf('\n');
  const length = Number(chunk.slice(0, newline));
  expect(Buffer.byteLength(chunk.slice(newline + 1))).toBe(length);
  return JSON.parse(chunk.slice(newline + 1));
}

/** The recorded bytes with our ids, which are as long as the recorded ones. A compressed body is packed anew. */
function bytesOf(line: Line | undefined): Buffer {
  const bytes = Buffer.from(String(line?.body), 'latin1');
  const bodyAt = bytes.indexOf('\r\n\r\n') + 4;
  const head = bindings.substitute(bytes.subarray(0, bodyAt).toString('latin1'));
  if (!head.includes('Content-Encoding: gzip'))
    return Buffer.from(head + bindings.substitute(bytes.subarray(bodyAt).toString('latin1')), 'latin1');
  const body = gzipSync(
    bindings.substitute(JSON.stringify({ framework_id: { value: recordedFramework() }, type: 'REVIVE' })),
  );
  return Buffer.concat([
    Buffer.from(head.replace(/Content-Length: \d+/, `Content-Length: ${body.length}`)),
    body,
  ]);
}

function recordedFramework(): string {
  const { subscribed } = recordIn(String(CHUNKS[0]?.body)) as {
    subscribed: { framework_id: { value: string } };
  };
  return subscribed.framework_id.value;
}

function bigCall(): Buffer {
  const command = { value: 'x'.repeat(3_000_000) };
  const task = { name: 'n', task_id: { value: 't' }, agent_id: { value: 'a' }, resources: [], command };
  const accept = {
    offer_ids: [{ value: 'x' }],
    operations: [{ type: 'LAUNCH', launch: { task_infos: [task] } }],
  };
  const call = { framework_id: { value: recordedFramework() }, type: 'ACCEPT', accept };
  return post(
    bindings.substitute(JSON.stringify(call)),
    `Mesos-Stream-Id: ${stream.headers['Mesos-Stream-Id'] ?? ''}\r\n`,
  );
}

function post(body: string, headers = ''): Buffer {
  return Buffer.from(
    `POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function operator(body: string, headers: string): Buffer {
  return Buffer.from(
    `POST /api/v1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
  );
}
