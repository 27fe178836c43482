// What a refusal of a Mesos master means for us: the one place where its statuses and texts become errors.
import type { Dispatcher } from 'undici';
import { MillraceError } from '../model/errors.ts';

export interface Refusal {
  status: number;
  /** The master's own words. */
  text: string;
  /** What was asked: `KILL`. */
  what: string;
  /** Base URL of the master. */
  master: string;
  /** Whether the call carried a stream id. */
  fenced: boolean;
}

/** Longer texts (a master quotes whole bodies) are cut. */
const MAX_TEXT = 500;

/** Reads the body of a refusal; never throws, since the status says more. */
export async function textOf(response: Dispatcher.ResponseData): Promise<string> {
  try {
    const text = (await response.body.text()).trim();
    return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  } catch {
    return '';
  }
}

/**
 * The error for a refused request. A fenced call that meets another stream, no subscription, or a master that does not
 * lead (any more) is SESSION_MOVED: whoever holds the newer session goes on. "Framework cannot be found" is one of
 * these, too: a new master says it before the framework has subscribed again; that it was removed, only a SUBSCRIBE tells.
 */
export function refusalError(refusal: Refusal): MillraceError {
  const { status, text, what, master, fenced } = refusal;
  const said = `${status}${text === '' ? '' : ` (${text})`}`;
  const details = { status, text };
  if (fenced && isMoved(status, text))
    return new MillraceError(
      'SESSION_MOVED',
      `${what} was refused by ${master}: ${said}. The session is not the current one; nothing was changed. Take the newer session and try again.`,
      { details },
    );
  if (status >= 500)
    return new MillraceError('MESOS_UNREACHABLE', `${what}: ${master} answered ${said}. It is tried again.`, {
      details,
    });
  if (status === 401 || status === 403)
    return new MillraceError(
      'MESOS_REFUSED',
      `${what} was refused by ${master}: ${said}. The principal or its secret is missing, wrong, or not allowed to do this. ` +
        'MILLRACE_MESOS_PRINCIPAL and MILLRACE_MESOS_SECRET_FILE set them, or MILLRACE_MESOS_SERVICE_ACCOUNT_FILE. Nothing was changed.',
      { details },
    );
  return new MillraceError(
    'MESOS_REFUSED',
    `${what} was refused by ${master}: ${said}. Nothing was changed.`,
    { details },
  );
}

/** The error for an ERROR event, which ends the stream. */
export function errorEventError(message: string, master: string): MillraceError {
  const details = { text: message };
  if (/failed over/i.test(message))
    return new MillraceError(
      'SESSION_MOVED',
      `${master} closed the subscription: ${message}. Another holder subscribed with the same framework id.`,
      { details },
    );
  if (/has been removed|completed/i.test(message))
    return new MillraceError(
      'FRAMEWORK_REMOVED',
      `${master} refused the subscription: ${message}. Its tasks and reservations are not ours any more: the failover timeout passed, or ` +
        'somebody tore the framework down. A framework id cannot be used again; the cluster has to be uninstalled and installed anew.',
      { details },
    );
  return new MillraceError(
    'MESOS_REFUSED',
    `${master} refused the subscription: ${message}. Nothing was changed.`,
    { details },
  );
}

function isMoved(status: number, text: string): boolean {
  if (status === 307 || status === 404 || status === 503) return true;
  if (status === 400)
    return /stream ID .* didn't match/s.test(text) || /framework cannot be found/i.test(text);
  return status === 403 && /not subscribed/i.test(text);
}
