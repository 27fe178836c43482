// The API as functions. Every failure is a MillraceError: the API's own, or API_UNREACHABLE.
import { userInfo } from 'node:os';
import type { ChangePlanView, UnchangedView } from '../api/schemas/change.ts';
import type { ClusterSummary, ClusterView, NodeView } from '../api/schemas/cluster.ts';
import type { AcceptedView, OperationSummary, OperationView } from '../api/schemas/operation.ts';
import type { PreflightView, WhyView } from '../api/schemas/placement.ts';
import { isErrorCode, MillraceError, type ErrorBody } from '../model/errors.ts';
import type { Plan } from '../model/plan/plan.ts';
import type { ApiAddress } from './find-api.ts';

/** What can be told to an operation, as the last part of its path. */
export type Telling = 'pause' | 'resume' | 'retry' | 'skip' | 'approve' | 'abort';

export interface SpecText {
  text: string;
  format: 'yaml' | 'json';
}
export type AppliedView = AcceptedView | UnchangedView;

export interface ApiClient {
  readonly address: ApiAddress;
  install(text: string, format: 'yaml' | 'json'): Promise<AcceptedView>;
  preflight(text: string, format: 'yaml' | 'json'): Promise<PreflightView>;
  why(cluster: string): Promise<WhyView>;
  uninstall(cluster: string): Promise<AcceptedView>;
  recover(cluster: string): Promise<AcceptedView>;
  adopt(cluster: string): Promise<AcceptedView>;
  /** What a spec would change. `query`: the options of an apply, as the API takes them. */
  planSpec(cluster: string, spec: SpecText, query: Record<string, string>): Promise<ChangePlanView>;
  applySpec(cluster: string, spec: SpecText, query: Record<string, string>): Promise<AppliedView>;
  /** `change`: restart, rebalance, scale, or nodes/<node>/pause and its like. */
  change(cluster: string, change: string, body: object): Promise<AppliedView>;
  clusters(): Promise<ClusterSummary[]>;
  cluster(name: string): Promise<ClusterView>;
  brokers(cluster: string): Promise<NodeView[]>;
  operations(filter: { cluster?: string; state?: string; limit?: number }): Promise<OperationSummary[]>;
  operation(id: string): Promise<OperationView>;
  plan(id: string): Promise<Plan>;
  tell(id: string, telling: Telling, body: object): Promise<OperationView>;
}

/** The API itself answers within 10 seconds; a proxy between may not. */
const TIMEOUT_MS = 30_000;

/** A client for the API at this address. */
export function createApiClient(address: ApiAddress, token?: string): ApiClient {
  const ask = async <T>(method: string, path: string, body?: { type: string; text: string }): Promise<T> => {
    const url = `${address.url}${path}`;
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(url, {
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          'x-requested-by': whoAsks(),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body ? { 'content-type': body.type } : {}),
        },
        ...(body ? { body: body.text } : {}),
      });
      text = await answer.text();
    } catch (error) {
      throw unreachable(address, reasonOf(error), error);
    }
    const value = parse(text);
    if (answer.ok && value !== undefined) return value as T;
    throw (
      refusal(value) ??
      unreachable(address, `it answered ${answer.status} with something that is not Millrace's`)
    );
  };
  const get = <T>(path: string) => ask<T>('GET', path);
  const cluster = (name: string) => `/v1/clusters/${encodeURIComponent(name)}`;
  const operation = (id: string) => `/v1/operations/${encodeURIComponent(id)}`;
  return {
    address,
    install: (text, format) => ask('POST', '/v1/clusters', { type: `application/${format}`, text }),
    preflight: (text, format) =>
      ask('POST', '/v1/clusters?dryRun=true', { type: `application/${format}`, text }),
    why: (name) => get(`${cluster(name)}/why`),
    uninstall: (name) => ask('DELETE', cluster(name)),
    recover: (name) => ask('POST', `${cluster(name)}/recover`),
    adopt: (name) => ask('POST', `${cluster(name)}/adopt`),
    planSpec: (name, { text, format }, query) =>
      ask('POST', `${cluster(name)}/plan${queryOf(query)}`, { type: `application/${format}`, text }),
    applySpec: (name, { text, format }, query) =>
      ask('POST', `${cluster(name)}/apply${queryOf(query)}`, { type: `application/${format}`, text }),
    change: (name, change, body) =>
      ask('POST', `${cluster(name)}/${change}`, { type: 'application/json', text: JSON.stringify(body) }),
    clusters: async () => (await get<{ clusters: ClusterSummary[] }>('/v1/clusters')).clusters,
    cluster: (name) => get(cluster(name)),
    brokers: async (name) => (await get<{ brokers: NodeView[] }>(`${cluster(name)}/brokers`)).brokers,
    operations: async (filter) => {
      const query = new URLSearchParams(
        Object.entries(filter).map(([key, value]): [string, string] => [key, String(value)]),
      );
      return (await get<{ operations: OperationSummary[] }>(`/v1/operations?${query.toString()}`)).operations;
    },
    operation: (id) => get(operation(id)),
    plan: (id) => get(`${operation(id)}/plan`),
    tell: (id, telling, body) =>
      ask('POST', `${operation(id)}/${telling}`, { type: 'application/json', text: JSON.stringify(body) }),
  };
}

function queryOf(query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

function unreachable(address: ApiAddress, reason: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'API_UNREACHABLE',
    `The API of Millrace at ${address.url} (from ${address.source}) does not answer: ${reason}. Set MILLRACE_API or --api to ` +
      'its address, or start a local stack with "millrace up".',
    { details: { api: address.url }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** The API's own error in an answer; null when the answer is something else. */
function refusal(value: unknown): MillraceError | null {
  const body = (value as { error?: Partial<ErrorBody> } | undefined | null)?.error;
  if (!body || typeof body.message !== 'string') return null;
  const { message, issues, details } = body;
  return new MillraceError(isErrorCode(body.code) ? body.code : 'INTERNAL', message, {
    ...(issues ? { issues } : {}),
    ...(details ? { details } : {}),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (!(current instanceof Error)) return String(current);
  return current.message || ('code' in current ? String(current.code) : current.name);
}

/** The name of the user, as far as a header can hold it. */
function whoAsks(): string {
  try {
    return userInfo().username.replaceAll(/[^\x20-\x7e]/g, '?');
  } catch {
    return 'unknown';
  }
}
