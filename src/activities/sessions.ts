// The Mesos sessions that this worker process holds, by cluster.
import { MillraceError } from '../model/errors.ts';
import type { Placement, SessionInfo } from '../model/cluster.ts';
import type { Scheduler } from '../mesos/index.ts';

/** A session held here: its engine, and what it placed that no report has made known yet. */
export interface HeldSession {
  readonly info: SessionInfo;
  readonly scheduler: Scheduler;
  /** Region of the masters; agents of others are remote. Unknown when there are no regions. */
  readonly region?: string;
  /** Placements made through this session, by node: parallel placements must see each other. */
  readonly placed: Map<string, Placement>;
  /** Whether places of nodes may be to be released; `now` asks for a look without waiting for the next. */
  leftovers: boolean | 'now';
}

export type Sessions = Map<string, HeldSession>;

/**
 * The session that the workflow means. @throws MillraceError SESSION_MOVED when this process does not hold it (any more);
 * the workflow then waits for the next one.
 */
export function heldSession(sessions: Sessions, cluster: string, wanted: SessionInfo): HeldSession {
  const held = sessions.get(cluster);
  if (held?.info.streamId === wanted.streamId) return held;
  throw new MillraceError(
    'SESSION_MOVED',
    `This worker does not hold epoch ${wanted.epoch} of the session of ${cluster}${held ? ` but epoch ${held.info.epoch}` : ''}; ` +
      'nothing was sent to Mesos. The operation goes on with the newer session by itself.',
  );
}
