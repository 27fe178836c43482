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

interface Played {
  stream: EventStream;
  /** Of a framework, not of an operator. */
  isFramework: boolean;
  /** Indexes of events that were matched. */
  matched: Set<number>;
  /** Index of the last matched update, by task. */
  lastUpdate: Map<string, number>;
}

export interface ReplayOptions {
  /** Times of the recording at which the master allocated before the OFFERS of it could be awaited in turn. */
  roundsAt?: readonly number[] | undefined;
  /** Requests that are left out, by their type: see `oldEndpoints`. */
  skip?: readonly string[] | undefined;
}

/**
 * Replays a recording; gives every difference, with the line it was found at.
 */
export async function replay(
  mesos: LocalMesos,
  lines: readonly Line[],
  { roundsAt = [], skip = [] }: ReplayOptions = {},
): Promise<string[]> {
  const bindings = createBindings();
  const port = Number(new URL(mesos.url).port);
  const differences: string[] = [];
  const streams = new Map<string, Played>();
  const responses = new Map<string, PlainResponse[]>();
  let lastOut = 0;

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
    const sent = await sendRequest(mesos.url, {
      method: line.http?.method ?? 'POST',
      path: bindings.substitute(line.http?.path ?? '/'),
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: bodyOf(line),
    });
    const key = `${line.type}_RESPONSE`;
    responses.set(key, [...(responses.get(key) ?? []), sent.response]);
    if (sent.stream)
      streams.set(line.stream ?? '', {
        stream: sent.stream,
        isFramework: line.http?.path?.endsWith('/scheduler') === true,
        matched: new Set(),
        lastUpdate: new Map(),
      });
  }

  /** A body that is a text was sent as it is: no JSON, or an odd one. */
  function bodyOf({ body }: Line): string | undefined {
    if (body === null) return undefined;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return bindings.substitute(text).replaceAll('"refuse_seconds":1}', '"refuse_seconds":0.05}');
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
    return [
      ...(response.headers['Date'] === undefined ? ['the Date header is missing'] : []),
      ...bindings.compare(normaliseResponse(recorded, 5050), normaliseResponse(response, port)),
    ];
  }

  async function compareEvent(line: Line): Promise<string[]> {
    const played = streams.get(line.stream ?? '');
    if (!played) return ['there is no such stream'];
    const { stream, matched, lastUpdate } = played;
    if (line.type === 'STREAM_CLOSED') return [];
    if (line.type === 'STREAM_END')
      return waitFor(() => stream.ended, 'the stream to end').then(
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
          if (isLater && find() === -1) mesos.allocate();
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
      ...bindings.compare(normaliseEvent(line.body, 5050), normaliseEvent(stream.events[index], port)),
    ];
  }

  const rounds = [...roundsAt];
  for (const line of lines) {
    if (line.dir === 'note' || skip.includes(line.type.replace(/_RESPONSE$/, ''))) continue;
    if (line.t > (rounds[0] ?? Infinity)) {
      rounds.shift();
      await allocateOffers(mesos, [...streams.values()]);
    }
    if (line.type === 'CLOSE_CONNECTION') await closeLine(line);
    else if (line.dir === 'out') await sendLine(line);
    else if (line.type.endsWith('_RESPONSE')) note(line, compareResponse(line));
    else note(line, await compareEvent(line));
  }
  const known = new Set([...streams.values()].flatMap(matchedUuids));
  for (const [name, played] of streams)
    for (const event of leftOver(played))
      if (!known.has(uuidOf(event))) differences.push(`stream ${name}: unexpected ${JSON.stringify(event)}`);
  return differences;
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
