// One HTTP exchange with a Mesos master, and the search for the master that leads. undici, JSON, redirects by hand.
import { setTimeout as pause } from 'node:timers/promises';
import { errors, request, type Dispatcher } from 'undici';
import { MillraceError } from '../model/errors.ts';
import { basicHeader, redact, tokenHeader } from './authentication.ts';
import type { MesosEndpoint } from './contract.ts';
import { textOf } from './refusal.ts';

export const SCHEDULER_PATH = '/api/v1/scheduler';
export const OPERATOR_PATH = '/api/v1';

export interface PostOptions {
  dispatcher: Dispatcher;
  /** Who sends it. */
  identity: Pick<MesosEndpoint, 'credential' | 'tokens'>;
  /** The fence of scheduler calls. */
  streamId?: string;
  signal: AbortSignal;
}

export interface LeaderOptions {
  dispatcher: Dispatcher;
  signal: AbortSignal;
  path: string;
  /** Serialised JSON. */
  body: string;
  /** What is tried, for errors: `SUBSCRIBE`. */
  what: string;
  /** Limit for the search, until the headers of the answer. */
  timeoutMs: number;
  /** Ask each master once; else start over while nobody leads. */
  once: boolean;
}

/** The answer of a master that leads: any status but those of a master that does not (yet). */
export interface LeaderAnswer {
  response: Dispatcher.ResponseData;
  /** Base URL of the master that answered. */
  master: string;
}

/** A redirect may name a master that redirects on, or a dead one; more than a few is a loop. */
const MAX_REDIRECTS = 5;
/** A live master answers within milliseconds. One that hangs gets its share of the time only: others may lead. */
const ANSWER_TIMEOUT_MS = 5_000;
/** A round in which masters would have less than this each finds nobody, and forgets the reasons of the one before. */
const MIN_SHARE_MS = 250;
/** Between two rounds over all masters: an election takes seconds. */
const ROUND_PAUSE_MS = 250;

/**
 * Posts JSON. The content type is exact, without a charset: with one, Mesos answers 415. A token that is refused (401,
 * before anything was done) is renewed, and the request sent once more.
 */
export async function post(url: URL, body: string, options: PostOptions): Promise<Dispatcher.ResponseData> {
  const { credential, tokens } = options.identity;
  if (tokens === undefined)
    return send(url, body, { ...options, authorization: credential && basicHeader(credential) });
  const token = await tokens.current(options.signal);
  const response = await send(url, body, { ...options, authorization: tokenHeader(token) });
  if (response.statusCode !== 401) return response;
  await response.body.dump();
  tokens.refused(token);
  const fresh = await tokens.current(options.signal);
  return send(url, body, { ...options, authorization: tokenHeader(fresh) });
}

async function send(
  url: URL,
  body: string,
  options: PostOptions & { authorization: string | undefined },
): Promise<Dispatcher.ResponseData> {
  const { authorization, streamId } = options;
  try {
    return await request(url, {
      dispatcher: options.dispatcher,
      method: 'POST',
      body,
      signal: options.signal,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
        ...(streamId === undefined ? {} : { 'mesos-stream-id': streamId }),
      },
    });
  } catch (error) {
    throw withoutBytes(error);
  }
}

/**
 * Posts to the leading master: tries each configured one, follows redirects, and starts over while nobody leads. A
 * starting master answers 404, then 503; a follower 307, for some seconds maybe to a dead leader.
 * @throws MillraceError MESOS_UNREACHABLE with every address that was tried and why it did not do, or that of a login
 */
export async function postToLeader(endpoint: MesosEndpoint, options: LeaderOptions): Promise<LeaderAnswer> {
  const reasons = new Map<string, string>();
  const search = { ...options, endpoint, reasons, deadlineMs: Date.now() + options.timeoutMs };
  // Apart from the search: a login that is away is not a master that does not answer.
  await endpoint.tokens?.current(options.signal);
  for (;;) {
    for (const [index, address] of endpoint.masters.entries()) {
      options.signal.throwIfAborted();
      const leftMs = search.deadlineMs - Date.now();
      const shareMs = Math.min(ANSWER_TIMEOUT_MS, leftMs / (endpoint.masters.length - index));
      const answer = await follow(address, { ...search, untilMs: Date.now() + shareMs });
      if (answer !== null) return answer;
    }
    const neededMs = ROUND_PAUSE_MS + MIN_SHARE_MS * endpoint.masters.length;
    if (options.once || Date.now() + neededMs >= search.deadlineMs) throw unreachable(options.what, reasons);
    await pause(ROUND_PAUSE_MS, undefined, { signal: options.signal });
  }
}

/** The URL of an API path under the base URL of a master. */
export function urlOf(base: string, path: string): URL {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  url.search = '';
  return url;
}

/** The base URL of the master that an API URL belongs to. Never with user or password. */
export function baseOf(url: URL): string {
  return `${url.origin}${url.pathname.replace(/(\/master)?\/api\/v1(\/scheduler)?\/?$/, '').replace(/\/+$/, '')}`;
}

/** The error without the bytes of a broken answer, which undici keeps in it: they may repeat what is secret. */
export function withoutBytes(error: unknown): unknown {
  return error instanceof errors.HTTPParserError ? new Error(error.message) : error;
}

/** Why an exchange failed, in one line; undici hides the reason in causes and lists. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(reasonOf).join(', ');
  if (error.name === 'TimeoutError' || error.name === 'ConnectTimeoutError') return 'no answer in time';
  return error.message || ('code' in error ? String(error.code) : error.name);
}

interface Search extends LeaderOptions {
  endpoint: MesosEndpoint;
  /** By address: why it did not do. */
  reasons: Map<string, string>;
  /** When this address, with all that it redirects to, has to have answered. */
  untilMs: number;
}

async function follow(address: string, search: Search): Promise<LeaderAnswer | null> {
  const { reasons } = search;
  if (!URL.canParse(address)) {
    reasons.set(address, 'is not a URL such as http://10.0.0.1:5050');
    return null;
  }
  let url = urlOf(address, search.path);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const master = baseOf(url);
    const response = await probe(url, search);
    if (response === null) return null;
    if (!isNoLeader(response.statusCode)) return { response, master };
    const text = redact(await textOf(response), search.endpoint);
    const location = response.headers['location'];
    if (response.statusCode !== 307 || typeof location !== 'string' || !URL.canParse(location, url.href)) {
      reasons.set(master, `answered ${response.statusCode}${text === '' ? '' : `: ${text}`}`);
      return null;
    }
    const next = new URL(location, url);
    reasons.set(master, `redirects to ${baseOf(next)}`);
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      reasons.set(master, `redirects to ${baseOf(next)}, which is not encrypted; it was not followed`);
      return null;
    }
    url = next;
  }
  reasons.set(baseOf(urlOf(address, '')), `redirected more than ${MAX_REDIRECTS} times`);
  return null;
}

async function probe(url: URL, search: Search): Promise<Dispatcher.ResponseData | null> {
  const { endpoint, reasons } = search;
  // Only until the headers: the body of a subscription has no end.
  const limit = new AbortController();
  const timer = setTimeout(
    () => {
      limit.abort(new DOMException('no answer in time', 'TimeoutError'));
    },
    Math.max(0, search.untilMs - Date.now()),
  );
  try {
    return await post(url, search.body, {
      dispatcher: search.dispatcher,
      identity: endpoint,
      signal: AbortSignal.any([search.signal, limit.signal]),
    });
  } catch (error) {
    search.signal.throwIfAborted();
    reasons.set(baseOf(url), reasonOf(error));
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function isNoLeader(status: number): boolean {
  return status === 307 || status === 404 || status >= 500;
}

function unreachable(what: string, reasons: Map<string, string>): MillraceError {
  const tried = [...reasons].map(([address, reason]) => `${address} ${reason}`).join('; ');
  return new MillraceError(
    'MESOS_UNREACHABLE',
    `${what}: no leading Mesos master was found. Tried ${tried === '' ? 'no address, none is configured' : tried}. ` +
      'Nothing was changed. MILLRACE_MESOS_MASTERS sets the addresses (http://host:5050, several separated by commas).',
    { details: { tried: Object.fromEntries(reasons) } },
  );
}
