// How requests show who sends them, and what of that must never be seen in an error.
import type { MesosEndpoint } from './contract.ts';

/** Tokens of a login that expire, and are renewed. */
export interface LoginTokens {
  /** The token to send now; logs in when there is none, or when it is about to expire. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
  current(signal: AbortSignal): Promise<string>;
  /** A master refused this token: it is not used again. */
  refused(token: string): void;
  /** What an answer might repeat and nobody may see. */
  secrets(): string[];
}

type Identity = Pick<MesosEndpoint, 'credential' | 'tokens'>;

/** The Authorization header for a token. */
export function tokenHeader(token: string): string {
  return `token=${token}`;
}

/** The Authorization header of HTTP basic authentication. */
export function basicHeader({ principal, secret }: { principal: string; secret: string }): string {
  return `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
}

/** The text without what must not be seen: a proxy's error page may repeat the headers of the request. */
export function redact(text: string, { credential, tokens }: Identity): string {
  const secrets = [
    ...(credential === undefined ? [] : [credential.secret, basicHeader(credential).slice('Basic '.length)]),
    ...(tokens?.secrets() ?? []),
  ];
  return secrets.reduce((left, secret) => (secret === '' ? left : left.replaceAll(secret, '[secret]')), text);
}
