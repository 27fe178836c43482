// What the API process takes from its environment.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MillraceError } from '../model/errors.ts';
import type { SiteDefaults } from '../model/spec/parse.ts';
import { parseTokens, type Tokens } from './auth.ts';

const place = z.union(
  [z.strictObject({ path: z.string().min(1) }), z.strictObject({ uri: z.string().min(1) })],
  {
    error: 'accepted is {"path": ...} or {"uri": ...}',
  },
);

/** Text of JSON, as its value. */
const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    context.addIssue(`is not JSON: ${(error as Error).message}`);
    return z.NEVER;
  }
});

const environmentSchema = z.object({
  MILLRACE_API_HOST: z.string().min(1).default('127.0.0.1'),
  MILLRACE_API_PORT: z.coerce
    .number({ error: 'is not a port' })
    .int('is not a port')
    .min(0, 'is not a port')
    .max(65535, 'is not a port')
    .default(7070),
  MILLRACE_TEMPORAL_UI_URL: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }).optional(),
  MILLRACE_ARTIFACTS: json.pipe(z.record(z.string(), place)).optional(),
  MILLRACE_JAVA: z.string().min(1).optional(),
  MILLRACE_API_TOKEN_FILE: z.string().min(1).optional(),
  MILLRACE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

export interface ApiConfig {
  host: string;
  port: number;
  uiUrl?: string;
  site: SiteDefaults;
  tokens?: Tokens;
  logLevel: string;
}

/**
 * Reads the variables of docs/configuration.md, section API. `MILLRACE_JAVA` is a path, or a URI when it has a scheme.
 *
 * @throws MillraceError REQUEST_INVALID naming each variable that is wrong
 */
export function readApiConfig(environment: NodeJS.ProcessEnv): ApiConfig {
  // A variable that is set to nothing is one that is not set.
  const parsed = environmentSchema.safeParse(
    Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== '')),
  );
  if (!parsed.success)
    throw new MillraceError(
      'REQUEST_INVALID',
      `The API was not started. ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}.`,
    );
  const { data } = parsed;
  return {
    host: data.MILLRACE_API_HOST,
    port: data.MILLRACE_API_PORT,
    ...(data.MILLRACE_TEMPORAL_UI_URL === undefined ? {} : { uiUrl: data.MILLRACE_TEMPORAL_UI_URL }),
    site: {
      ...(data.MILLRACE_ARTIFACTS ? { artifacts: data.MILLRACE_ARTIFACTS } : {}),
      ...(data.MILLRACE_JAVA === undefined ? {} : { java: pathOrUri(data.MILLRACE_JAVA) }),
    },
    ...(data.MILLRACE_API_TOKEN_FILE === undefined
      ? {}
      : { tokens: readTokens(data.MILLRACE_API_TOKEN_FILE) }),
    logLevel: data.MILLRACE_LOG_LEVEL,
  };
}

function pathOrUri(text: string): { path: string } | { uri: string } {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? { uri: text } : { path: text };
}

function readTokens(path: string): Tokens {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new MillraceError(
      'REQUEST_INVALID',
      `The API was not started: MILLRACE_API_TOKEN_FILE=${path} could not be read: ${(error as Error).message}.`,
    );
  }
  return parseTokens(text, path);
}
