// HTTP basic authentication as Mesos does it: each group of endpoints has a realm.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Master } from '../master/master.ts';
import { headerOf, text } from './response.ts';
import type { Answer } from './response.ts';

export type Realm = 'mesos-master-scheduler' | 'mesos-master-readwrite' | 'mesos-master-readonly';

/** Who calls; `principal` is undefined where nobody has to say who they are. */
export type Caller = { principal: string | undefined } | { refusal: Answer };

/** Checks the credentials of a request. */
export function authenticate(master: Master, request: IncomingMessage, realm: Realm): Caller {
  const { credentials } = master.settings;
  if (credentials.length === 0) return { principal: undefined };
  const given = basicCredentials(headerOf(request, 'authorization'));
  const known = credentials.find(({ principal }) => principal === given?.principal);
  if (given && known && isSame(known.secret, given.secret)) return { principal: known.principal };
  return {
    refusal: text(401, '401 Unauthorized.', { 'WWW-Authenticate': `Basic realm="${realm}"` }),
  };
}

function basicCredentials(header: string | undefined): { principal: string; secret: string } | undefined {
  const encoded = /^Basic (?<encoded>[A-Za-z0-9+/]+=*)$/.exec(header ?? '')?.groups?.['encoded'];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : { principal: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
