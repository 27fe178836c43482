// Who asks, and whether they may: optional bearer tokens, one for each user or program.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MillraceError } from '../model/errors.ts';

/** Names by the SHA-256 of their tokens. */
export type Tokens = { name: string; sha256: Buffer }[];

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: the name of the token, else the header X-Requested-By, else `anonymous`. */
    requestedBy: string;
  }
}

/**
 * Reads a token file: one `name token` a line; empty lines and lines that begin with # are left out.
 *
 * @throws MillraceError REQUEST_INVALID naming the line
 */
export function parseTokens(text: string, path: string): Tokens {
  const tokens = text.split('\n').flatMap((line, index): Tokens => {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) return [];
    const [name, token] = words;
    if (name === undefined || token === undefined || words.length !== 2 || token.length < 16)
      throw new MillraceError(
        'REQUEST_INVALID',
        `${path}:${index + 1}: accepted is "name token" with a token of at least 16 characters; the API was not started.`,
      );
    return [{ name, sha256: sha256(token) }];
  });
  if (tokens.length > 0) return tokens;
  throw new MillraceError(
    'REQUEST_INVALID',
    `${path} holds no token, so nobody could ask anything; the API was not started.`,
  );
}

/** What needs no token: whether the process lives, and what the API is. Everything else does, also what does not exist. */
const PUBLIC = ['/healthz', '/readyz', '/openapi.json', '/reference'];

/** Finds out who asks. With tokens, a request without a valid one is refused with UNAUTHENTICATED. */
export function identifyCallers(app: FastifyInstance, tokens: Tokens | undefined): void {
  app.decorateRequest('requestedBy', 'anonymous');
  app.addHook('onRequest', async (request) => {
    refuseForeignPages(request);
    const claimed = request.headers['x-requested-by'];
    if (typeof claimed === 'string' && claimed.trim() !== '') request.requestedBy = claimed.trim();
    if (!tokens || isPublic(request)) return;
    const name = nameOfToken(tokens, request.headers.authorization);
    if (name === null)
      throw new MillraceError(
        'UNAUTHENTICATED',
        `${request.method} ${request.url} was refused and nothing was changed: this API wants the header "Authorization: Bearer <token>" ` +
          'with a token of its MILLRACE_API_TOKEN_FILE. For the CLI, set MILLRACE_API_TOKEN.',
      );
    request.requestedBy = name;
  });
}

/** By the route that will answer, not by the text of the request: that may be encoded, or name a host too. */
function isPublic({ routeOptions: { url } }: FastifyRequest): boolean {
  return url !== undefined && PUBLIC.some((path) => url === path || url.startsWith(`${path}/`));
}

/** A page of another site must not change anything through the browser of somebody who can reach this API. */
function refuseForeignPages(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (site === 'cross-site' || site === 'same-site')
    throw new MillraceError(
      'UNAUTHENTICATED',
      'A page of another site asked; it was refused and nothing was changed.',
    );
}

function nameOfToken(tokens: Tokens, authorization: string | undefined): string | null {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return null;
  const hash = sha256(given);
  return tokens.find((token) => timingSafeEqual(token.sha256, hash))?.name ?? null;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
