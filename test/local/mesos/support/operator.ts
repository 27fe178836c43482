// Calls the operator API of local Mesos.
import { send } from '../../../conformance/server/client.ts';
import type { PlainResponse } from '../../../conformance/server/client.ts';

const HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };

/** Sends one call. */
export async function operator(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<PlainResponse> {
  return (await send(url, '/api/v1', { ...HEADERS, ...headers }, JSON.stringify(body))).response;
}
