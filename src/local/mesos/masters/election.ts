// Who of the masters leads, and what a master answers that does not, or not yet.
import { text } from '../http/response.ts';
import type { Answer } from '../http/response.ts';
import type { Master } from '../master/master.ts';

export interface Election {
  /** Index of the master that leads; none while there is no leader. */
  leader: number | undefined;
  /** Index of the master to which the others redirect; for some seconds it may be a dead one. */
  named: number | undefined;
  /** A master that has just started knows no paths, and then reads its log, before it serves. */
  phase: MasterPhase;
}

export type MasterPhase = 'starting' | 'recovering' | 'serving';

/** The answer of a master that does not serve; undefined when it leads and serves. Texts as recorded. */
export function refusalOf(master: Master, seat: number, url: URL): Answer | undefined {
  const { leader, named, phase } = master.election;
  const isRedirect = /^(\/master)?\/redirect$/.test(url.pathname);
  if (seat === leader && phase === 'starting') return text(404, '404 Not Found.');
  if (seat === leader && phase === 'recovering') return text(503, 'Master has not finished recovery');
  if (seat === leader && !isRedirect) return undefined;
  if (named === undefined) return text(503, 'No leader elected');
  const path = isRedirect ? '' : `/master${url.pathname.replace(/^\/master(?=\/)/, '')}${url.search}`;
  return { status: 307, headers: { Location: `//127.0.0.1:${master.ports[named] ?? 0}${path}` } };
}
