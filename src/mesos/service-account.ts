// Login of a DC/OS service account: a token that the account's private key signs is exchanged for one that masters accept.
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { request, type Dispatcher } from 'undici';
import { z } from 'zod';
import { MillraceError } from '../model/errors.ts';
import { redact, type LoginTokens } from './authentication.ts';
import { reasonOf } from './http.ts';
import { textOf } from './refusal.ts';

export interface ServiceAccount {
  uid: string;
  privateKey: KeyObject;
  /** URL of the login: `https://leader.mesos/acs/api/v1/auth/login`. */
  loginEndpoint: string;
}

export interface LoginOptions {
  dispatcher: Dispatcher;
  /** Milliseconds; for tests. @default Date.now */
  nowMs?: () => number;
  /** Limit for one login. @default 5000 */
  timeoutMs?: number;
}

/** How long the signed token is good for: it is used at once, but clocks differ. */
const SIGNED_SECONDS = 300;
/** Renewed this long before it expires, or with a fifth of its life left if that is later. */
const RENEW_BEFORE_MS = 5 * 60_000;
const LOGIN_TIMEOUT_MS = 5_000;
/** After a login that failed, the next is not tried before: many sessions of a process ask at once. */
const RETRY_MS = 1_000;

const secretSchema = z.object({
  uid: z.string().min(1),
  private_key: z.string().min(1),
  login_endpoint: z.url({ protocol: /^https?$/ }),
  scheme: z.literal('RS256', { error: 'accepted: RS256' }),
});

/**
 * Reads the JSON of a DC/OS service account secret: `{"uid", "private_key", "login_endpoint", "scheme": "RS256"}`.
 * @throws Error that names the field that is wrong, without any content
 */
export function parseServiceAccount(text: string): ServiceAccount {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's words quote the text, which holds the key.
    throw new Error('it is not JSON');
  }
  const parsed = secretSchema.safeParse(body);
  if (!parsed.success)
    throw new Error(
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; '),
    );
  const { uid, private_key, login_endpoint } = parsed.data;
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(private_key);
  } catch {
    throw new Error('private_key: is not a private key in PEM form');
  }
  if (privateKey.asymmetricKeyType !== 'rsa') throw new Error('private_key: is not an RSA key');
  return { uid, privateKey, loginEndpoint: login_endpoint };
}

interface Token {
  value: string;
  renewAtMs: number;
  expiresAtMs: number;
}

/** Tokens for an account: one login at a time for the whole process, renewed in time or after a refusal. */
export function createLoginTokens(account: ServiceAccount, options: LoginOptions): LoginTokens {
  const nowMs = options.nowMs ?? Date.now;
  let token: Token | null = null;
  let running: Promise<Token> | null = null;
  let failed: { error: Error; atMs: number } | null = null;
  /** Signed and received ones of the last login. */
  let used: string[] = [];

  async function login(): Promise<Token> {
    const signed = sign256(account, nowMs());
    used = [signed, ...(token === null ? [] : [token.value])];
    const value = await exchange(account, signed, options);
    used.push(value);
    return { value, ...lifeOf(value, nowMs()) };
  }

  function renew(): Promise<Token> {
    if (failed !== null && nowMs() - failed.atMs < RETRY_MS) return Promise.reject(failed.error);
    running ??= login()
      .then(
        (fresh) => {
          failed = null;
          token = fresh;
          return fresh;
        },
        (error: unknown) => {
          failed = { error: error as Error, atMs: nowMs() };
          throw error;
        },
      )
      .finally(() => {
        running = null;
      });
    return running;
  }

  return {
    async current(signal) {
      if (token !== null && nowMs() < token.renewAtMs) return token.value;
      try {
        return (await unlessAborted(renew(), signal)).value;
      } catch (error) {
        signal.throwIfAborted();
        // The old one is as good as it was: a login that is away for a moment stops nobody.
        if (token !== null && nowMs() < token.expiresAtMs) return token.value;
        throw error;
      }
    },
    refused(value) {
      if (token?.value === value) token = null;
    },
    secrets: () => [...used, ...(token === null ? [] : [token.value])],
  };
}

/** A JSON web token (RFC 7519) with RS256. */
function sign256({ uid, privateKey }: ServiceAccount, nowMs: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(nowMs / 1000) + SIGNED_SECONDS;
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ uid, exp })}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
}

async function exchange(account: ServiceAccount, signed: string, options: LoginOptions): Promise<string> {
  const { uid, loginEndpoint } = account;
  const what = `The login of service account ${uid} at ${loginEndpoint}`;
  const response = await post(account, { what, signed, ...options });
  if (response.statusCode >= 500) throw unreachable(what, `it answered ${response.statusCode}`);
  if (response.statusCode !== 200) {
    const text = redact(await textOf(response), { tokens: only(signed) });
    throw refused(what, `${response.statusCode}${text === '' ? '' : ` (${text})`}`);
  }
  const answer = z.looseObject({ token: z.string().min(1) }).safeParse(await bodyOf(response));
  if (!answer.success) throw refused(what, 'its answer holds no token');
  return answer.data.token;
}

async function post(
  { uid, loginEndpoint }: ServiceAccount,
  { what, signed, dispatcher, timeoutMs }: LoginOptions & { what: string; signed: string },
): Promise<Dispatcher.ResponseData> {
  try {
    return await request(loginEndpoint, {
      dispatcher,
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ uid, token: signed }),
      signal: AbortSignal.timeout(timeoutMs ?? LOGIN_TIMEOUT_MS),
    });
  } catch (error) {
    throw unreachable(what, reasonOf(error));
  }
}

/** Never with the parser's error, which would quote the body, and the body is the secret. */
async function bodyOf(response: Dispatcher.ResponseData): Promise<unknown> {
  try {
    return await response.body.json();
  } catch {
    return null;
  }
}

/** When to renew a token, from its `exp`; one that does not say is used until it is refused. */
function lifeOf(token: string, nowMs: number): Omit<Token, 'value'> {
  const forever = { renewAtMs: Infinity, expiresAtMs: Infinity };
  const [, claims = ''] = token.split('.');
  try {
    const parsed = z
      .looseObject({ exp: z.number() })
      .safeParse(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
    if (!parsed.success) return forever;
    const expiresAtMs = parsed.data.exp * 1000;
    const before = Math.min(RENEW_BEFORE_MS, Math.max(0, expiresAtMs - nowMs) / 5);
    return { renewAtMs: expiresAtMs - before, expiresAtMs };
  } catch {
    return forever;
  }
}

function only(secret: string): LoginTokens {
  return { current: () => Promise.resolve(secret), refused: () => undefined, secrets: () => [secret] };
}

/** Others wait for the same login: one that gives up must not take it from them. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    aborted.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function unreachable(what: string, reason: string): MillraceError {
  return new MillraceError(
    'MESOS_UNREACHABLE',
    `${what} failed: ${reason}. Nothing was sent to Mesos; it is tried again. MILLRACE_MESOS_SERVICE_ACCOUNT_FILE holds the address.`,
  );
}

function refused(what: string, reason: string): MillraceError {
  return new MillraceError(
    'MESOS_REFUSED',
    `${what} was refused: ${reason}. Nothing was sent to Mesos. Look whether the account exists and whether its public key belongs to the ` +
      'private key of MILLRACE_MESOS_SERVICE_ACCOUNT_FILE.',
  );
}
