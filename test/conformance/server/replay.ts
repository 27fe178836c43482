// Plays the client's side of a recording against local Mesos and compares every response and event.
import { setTimeout } from 'node:timers/promises';
import type { LocalMesos } from '../../../src/local/mesos/index.ts';
import { sendRequest } from './client.ts';
import type { EventStream, PlainResponse } from './client.ts';
import { eventKey, normaliseEvent, normaliseResponse, taskOf, uuidOf } from './normalise.ts';
import type { Line } from './transcript.ts';
import { createBindings } from './unify.ts';

/** An event that comes at all comes within this time; generous, for machines that are busy. */
const EVENT_LIMIT_MS = 20_000;
/** Offers that follow a request sooner than this came by themselves; later ones with the next round of allocation. */
const AT_ONCE_SECONDS = 0.1;
/** Calls that make a master allocate; after others, offers come with the next round. */
const AT_ONCE_CALLS = ['SUBSCRIBE', 'REVIVE', 'UPDATE_FRAMEWORK', 'UPDATE_MAINTENANCE_SCHEDULE'];
const POLL_MS = 10;
/** What recorded filters of a second last here. */
const HASTENED_SECONDS = 0.05;

export interface ReplayOptions {
  /** Times of the recording at which the master allocated before the OFFERS of it could be awaited in turn. */
  roundsAt?: readonly number[];
  /** Requests that are left out, by their type: see `oldEndpoints`. */
  skip?: readonly string[];
  /** What was done to the processes, see `processes`: each before the first line of its time or later. */
  happenings?: readonly Happening[];
  /** Keeps the pace of the recording, scaled by this; see `pace`. */
  pace?: number;
  /** Recorded ports of the masters, in the order of the local ones; see `masterPorts`. */
  masterPorts?: readonly number[];
  /** Recorded port of the first agent; see `agentPorts`. */
  agentPort?: number;
}

/** Something that happens to local Mesos; `agents` are the ids that it started with. */
export interface Happening {
  at: number;
  does(mesos: LocalMesos, agents: readonly string[]): void | Promise<void>;
}

/** Port of the first agent of local Mesos, and of most recordings. */
const AGENT_PORT = 5051;
/** Mesos' `refuse_seconds` when none is given. */
const DEFAULT_REFUSE_SECONDS = 5;

interface Played {
  stream: EventStream;
  /** Of the master that serves it. */
  port: number;
  /** Of a framework, not of an operator. */
  isFramework: boolean;
  /** Indexes of events that were matched. */
  matched: Set<number>;
  /** Index of the last matched update, by task. */
  lastUpdate: Map<string, number>;
}

/** Replays a recording; gives every difference, with the line it was found at. */
export async function replay(
  mesos: LocalMesos,
  lines: readonly Line[],
  options: ReplayOptions = {},
): Promise<string[]> {
  const { masterPorts = [5050], agentPort = AGENT_PORT, pace, skip = [] } = options;
  const bindings = createBindings();
  const ports = mesos.masters.urls.map((url) => Number(new URL(url).port));
  const agents = mesos.state().agents.map(({ id }) => id);
  const differences: string[] = [];
  const streams = new Map<string, Played>();
  const responses = new Map<string, PlainResponse[]>();
  let lastOut = 0;
  let lastSentAtMs = 0;
  let lastLine = { t: 0, atMs: Date.now() };

  const note = (line: Line, found: readonly string[]): void => {
    differences.push(...found.map((difference) => `${line.t} ${line.type}: ${difference}`));
  };

  async function sendLine(line: Line): Promise<void> {
    lastOut = AT_ONCE_CALLS.includes(line.type) ? line.t : -Infinity;
    if (line.type === 'SUBSCRIBE')
      await waitFor(() => noOrphans(mesos), 'tasks of removed frameworks to end');
    if (line.t > 39 && line.stream === 'k')
      await waitFor(() => mesos.state().frameworks.length === 0, 'the failover timeout');
    const headers = Object.entries(line.http?.headers ?? {}).map(([name, value]) => [
      name,
      bindings.substitute(value),
    ]);
    const seat = Math.max(masterPorts.indexOf(line.http?.port ?? 0), 0);
    const sent = await sendRequest(mesos.masters.urls[seat] ?? '', {
      method: line.http?.method ?? 'POST',
      path: bindings.substitute(line.http?.path ?? '/'),
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: bodyOf(line),
    }).catch((error: unknown) => {
      // A master that is down; when the recorded one answered, the answer is missed below.
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
      throw error;
    });
    lastSentAtMs = Date.now();
    if (!sent) return;
    const key = `${line.type}_RESPONSE`;
    responses.set(key, [...(responses.get(key) ?? []), sent.response]);
    if (sent.stream)
      streams.set(line.stream ?? '', {
        stream: sent.stream,
        port: ports[seat] ?? 0,
        isFramework: line.http?.path?.endsWith('/scheduler') === true,
        matched: new Set(),
        lastUpdate: new Map(),
      });
  }

  /** A body that is a text was sent as it is: no JSON, or an odd one. */
  function bodyOf(line: Line): string | undefined {
    if (line.body === null) return undefined;
    if (typeof line.body === 'string') return bindings.substitute(line.body);
    return bindings.substitute(pace === undefined ? hastened(line) : scaled(line, pace));
  }

  async function closeLine(line: Line): Promise<void> {
    const played = streams.get(line.stream ?? '');
    if (!played || played.stream.ended) return;
    const connected = (): number =>
      mesos.state().frameworks.filter((framework) => framework.connected).length;
    const before = connected();
    played.stream.close();
    if (played.isFramework) await waitFor(() => connected() < before, 'the framework to be disconnected');
  }

  function compareResponse(line: Line): string[] {
    const response = responses.get(line.type)?.shift();
    if (!response) return ['no such response came'];
    const recorded = {
      status: line.http?.status ?? 0,
      headers: line.http?.headers ?? {},
      body: line.body,
    };
    const { Location: location } = response.headers;
    if (location !== undefined) response.headers['Location'] = recordedPort(location);
    return [
      ...(response.headers['Date'] === undefined ? ['the Date header is missing'] : []),
      ...bindings.compare(normaliseResponse(recorded, 5050), normaliseResponse(response, ports[0] ?? 0)),
    ];
  }

  async function compareEvent(line: Line): Promise<string[]> {
    const played = streams.get(line.stream ?? '');
    if (!played) return ['there is no such stream'];
    const { stream, matched, lastUpdate } = played;
    if (line.type === 'STREAM_CLOSED' || line.type === 'STREAM_END')
      return waitFor(
        () => (line.type === 'STREAM_END' ? stream.ended : stream.closed),
        `the stream to ${line.type === 'STREAM_END' ? 'end' : 'break off'}`,
      ).then(
        () => [],
        (error: unknown) => [String(error)],
      );
    if (line.type === 'HEARTBEAT' && matched.has(1)) return [];
    // Which of two offers is rescinded is told by their ids.
    const key = eventKey(JSON.parse(bindings.substitute(JSON.stringify(line.body))));
    const find = (): number =>
      stream.events.findIndex((event, index) => !matched.has(index) && eventKey(event) === key);
    const isLater = line.type === 'OFFERS' && line.t - lastOut > AT_ONCE_SECONDS;
    try {
      await waitFor(
        () => {
          // Several agents' offers come in one event: the filters of all calls before are to be over.
          const isOver = offersIn(line) < 2 || Date.now() - lastSentAtMs > HASTENED_SECONDS * 1000;
          if (isLater && isOver && find() === -1) mesos.allocate();
          return find() !== -1;
        },
        `${key} on stream ${line.stream ?? ''}`,
      );
    } catch (error) {
      return [`${String(error)}; unmatched: ${JSON.stringify(leftOver(played))}`];
    }
    const index = find();
    matched.add(index);
    const task = taskOf(line.body);
    const isEarly = task !== undefined && index < (lastUpdate.get(task) ?? -1);
    if (task !== undefined) lastUpdate.set(task, index);
    return [
      ...(line.type === 'SUBSCRIBED' && index !== 0 ? ['SUBSCRIBED is not the first event'] : []),
      ...(line.type === 'HEARTBEAT' && index !== 1 ? ['HEARTBEAT does not follow SUBSCRIBED'] : []),
      ...(isEarly ? ['the updates of the task came in another order'] : []),
      ...bindings.compare(
        normaliseEvent(line.body, masterPorts[ports.indexOf(played.port)] ?? 0, agentPort),
        normaliseEvent(stream.events[index], played.port, AGENT_PORT),
      ),
    ];
  }

  function recordedPort(location: string): string {
    return masterPorts.reduce(
      (text, recorded, seat) => text.replace(`:${ports[seat] ?? 0}`, `:${recorded}`),
      location,
    );
  }

  /** Waits until as much time has passed since the last line as in the recording. */
  async function keepPace(line: Line): Promise<void> {
    if (pace === undefined || line.dir !== 'out') return;
    await setTimeout(Math.max(0, (line.t - lastLine.t) * 1000 * pace - (Date.now() - lastLine.atMs)));
  }

  const rounds = [...(options.roundsAt ?? [])];
  const happenings = [...(options.happenings ?? [])];
  for (const line of lines) {
    while (line.t >= (happenings[0]?.at ?? Infinity)) await happenings.shift()?.does(mesos, agents);
    if (line.dir === 'note' || skip.includes(line.type.replace(/_RESPONSE$/, ''))) continue;
    await keepPace(line);
    if (line.t > (rounds[0] ?? Infinity)) {
      rounds.shift();
      await allocateOffers(mesos, [...streams.values()]);
    }
    if (line.type === 'CLOSE_CONNECTION') await closeLine(line);
    else if (line.dir === 'out') await sendLine(line);
    else if (line.type.endsWith('_RESPONSE')) note(line, compareResponse(line));
    else note(line, await compareEvent(line));
    lastLine = { t: line.t, atMs: Date.now() };
  }
  const known = new Set([...streams.values()].flatMap(matchedUuids));
  for (const [name, played] of streams)
    for (const event of leftOver(played))
      if (!known.has(uuidOf(event))) differences.push(`stream ${name}: unexpected ${JSON.stringify(event)}`);
  return differences;
}

/** See `waits`. */
function hastened({ body }: Line): string {
  return JSON.stringify(body).replaceAll('"refuse_seconds":1}', `"refuse_seconds":${HASTENED_SECONDS}}`);
}

/** See `pace`. */
function scaled({ type, body }: Line, pace: number): string {
  if (type !== 'DECLINE') return JSON.stringify(body);
  const { decline, ...rest } = body as { decline: { filters?: { refuse_seconds: number } } };
  const seconds = (decline.filters?.refuse_seconds ?? DEFAULT_REFUSE_SECONDS) * pace;
  return JSON.stringify({ ...rest, decline: { ...decline, filters: { refuse_seconds: seconds } } });
}

function offersIn({ body }: Line): number {
  return (body as { offers?: { offers?: unknown[] } } | null)?.offers?.offers?.length ?? 0;
}

function leftOver({ stream, matched }: Played): unknown[] {
  return stream.events.filter(
    (event, index) => !matched.has(index) && (event as { type: string }).type !== 'HEARTBEAT',
  );
}

/** Uuids of the updates that were matched: see `redeliveries`. */
function matchedUuids({ stream, matched }: Played): (string | undefined)[] {
  return stream.events
    .filter((_event, index) => matched.has(index))
    .map(uuidOf)
    .filter((uuid) => uuid !== undefined);
}

/** Allocates until there are offers that no line was matched with yet. */
async function allocateOffers(mesos: LocalMesos, played: readonly Played[]): Promise<void> {
  const isThere = (): boolean =>
    played.some((one) => leftOver(one).some((event) => (event as { type: string }).type === 'OFFERS'));
  await waitFor(() => {
    if (!isThere()) mesos.allocate();
    return isThere();
  }, 'offers of a round of allocation');
}

function noOrphans(mesos: LocalMesos): boolean {
  const { frameworks, tasks } = mesos.state();
  return tasks.every(({ frameworkId }) => frameworks.some(({ id }) => id === frameworkId));
}

async function waitFor(condition: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + EVENT_LIMIT_MS;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`waited ${EVENT_LIMIT_MS} ms for ${what}`);
    await setTimeout(POLL_MS);
  }
}
