// Where the API is: told, or that of the local stack, or the usual address.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface ApiAddress {
  url: string;
  /** Where the address comes from, for messages. */
  source: string;
}

export const DEFAULT_API = 'http://127.0.0.1:7070';

/** `--api`, then MILLRACE_API, then the local stack's own file, then the default. */
export function findApi(option: string | undefined, env: NodeJS.ProcessEnv): ApiAddress {
  if (option !== undefined) return { url: trim(option), source: '--api' };
  const variable = env['MILLRACE_API'];
  if (variable !== undefined && variable !== '') return { url: trim(variable), source: 'MILLRACE_API' };
  const file = stackFile(env);
  const local = apiOfStack(file);
  return local === null ? { url: DEFAULT_API, source: 'the default' } : { url: trim(local), source: file };
}

/** The file in which the local stack tells its addresses. */
export function stackFile(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state');
  return join(env['MILLRACE_HOME'] || join(state, 'millrace'), 'default', 'stack.json');
}

/** Null when there is no stack, or its file is half written. */
function apiOfStack(file: string): string | null {
  try {
    const { urls } = JSON.parse(readFileSync(file, 'utf8')) as { urls?: { api?: unknown } };
    return typeof urls?.api === 'string' ? urls.api : null;
  } catch {
    return null;
  }
}

function trim(url: string): string {
  return url.replace(/\/+$/, '');
}
